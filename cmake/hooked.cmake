# Hooked programs: mutations (ot/mutation.h) and failpoints (storage/failpoint.h) can be switched on in
# them. The files that contain hooks are compiled once more with COEDIT_TEST_HOOKS; a hooked program
# links these objects, and of the libraries everything else: the linker takes no member of an archive
# whose symbols are all there already. Built only when asked for, except where a test wants them.
set(hooked_sources
  ot/document.cc
  server/catch_up.cc
  server/document_actor.cc
  server/document_actor_opening.cc
  server/remote_link.cc
  storage/batch_writer.cc
  storage/sqlite_writer.cc
  tests/hooks/hooks.cc)
list(TRANSFORM hooked_sources PREPEND ${PROJECT_SOURCE_DIR}/)
add_library(coedit_hooked_objects OBJECT EXCLUDE_FROM_ALL ${hooked_sources})
target_compile_definitions(coedit_hooked_objects PRIVATE COEDIT_TEST_HOOKS)
# For include directories only.
target_link_libraries(coedit_hooked_objects PRIVATE
  SQLite::SQLite3 Threads::Threads absl::strings absl::status absl::statusor absl::any_invocable
  absl::flat_hash_map absl::time)

# coedit_hook(<program>): makes it a hooked one.
function(coedit_hook program)
  target_sources(${program} PRIVATE $<TARGET_OBJECTS:coedit_hooked_objects>)
endfunction()

# The server of the crash rig: coedit with failpoints.
if(TARGET coedit)
  add_executable(coedit_hooked EXCLUDE_FROM_ALL $<TARGET_OBJECTS:coedit_main>)
  coedit_hook(coedit_hooked)
  coedit_link(coedit_hooked PRIVATE coedit_server_io coedit_server_api coedit_server_core coedit_commands)
  coedit_lean(coedit_hooked)
  set_target_properties(coedit_hooked PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endif()
