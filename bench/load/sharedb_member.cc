#include "bench/load/sharedb_member.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace coedit::bench {
namespace {

namespace json = boost::json;

// Sequence 1 is the creation of the document; an operation's number n travels as sequence n + 1.
constexpr uint64_t kCreation = 1;

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

// Our clients choose numbers for names.
absl::StatusOr<uint64_t> AuthorOf(const json::object& message) {
  const json::string_view source = message.at("src").as_string();
  uint64_t author = 0;
  if (absl::SimpleAtoi(absl::string_view(source.data(), source.size()), &author)) return author;
  return absl::InternalError("an author nobody chose");
}

}  // namespace

ShareDbMember::ShareDbMember(EventLoop* loop, const Options& options, Owner* owner)
    : PeerMember(loop, options, options.endpoint, /*binary=*/false, owner),
      document_(options.document),
      presence_(options.presence) {}

void ShareDbMember::Greet() {
  SendText(absl::StrCat(R"({"a":"hs","id":")", author(), R"(","protocol":1,"protocolMinor":2})"));
}

void ShareDbMember::SendOperation(const Operation& operation) {
  SendText(absl::StrCat(R"({"a":"op","c":"d","d":")", document_, R"(","v":)", version_,
                        R"(,"seq":)", operation.number + kCreation,
                        R"(,"x":{},"op":{"ops":[{"insert":")", std::string(operation.letters, 'x'),
                        R"("}]}})"));
}

void ShareDbMember::ShowPresence(uint64_t number) {
  if (!open()) return;
  SendText(absl::StrCat(R"({"a":"p","ch":"d.)", document_, R"(","id":")", author(),
                        R"(","p":{"index":0,"length":0,"number":)", number, R"(},"pv":)", number,
                        R"(,"c":"d","d":")", document_, R"(","v":)", version_,
                        R"(,"t":"http://sharejs.org/types/rich-text/v1"})"));
}

void ShareDbMember::FinishOpening() {
  if (presence_) {
    SendText(absl::StrCat(R"({"a":"ps","ch":"d.)", document_, R"(","seq":1})"));
  }
  Opened();
}

absl::Status ShareDbMember::Take(absl::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return absl::InternalError("no JSON object");
  const json::object& message = value.get_object();
  if (message.contains("error")) return absl::InternalError("the server refused");
  const json::string_view action = message.at("a").as_string();
  if (action == "hs") {
    SendText(opened_before()
                 ? absl::StrCat(R"({"a":"s","c":"d","d":")", document_, R"(","v":)", version_, "}")
                 : absl::StrCat(R"({"a":"s","c":"d","d":")", document_, R"("})"));
  } else if (action == "s") {
    if (opened_before()) {
      // What was missed came before this, as operations.
      FinishOpening();
      return absl::OkStatus();
    }
    const json::object& snapshot = message.at("data").as_object();
    version_ = snapshot.at("v").to_number<uint64_t>();
    if (version_ == 0) {
      creating_ = true;
      SendText(absl::StrCat(R"({"a":"op","c":"d","d":")", document_, R"(","v":0,"seq":)", kCreation,
                            R"(,"x":{},"create":{"type":"http://sharejs.org/types/rich-text/v1",)",
                            R"("data":[]}})"));
      return absl::OkStatus();
    }
    set_units(LettersIn(OpsOf(snapshot.at("data"))));
    FinishOpening();
  } else if (action == "op") {
    return TakeOperation(message);
  } else if (action == "p") {
    const absl::StatusOr<uint64_t> author = AuthorOf(message);
    if (!author.ok()) return author.status();
    // The answer to one's own comes back too; null says that somebody left.
    const json::value& state = message.at("p");
    if (*author != this->author() && state.is_object()) {
      owner()->OnPresence(this, *author, state.get_object().at("number").to_number<uint64_t>());
    }
  }
  return absl::OkStatus();  // init, and what is of no interest
}

absl::Status ShareDbMember::TakeOperation(const json::object& message) {
  const uint64_t version = message.at("v").to_number<uint64_t>();
  if (version < version_) return absl::OkStatus();  // subscribing may repeat what is known
  if (version != version_) {
    return absl::DataLossError(absl::StrCat("version ", version, " came after ", version_));
  }
  ++version_;
  const absl::StatusOr<uint64_t> author = AuthorOf(message);
  if (!author.ok()) return author.status();
  const uint64_t number = message.at("seq").to_number<uint64_t>() - kCreation;
  if (*author != this->author()) {
    return Delivered(*author, number, LettersIn(OpsOf(message.at("op"))));
  }
  if (std::exchange(creating_, false)) {
    FinishOpening();
    return absl::OkStatus();
  }
  return Acked(number);
}

}  // namespace coedit::bench
