#include "bench/load/cold_reader.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace coedit::bench {
namespace {

Connection::Options ReadOnly(Connection::Options options) {
  options.create = std::nullopt;
  options.name = "Cold reader";
  return options;
}

}  // namespace

ColdReader::ColdReader(EventLoop* loop, Connection::Options options, Done done)
    : done_(std::move(done)), connection_(loop, ReadOnly(std::move(options)), this) {}

void ColdReader::OnOpened(const proto::Opened& opened, std::optional<ot::Text> text) {
  connection_.Close();
  // It knows nothing, so what it gets is the text.
  const auto units = static_cast<uint64_t>(text->length());
  std::move(done_)(Holding{absl::StrCat("a cold reader of '", opened.document, "'"),
                           opened.revision, opened.digest, units, *std::move(text)});
}

void ColdReader::OnFailed(const absl::Status& reason) {
  std::move(done_)(absl::Status(reason.code(), absl::StrCat("cold reader: ", reason.message())));
}

}  // namespace coedit::bench
