# coedit_order_text(<target>): the functions of text_order.txt, which run, side by side in the program.
#
# The list is written by `./dev order`. What the libraries of others bring has no section for each
# function; their object files that run stand below as a whole.
function(coedit_order_text target)
  if(COEDIT_SANITIZE OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()  # the script is one for GNU ld, and a sanitized program is never small
  endif()
  set(sqlite auth btmutex btree build callback expr fault hash legacy main malloc mem1 mutex mutex_unix
             notify os os_unix pager parse pcache pcache1 prepare random resolve select status tokenize
             util vdbe vdbeapi vdbeaux vdbemem wal walker where
             # When statements are prepared, which is at the start.
             alter analyze delete fkey func global insert memjournal pragma printf trigger update
             upsert vtab wherecode whereexpr)
  set(strings ascii escaping match memutil numbers str_cat str_split string_view)
  list(TRANSFORM sqlite REPLACE "(.+)" "    *libsqlite3.a:\\1.o(.text)\n")
  list(TRANSFORM strings REPLACE "(.+)" "    *libabsl_strings.a:\\1.cc.o(.text)\n")
  file(STRINGS ${PROJECT_SOURCE_DIR}/cmake/text_order.txt functions)
  list(TRANSFORM functions REPLACE "(.+)" "    *(.text.\\1)\n")
  set(script ${CMAKE_CURRENT_BINARY_DIR}/text_order.ld)
  string(CONCAT text "SECTIONS {\n  .text.ordered : {\n" ${functions} ${sqlite} ${strings}
    "    *libmd.a:*(.text)\n"
    "    *libabsl_hash.a:*(.text)\n    *libabsl_low_level_hash.a:*(.text)\n"
    "    *libabsl_raw_hash_set.a:*(.text)\n    *libabsl_strings_internal.a:*(.text)\n"
    "    *libabsl_time.a:clock.cc.o(.text)\n    *libabsl_time.a:duration.cc.o(.text)\n"
    "  }\n} INSERT BEFORE .text;\n")
  file(CONFIGURE OUTPUT ${script} CONTENT "${text}" @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/text_order.txt)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${script})
  target_link_options(${target} PRIVATE "-Wl,-T,${script}")
endfunction()
