# Small helpers: a folder is a target. A folder without sources makes no target, and a target links
# only those of the tree that exist.

# coedit_sources(<variable> <pattern>...): the matching files of this folder, looked at again on each build.
function(coedit_sources variable)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  file(GLOB sources CONFIGURE_DEPENDS ${ARGN})
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()

# coedit_link(<target> <visibility> <library>...): links what exists of the project's own libraries.
function(coedit_link target visibility)
  foreach(library IN LISTS ARGN)
    if(TARGET ${library})
      target_link_libraries(${target} ${visibility} ${library})
    endif()
  endforeach()
endfunction()

# coedit_network(<target>): for what includes Asio, CLI11 or spdlog. Under ASan + UBSan such a file
# takes several times as long to compile at -O1; its own share of the run time is small.
function(coedit_network target)
  if(COEDIT_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

# coedit_lean(<program>): linked for little resident memory.
function(coedit_lean program)
  if(COEDIT_SANITIZE)
    return()
  endif()
  # Relocations are read at every start; packed they are 3 kB instead of 212.
  target_link_options(${program} PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections
                                         -Wl,--as-needed -Wl,-z,pack-relative-relocs)
endfunction()
