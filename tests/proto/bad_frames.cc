#include "tests/proto/bad_frames.h"

#include <functional>
#include <initializer_list>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "proto/coedit.pb.h"
#include "tests/proto/message_samples.h"

namespace coedit::proto {
namespace {

constexpr char kClientId[] = "5b0c1f7ae2d94630b1a7c8d9e0f10213";
constexpr uint64_t kTooBig = uint64_t{1} << 53;

class Table {
 public:
  void Add(std::string name, Encoding encoding, std::string frame, RefusedAs refused_as,
           std::string contains) {
    frames_.push_back(
        {std::move(name), encoding, std::move(frame), refused_as, std::move(contains)});
  }

  // Message values that break a rule, in both encodings: the client's half does not check.
  void AddBoth(const std::string& name, const ClientMessage& message, RefusedAs refused_as,
               const std::string& contains) {
    for (const Encoding encoding : {Encoding::kProtobuf, Encoding::kJson}) {
      Add(name, encoding, EncodeClientFrame(encoding, {message}), refused_as, contains);
    }
  }

  void AddJson(const std::string& text, const std::string& contains) {
    Add(absl::StrCat("frame ", frames_.size()), Encoding::kJson, text, RefusedAs::kFrame, contains);
  }

  // The list of ops of a submit.
  void AddOps(const std::string& ops, const std::string& contains) {
    Add(absl::StrCat("ops ", frames_.size()), Encoding::kJson,
        absl::StrCat(R"({"messages":[{"submit":{"channel":7,"sequence":1,"revision":0,"delta":)",
                     R"({"ops":)", ops, "}}}]}"),
        RefusedAs::kSubmit, contains);
  }

  void AddHex(const std::string& name, const std::string& hex, const std::string& contains) {
    Add(name, Encoding::kProtobuf, absl::HexStringToBytes(hex), RefusedAs::kFrame, contains);
  }

  void AddWire(const std::string& name, RefusedAs refused_as, const std::string& contains,
               const std::function<void(v1::Submit*)>& fill) {
    v1::ClientFrame frame;
    v1::Submit* submit = frame.add_messages()->mutable_submit();
    submit->set_channel(7);
    submit->set_sequence(1);
    fill(submit);
    Add(name, Encoding::kProtobuf, frame.SerializeAsString(), refused_as, contains);
  }

  void AddFlat(const std::string& name, const std::string& contains,
               std::initializer_list<uint64_t> ops, const std::string& text = "",
               std::initializer_list<const char*> embeds = {},
               std::initializer_list<const char*> attributes = {}) {
    AddWire(name, RefusedAs::kSubmit, contains, [&](v1::Submit* submit) {
      v1::Delta* delta = submit->mutable_delta();
      for (const uint64_t number : ops) delta->add_ops(number);
      delta->set_text(text);
      for (const char* embed : embeds) delta->add_embeds(embed);
      for (const char* set : attributes) delta->add_attributes(set);
    });
  }

  std::vector<BadFrame> Take() { return std::move(frames_); }

