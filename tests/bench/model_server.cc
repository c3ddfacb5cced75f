#include "tests/bench/model_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/load/websocket_frame.h"
#include "ot/check.h"

namespace coedit::bench {
namespace {

namespace json = boost::json;

// A frame of a server is one of a client without mask.
std::string ServerFrame(absl::string_view payload) {
  std::string frame = ClientFrame(FrameKind::kText, payload);
  const size_t header = frame.size() - payload.size() - 4;
  frame[1] = static_cast<char>(frame[1] & 0x7f);
  frame.erase(header, 4);
  return frame;
}

constexpr absl::string_view kUpgraded =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

}  // namespace

// Accepts, and knows the documents. The clients here read at once, so a blocking write is harmless.
class ModelServer::Room final : public EventLoop::Socket {
 public:
  Room(EventLoop* loop, Protocol protocol, Harm harm)
      : loop_(loop), protocol_(protocol), harm_(harm) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    COEDIT_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    COEDIT_CHECK(listen(listener_, 256) == 0);
    COEDIT_CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~Room() override { close(listener_); }

  void Start(std::shared_ptr<Room> self) { loop_->Watch(listener_, {}, std::move(self)); }
  uint16_t port() const { return port_; }

  void OnReady(bool, bool) override {
    const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    loop_->Watch(descriptor, {}, std::make_shared<Client>(this, descriptor));
  }

 private:
  struct Operation {
    json::object message;  // as it is passed on
  };
  class Client;
  struct Document {
    std::set<Client*> members;
    std::vector<Operation> operations;
    uint64_t letters = 0;
  };

  class Client final : public EventLoop::Socket {
   public:
    Client(Room* room, int descriptor) : room_(room), descriptor_(descriptor) {}
    ~Client() override {
      if (document_ != nullptr) document_->members.erase(this);
      close(descriptor_);
    }

    void Send(absl::string_view text) { Write(ServerFrame(text)); }

    void OnReady(bool, bool) override {
      const ssize_t got =
          recv(descriptor_, room_->loop_->scratch(), room_->loop_->scratch_size(), 0);
      if (got <= 0) return room_->loop_->Forget(descriptor_);
      incoming_.append(room_->loop_->scratch(), static_cast<size_t>(got));
      if (!upgraded_) {
        const size_t end = incoming_.find("\r\n\r\n");
        if (end == std::string::npos) return;
        incoming_.erase(0, end + 4);
        upgraded_ = true;
        Write(kUpgraded);
        if (room_->protocol_ == Protocol::kSocketIo) Send("0{}");
      }
      // Small messages only: two bytes of header, perhaps two of length, and the mask of zeros.
      while (incoming_.size() >= 6) {
        size_t size = static_cast<uint8_t>(incoming_[1]) & 0x7f;
        size_t header = 6;
        if (size == 126) {
          if (incoming_.size() < 8) return;
          size = static_cast<uint8_t>(incoming_[2]) * 256 + static_cast<uint8_t>(incoming_[3]);
          header = 8;
        }
        if (incoming_.size() < header + size) return;
        const bool closes = (incoming_[0] & 0x0f) == 8;
        const std::string message = incoming_.substr(header, size);
        incoming_.erase(0, header + size);
        if (closes) return room_->loop_->Forget(descriptor_);
        if (room_->protocol_ == Protocol::kSocketIo) {
          TakeSocketIo(message);
        } else {
          TakeShareDb(json::parse(message).as_object());
        }
      }
    }

   private:
    void Write(absl::string_view bytes) {
      while (!bytes.empty()) {
        const ssize_t sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;  // gone: the next read says so
        bytes.remove_prefix(static_cast<size_t>(sent));
      }
    }

    void Join(const std::string& name) {
      document_ = &room_->documents_[name];
      document_->members.insert(this);
    }

