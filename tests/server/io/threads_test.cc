// A server with several threads for documents: connections go where their document is, and reach
// others from there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/server/io/raw_client.h"
#include "tests/server/io/test_server.h"

namespace coedit::server {
namespace {

using testing::HasSubstr;

ServerOptions ThreeThreads() {
  ServerOptions options = TestOptions();
  options.threads = 3;
  options.limits.submits_per_second = 0;
  options.limits.drain_seconds = 2;
  return options;
}

std::string Messages(absl::string_view messages) {
  return absl::StrCat("{\"messages\":[", messages, "]}");
}

std::string OpenMessage(int request, absl::string_view document) {
  return absl::StrCat(R"({"open":{"request":)", request, R"(,"document":")", document,
                      R"(","create":"plain-text"}})");
}

std::string SubmitMessage(int channel, int sequence, int revision, absl::string_view text) {
  return absl::StrCat(R"({"submit":{"channel":)", channel, R"(,"sequence":)", sequence,
                      R"(,"revision":)", revision, R"(,"delta":{"ops":[{"insert":")", text,
                      R"("}]}}})");
}

// Reads until one message has `part` in it, and answers the frame.
std::string ReadUntil(RawClient& client, absl::string_view part) {
  for (;;) {
    RawFrame frame = client.ReadFrame();
    if (frame.first == 0) {
      ADD_FAILURE() << "the connection ended before " << part;
      return "";
    }
    if (absl::StrContains(frame.payload, part)) return frame.payload;
  }
}

int ChannelOf(const std::string& opened) {
  const std::string key = "\"channel\":";
  return std::stoi(opened.substr(opened.find(key) + key.size()));
}

std::unique_ptr<RawClient> Join(const TestServer& server, int number) {
  auto client = std::make_unique<RawClient>(server.port());
  EXPECT_TRUE(client->Upgrade());
  client->Hello(absl::StrCat(absl::Hex(number, absl::kZeroPad16), "0123456789abcdef"));
  return client;
}

TEST(ThreadsTest, EverybodyReachesTheirDocument) {
  TestServer server(ThreeThreads());
  constexpr int kDocuments = 9;
  std::vector<std::unique_ptr<RawClient>> writers;
  std::vector<std::unique_ptr<RawClient>> readers;
  std::vector<int> channels;
  for (int document = 0; document < kDocuments; ++document) {
    const std::string name = absl::StrCat("d", document);
    writers.push_back(Join(server, 2 * document + 1));
    writers.back()->SendFrame(RawClient::kText, Messages(OpenMessage(1, name)));
    channels.push_back(ChannelOf(ReadUntil(*writers.back(), "opened")));
    readers.push_back(Join(server, 2 * document + 2));
    readers.back()->SendFrame(RawClient::kText, Messages(OpenMessage(1, name)));
    ReadUntil(*readers.back(), "opened");
  }
  for (int letter = 0; letter < 20; ++letter) {
    for (int document = 0; document < kDocuments; ++document) {
      writers[document]->SendFrame(
          RawClient::kText, Messages(SubmitMessage(channels[document], letter + 1, letter, "x")));
    }
    const std::string revision = absl::StrCat("\"revision\":", letter + 1);
    for (int document = 0; document < kDocuments; ++document) {
      ReadUntil(*writers[document], "ack");
      EXPECT_THAT(ReadUntil(*readers[document], "committed"), HasSubstr(revision));
    }
  }
  // The API runs on a thread of its own and asks theirs.
  RawClient http(server.port());
  for (int document = 0; document < kDocuments; ++document) {
    const std::string path = absl::StrCat("/v1/documents/d", document);
    EXPECT_THAT(http.Get(absl::StrCat(path, "?format=text")).body, HasSubstr("xxxxxxxxxx"));
    EXPECT_THAT(http.Get(absl::StrCat(path, "/members")).body, HasSubstr("sessionId"));
  }
}

TEST(ThreadsTest, WhatStandsBehindTheFirstOpenIsHeardWhereItGoes) {
  TestServer server(ThreeThreads());
  // Documents of all threads, so that some of the connections move.
  for (int number = 1; number <= 9; ++number) {
    const std::unique_ptr<RawClient> client = Join(server, number);
    // In one write, partly in one frame: a document, a ping, more documents.
    client->SendFrame(RawClient::kText,
                      Messages(absl::StrCat(OpenMessage(1, absl::StrCat("a", number)),
                                            R"(,{"ping":{"nonce":7}})")));
    for (int request = 2; request <= 6; ++request) {
      client->SendFrame(RawClient::kText,
                        Messages(OpenMessage(request, absl::StrCat("b", number, "-", request))));
    }
    std::string all;
    int opened = 0;
    bool pong = false;
    while (opened < 6 || !pong) {
      const RawFrame frame = client->ReadFrame();
      ASSERT_NE(frame.first, 0) << "after " << all;
      for (size_t at = 0; (at = frame.payload.find("\"opened\"", at)) != std::string::npos; ++at) {
        ++opened;
      }
      pong = pong || absl::StrContains(frame.payload, "\"pong\"");
      absl::StrAppend(&all, frame.payload, "\n");
    }
  }
}

TEST(ThreadsTest, AllAreToldWhenItStops) {
  TestServer server(ThreeThreads());
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int number = 1; number <= 12; ++number) {
    clients.push_back(Join(server, number));
    if (number % 3 == 0) continue;  // has no document
    clients.back()->SendFrame(RawClient::kText,
                              Messages(OpenMessage(1, absl::StrCat("d", number))));
    ReadUntil(*clients.back(), "opened");
  }
  server.server().Stop();
  for (const auto& client : clients) {
    ReadUntil(*client, "goAway");
    const RawFrame close = client->ReadClose();
    EXPECT_EQ(close.close_code(), 1012);
    client->SendFrame(RawClient::kClose, close.payload);
    EXPECT_TRUE(client->Ended());
  }
  server.StopAndWait();
}

TEST(ThreadsTest, ManyComeAndGoAtOnce) {
  TestServer server(ThreeThreads());
  for (int round = 0; round < 5; ++round) {
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int number = 1; number <= 30; ++number) {
      clients.push_back(Join(server, number));
      clients.back()->SendFrame(RawClient::kText,
                                Messages(OpenMessage(1, absl::StrCat("d", number % 7))));
      // Every third one is gone before it is answered.
      if (number % 3 == 0) clients.back().reset();
    }
    for (const auto& client : clients) {
      if (client != nullptr) ReadUntil(*client, "opened");
    }
  }
  server.StopAndWait();
}

}  // namespace
}  // namespace coedit::server
