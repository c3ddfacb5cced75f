// Requests that parsers are known to read in two ways, sent to the real server. Each is refused,
// and nothing that stands behind it is taken for a second request.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/server/io/raw_client.h"
#include "tests/server/io/test_server.h"

namespace coedit::server {
namespace {

struct Probe {
  const char* name;
  std::string request;  // HOST stands for the right address
  int status;
};

std::string Repeated(absl::string_view text, int count) {
  std::string out;
  for (int at = 0; at < count; ++at) absl::StrAppend(&out, text);
  return out;
}

std::vector<Probe> Probes() {
  const std::string get = "GET / HTTP/1.1\r\nHost: HOST\r\n";
  const std::string post = "POST / HTTP/1.1\r\nHost: HOST\r\n";
  const std::string smuggled = "GET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n";
  return {
      // What the parser of the library accepts.
      {"chunked, identity", post + "Transfer-Encoding: chunked, identity\r\n\r\n" + smuggled, 400},
      {"identity with length",
       post + "Transfer-Encoding: identity\r\nContent-Length: 60\r\n\r\n" + smuggled, 400},
      {"chunked in 1.0",
       "POST / HTTP/1.0\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 505},
      {"no Host", "GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", 400},
      {"two Hosts", get + "Host: HOST\r\n\r\n", 400},
      {"two different Hosts", get + "Host: evil.example\r\n\r\n", 400},
      {"folded field", get + "X-Note: one\r\n two\r\n\r\n", 400},
      {"folded Transfer-Encoding", post + "Transfer-Encoding:\r\n chunked\r\n\r\n" + smuggled, 400},
      {"chunk extension of 3 MB",
       post + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(3 << 20, 'x'), 400},
      {"50,000 trailers",
       post + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + Repeated("T: v\r\n", 50000) + "\r\n",
       400},
      // What it refuses, and so must we.
      {"chunked with length",
       post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, 400},
      {"two lengths", post + "Content-Length: 0\r\nContent-Length: 60\r\n\r\n" + smuggled, 400},
      {"the same length twice", get + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400},
      {"bare line feed", "GET / HTTP/1.1\nHost: HOST\n\n", 400},
      {"one bare line feed", "GET / HTTP/1.1\r\nHost: HOST\nX: y\r\n\r\n", 400},
      {"bare carriage return", get + "X: a\rY: b\r\n\r\n", 400},
      {"blank before the colon", get + "Content-Length : 0\r\n\r\n", 400},
      {"header of 100 KB", get + "X: " + std::string(100 << 10, 'x') + "\r\n\r\n", 431},
      {"2,000 fields", get + Repeated("A: b\r\n", 1000) + "\r\n", 431},
      {"65 fields", get + Repeated("A: b\r\n", 64) + "\r\n", 431},
      // Lengths.
      {"list of lengths", get + "Content-Length: 0, 0\r\n\r\n", 400},
      {"signed length", post + "Content-Length: +5\r\n\r\nhello", 400},
      {"negative length", post + "Content-Length: -1\r\n\r\n", 400},
      {"hexadecimal length", post + "Content-Length: 0x5\r\n\r\nhello", 400},
      {"empty length", post + "Content-Length:\r\n\r\n", 400},
      {"length of 2^64", post + "Content-Length: 18446744073709551616\r\n\r\n", 413},
      {"GET with a body", get + "Content-Length: 5\r\n\r\nhello", 413},
      {"POST with a body", post + "Content-Length: 60\r\n\r\n" + smuggled, 413},
      {"expectation", post + "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", 417},
      // Request lines.
      {"HTTP/1.0", "GET / HTTP/1.0\r\nHost: HOST\r\n\r\n", 505},
      {"HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"HTTP/1.1 in small letters", "GET / http/1.1\r\nHost: HOST\r\n\r\n", 400},
      {"no version", "GET /\r\nHost: HOST\r\n\r\n", 400},
      {"two blanks", "GET  / HTTP/1.1\r\nHost: HOST\r\n\r\n", 400},
      {"tab", "GET\t/ HTTP/1.1\r\nHost: HOST\r\n\r\n", 400},
      {"leading empty line", "\r\nGET / HTTP/1.1\r\nHost: HOST\r\n\r\n", 400},
      {"absolute target", "GET http://HOST/ HTTP/1.1\r\nHost: HOST\r\n\r\n", 400},
      {"asterisk", "OPTIONS * HTTP/1.1\r\nHost: HOST\r\n\r\n", 400},
      {"target with a fragment", "GET /#x HTTP/1.1\r\nHost: HOST\r\n\r\n", 400},
      {"target beyond ASCII", "GET /\xc3\xa9 HTTP/1.1\r\nHost: HOST\r\n\r\n", 400},
      {"broken escape", "GET /%zz HTTP/1.1\r\nHost: HOST\r\n\r\n", 400},
      {"escaped NUL", "GET /%00 HTTP/1.1\r\nHost: HOST\r\n\r\n", 400},
      {"escaped line end", "GET /%0d%0aX:y HTTP/1.1\r\nHost: HOST\r\n\r\n", 400},
      {"method that is no word", "G@T / HTTP/1.1\r\nHost: HOST\r\n\r\n", 400},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00", 7), 400},
      // Fields.
      {"field without a colon", get + "nonsense\r\n\r\n", 400},
      {"field without a name", get + ": x\r\n\r\n", 400},
      {"name with a NUL", get + std::string("X\0Y: z\r\n\r\n", 10), 400},
      {"value with a NUL", get + std::string("X: y\0z\r\n\r\n", 10), 400},
      {"two Origins", get + "Origin: http://HOST\r\nOrigin: http://HOST\r\n\r\n", 400},
      {"Host with a user", "GET / HTTP/1.1\r\nHost: a@HOST\r\n\r\n", 400},
      {"Host with a path", "GET / HTTP/1.1\r\nHost: HOST/x\r\n\r\n", 400},
      {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
      // Methods.
      {"POST", post + "\r\n", 405},
      {"OPTIONS", "OPTIONS / HTTP/1.1\r\nHost: HOST\r\n\r\n", 405},
      {"CONNECT", "CONNECT /x HTTP/1.1\r\nHost: HOST\r\n\r\n", 405},
      {"small get", "get / HTTP/1.1\r\nHost: HOST\r\n\r\n", 405},
  };
}

TEST(HttpProbeTest, EachIsRefusedAndEndsTheConnection) {
  TestServer server;
  const std::string host = absl::StrCat("127.0.0.1:", server.port());
  for (const Probe& probe : Probes()) {
    SCOPED_TRACE(probe.name);
    RawClient client(server.port());
    client.Send(absl::StrReplaceAll(probe.request, {{"HOST", host}}));
    client.FinishSending();
    const RawResponse response = client.ReadResponse();
    EXPECT_EQ(response.status, probe.status) << response.body;
    EXPECT_EQ(response.Field("connection"), "close");
    EXPECT_TRUE(client.Ended());
  }
}

TEST(HttpProbeTest, WhatClientsReallySendIsServed) {
  TestServer server;
  const char* kFields[] = {
      "",
      "Content-Length: 0\r\n",
      "X-Empty:\r\n",
      "X-Latin: caf\xe9\r\n",
      "accept:   */*  \r\n",
      "Connection: keep-alive\r\nAccept-Encoding: gzip\r\nUser-Agent: curl/7.88.1\r\n",
  };
  for (const char* fields : kFields) {
    SCOPED_TRACE(fields);
    RawClient client(server.port());
    EXPECT_EQ(client.Get("/healthz", fields).status, 200);
    EXPECT_EQ(client.Get("/healthz?x=1", fields).status, 200);
  }
}

TEST(HttpProbeTest, AHeaderMayArriveByteByByte) {
  TestServer server;
  RawClient client(server.port());
  const std::string request =
      absl::StrCat("GET /healthz HTTP/1.1\r\nHost: localhost:", server.port(), "\r\n\r\n");
  for (const char byte : request) client.Send(std::string(1, byte));
  EXPECT_EQ(client.ReadResponse().status, 200);
}

TEST(HttpProbeTest, RequestsInOneSegmentAreAnsweredInOrder) {
  TestServer server;
  RawClient client(server.port());
  const std::string one =
      absl::StrCat("GET /healthz HTTP/1.1\r\nHost: localhost:", server.port(), "\r\n\r\n");
  const std::string two =
      absl::StrCat("GET /none HTTP/1.1\r\nHost: localhost:", server.port(), "\r\n\r\n");
  client.Send(one + two + one);
  EXPECT_EQ(client.ReadResponse().status, 200);
  EXPECT_EQ(client.ReadResponse().status, 404);
  EXPECT_EQ(client.ReadResponse().status, 200);
}

TEST(HttpProbeTest, AHeaderThatIsNeverFinishedIsCut) {
  ServerOptions options = TestOptions();
  options.limits.handshake_seconds = 1;
  TestServer server(options);
  RawClient silent(server.port());
  RawClient slow(server.port());
  slow.Send("GET / HTTP/1.1\r\nHo");
  EXPECT_TRUE(silent.Ended());
  EXPECT_EQ(slow.ReadResponse().status, 408);
}

TEST(HttpProbeTest, AnAnswerThatIsNotReadIsCut) {
  TemporaryDirectory web;
  web.Write("index.html", "<!doctype html>");
  web.Write("large.bin", std::string(24 << 20, 'x'));
  ServerOptions options = TestOptions();
  options.web_root = web.path();
  options.limits.write_seconds = 1;
  TestServer server(options);
  RawClient client(server.port(), "", 4096);
  client.Send(
      absl::StrCat("GET /large.bin HTTP/1.1\r\nHost: localhost:", server.port(), "\r\n\r\n"));
  // The server gives up on its own: health counts only the asking connection again.
  for (;;) {
    RawClient other(server.port());
    if (other.Get("/healthz").body.find("\"connections\":1,") != std::string::npos) break;
  }
}

}  // namespace
}  // namespace coedit::server