    void TakeSocketIo(const std::string& message) {
      if (message == "40") return Send("40{}");
      const size_t bracket = message.find('[');
      const std::string ack = message.substr(2, bracket - 2);
      const json::array event = json::parse(message.substr(bracket)).as_array();
      if (event[0] == "join") {
        Join(std::string(event[1].as_string()));
        return Send(absl::StrCat("43", ack, "[", room_->Told(document_->letters), "]"));
      }
      if (event[0] == "op") document_->letters += event[3].as_string().size();
      room_->PassOn(document_, this, absl::StrCat("42", json::serialize(event)));
      if (ack.empty()) return;  // presence
      Send(absl::StrCat("43", ack, "[]"));
      if (room_->HarmNow(Harm::kDoublesAck)) Send(absl::StrCat("43", ack, "[]"));
    }

    void TakeShareDb(json::object message) {
      const std::string action(message.at("a").as_string());
      if (action == "hs") {
        source_ = std::string(message.at("id").as_string());
        return Send(R"({"a":"hs","protocol":1})");
      }
      if (action == "s") {
        Join(std::string(message.at("d").as_string()));
        json::object answer{{"a", "s"}, {"c", "d"}, {"d", message.at("d")}};
        if (const json::value* from = message.if_contains("v")) {
          for (size_t v = from->to_number<size_t>(); v < document_->operations.size(); ++v) {
            Send(json::serialize(document_->operations[v].message));
          }
        } else {
          json::array ops;
          const uint64_t letters = room_->Told(document_->letters);
          if (letters > 0) ops.push_back(json::object{{"insert", std::string(letters, 'x')}});
          answer["data"] = {{"v", document_->operations.size()}, {"data", {{"ops", ops}}}};
        }
        return Send(json::serialize(answer));
      }
      if (action != "op") return;
      message["src"] = source_;
      for (const Operation& known : document_->operations) {
        if (known.message.at("src") == message.at("src") &&
            known.message.at("seq") == message.at("seq")) {
          return Send(json::serialize(known.message));  // it came before the connection was lost
        }
      }
      message["v"] = document_->operations.size();
      if (const json::value* op = message.if_contains("op")) {
        document_->letters += op->at("ops").at(0).at("insert").as_string().size();
      }
      document_->operations.push_back({message});
      const std::string text = json::serialize(message);
      room_->PassOn(document_, this, text);
      Send(text);
      if (room_->HarmNow(Harm::kDoublesAck)) Send(text);
    }

    Room* const room_;
    const int descriptor_;
    bool upgraded_ = false;
    std::string incoming_;
    std::string source_;
    Document* document_ = nullptr;
  };

  // Once, when things have been going on for a while.
  bool HarmNow(Harm harm) { return harm_ == harm && ++occasions_ == 20; }

  uint64_t Told(uint64_t letters) const {
    return harm_ == Harm::kForgetsLetters && letters > 0 ? letters - 1 : letters;
  }

  void PassOn(Document* document, const Client* author, const std::string& text) {
    for (Client* member : document->members) {
      if (member == author || HarmNow(Harm::kLosesDelivery)) continue;
      member->Send(text);
      if (HarmNow(Harm::kDoublesDelivery)) member->Send(text);
    }
  }

  EventLoop* const loop_;
  const Protocol protocol_;
  const Harm harm_;
  int occasions_ = 0;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::map<std::string, Document> documents_;  // outlive the clients: those go with the loop
};

namespace {

// Ends a loop from another thread: the loop's own calls are for its own.
class Stopper final : public EventLoop::Socket {
 public:
  explicit Stopper(EventLoop* loop) : loop_(loop) {}
  void OnReady(bool, bool) override { loop_->Stop(); }

 private:
  EventLoop* const loop_;
};

}  // namespace

ModelServer::ModelServer(Protocol protocol, Harm harm)
    : room_(std::make_shared<Room>(&loop_, protocol, harm)),
      port_(room_->port()),
      stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  COEDIT_CHECK(stop_ >= 0);
  room_->Start(room_);
  loop_.Watch(stop_, {}, std::make_shared<Stopper>(&loop_));
  thread_ = std::thread([this] { loop_.Run(); });
}

ModelServer::~ModelServer() {
  COEDIT_CHECK(eventfd_write(stop_, 1) == 0);
  thread_.join();
  close(stop_);
}

Endpoint ModelServer::endpoint() const {
  return {.address = "127.0.0.1",
          .port = port_,
          .host = absl::StrCat("127.0.0.1:", port_),
          .path = "/"};
}

}  // namespace coedit::bench
