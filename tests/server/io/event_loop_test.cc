#include "server/io/event_loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/io/log.h"
#include "server/io/stream_socket.h"

namespace coedit::server {
namespace {

// A pair of sockets; ours never blocks.
struct Pair {
  Pair() {
    std::array<int, 2> ends;
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    ours = StreamSocket(ends[0]);
    theirs = ends[1];
  }
  ~Pair() {
    if (theirs >= 0) close(theirs);
  }
  void Say(const std::string& text) {
    EXPECT_EQ(write(theirs, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  StreamSocket ours;
  int theirs;
};

// Does what it is told on each call, on the loop's thread.
class Told final : public EventLoop::Watcher {
 public:
  explicit Told(std::function<void(Ready)> what) : what_(std::move(what)) {}
  void OnReady(Ready ready) override { what_(ready); }

 private:
  std::function<void(Ready)> what_;
};

TEST(EventLoopTest, RunsWhatItIsPostedInOrderFromAnyThread) {
  EventLoop loop;
  std::vector<int> ran;
  constexpr int kTasks = 1000;
  std::thread poster([&] {
    for (int task = 0; task < kTasks; ++task) {
      loop.Post([&, task] {
        ran.push_back(task);
        if (task + 1 == kTasks) loop.Stop();
      });
    }
  });
  loop.Run();
  poster.join();
  ASSERT_EQ(ran.size(), static_cast<size_t>(kTasks));
  for (int task = 0; task < kTasks; ++task) EXPECT_EQ(ran[task], task);
}

TEST(EventLoopTest, WhatATaskPostsRunsAfterItAndAfterWhatWaits) {
  EventLoop loop;
  std::string order;
  loop.Post([&] {
    loop.Post([&] {
      order += 'c';
      loop.Stop();
    });
    order += 'a';
  });
  loop.Post([&] { order += 'b'; });
  loop.Run();
  EXPECT_EQ(order, "abc");
}

TEST(EventLoopTest, TimersRunByTheirTimeAndNotBefore) {
  EventLoop loop;
  std::string order;
  const absl::Duration begun = EventLoop::Now();
  loop.PostAfter(absl::Milliseconds(20), [&] {
    order += 'b';
    EXPECT_GE(EventLoop::Now() - begun, absl::Milliseconds(20));
    loop.Stop();
  });
  loop.PostAfter(absl::Milliseconds(5), [&] { order += 'a'; });
  loop.Run();
  EXPECT_EQ(order, "ab");
}

TEST(EventLoopTest, AWatcherIsToldOfBytesRoomAndTheEnd) {
  EventLoop loop;
  Pair pair;
  std::string read;
  bool room = false;
  Told told([&](EventLoop::Watcher::Ready ready) {
    room = room || ready.to_write;
    if (!ready.to_read) return;
    std::array<uint8_t, 64> buffer;
    for (;;) {
      const StreamSocket::Moved moved = pair.ours.Read(absl::MakeSpan(buffer));
      if (moved.not_now()) return;
      if (moved.bytes == 0) return loop.Stop();
      read.append(reinterpret_cast<char*>(buffer.data()), moved.bytes);
    }
  });
  loop.Post([&] { ASSERT_TRUE(loop.Watch(pair.ours.descriptor(), &told).ok()); });
  std::thread peer([&] {
    pair.Say("one ");
    pair.Say("two");
    close(std::exchange(pair.theirs, -1));
  });
  loop.Run();
  peer.join();
  EXPECT_EQ(read, "one two");
  EXPECT_TRUE(room);
}

TEST(EventLoopTest, AfterUnwatchNothingIsTold) {
  EventLoop loop;
  Pair first;
  Pair second;
  first.Say("x");
  second.Say("x");
  int told = 0;
  // Both are ready in one turn; whichever is told takes the other off.
  Told* other = nullptr;
  Told one([&](EventLoop::Watcher::Ready) {
    ++told;
    loop.Unwatch(second.ours.descriptor(), other);
    loop.Post([&] { loop.Stop(); });
  });
  Told two([&](EventLoop::Watcher::Ready) {
    ++told;
    loop.Unwatch(first.ours.descriptor(), &one);
    loop.Post([&] { loop.Stop(); });
  });
  other = &two;
  loop.Post([&] {
    ASSERT_TRUE(loop.Watch(first.ours.descriptor(), &one).ok());
    ASSERT_TRUE(loop.Watch(second.ours.descriptor(), &two).ok());
  });
  loop.Run();
  EXPECT_EQ(told, 1);
}

TEST(EventLoopTest, ATaskThatThrowsCostsOnlyItself) {
  ASSERT_TRUE(SetLogLevel("off").ok());
  EventLoop loop;
  bool ran = false;
  loop.Post([] { throw std::runtime_error("of the test"); });
  loop.Post([&] {
    ran = true;
    loop.Stop();
  });
  loop.Run();
  EXPECT_TRUE(ran);
}

TEST(EventLoopTest, ATurnEndsAfterItsTasks) {
  EventLoop loop;
  std::string order;
  loop.set_on_turn_end([&] {
    if (!order.empty() && order.back() != '|') order += '|';
  });
  loop.Post([&] {
    order += 'a';
    loop.Post([&] {
      order += 'b';
      loop.Stop();
    });
  });
  loop.Run();
  EXPECT_EQ(order, "ab|");
}

TEST(EventLoopTest, ClearDropsWhatWaits) {
  EventLoop loop;
  auto held = std::make_shared<int>(1);
  loop.Post([held] { ADD_FAILURE(); });
  loop.PostAfter(absl::Seconds(1), [held] { ADD_FAILURE(); });
  loop.Clear();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace coedit::server
