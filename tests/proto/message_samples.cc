#include "tests/proto/message_samples.h"

#include "absl/strings/str_cat.h"

namespace coedit::proto {
namespace {

using ot::Attributes;
using ot::Delta;
using ot::DeltaBuilder;

constexpr char kClientId[] = "5b0c1f7ae2d94630b1a7c8d9e0f10213";
constexpr uint64_t kBig = (uint64_t{1} << 53) - 1;
User Ada() { return {"u-1", "Ada", "#d9480f"}; }

Delta HelloDelta() {
  return DeltaBuilder().Insert("Hello").Insert("\n", Attributes{{"header", "1"}}).Build();
}

// Every kind of component, attributes of every JSON type, a removal, one set used twice.
Delta EveryKind() {
  const Attributes bold{{"bold", "true"}};
  return DeltaBuilder()
      .Retain(5, bold)
      .Insert("a\"\\\n\t\x01/\u00e9\u20ac\U0001F600",
              Attributes{{"link", "\"https://a.example/?q=\u00e9\""}})
      .InsertEmbed("{\"image\":\"https://a.example/i.png\"}",
                   Attributes{{"alt", "\"a \\\"quoted\\\" word\""}, {"width", "12.5"}})
      .InsertEmbed("{\"formula\":{\"a\":[1,{\"b\":null}],\"tex\":\"e^{i\\\\pi}\"}}")
      .InsertEmbed("{\"divider\":true}")
      .Delete(3)
      .Retain(1)
      .Retain(2, bold)
      .Retain(7, Attributes{{"bold", "null"}, {"color", "\"red\""}, {"list", "false"}})
      .Retain(1, Attributes{{"comment",
                             "{\"by\":[\"ada\",\"bob\"],\"open\":false,\"z\":{\"n\":null}}"}})
      .Build();
}

Delta Numbers() {
  return DeltaBuilder()
      .Insert("n", Attributes{{"a", "9007199254740992"},
                              {"b", "-9007199254740992"},
                              {"c", "1e+21"},
                              {"d", "5e-324"},
                              {"e", "1.7976931348623157e+308"},
                              {"f", "0.000001"},
                              {"g", "1e-7"},
                              {"h", "333333333.3333333"},
                              {"i", "0"}})
      .Retain(2147483640)
      .Delete(7)
      .Build();
}

Delta Emoji() {
  return DeltaBuilder()
      .Retain(2)
      .Insert("\U0001F469\u200D\U0001F4BB\U0001F1E9\U0001F1EA e\u0301 \uFFFD")
      .InsertEmbed("{\"mention\":{\"name\":\"\U0001F600 Zo\u00eb\"}}",
                   Attributes{{"\u043A\u043B\u044E\u0447", "\"\U0001F600\""}})
      .Delete(2)
      .Build();
}

Committed CommitOf(Channel channel, uint64_t revision, uint64_t author, Delta delta) {
  return {channel, revision, author, std::nullopt, std::move(delta)};
}

Opened OpenedWith() {
  Opened opened;
  opened.request = 1;
  opened.channel = 7;
  opened.document = "notes";
  opened.type = "rich-text";
  opened.epoch = "e-7f";
  opened.revision = 5;
  opened.digest = 0x000000FF;
  opened.role = "writer";
  opened.author = 1;
  opened.last_sequence = 2;
  opened.authors = {{1, Ada()}};
  opened.members = {{"s-1", 1, std::nullopt, {}, std::nullopt}};
  return opened;
}

std::vector<ClientSample> MakeClientSamples() {
  std::vector<ClientSample> samples;
  const auto add = [&samples](std::string name, ClientMessage message) {
    samples.push_back({std::move(name), std::move(message)});
  };
  Hello hello{1, kClientId, 1, "coedit-js/0.1.0", {}, {}, {}, {}};
  add("hello, least", hello);
  hello.attempt = kBig;
  hello.name = "Ada \U0001F600 \"L\" \\";
  hello.color = "#d9480f";
  hello.token = "eyJhbGciOiJFUzI1NiJ9.e30.AAAA";
  hello.capabilities = {"parts", "x"};
  add("hello, all fields", hello);
  hello.name = "";
  hello.token = "";
  add("hello, empty texts", hello);

  Open open{1, "notes", {}, {}, {}, false};
  add("open, least", open);
  open.create = "rich-text";
  add("open, create", open);
  open = {kBig, absl::StrCat("A", std::string(123, 'z'), "._~-"), {}, {}, 2, true};
  open.known = Known{"e-7f", 1, 0x9C1F02AB};
  add("open, resume", open);
  open.known = Known{"", 0, 0};
  open.in_flight.reset();
  open.composed = false;
  add("open, known at zero", open);

  add("submit, rich", Submit{7, 1, 0, HelloDelta()});
  add("submit, one letter", Submit{1, 12, 345, DeltaBuilder().Retain(300).Insert("x").Build()});
  add("submit, every kind", Submit{0xFFFFFFFF, kBig, kBig, EveryKind()});
  add("submit, numbers", Submit{7, 2, 1, Numbers()});
  add("submit, emoji", Submit{7, 3, 1, Emoji()});
  add("submit, nothing", Submit{7, 4, 1, Delta()});

  Presence presence{7, 1, {}, {{2, 5}}, {}};
  add("presence, range", presence);
  presence.after = 9;
  presence.ranges = {{0, 0}, {kBig, 3}};
  presence.state = "{\"a\":[1,2.5,\"\U0001F600\"],\"typing\":true}";
  add("presence, all fields", presence);
  presence.ranges.clear();
  presence.state = "false";
  presence.after.reset();
  add("presence, state false and no range", presence);

  add("signal", Signal{7, "chat", "{\"text\":\"hi\\n\"}"});
  add("signal, null and no topic", Signal{7, "", "null"});
  add("signal, number", Signal{7, "n", "-0.5"});
  add("leave", Leave{7});
  add("authenticate", Authenticate{"eyJhbGciOiJFUzI1NiJ9.e30.AAAA"});
  add("ping", Ping{42});
  add("ping, zero", Ping{0});
  return samples;
}

std::vector<ServerSample> MakeServerSamples() {
  std::vector<ServerSample> samples;
  const auto add = [&samples](std::string name, ServerMessage message) {
    samples.push_back({std::move(name), std::move(message)});
  };
  add("committed, one letter", CommitOf(7, 346, 2, DeltaBuilder().Retain(300).Insert("x").Build()));
  add("committed, every kind", CommitOf(7, 1, 1, EveryKind()));
  add("committed, emoji", CommitOf(7, 1, 1, Emoji()));
  add("committed, numbers", CommitOf(7, 1, 1, Numbers()));
  add("committed, nothing", CommitOf(7, kBig - 40, kBig, Delta()));
  add("ack", Ack{7, 1, 1});
  add("ack, large", Ack{0xFFFFFFFF, kBig, kBig});

  add("presence", MemberPresence{7, "s-2", 2, 1, {{2, 5}, {0, 0}}, "{\"typing\":true}"});
  add("presence, none", MemberPresence{7, "s-2", 2, 0, {}, {}});

  Welcome welcome{"s-1", Ada(),          {262144, 4096, 4194304, 5000, 1024, 4096},
                  20,    "coedit/0.1.0", {"parts"}};
  add("welcome", welcome);
  welcome.capabilities.clear();
  welcome.limits = {};
  add("welcome, no capabilities, limits zero", welcome);

  Opened opened = OpenedWith();
  opened.revision = 0;
  opened.digest = 0;
  opened.last_sequence = 0;
  opened.snapshot = DeltaBuilder().Insert("\n").Build();
  add("opened, snapshot", opened);
  opened.snapshot = Delta();
  opened.type = "plain-text";
  opened.authors.clear();
  opened.members.clear();
  add("opened, empty snapshot, nobody", opened);
  opened = OpenedWith();
  opened.authors.push_back({2, {"u-2", "Zo\u00eb \U0001F600", "#00ff00"}});
  opened.members = {{"s-1", 1, std::nullopt, {}, std::nullopt},
                    {"s-2", 2, 0, {}, std::nullopt},
                    {"s-3", 2, 5, {{1, 2}, {3, 3}}, "{\"typing\":true}"}};
  opened.in_flight = InFlightFate{2, true, 3};
  opened.commits = {CommitOf(0, 2, 2, HelloDelta()), CommitOf(0, 3, 1, EveryKind())};
  opened.commits->back().sequence = 2;
  add("opened, commits", opened);
  opened.in_flight = InFlightFate{2, false, std::nullopt};
  opened.composed = Emoji();
  add("opened, commits then composed", opened);
  opened.commits.emplace();
  opened.composed.reset();
  add("opened, no new commits", opened);
  opened.commits.reset();
  opened.in_flight.reset();
  opened.more = true;
  add("opened, more", opened);

  add("part", Part{7, HelloDelta(), false});
  add("part, last and empty", Part{7, Delta(), true});
  add("refused", Refused{1, "no_such_document", "\"notes\" does not exist", false, {}});
  add("refused, retry", Refused{2, "unavailable", "", true, 0});
  add("rejected",
      Rejected{7, 3, "invalid_operation", "retain of 12 passes the end of a document of 6 units"});
  add("joined", Joined{7, "s-2", 2, Ada()});
  add("left", Left{7, "s-2", 2, {"u-2", "", "#000000"}});
  add("signal", MemberSignal{7, "s-2", 2, "chat", "{\"text\":\"hi\"}"});
  add("signal, null", MemberSignal{7, "s-2", 2, "", "null"});
  add("role", Role{7, "reader"});
  add("closed", Closed{7, "too_slow", "the queue is full", true, 500});
  add("closed, for good", Closed{7, "forbidden", "", false, {}});
  add("error", Error{"bad_message", "messages[0]: unknown message \"x\""});
  add("goAway", GoAway{1500, "restart"});
  add("pong", Pong{42});
  return samples;
}

}  // namespace

const std::vector<ClientSample>& ClientSamples() {
  static const std::vector<ClientSample>& samples = *new std::vector(MakeClientSamples());
  return samples;
}

const std::vector<ServerSample>& ServerSamples() {
  static const std::vector<ServerSample>& samples = *new std::vector(MakeServerSamples());
  return samples;
}

std::string ServerFrameOf(Encoding encoding, const std::vector<ServerMessage>& messages) {
  const FrameGlue glue = GlueFor(encoding);
  std::string frame(glue.prefix);
  for (size_t i = 0; i < messages.size(); ++i) {
    absl::StrAppend(&frame, i > 0 ? glue.separator : "", EncodePiece(encoding, messages[i]));
  }
  absl::StrAppend(&frame, glue.suffix);
  return frame;
}

std::string NameOf(Encoding encoding) {
  return encoding == Encoding::kProtobuf ? "protobuf" : "json";
}

}  // namespace coedit::proto
