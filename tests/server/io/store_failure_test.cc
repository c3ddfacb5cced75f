// The real program on a disk that fails: what its clients are told, and that they go on afterwards
// without anybody starting it again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ot/delta.h"
#include "ot/document.h"
#include "storage/wal_scan.h"
#include "tests/server/io/process.h"
#include "tests/server/io/raw_client.h"
#include "tests/server/io/test_server.h"

namespace coedit::server {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kAda[] = "0123456789abcdef0123456789abcdef";
constexpr char kBob[] = "fedcba9876543210fedcba9876543210";

// The value of a field, as it stands in the text: the first one of that name.
std::string Field(const std::string& json, const std::string& name) {
  const std::string key = absl::StrCat("\"", name, "\":");
  const size_t begin = json.find(key);
  EXPECT_NE(begin, std::string::npos) << name << " in " << json;
  if (begin == std::string::npos) return "";
  const size_t value = begin + key.size();
  return json.substr(value, json.find_first_of(",}", value) - value);
}

// One person in the document "notes".
class Person {
 public:
  Person(uint16_t port, const std::string& client_id) : client_(port) {
    EXPECT_TRUE(client_.Upgrade());
    client_.Hello(client_id);
  }

  void Say(const std::string& message) {
    EXPECT_TRUE(
        client_.SendFrame(RawClient::kText, absl::StrCat(R"({"messages":[)", message, "]}")));
  }
  // Skips what comes before the message.
  std::string Hear(const std::string& what) {
    for (;;) {
      const RawFrame frame = client_.ReadFrame();
      if (frame.first == 0) {
        ADD_FAILURE() << "the connection ended before " << what;
        return "";
      }
      if (absl::StrContains(frame.payload, absl::StrCat("\"", what, "\""))) return frame.payload;
    }
  }
  std::string Open(const std::string& more) {
    Say(absl::StrCat(R"({"open":{"request":)", ++request_, R"(,"document":"notes")", more, "}}"));
    const std::string opened = Hear("opened");
    channel_ = Field(opened, "channel");
    return opened;
  }
  void Submit(int sequence, int base, const std::string& text) {
    Say(absl::StrCat(R"({"submit":{"channel":)", channel_, R"(,"sequence":)", sequence,
                     R"(,"revision":)", base, R"(,"delta":{"ops":[{"insert":")", text,
                     R"("}]}}})"));
  }

 private:
  RawClient client_;
  std::string channel_;
  int request_ = 0;
};

// What a client computes by which one author's inserts at the beginning were committed.
std::string DigestAfter(const std::vector<std::string>& texts) {
  ot::ReplicaDigest digest = 0;
  for (const std::string& text : texts) {
    digest = ot::ExtendReplicaDigest(digest, 1, ot::DeltaBuilder().Insert(text).Build());
  }
  return absl::StrCat("\"", absl::Hex(digest, absl::kZeroPad8), "\"");
}

std::string Known(const std::string& epoch, int revision, const std::string& digest) {
  return absl::StrCat(R"(,"known":{"epoch":)", epoch, R"(,"revision":)", revision, R"(,"digest":)",
                      digest, "}");
}

