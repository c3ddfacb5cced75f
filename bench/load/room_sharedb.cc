#include "bench/load/room_sharedb.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ot/check.h"

namespace coedit::bench {
namespace {

namespace json = boost::json;

// Letters in the ops of a delta that only inserts; retains before them do not count.
uint64_t LettersIn(const json::value& ops) {
  uint64_t letters = 0;
  for (const json::value& op : ops.as_array()) {
    if (const json::value* insert = op.as_object().if_contains("insert")) {
      letters += insert->as_string().size();
    }
  }
  return letters;
}

// The type's own toJSON, and what an operation carries: {"ops":[...]} or [...].
const json::value& OpsOf(const json::value& delta) {
  return delta.is_object() ? delta.at("ops") : delta;
}

}  // namespace

ShareDbMember::ShareDbMember(EventLoop* loop, const Options& options, Owner* owner)
    : PeerMember(loop, options, options.endpoint, /*binary=*/false, owner),
      document_(options.document) {}

void ShareDbMember::Greet() {
  Send(absl::StrCat(R"({"a":"hs","id":")", author(), R"(","protocol":1,"protocolMinor":2})"));
}

void ShareDbMember::Type(uint64_t letters) {
  COEDIT_CHECK(in_flight_letters_ == 0);
  in_flight_letters_ = letters;
  Send(absl::StrCat(R"({"a":"op","c":"d","d":")", document_, R"(","v":)", version_, R"(,"seq":)",
                    ++sequence_, R"(,"x":{},"op":{"ops":[{"insert":")", std::string(letters, 'x'),
                    R"("}]}})"));
}

absl::Status ShareDbMember::Take(absl::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return absl::InternalError("no JSON object");
  const json::object& message = value.get_object();
  if (message.contains("error")) return absl::InternalError("the server refused");
  const json::string_view action = message.at("a").as_string();
  if (action == "init") return absl::OkStatus();
  if (action == "hs") {
    Send(absl::StrCat(R"({"a":"s","c":"d","d":")", document_, R"("})"));
    return absl::OkStatus();
  }
  if (action == "s") {
    const json::object& snapshot = message.at("data").as_object();
    version_ = snapshot.at("v").to_number<uint64_t>();
    if (version_ == 0) {
      creating_ = true;
      Send(absl::StrCat(R"({"a":"op","c":"d","d":")", document_, R"(","v":0,"seq":)", ++sequence_,
                        R"(,"x":{},"create":{"type":"http://sharejs.org/types/rich-text/v1",)",
                        R"("data":[]}})"));
      return absl::OkStatus();
    }
    Opened(LettersIn(OpsOf(snapshot.at("data"))));
    return absl::OkStatus();
  }
  if (action != "op") return absl::OkStatus();  // presence and the like

  const uint64_t version = message.at("v").to_number<uint64_t>();
  if (version < version_) return absl::OkStatus();  // subscribing may repeat what is known
  if (version != version_) {
    return absl::DataLossError(absl::StrCat("version ", version, " came after ", version_));
  }
  ++version_;
  uint64_t author = 0;
  const json::string_view source = message.at("src").as_string();
  if (!absl::SimpleAtoi(absl::string_view(source.data(), source.size()), &author)) {
    return absl::InternalError("an author nobody chose");
  }
  if (author != this->author()) {
    Delivered(author, LettersIn(OpsOf(message.at("op"))));
  } else if (std::exchange(creating_, false)) {
    Opened(0);
  } else {
    Acked(std::exchange(in_flight_letters_, 0));
  }
  return absl::OkStatus();
}

}  // namespace coedit::bench
