// A LetterMember of ShareDB (JSON messages of sharedb 5, type rich-text).
#ifndef COEDIT_BENCH_LOAD_SHAREDB_MEMBER_H_
#define COEDIT_BENCH_LOAD_SHAREDB_MEMBER_H_

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "bench/load/peer_member.h"

namespace coedit::bench {

class ShareDbMember final : public PeerMember {
 public:
  ShareDbMember(EventLoop* loop, const Options& options, Owner* owner);

  void ShowPresence(uint64_t number) override;

 private:
  void SendOperation(const Operation& operation) override;
  bool one_in_flight() const override { return true; }
  uint64_t version() const override { return version_; }
  void Greet() override;
  absl::Status Take(absl::string_view message) override;
  absl::Status TakeOperation(const boost::json::object& message);
  void FinishOpening();

  const std::string document_;
  const bool presence_;
  uint64_t version_ = 0;  // of the document, as far as this member has heard
  bool creating_ = false;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_SHAREDB_MEMBER_H_