class StoreFailureTest : public testing::Test {
 protected:
  std::string data() const { return directory_.path() + "/data"; }
  // Where the next commit is written: behind it the file has room that was made before.
  uint64_t LogEnd() const {
    const absl::StatusOr<storage::WalScan> scan = storage::ScanWal(data() + "/coedit.db-wal");
    EXPECT_TRUE(scan.ok()) << scan.status();
    constexpr int64_t kHeaderBytes = 32;
    constexpr int64_t kFrameBytes = 24 + 4096;
    return static_cast<uint64_t>(kHeaderBytes + scan->recovered_frames * kFrameBytes);
  }
  void Start() {
    server_.reset();
    // The test asks again at once, as no person would.
    server_ = std::make_unique<Process>(
        std::vector<std::string>{"serve", "--data", data(), "--listen", "127.0.0.1:0", "--limit",
                                 "signals_per_second=0", "--limit", "submits_per_second=0"});
    port_ = server_->ReadyPort();
  }
  void StopAndWait() {
    server_->Signal(SIGTERM);
    EXPECT_EQ(server_->Wait(), 0);
  }
  static void ExpectSound(const std::string& data) {
    const Ended ended = RunCoedit({"verify", "--data", data});
    EXPECT_EQ(ended.exit_code, 0) << ended.output << ended.errors;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Process> server_;
  uint16_t port_ = 0;
};

TEST_F(StoreFailureTest, AFullDiskAndThenRoomAgain) {
  Start();
  Person ada(port_, kAda);
  Person bob(port_, kBob);
  const std::string epoch = Field(ada.Open(R"(,"create":"plain-text")"), "epoch");
  bob.Open("");
  ada.Submit(1, 0, "kept");
  const std::string digest = DigestAfter({"kept"});
  ada.Hear("ack");
  bob.Hear("committed");

  rlimit before;
  ASSERT_EQ(prlimit(server_->process(), RLIMIT_FSIZE, nullptr, &before), 0);
  rlimit full = before;
  full.rlim_cur = LogEnd();
  ASSERT_EQ(prlimit(server_->process(), RLIMIT_FSIZE, &full, nullptr), 0);
  ada.Submit(2, 1, "never");
  for (Person* person : {&ada, &bob}) {
    EXPECT_THAT(person->Hear("closed"),
                AllOf(HasSubstr("\"code\":\"storage_full\""), HasSubstr("\"retry\":true"),
                      HasSubstr("\"afterMs\":"), Not(HasSubstr("\"rejected\""))));
  }
  // Reading goes on, and the fate is told: not committed.
  EXPECT_THAT(ada.Open(absl::StrCat(Known(epoch, 1, digest), R"(,"inFlight":2)")),
              HasSubstr("\"committed\":false"));
  EXPECT_THAT(bob.Open(""), HasSubstr("kept"));

  ASSERT_EQ(prlimit(server_->process(), RLIMIT_FSIZE, &before, nullptr), 0);
  // The store tries again after a second; until then it says the same.
  std::string answer;
  for (int sequence = 3; !absl::StrContains(answer, "\"ack\""); ++sequence) {
    ada.Submit(sequence, 1, "after ");
    do {
      answer = ada.Hear("channel");
    } while (!absl::StrContains(answer, "\"ack\"") && !absl::StrContains(answer, "\"closed\""));
    if (!absl::StrContains(answer, "\"ack\"")) ada.Open(Known(epoch, 1, digest));
  }
  EXPECT_EQ(Field(answer, "revision"), "2");
  StopAndWait();
  ExpectSound(data());
  const Ended exported = RunCoedit({"export", "--data", data(), "notes"});
  EXPECT_THAT(exported.output, AllOf(HasSubstr("\"after \""), Not(HasSubstr("never"))));
}

TEST_F(StoreFailureTest, AnFsyncThatFails) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer's own library has to be the first that is loaded";
#endif
  const std::string trigger = directory_.path() + "/fail";
  ASSERT_EQ(setenv("LD_PRELOAD", COEDIT_FAILING_FSYNC, 1), 0);
  ASSERT_EQ(setenv("COEDIT_FAIL_FSYNC", trigger.c_str(), 1), 0);
  Start();
  unsetenv("LD_PRELOAD");
  unsetenv("COEDIT_FAIL_FSYNC");
  Person ada(port_, kAda);
  Person bob(port_, kBob);
  const std::string epoch = Field(ada.Open(R"(,"create":"plain-text")"), "epoch");
  bob.Open("");
  ada.Submit(1, 0, "kept");
  const std::string digest = DigestAfter({"kept"});
  ada.Hear("ack");
  bob.Hear("committed");

