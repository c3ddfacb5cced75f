# Takes the libraries of others from archives where the system has them; the C library stays shared.
#
# Of a shared library each page with something to relocate is the process's own, and what lies beside
# a function that is used becomes resident with it: together more than half of what an idle server
# took (docs/performance.md). Not under a sanitizer, whose run time wants to see them as they are.
# Before the packages are looked for.

if(NOT COEDIT_SANITIZE)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a .so)
  set(Boost_USE_STATIC_LIBS ON)
endif()

# coedit_use_archives(): for packages whose targets name a shared library whatever was asked for.
function(coedit_use_archives)
  if(COEDIT_SANITIZE)
    return()
  endif()
  get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
    foreach(configuration IN LISTS configurations)
      get_target_property(library ${target} IMPORTED_LOCATION_${configuration})
      if(NOT library MATCHES "^(.*)\\.so[.0-9]*$")
        continue()
      endif()
      if(EXISTS "${CMAKE_MATCH_1}.a")
        set_target_properties(${target} PROPERTIES
          IMPORTED_LOCATION_${configuration} "${CMAKE_MATCH_1}.a")
      endif()
    endforeach()
  endforeach()
endfunction()
