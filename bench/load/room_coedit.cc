#include "bench/load/room_coedit.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "ot/delta.h"

namespace coedit::bench {

CoeditMember::CoeditMember(EventLoop* loop, const Options& options, Owner* owner)
    : RoomMember(options.index),
      owner_(owner),
      // Rich text, as with the others; its one newline is no letter.
      connection_(loop,
                  {.endpoint = options.endpoint,
                   .document = options.document,
                   .create = "rich-text",
                   .name = absl::StrCat("Member ", options.index)},
                  this) {}

void CoeditMember::Type(uint64_t letters) {
  COEDIT_CHECK(in_flight_letters_ == 0);
  in_flight_letters_ = letters;
  ot::DeltaBuilder builder;
  builder.Insert(std::string(letters, 'x'), static_cast<int64_t>(letters), {});
  connection_.Submit(++sequence_, revision_, builder.Build());
}

void CoeditMember::OnOpened(const proto::Opened& opened, ot::Text text) {
  author_ = opened.author;
  revision_ = opened.revision;
  sequence_ = opened.last_sequence;
  owner_->OnOpened(this, static_cast<uint64_t>(text.length()) - 1);
}

void CoeditMember::OnCommitted(const proto::Committed& committed) {
  if (committed.revision != revision_ + 1) {
    return OnFailed(absl::DataLossError(
        absl::StrCat("revision ", committed.revision, " came after ", revision_)));
  }
  revision_ = committed.revision;
  owner_->OnDelivered(this, committed.author, static_cast<uint64_t>(committed.delta.growth()));
}

void CoeditMember::OnAck(const proto::Ack& ack) {
  if (ack.revision != revision_ + 1) {
    return OnFailed(absl::DataLossError(
        absl::StrCat("the ack of revision ", ack.revision, " came after ", revision_)));
  }
  revision_ = ack.revision;
  owner_->OnAcked(this, std::exchange(in_flight_letters_, 0));
}

void CoeditMember::OnFailed(const absl::Status& reason) { owner_->OnFailed(this, reason); }

}  // namespace coedit::bench