 private:
  std::vector<BadFrame> frames_;
};

void AddMessageRules(Table* table) {
  const auto frame = RefusedAs::kFrame;
  const auto submit = RefusedAs::kSubmit;
  const Hello hello{1, kClientId, 1, "sdk", {}, {}, {}, {}};
  const auto add_hello = [&](const std::string& name, const std::function<void(Hello*)>& change,
                             const std::string& contains) {
    Hello changed = hello;
    change(&changed);
    table->AddBoth(name, changed, frame, contains);
  };
  // The text tells the length of a secret, never the secret.
  add_hello(
      "client id too short", [](Hello* h) { h->client_id.pop_back(); },
      "messages[0].hello.clientId: 31 bytes that are not 32 lower-case hex digits");
  add_hello(
      "client id in capitals", [](Hello* h) { h->client_id[1] = 'B'; }, "hello.clientId: 32 bytes");
  add_hello(
      "attempt too large", [](Hello* h) { h->attempt = kTooBig; },
      "hello.attempt: 9007199254740992");
  add_hello(
      "long name", [](Hello* h) { h->name = std::string(1025, 'n'); },
      "hello.name: 1025 bytes are more than 1024");
  add_hello(
      "color by name", [](Hello* h) { h->color = "red"; },
      "hello.color: \"red\" is not of the form #rrggbb");
  add_hello(
      "color with a letter too far", [](Hello* h) { h->color = "#12345g"; }, "\"#12345g\"");
  add_hello(
      "long token", [](Hello* h) { h->token = std::string(6145, 't'); },
      "hello.token: 6145 bytes are more than 6144");
  add_hello(
      "many capabilities", [](Hello* h) { h->capabilities.assign(33, "c"); },
      "hello.capabilities: more than 32 entries");
  add_hello(
      "long capability", [](Hello* h) { h->capabilities = {std::string(1025, 'c')}; },
      "hello.capabilities: 1025 bytes");

  for (const char* id : {"", "../x", "a b", "-a", "a/b", "\xD0\xB0"}) {
    table->AddBoth(absl::StrCat("document id \"", id, "\""), Open{1, id, {}, {}, {}, false}, frame,
                   "open.document: \"");
  }
  table->AddBoth("document id of 129", Open{1, std::string(129, 'a'), {}, {}, {}, false}, frame,
                 "aaa...\" is not 1 to 128 characters");
  table->AddBoth("request too large", Open{kTooBig, "a", {}, {}, {}, false}, frame, "open.request");
  table->AddBoth("in flight zero", Open{1, "a", {}, {}, 0, false}, frame,
                 "open.inFlight: 0 is not an integer from 1 to 9007199254740991");
  table->AddBoth("known too large", Open{1, "a", {}, Known{"e", kTooBig, 0}, {}, false}, frame,
                 "open.known.revision: 9007199254740992");
  table->AddBoth("long epoch", Open{1, "a", {}, Known{std::string(1025, 'e'), 0, 0}, {}, false},
                 frame, "open.known.epoch: 1025 bytes");

  const ot::Delta x = ot::DeltaBuilder().Insert("x").Build();
  table->AddBoth("submit on channel 0", Submit{0, 1, 0, x}, frame,
                 "submit.channel: 0 is not an integer from 1 to 4294967295");
  table->AddBoth("sequence 0", Submit{7, 0, 0, x}, frame, "submit.sequence: 0");
  table->AddBoth("sequence too large", Submit{7, kTooBig, 0, x}, frame,
                 "submit.sequence: 9007199254740992");
  table->AddBoth("base too large", Submit{7, 1, kTooBig, x}, submit, "revision: 9007199254740992");

  Presence presence{7, 1, {}, {}, {}};
  presence.channel = 0;
  table->AddBoth("presence on channel 0", presence, frame, "presence.channel: 0");
  presence = {7, kTooBig, {}, {}, {}};
  table->AddBoth("presence too far", presence, frame, "presence.revision: 9007199254740992");
  presence = {7, 1, 0, {}, {}};
  table->AddBoth("presence after 0", presence, frame, "presence.after: 0");
  presence = {7, 1, {}, {{kTooBig, 0}}, {}};
  table->AddBoth("range too far", presence, frame, "anchor: 9007199254740992");
  presence = {7, 1, {}, std::vector<Range>(65), {}};
  table->AddBoth("many ranges", presence, frame, "presence.ranges: more than 64 entries");
  presence = {7, 1, {}, {}, absl::StrCat("\"", std::string(1023, 's'), "\"")};
  table->AddBoth("large state", presence, frame, "presence.state: 1025 bytes are more than 1024");
  presence.state = "[[[[[[[[[]]]]]]]]]";
  table->AddBoth("deep state", presence, frame, "presence.state: nesting is too deep");
  presence.state = R"({"a":{"__proto__":1}})";
  table->AddBoth("prototype in state", presence, frame, "presence.state: key \"__proto__\"");
  presence.state = R"({"a":1,"a":1})";
  table->AddBoth("state with a key twice", presence, frame,
                 "presence.state: key \"a\" stands twice");

  Signal signal{7, "t", absl::StrCat("\"", std::string(4095, 's'), "\"")};
  table->AddBoth("large payload", signal, frame, "signal.payload: 4097 bytes are more than 4096");
  table->AddBoth("long topic", Signal{7, std::string(65, 't'), "1"}, frame,
                 "signal.topic: 65 bytes are more than 64");
  table->AddBoth("payload out of range", Signal{7, "t", "1e999"}, frame,
                 "signal.payload: number 1e999");
  table->AddBoth("leave channel 0", Leave{0}, frame, "leave.channel: 0");
  table->AddBoth("large refresh token", Authenticate{std::string(6145, 't')}, frame,
                 "authenticate.token: 6145 bytes");
  table->AddBoth("nonce too large", Ping{kTooBig}, frame, "ping.nonce: 9007199254740992");
}

// Deltas that DeltaBuilder can make and the rules forbid.
void AddDeltaRules(Table* table) {
  const auto add = [table](const std::string& name, const ot::Delta& delta,
                           const std::string& contains) {
    table->AddBoth(name, Submit{7, 1, 0, delta}, RefusedAs::kSubmit, contains);
  };
  const auto insert = [](absl::string_view text, const ot::Attributes& attributes = {}) {
    return ot::DeltaBuilder().Retain(1).Insert(text, attributes).Build();
  };
  add("carriage return", insert("a\r\n"), "delta.ops[1].insert: U+000D at byte 1");
  add("zero character", insert(absl::string_view("ab\0", 3)),
      "delta.ops[1].insert: U+0000 at byte 2");
  add("null on a text", insert("a", ot::Attributes{{"bold", "null"}}),
      "delta.ops[1].attributes: \"bold\" is null on an insert");
  add("null on an embed",
      ot::DeltaBuilder().InsertEmbed(R"({"image":"x"})", ot::Attributes{{"alt", "null"}}).Build(),
      "delta.ops[0].attributes: \"alt\" is null on an insert");
  add("prototype name", insert("a", ot::Attributes{{"constructor", "1"}}),
      "delta.ops[1].attributes: key \"constructor\"");
  add("prototype name inside", insert("a", ot::Attributes{{"a", R"([{"valueOf":1}])"}}),
      "value of \"a\": key \"valueOf\"");
  add("long key", insert("a", ot::Attributes{{std::string(65, 'k'), "1"}}),
      "has 65 bytes, more than 64");
  add("long value",
      insert("a", ot::Attributes{{"k", absl::StrCat("\"", std::string(2047, 'v'), "\"")}}),
      "value of \"k\" has 2049 bytes, more than 2048");
  add("deep value", insert("a", ot::Attributes{{"k", "[[[[[[[[[]]]]]]]]]"}}),
      "value of \"k\": nesting is too deep");
  std::vector<ot::Attributes::Entry> many;
  for (int i = 0; i < 33; ++i) many.push_back({absl::StrCat("k", i), "1"});
  add("many keys", insert("a", ot::Attributes(many)),
      "delta.ops[1].attributes: 33 keys are more than 32");
  add("embed of two keys", ot::DeltaBuilder().InsertEmbed(R"({"a":1,"b":2})").Build(),
      "delta.ops[0].insert: an object of 2 is neither a text nor an object with one key");
  add("embed without keys", ot::DeltaBuilder().InsertEmbed("{}").Build(), "an object of 0");
  add("embed that is a number", ot::DeltaBuilder().InsertEmbed("5").Build(),
      "delta.ops[0].insert: 5 is neither");
  add("embed that is null", ot::DeltaBuilder().InsertEmbed("null").Build(), "null is neither");
  add("embed that is an array", ot::DeltaBuilder().InsertEmbed("[1]").Build(), "an array of 1");
  add("embed of a prototype name", ot::DeltaBuilder().InsertEmbed(R"({"__proto__":1})").Build(),
      "delta.ops[0].insert: key \"__proto__\"");
  add("large embed",
      ot::DeltaBuilder()
          .InsertEmbed(absl::StrCat(R"({"a":")", std::string(16384, 'e'), R"("})"))
          .Build(),
      "an embed of 16392 bytes, more than 16384");
  add("deep embed", ot::DeltaBuilder().InsertEmbed(R"({"a":[[[[[[[[]]]]]]]]})").Build(),
      "delta.ops[0].insert: nesting is too deep");
  add("large integer in an embed",
      ot::DeltaBuilder().InsertEmbed(R"({"a":9007199254740993})").Build(),
      "integer 9007199254740993 is beyond 2^53");
  ot::DeltaBuilder long_delta;
  for (int i = 0; i < 2049; ++i) long_delta.Retain(1).Delete(1);
  add("many components", long_delta.Build(), "delta.ops: 4098 components are more than 4096");
  add("lengths that add up", ot::DeltaBuilder().Retain(ot::kComponentUnitsMax).Delete(1).Build(),
      "delta.ops[1].delete: with 1 the lengths of the delta add up to 2147483648");
}

void AddJsonFrames(Table* table) {
  table->AddJson("", "no JSON at byte 0");
  table->AddJson("{", "no JSON");
  table->AddJson("5", "frame: 5 is not an object");
  table->AddJson("[]", "frame: an array of 0 is not an object");
  table->AddJson("{}", "frame.messages: is missing");
  table->AddJson(R"({"messages":{}})", "messages: an object of 0 is not an array");
  table->AddJson(R"({"messages":[],"messages":[]})", "frame: key \"messages\" stands twice");
  table->AddJson(R"({"messages":[5]})", "messages[0]: 5 is not an object with one key");
  table->AddJson(R"({"messages":[{}]})", "messages[0]: an object of 0 is not");
  table->AddJson(
      R"({"messages":[{"ping":{"nonce":1}},{"ping":{"nonce":1},"leave":{"channel":1}}]})",
      "messages[1]: an object of 2 is not");
  table->AddJson(R"({"messages":[{"shout":{}}]})", "messages[0]: unknown message \"shout\"");
  table->AddJson(R"({"messages":[{"committed":{}}]})", "unknown message \"committed\"");
  table->AddJson(R"({"messages":[{"ping":7}]})", "messages[0].ping: 7 is not an object");
  table->AddJson(R"({"messages":[{"ping":{}}]})", "messages[0].ping.nonce: is missing");
  table->AddJson(R"({"messages":[{"ping":{"nonce":null}}]})", "ping.nonce: null is not");
  table->AddJson(R"({"messages":[{"ping":{"nonce":"1"}}]})", "ping.nonce: \"1\" is not");
  table->AddJson(R"({"messages":[{"ping":{"nonce":1,"nonce":1}}]})",
                 "messages[0].ping: key \"nonce\" stands twice");
  for (const char* number : {"-1", "0.5", "9007199254740992", "9007199254740993", "1e999",
                             "18446744073709551616", "4294967296e9"}) {
    table->AddJson(absl::StrCat(R"({"messages":[{"ping":{"nonce":)", number, "}}]}"),
                   "ping.nonce: ");
  }
  table->AddJson(R"({"messages":[{"leave":{"channel":4294967296}}]})",
                 "leave.channel: 4294967296 is not an integer from 1 to 4294967295");
  table->AddJson(R"({"messages":[{"hello":{"protocol":1,"clientId":5,"attempt":1,"sdk":""}}]})",
                 "hello.clientId: 5 is not a string");
  table->AddJson(absl::StrCat(R"({"messages":[{"hello":{"protocol":4294967296,"clientId":")",
                              kClientId, R"(","attempt":1,"sdk":""}}]})"),
                 "hello.protocol: 4294967296");
  table->AddJson(absl::StrCat(R"({"messages":[{"hello":{"protocol":1,"clientId":")", kClientId,
                              R"(","attempt":1,"sdk":"","capabilities":["a",1]}}]})"),
                 "hello.capabilities[1]: 1 is not a string");
  const auto open = [](absl::string_view rest) {
    return absl::StrCat(R"({"messages":[{"open":{"request":1,"document":"a",)", rest, "}}]}");
  };
  table->AddJson(open(R"("composed":1)"), "open.composed: 1 is neither true nor false");
  table->AddJson(open(R"("known":[])"), "open.known: an array of 0 is not an object");
  table->AddJson(open(R"("known":{"epoch":"e","revision":1})"), "open.known.digest: is missing");
  for (const char* digest :
       {"\"9C1F02AB\"", "\"9c1f02a\"", "\"9c1f02abc\"", "\"+c1f02ab\"", "\"0x1f02ab\"", "5"}) {
    table->AddJson(
        open(absl::StrCat(R"("known":{"epoch":"e","revision":1,"digest":)", digest, "}")),
        "is not eight lower-case hex digits");
  }
  table->AddJson(
      R"({"messages":[{"presence":{"channel":1,"revision":1,"ranges":[{"anchor":0}]}}]})",
      "presence.ranges[0].head: is missing");
  table->AddJson(R"({"messages":[{"presence":{"channel":1,"revision":1,"ranges":{}}}]})",
                 "presence.ranges: an object of 0 is not an array");
  table->AddJson(R"({"messages":[{"signal":{"channel":1,"topic":"t"}}]})",
                 "signal.payload: is missing");
  table->AddJson(R"({"messages":[{"submit":{"sequence":1,"revision":0,"delta":{"ops":[]}}}]})",
                 "submit.channel: is missing");
  table->AddJson(R"({"messages":[{"submit":{"channel":1,"revision":0,"delta":{"ops":[]}}}]})",
                 "submit.sequence: is missing");
  table->AddJson(R"({"messages":[{"signal":{"channel":1,"topic":"\ud800","payload":1}}]})",
                 "no JSON");
  table->AddJson(absl::StrCat(std::string(33, '['), std::string(33, ']')), "no JSON at byte 32");
}

