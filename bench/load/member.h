// Member: one client of one document on one server, whichever protocol that server speaks.
//
// Edits are typed one by one and leave as operations, each with a number that rises with every
// operation of its author; the ledger (ledger.h) knows which edits an operation carries. Most kinds
// of members insert letters and keep no text (letter_member.h), so that the tool stays lighter than
// any server; EditorMember keeps all of it.
#ifndef COEDIT_BENCH_LOAD_MEMBER_H_
#define COEDIT_BENCH_LOAD_MEMBER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "bench/load/commit_cache.h"
#include "bench/load/convergence.h"
#include "bench/load/endpoint.h"
#include "bench/load/event_loop.h"
#include "bench/load/websocket_client.h"
#include "ot/document.h"
#include "proto/codec.h"

namespace coedit::bench {

// The servers that can be driven. `bench/peers/server` holds those that are not ours.
enum class Protocol : uint8_t { kCoedit, kShareDb, kYWebsocket, kHocuspocus, kSocketIo };

class Member {
 public:
  static constexpr uint64_t kNextNumber = 0;

  // Called from the loop; none may destroy the member, cut it or bring it back.
  class Owner {
   public:
    virtual ~Owner() = default;
    // The document is open; after Reconnect(), caught up.
    virtual void OnOpened(Member* member) = 0;
    // The server has taken this member's operation.
    virtual void OnAcked(Member* member, uint64_t number) = 0;
    // An operation of another member, named by its author(), arrived. Numbers of one author rise;
    // kNextNumber where the protocol does not tell it, but lets no operation be missing. `edits` is
    // how many it carries where the protocol lets one see that, else 0.
    virtual void OnDelivered(Member* member, uint64_t author, uint64_t number, uint64_t edits) = 0;
    // What another member showed as its `number`th presence.
    virtual void OnPresence(Member* member, uint64_t author, uint64_t number) = 0;
    // The operation under way when the connection was lost never became one; its edits wait again.
    virtual void OnWithdrawn(Member* member) = 0;
    // What was missed came as a text, not as operations.
    virtual void OnSkipped(Member* member) = 0;
    // Until Reconnect() the last call. kUnavailable: the connection could not be made or was lost,
    // or the server sent the member away.
    virtual void OnFailed(Member* member, const absl::Status& reason) = 0;
  };

  struct Options {
    Protocol protocol = Protocol::kCoedit;
    bool keeps_text = false;  // an EditorMember; only with coedit
    Endpoint endpoint;
    proto::Encoding encoding = proto::Encoding::kProtobuf;  // coedit
    ot::DocumentType type = ot::DocumentType::kRichText;    // coedit
    std::string document;
    size_t index = 0;  // among all members of the load: the name in protocols that let one choose
    uint64_t letters = 1;          // of an edit, where members type letters
    CommitCache* cache = nullptr;  // coedit; outlives the member
    bool presence = false;         // wants to see that of others
    uint64_t seed = 1;
  };

  // Begins to connect. `loop` and `owner` outlive the member. The first member of a document opens
  // it before another one is made: with some servers it has to create it.
  static std::unique_ptr<Member> Make(EventLoop* loop, const Options& options, Owner* owner);
  // A member of `protocol` gets what it missed when it comes back.
  static bool CanResume(Protocol protocol) { return protocol != Protocol::kSocketIo; }
  virtual ~Member() = default;

  // The user types one edit, open or not, but not before the first OnOpened (CHECKed).
  virtual void Edit() = 0;
  // Sends what waits as one operation if the member is open and the protocol lets it, and returns
  // its number.
  virtual std::optional<uint64_t> Send() = 0;
  // Nothing typed waits or is under way.
  virtual bool settled() const = 0;
  // Shows the `number`th presence: a caret and a state. Nothing where it is not open.
  virtual void ShowPresence(uint64_t number) = 0;

  // Loses the connection without a word, and comes back.
  virtual void Cut() = 0;
  virtual void Reconnect() = 0;
  // Says goodbye.
  virtual void Close() = 0;
  // Open only.
  virtual void PauseReading() = 0;
  virtual void ResumeReading() = 0;

  virtual bool open() const = 0;
  // How others' deliveries name this one. Open only.
  virtual uint64_t author() const = 0;
  // What it knows of the document. Equal in all members who know the same.
  virtual Holding Held() const = 0;
  // Rises with what it knows, and is cheap; equal in all members who know all.
  virtual uint64_t progress() const = 0;
  // Of all its connections.
  virtual WebSocketClient::Traffic traffic() const = 0;

  size_t index() const { return index_; }

 protected:
  explicit Member(size_t index) : index_(index) {}

 private:
  const size_t index_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_MEMBER_H_