  std::ofstream(trigger) << "now";
  ada.Submit(2, 1, "perhaps ");
  for (Person* person : {&ada, &bob}) {
    EXPECT_THAT(person->Hear("closed"),
                AllOf(HasSubstr("\"code\":\"unavailable\""), HasSubstr("\"retry\":true"),
                      Not(HasSubstr("\"rejected\""))));
  }
  EXPECT_FALSE(std::filesystem::exists(trigger)) << "the fsync did not fail";
  // The bytes were written, so the recovery finds the commit, and whoever asks is told so.
  EXPECT_THAT(ada.Open(absl::StrCat(Known(epoch, 1, digest), R"(,"inFlight":2)")),
              HasSubstr("\"committed\":true,\"revision\":2"));
  ada.Submit(3, 2, "surely ");
  EXPECT_EQ(Field(ada.Hear("ack"), "revision"), "3");
  EXPECT_THAT(bob.Open(""), HasSubstr("surely perhaps kept"));
  StopAndWait();
  ExpectSound(data());
}

// The log loses its end between a crash and the next start. SQLite would go on without a word.
TEST_F(StoreFailureTest, ALogThatLostItsEnd) {
  Start();
  std::string epoch;
  std::uintmax_t log_bytes = 0;
  {
    Person ada(port_, kAda);
    epoch = Field(ada.Open(R"(,"create":"plain-text")"), "epoch");
    for (int sequence = 1; sequence <= 3; ++sequence) {
      log_bytes = LogEnd();
      ada.Submit(sequence, sequence - 1, "abc");
      ada.Hear("ack");
    }
  }
  server_->Signal(SIGKILL);
  EXPECT_EQ(server_->Wait(), -SIGKILL);
  std::filesystem::resize_file(data() + "/coedit.db-wal", log_bytes);

  Start();
  {
    Person ada(port_, kAda);
    // The client knows a commit that is gone: it keeps what it has as a copy.
    ada.Say(absl::StrCat(R"({"open":{"request":1,"document":"notes")",
                         Known(epoch, 3, DigestAfter({"abc", "abc", "abc"})), "}}"));
    EXPECT_THAT(ada.Hear("refused"), HasSubstr("\"code\":\"resync\""));
  }
  StopAndWait();
  EXPECT_THAT(server_->ReadErrors(),
              AllOf(HasSubstr("commits that were acknowledged are lost"),
                    HasSubstr("document 'notes' had revision 3 durable, and now has 2"),
                    HasSubstr("coedit.db-wal.damaged-")));
  ExpectSound(data());
}

// The drill: a backup while people write, then the disaster. Whoever comes back with the lost end
// is given the restored text under a new epoch, so that nothing of his is merged into it unseen.
TEST_F(StoreFailureTest, RestoreDrill) {
  Start();
  std::string epoch;
  {
    Person ada(port_, kAda);
    epoch = Field(ada.Open(R"(,"create":"plain-text")"), "epoch");
    ada.Submit(1, 0, "saved");
    ada.Hear("ack");
    const Ended backup = RunCoedit({"backup", "--data", data(), directory_.path() + "/backup.db"});
    ASSERT_EQ(backup.exit_code, 0) << backup.errors;
    ada.Submit(2, 1, "lost ");
    ada.Hear("ack");
  }
  StopAndWait();
  const Ended restored =
      RunCoedit({"restore", directory_.path() + "/backup.db", "--data", data(), "--replace"});
  ASSERT_EQ(restored.exit_code, 0) << restored.errors;

  Start();
  {
    Person ada(port_, kAda);
    const std::string opened = ada.Open(
        absl::StrCat(Known(epoch, 2, DigestAfter({"saved", "lost "})), R"(,"inFlight":3)"));
    EXPECT_NE(Field(opened, "epoch"), epoch);
    EXPECT_THAT(opened, AllOf(HasSubstr("\"snapshot\""), HasSubstr("saved"), Not(HasSubstr("lost")),
                              Not(HasSubstr("\"committed\":true"))));
    // Her sequences go on, the restored log knows the first.
    ada.Submit(4, 1, "anew ");
    EXPECT_EQ(Field(ada.Hear("ack"), "revision"), "2");
  }
  StopAndWait();
  EXPECT_THAT(server_->ReadErrors(), Not(HasSubstr("are lost")));
  ExpectSound(data());
}

}  // namespace
}  // namespace coedit::server
