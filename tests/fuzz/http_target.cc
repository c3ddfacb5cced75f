#include <algorithm>

#include "ot/check.h"
#include "server/io/http_gate.h"
#include "server/io/http_request.h"
#include "tests/fuzz/fuzz_targets.h"

namespace coedit::fuzz {
namespace {

using server::HeadProgress;
using server::HttpField;
using server::HttpGate;
using server::HttpHeadLimits;
using server::HttpRequest;

// Small ones, so that short inputs reach them.
constexpr HttpHeadLimits kLimits = {.header_bytes = 512, .header_fields = 6};

const HttpGate& Gate() {
  static const HttpGate gate = [] {
    HttpGate::Options options;
    options.listen = *server::IpAddress::Parse("127.0.0.1");
    options.allow_hosts = {"docs.example.org"};
    options.allow_origins = {"https://docs.example.org"};
    return *HttpGate::Make(options);
  }();
  return gate;
}

bool HasControl(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
  });
}

}  // namespace

void HttpHead(absl::string_view bytes) {
  const HeadProgress whole = FindHeadEnd(bytes, kLimits);
  COEDIT_CHECK(!(whole.end.has_value() && whole.refusal.has_value()));
  // However the bytes arrive in pieces, the answer is the same, and it comes once.
  for (size_t size = 0; size < std::min<size_t>(bytes.size(), 1024); ++size) {
    const HeadProgress part = FindHeadEnd(bytes.substr(0, size), kLimits);
    if (part.end.has_value()) COEDIT_CHECK(whole.end == part.end);
    if (part.refusal.has_value()) COEDIT_CHECK(whole.refusal.has_value());
  }
  const size_t end = whole.end.value_or(bytes.size());
  COEDIT_CHECK(end <= bytes.size());
  const absl::string_view head = bytes.substr(0, end);
  HttpRequest request;
  if (ParseHttpHead(head, kLimits, &request).has_value()) return;
  COEDIT_CHECK(!request.method.empty() && !HasControl(request.method));
  COEDIT_CHECK(request.path.front() == '/' && !HasControl(request.path));
  COEDIT_CHECK(static_cast<int64_t>(request.fields.size()) <= kLimits.header_fields);
  for (const HttpField& field : request.fields) {
    COEDIT_CHECK(!field.name.empty() && !HasControl(field.name) && !HasControl(field.value));
    COEDIT_CHECK(request.Field(field.name).has_value());
    (void)request.List(field.name);
  }
  COEDIT_CHECK(request.Field("host") == request.host_text);
  COEDIT_CHECK(!request.host.host.empty());
  COEDIT_CHECK(!request.Field("transfer-encoding").has_value());
  const auto refusal = Gate().Check(request);
  if (refusal.has_value()) {
    COEDIT_CHECK(refusal->status == 400 || refusal->status == 403 || refusal->status == 421);
  } else {
    COEDIT_CHECK(request.host.host == "localhost" || request.host.host == "127.0.0.1" ||
                 request.host.host == "docs.example.org");
  }
}

}  // namespace coedit::fuzz