void AddJsonSubmits(Table* table) {
  const auto submit = [table](const std::string& rest, const std::string& contains) {
    table->Add(absl::StrCat("submit with ", rest), Encoding::kJson,
               absl::StrCat(R"({"messages":[{"submit":{"channel":7,"sequence":1)", rest, "}}]}"),
               RefusedAs::kSubmit, contains);
  };
  submit("", "revision: is missing");
  submit(R"(,"revision":-1,"delta":{"ops":[]})", "revision: -1 is not");
  submit(R"(,"revision":0)", "delta: is missing");
  submit(R"(,"revision":0,"delta":null)", "delta: null is not an object");
  submit(R"(,"revision":0,"delta":[{"insert":"x"}])", "delta: an array of 1 is not an object");
  submit(R"(,"revision":0,"delta":{})", "delta.ops: is missing");
  submit(R"(,"revision":0,"delta":{"ops":[],"ops":[]})", "delta: key \"ops\" stands twice");

  table->AddOps("{}", "delta.ops: an object of 0 is not an array");
  table->AddOps("[5]", "delta.ops[0]: 5 is not an object");
  table->AddOps("[{}]", "delta.ops[0]: neither insert nor retain nor delete");
  table->AddOps(R"([{"attributes":{"a":1}}])", "delta.ops[0]: neither insert nor");
  table->AddOps(R"([{"insert":"a","retain":1}])", "delta.ops[0]: both insert and retain");
  table->AddOps(R"([{"delete":1,"retain":1}])", "delta.ops[0]: both delete and retain");
  table->AddOps(R"([{"insert":"a","insert":"b"}])", "delta.ops[0]: key \"insert\" stands twice");
  table->AddOps(R"([{"insert":"a","colour":1}])", "delta.ops[0]: unknown key \"colour\"");
  table->AddOps(R"([{"insert":""}])", "delta.ops[0].insert: the text is empty");
  table->AddOps(R"([{"insert":7}])", "delta.ops[0].insert: 7 is neither");
  table->AddOps(R"([{"insert":true}])", "delta.ops[0].insert: true is neither");
  table->AddOps(R"([{"insert":{"a":1,"a":1}}])", "delta.ops[0].insert: an object of 2");
  table->AddOps(R"([{"insert":{"a":{"b":1,"b":2}}}])",
                "delta.ops[0].insert: key \"b\" stands twice");
  table->AddOps(R"([{"retain":{"image":"x"}}])",
                "delta.ops[0].retain: a retain of an embed is not supported");
  table->AddOps(R"([{"delete":{"image":"x"}}])", "delta.ops[0].delete: an object of 1 is not");
  for (const char* units :
       {"0", "-1", "1.5", "2147483648", "4294967297", "1e15", "9007199254740993",
        "18446744073709551617", "1e999", "\"1\"", "null", "true", "[1]"}) {
    table->AddOps(absl::StrCat(R"([{"insert":"a"},{"retain":)", units, "}]"),
                  "delta.ops[1].retain: ");
    table->AddOps(absl::StrCat(R"([{"delete":)", units, "}]"), "delta.ops[0].delete: ");
  }
  table->AddOps(R"([{"retain":2147483647},{"retain":1}])",
                "add up to 2147483648, more than 2147483647");
  table->AddOps(R"([{"retain":1,"attributes":5}])", "delta.ops[0].attributes: 5 is not an object");
  table->AddOps(R"([{"retain":1,"attributes":{"a":1,"a":null}}])",
                "delta.ops[0].attributes: key \"a\" stands twice");
  table->AddOps(R"([{"retain":1,"attributes":{"a":{"b":1,"b":1}}}])",
                "value of \"a\": key \"b\" stands twice");
  table->AddOps(R"([{"retain":1,"attributes":{"a":1e400}}])", "value of \"a\": number 1e400");
  table->AddOps(R"([{"delete":1,"attributes":{"a":1}}])",
                "delta.ops[0].attributes: \"a\" stands on a delete");
}

