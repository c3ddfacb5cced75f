// The load tool against a model of a server: it agrees with one that works, disturbed or not, and
// says no to one that does harm.
#include "bench/load/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/load/load_report.h"
#include "tests/bench/model_server.h"

namespace coedit::bench {
namespace {

using ::testing::HasSubstr;
using Harm = ModelServer::Harm;

LoadOptions SmallLoad(Protocol protocol, const ModelServer& server) {
  LoadOptions options;
  options.label = "model";
  options.protocol = protocol;
  options.endpoint = server.endpoint();
  options.documents = 2;
  options.clients = 4;
  options.writers = 3;
  options.letters = 2;
  options.warm_up = absl::ZeroDuration();
  options.time = absl::Milliseconds(200);
  options.deadline = absl::Seconds(60);
  return options;
}

class LoadTest : public ::testing::TestWithParam<Protocol> {};
INSTANTIATE_TEST_SUITE_P(Protocols, LoadTest,
                         ::testing::Values(Protocol::kSocketIo, Protocol::kShareDb));

TEST_P(LoadTest, AClosedLoopCountsEachOperationOnceForEverybody) {
  ModelServer server(GetParam(), Harm::kNone);
  const auto report = RunLoad(SmallLoad(GetParam(), server));
  ASSERT_TRUE(report.ok()) << report.status();
  const LoadFigures& figures = report->steps.at(0);
  EXPECT_GT(report->edits, 6);
  EXPECT_EQ(report->newcomers, 2);
  EXPECT_EQ(figures.connections, 8);
  EXPECT_EQ(figures.edits_acked, figures.operations);  // one at a time
  // Each typed edit reaches three others; what was typed in the measured time is all counted.
  EXPECT_EQ(figures.ack_ns.count(), figures.edits);
  EXPECT_EQ(figures.delivery_ns.count(), 3 * figures.edits);
}

TEST_P(LoadTest, AnOpenLoopTypesWhatIsDue) {
  ModelServer server(GetParam(), Harm::kNone);
  LoadOptions options = SmallLoad(GetParam(), server);
  options.rate = 100;
  const auto report = RunLoad(options);
  ASSERT_TRUE(report.ok()) << report.status();
  const LoadFigures& figures = report->steps.at(0);
  // 6 writers, 200 ms of 100 edits per second; each begins at a point of its own.
  EXPECT_NEAR(static_cast<double>(figures.edits), 120, 6);
  EXPECT_EQ(figures.lag_ns.count(), figures.edits);
  EXPECT_EQ(figures.ack_ns.count(), figures.edits);
}

TEST_P(LoadTest, VisitorsPresenceAndIdleConnectionsConverge) {
  ModelServer server(GetParam(), Harm::kNone);
  LoadOptions options = SmallLoad(GetParam(), server);
  options.rate = 50;
  options.presence_rate = 50;
  options.join_rate = 100;
  options.stay = absl::Milliseconds(30);
  options.connections = {10, 30};
  options.idle_documents = 3;
  const auto report = RunLoad(options);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->steps.size(), 2);
  EXPECT_EQ(report->steps[0].connected, 2);
  EXPECT_EQ(report->steps[1].connected, 20);
  EXPECT_GE(report->steps[1].connections, 30);
  EXPECT_GT(report->steps[1].join_ns.count(), 0);
  EXPECT_GT(report->steps[1].presence_shown, 0);
}

TEST(LoadModelTest, AStormLosesNothing) {
  ModelServer server(Protocol::kShareDb, Harm::kNone);
  LoadOptions options = SmallLoad(Protocol::kShareDb, server);
  options.storm_jitter = absl::Milliseconds(20);
  for (const std::optional<double> rate : {std::optional<double>(), std::optional<double>(200)}) {
    options.rate = rate;
    const auto report = RunLoad(options);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->storm->connections, 8);
    EXPECT_EQ(report->storm->back_ns.count(), 8);
    EXPECT_EQ(report->storm->skipped, 0);
  }
}

TEST(LoadModelTest, ASlowReaderCatchesUpWhenItReadsAgain) {
  ModelServer server(Protocol::kSocketIo, Harm::kNone);
  LoadOptions options = SmallLoad(Protocol::kSocketIo, server);
  options.rate = 100;
  options.slow_readers = 2;
  const auto report = RunLoad(options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->slow->readers, 2);
  EXPECT_EQ(report->slow->dropped, 0);
  EXPECT_GT(report->slow->backlog_bytes_max, 0);
}

// A tool that never says no is worth nothing.
TEST_P(LoadTest, HarmIsNoticed) {
  const struct {
    Harm harm;
    const char* socket_io;
    const char* sharedb;
  } cases[] = {
      {Harm::kLosesDelivery, "were to come", "came after"},
      {Harm::kDoublesDelivery, "more than once", ""},
      {Harm::kDoublesAck, "an ack of nothing", ""},
      {Harm::kForgetsLetters, "were typed", "were typed"},
  };
  for (const auto& one : cases) {
    const std::string words = GetParam() == Protocol::kSocketIo ? one.socket_io : one.sharedb;
    if (words.empty()) continue;  // ShareDB's clients take a repeated version for known
    ModelServer server(GetParam(), one.harm);
    LoadOptions options = SmallLoad(GetParam(), server);
    options.rate = 200;
    const auto report = RunLoad(options);
    ASSERT_FALSE(report.ok()) << words;
    EXPECT_TRUE(absl::IsDataLoss(report.status())) << report.status();
    EXPECT_THAT(std::string(report.status().message()), HasSubstr(words));
  }
}

TEST(LoadModelTest, WhatIsNotThereIsSaid) {
  LoadOptions options;
  options.protocol = Protocol::kSocketIo;
  options.storm_jitter = absl::ZeroDuration();
  EXPECT_TRUE(absl::IsInvalidArgument(CheckOptions(options)));
  options = LoadOptions();
  options.writers = 3;
  options.clients = 2;
  EXPECT_THAT(std::string(CheckOptions(options).message()), HasSubstr("3 writers of 2 clients"));
  options = LoadOptions();
  options.connections = {100, 50};
  EXPECT_THAT(std::string(CheckOptions(options).message()), HasSubstr("50 connections"));
  options = LoadOptions();
  options.idle_documents = 0;
  EXPECT_TRUE(CheckOptions(options).ok());
  options.protocol = Protocol::kShareDb;
  EXPECT_THAT(std::string(CheckOptions(options).message()), HasSubstr("no document open"));
}

}  // namespace
}  // namespace coedit::bench
