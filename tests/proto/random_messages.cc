#include "tests/proto/random_messages.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "proto/canonical_json.h"

namespace coedit::proto {

uint64_t RandomMessages::Integer(uint64_t min) {
  constexpr uint64_t kMax = (uint64_t{1} << 53) - 1;
  switch (Below(4)) {
    case 0:
      return min;
    case 1:
      return kMax - Below(2);
    case 2:
      return min + Below(300);
    default:
      return min + (random_() >> (11 + Below(50))) % (kMax - min);
  }
}

Channel RandomMessages::AnyChannel() {
  return Coin() ? static_cast<Channel>(1 + Below(200))
                : 0xFFFFFFFF - static_cast<Channel>(Below(9));
}

std::string RandomMessages::Text(size_t characters_max, bool for_document) {
  static constexpr const char* kCharacters[] = {
      "a",          "b",      " ",      "\"",     "\\",         "/",
      "\n",         "\t",     "\x01",   "\x7f",   "\u00e9",     "e\u0301",
      "\u20ac",     "\u2028", "\uFFFD", "\uFFFF", "\U0001F600", "\U0001F469\u200D\U0001F4BB",
      "\U0010FFFF", "\r"};
  const size_t kinds = std::size(kCharacters) - (for_document ? 1 : 0);
  std::string text;
  for (size_t i = Below(characters_max + 1); i > 0; --i) text += kCharacters[Below(kinds)];
  return text;
}

std::string RandomMessages::Json(int depth) {
  std::string json;
  switch (Below(depth > 0 ? 7 : 5)) {
    case 0:
      return "null";
    case 1:
      return Coin() ? "true" : "false";
    case 2:
      AppendJsonString(Text(6), &json);
      return json;
    case 3:
      return absl::StrCat(static_cast<int64_t>(Integer()) * (Coin() ? 1 : -1));
    case 4: {
      double number = std::bit_cast<double>(random_());
      const double size = std::abs(number);
      // What lies between would be written as an integer beyond 2^53.
      if (!std::isfinite(number) || (size > 9007199254740992 && size < 1e21)) number = 0.5;
      AppendJsonNumber(number, &json);
      return json;
    }
    case 5: {
      json = "[";
      for (uint64_t i = Below(4); i > 0; --i)
        absl::StrAppend(&json, Json(depth - 1), i > 1 ? "," : "");
      return json + "]";
    }
    default: {
      std::vector<std::string> keys;
      for (uint64_t i = Below(4); i > 0; --i) keys.push_back(Text(3));
      std::sort(keys.begin(), keys.end(), LessUtf16);
      keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
      json = "{";
      for (size_t i = 0; i < keys.size(); ++i) {
        if (i > 0) json += ",";
        AppendJsonString(keys[i], &json);
        absl::StrAppend(&json, ":", Json(depth - 1));
      }
      return json + "}";
    }
  }
}

ot::Attributes RandomMessages::Attributes(bool removals) {
  std::map<std::string, std::string> entries;
  for (uint64_t i = Below(4); i > 0; --i) {
    std::string value = Json(3);
    if (!removals && value == "null") value = "false";
    entries[Coin() ? "bold" : Text(4)] = value;
  }
  std::vector<ot::Attributes::Entry> list;
  for (const auto& [key, value] : entries) list.push_back({key, value});
  return ot::Attributes(std::move(list));
}

ot::Delta RandomMessages::Delta(bool document) {
  ot::DeltaBuilder builder;
  for (uint64_t i = Below(8); i > 0; --i) {
    switch (document ? Below(2) : Below(4)) {
      case 0:
        builder.Insert(Text(9, true), Coin() ? ot::Attributes() : Attributes(false));
        break;
      case 1: {
        std::string embed = "{";
        AppendJsonString(Text(3), &embed);
        builder.InsertEmbed(absl::StrCat(embed, ":", Json(4), "}"), Attributes(false));
        break;
      }
      case 2:
        builder.Delete(static_cast<int64_t>(1 + Below(100000000)));
        break;
      default:
        builder.Retain(static_cast<int64_t>(1 + Below(100000000)),
                       Coin() ? ot::Attributes() : Attributes(true));
    }
  }
  return builder.Build();
}

std::vector<Range> RandomMessages::Ranges() {
  std::vector<Range> ranges(Below(4));
  for (Range& range : ranges) range = {Integer(), Integer()};
  return ranges;
}

User RandomMessages::AnyUser() { return {Text(5), Text(9), "#00ff7f"}; }

Committed RandomMessages::Commit(Channel channel) {
  return {channel, Integer(), Integer(), Maybe([this] { return Integer(); }), Delta()};
}

ClientMessage RandomMessages::Client() {
  const auto text = [this] { return Text(9); };
  const auto state = [this] {
    const std::string json = Json(4);
    return json == "null" ? std::string("0") : json;  // null stands for no state
  };
  switch (Below(8)) {
    case 0: {
      std::vector<std::string> capabilities(Below(3));
      for (std::string& capability : capabilities) capability = Text(5);
      return Hello{
          Small(),     absl::BytesToHexString(std::string(16, static_cast<char>(random_()))),
          Integer(),   Text(9),
          Maybe(text), Maybe([] { return std::string("#123abc"); }),
          Maybe(text), capabilities};
    }
    case 1:
      return Open{Integer(),
                  absl::StrCat("d", Below(1000), ".~_-"),
                  Maybe(text),
                  Maybe([this] {
                    return Known{Text(4), Integer(), static_cast<WireDigest>(random_())};
                  }),
                  Maybe([this] { return Integer(1); }),
                  Coin()};
    case 2:
    case 3:
      return Submit{AnyChannel(), Integer(1), Integer(), Delta()};
    case 4:
      return Presence{AnyChannel(), Integer(), Maybe([this] { return Integer(1); }), Ranges(),
                      Maybe(state)};
    case 5:
      return Signal{AnyChannel(), Text(4), Json(4)};
    case 6:
      return Coin() ? ClientMessage(Leave{AnyChannel()}) : ClientMessage(Authenticate{Text(20)});
    default:
      return Ping{Integer()};
  }
}

ServerMessage RandomMessages::Server() {
  const auto integer = [this] { return Integer(); };
  const auto after = [this] { return Small(); };
  const auto state = [this] {
    const std::string json = Json(4);
    return json == "null" ? std::string("0") : json;
  };
  switch (Below(12)) {
    case 0:
      return Commit(AnyChannel());
    case 1:
      return Ack{AnyChannel(), Integer(), Integer()};
    case 2:
      return MemberPresence{AnyChannel(), Text(4), Integer(), Integer(), Ranges(), Maybe(state)};
    case 3:
      return Welcome{
          Text(4), AnyUser(), {Integer(), Integer(), Integer(), Integer(), Integer(), Integer()},
          Small(), Text(5),   std::vector<std::string>(Below(3), Text(3))};
    case 4:
    case 5: {
      Opened opened{Integer(),
                    AnyChannel(),
                    Text(5),
                    Text(5),
                    Text(5),
                    Integer(),
                    static_cast<WireDigest>(random_()),
                    Text(5),
                    Integer(),
                    Integer(),
                    {},
                    {},
                    {},
                    {},
                    {},
                    {},
                    Coin()};
      for (uint64_t i = Below(4); i > 0; --i) opened.authors.push_back({Integer(), AnyUser()});
      for (uint64_t i = Below(4); i > 0; --i) {
        MemberInfo member{Text(4), Integer(), Maybe(integer), {}, {}};
        if (member.revision) {
          member.ranges = Ranges();
          member.state = Maybe(state);
        }
        opened.members.push_back(member);
      }
      opened.in_flight = Maybe([&] { return InFlightFate{Integer(), Coin(), Maybe(integer)}; });
      opened.snapshot = Maybe([this] { return Delta(true); });
      opened.commits = Maybe([this] {
        std::vector<Committed> commits;
        for (uint64_t i = Below(4); i > 0; --i) commits.push_back(Commit(0));
        return commits;
      });
      opened.composed = Maybe([this] { return Delta(); });
      return opened;
    }
    case 6:
      return Part{AnyChannel(), Delta(true), Coin()};
    case 7:
      return Coin() ? ServerMessage(Refused{Integer(), Text(5), Text(9), Coin(), Maybe(after)})
                    : ServerMessage(Closed{AnyChannel(), Text(5), Text(9), Coin(), Maybe(after)});
    case 8:
      return Coin() ? ServerMessage(Rejected{AnyChannel(), Integer(), Text(5), Text(9)})
                    : ServerMessage(Error{Text(5), Text(9)});
    case 9:
      return Coin() ? ServerMessage(Joined{AnyChannel(), Text(4), Integer(), AnyUser()})
                    : ServerMessage(Left{AnyChannel(), Text(4), Integer(), AnyUser()});
    case 10:
      return Coin()
                 ? ServerMessage(MemberSignal{AnyChannel(), Text(4), Integer(), Text(4), Json(4)})
                 : ServerMessage(Role{AnyChannel(), Text(4)});
    default:
      return Coin() ? ServerMessage(GoAway{Small(), Text(4)}) : ServerMessage(Pong{Integer()});
  }
}

}  // namespace coedit::proto