void AddWireFrames(Table* table) {
  // 0a: field 1 of the frame, messages; 1a: field 3 of a message, submit.
  table->AddHex("not a frame", "ff", "frame: cut short or malformed");
  table->AddHex("length beyond the frame", "0a05", "frame: cut short or malformed");
  table->AddHex("length of 2^63", "0affffffffffffffff7f00", "frame: cut short or malformed");
  table->AddHex("varint of eleven bytes", "08ffffffffffffffffffff01", "frame: cut short");
  table->AddHex("field number 0", "0000", "frame: field number 0 does not exist");
  table->AddHex("a group", "0b0c", "frame: field 1 has wire type 3");
  table->AddHex("wire type 7", "0f00", "frame: field 1 has wire type 7");
  table->AddHex("messages as a number", "0801", "frame.messages: wire type 0 instead of 2");
  table->AddHex("message without a kind", "0a00", "messages[0]: a message without a kind");
  table->AddHex("unknown kind", "0a0f7a0d0807", "frame: cut short");
  table->AddHex("unknown kind, whole", "0a027a00", "messages[0]: unknown message, field 15");
  table->AddHex("kind as a number", "0a024000", "messages[0].ping: wire type 0 instead of 2");
  table->AddHex("two kinds",
                "0a0642003202"
                "0807",
                "messages[0]: a message of two kinds, fields 8 and 6");
  table->AddHex("one kind twice", "0a0442004200",
                "messages[0]: a message of two kinds, fields 8 and 8");
  table->AddHex("kind beside an unknown field", "0a0442007a00",
                "messages[0]: a message of two kinds, fields 8 and 15");
  table->AddHex("nonce as text",
                "0a05"
                "4203"
                "0a0141",
                "ping.nonce: wire type 2 instead of 0");
  table->AddHex("name not UTF-8",
                "0a05"
                "0a03"
                "2a01ff",
                "hello.name: 1 bytes that are not UTF-8");
  table->AddHex("channel of 33 bits",
                "0a08"
                "3206"
                "088080808010",
                "leave.channel: 4294967296 is beyond 32 bits");
  table->AddHex("digest as a varint",
                "0a06"
                "1204"
                "22021801",
                "open.known.digest: wire type 0 instead of 5");
  table->AddHex("state without JSON",
                "0a08"
                "2206"
                "08011001"
                "2a00",
                "presence.state: no JSON");
  table->AddHex("payload without JSON",
                "0a06"
                "2a04"
                "0801"
                "1a00",
                "signal.payload: no JSON");
  table->AddHex("payload missing",
                "0a04"
                "2a02"
                "0801",
                "signal.payload: is missing");
  table->AddHex("submit without channel",
                "0a04"
                "1a02"
                "1001",
                "submit.channel: 0 is not");
  table->AddHex("submit without sequence",
                "0a04"
                "1a02"
                "0801",
                "submit.sequence: 0 is not");

  const uint64_t max = uint64_t{1} << 61;
  table->AddFlat("retain 0", "delta.ops[0].retain: 0 is not", {0 << 3});
  table->AddFlat("delete 0", "delta.ops[0].delete: 0 is not", {0 << 3 | 1});
  table->AddFlat("retain 2^31", "delta.ops[0].retain: 2147483648 is not", {uint64_t{1} << 34});
  table->AddFlat("retain 2^61-1", "delta.ops[0].retain: 2305843009213693951 is not",
                 {(max - 1) << 3});
  table->AddFlat("delete 2^53", "delta.ops[0].delete: 9007199254740992", {kTooBig << 3 | 1});
  table->AddFlat("insert 0", "delta.ops[0].insert: the text is empty", {0 << 3 | 2});
  table->AddFlat("insert without text",
                 "delta.ops[0].insert: 3 units, but the text has only 0 left", {3 << 3 | 2});
  table->AddFlat("insert of 2^61-1", "the text has only 1 left", {(max - 1) << 3 | 2}, "x");
  table->AddFlat("second insert too long", "delta.ops[1].insert: 2 units, but the text has only 1",
                 {1 << 3 | 2, 2 << 3 | 2}, "ab");
  table->AddFlat("insert inside a pair", "delta.ops[0].insert: 1 units end inside a surrogate pair",
                 {1 << 3 | 2, 1 << 3 | 2}, "\U0001F600");
  table->AddFlat("text left over", "delta.text: 2 units at its end belong to no insert",
                 {1 << 3 | 2}, "a\U0001F600");
  table->AddFlat("embed missing", "delta.ops[0].insert: embed 0 of 0 does not exist", {1 << 3 | 3});
  table->AddFlat("embed of length 2", "delta.ops[0].insert: an embed of length 2", {2 << 3 | 3}, "",
                 {R"({"a":1})"});
  table->AddFlat("embed left over", "delta.embeds: 1 at the end belong to no insert", {1 << 3}, "",
                 {R"({"a":1})"});
  table->AddFlat("embed not JSON", "delta.ops[0].insert: no JSON", {1 << 3 | 3}, "", {"{"});
  table->AddFlat("embed with a key twice", "delta.ops[0].insert: key \"b\" stands twice",
                 {1 << 3 | 3}, "", {R"({"a":{"b":1,"b":2}})"});
  table->AddFlat("set missing", "delta.ops[0].attributes: the number of the set is missing",
                 {1 << 3 | 4});
  table->AddFlat("set beyond", "delta.ops[0].attributes: set 1 of 1 does not exist",
                 {1 << 3 | 4, 1}, "", {}, {R"({"a":1})"});
  table->AddFlat("set not used", "delta.attributes: set 1 is not used", {1 << 3 | 4, 0}, "", {},
                 {R"({"a":1})", R"({"b":1})"});
  table->AddFlat("set not an object", "delta.ops[0].attributes: 5 is not an object",
                 {1 << 3 | 4, 0}, "", {}, {"5"});
  table->AddFlat("set not JSON", "delta.ops[0].attributes: no JSON", {1 << 3 | 4, 0}, "", {}, {""});
  table->AddFlat("set on a delete", "delta.ops[0].attributes: \"a\" stands on a delete",
                 {1 << 3 | 5, 0}, "", {}, {R"({"a":1})"});
  table->AddFlat("lone surrogate in a set", "delta.ops[0].attributes: no JSON", {1 << 3 | 4, 0}, "",
                 {}, {R"({"a":"\ud800"})"});
  table->Add("text not UTF-8", Encoding::kProtobuf,
             absl::HexStringToBytes("0a0e"
                                    "1a0c"
                                    "08071001"
                                    "2206"
                                    "0a010a"
                                    "1201ff"),
             RefusedAs::kSubmit, "delta.text: 1 bytes that are not UTF-8");
  table->Add("delta cut short", Encoding::kProtobuf,
             absl::HexStringToBytes("0a0a"
                                    "1a08"
                                    "08071001"
                                    "2202"
                                    "0a05"),
             RefusedAs::kSubmit, "delta: cut short or malformed");
  table->Add("numbers cut short", Encoding::kProtobuf,
             absl::HexStringToBytes("0a0c"
                                    "1a0a"
                                    "08071001"
                                    "2204"
                                    "0a0208ff"),
             RefusedAs::kSubmit, "delta.ops: number 1 is cut short");
}

std::vector<BadFrame> MakeBadFrames() {
  Table table;
  AddMessageRules(&table);
  AddDeltaRules(&table);
  AddJsonFrames(&table);
  AddJsonSubmits(&table);
  AddWireFrames(&table);
  return table.Take();
}

}  // namespace

const std::vector<BadFrame>& BadFrames() {
  static const std::vector<BadFrame>& frames = *new std::vector(MakeBadFrames());
  return frames;
}

}  // namespace coedit::proto
