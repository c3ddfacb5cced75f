# Writes a file as a C++ function that returns its bytes:
#   cmake -D INPUT=... -D OUTPUT=... -D HEADER=server/api/openapi.h -D NAMESPACE=coedit::server::api
#         -D FUNCTION=OpenApiJson -P cmake/embed.cmake
file(READ "${INPUT}" content)
string(FIND "${content}" ")embedded\"" end_mark)
if(NOT end_mark EQUAL -1)
  message(FATAL_ERROR "${INPUT} holds the mark that ends a raw string")
endif()
file(WRITE "${OUTPUT}" "#include \"${HEADER}\"

namespace ${NAMESPACE} {

absl::string_view ${FUNCTION}() {
  static constexpr absl::string_view kContent = R\"embedded(${content})embedded\";
  return kContent;
}

}  // namespace ${NAMESPACE}
")
