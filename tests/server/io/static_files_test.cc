// The demo's files over HTTP: types, caching, compression, and no way out of the directory.
#include "server/io/static_files.h"

#include <brotli/decode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/server/io/raw_client.h"
#include "tests/server/io/test_server.h"

namespace coedit::server {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string Script() {
  std::string script;
  for (int line = 0; line < 200; ++line) absl::StrAppend(&script, "console.log(", line, ");\n");
  return script;
}

std::string Gunzip(const std::string& packed) {
  std::string out(1 << 20, '\0');
  z_stream stream = {};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

std::string Unbrotli(const std::string& packed) {
  std::string out(1 << 20, '\0');
  size_t size = out.size();
  EXPECT_EQ(BrotliDecoderDecompress(packed.size(), reinterpret_cast<const uint8_t*>(packed.data()),
                                    &size, reinterpret_cast<uint8_t*>(out.data())),
            BROTLI_DECODER_RESULT_SUCCESS);
  out.resize(size);
  return out;
}

class StaticFilesTest : public testing::Test {
 protected:
  StaticFilesTest() {
    outside_.Write("secret.txt", "secret");
    web_.Write("index.html", "<!doctype html><title>coedit</title>");
    web_.Write("assets/index-B3x_9aQz.js", Script());
    web_.Write("assets/style-0a1b2c3d.css", "p{}");
    web_.Write("assets/plain.js", "1");
    web_.Write("logo.svg", "<svg/>");
    web_.Write("photo.png", "\x89PNG");
    web_.Write("font.woff2", "w");
    web_.Write("strange.xyz", "?");
    web_.Write("with space.txt", "blank");
    web_.Write(".hidden", "no");
    web_.Write(".git/config", "no");
    std::filesystem::create_symlink(outside_.path() + "/secret.txt", web_.path() + "/link.txt");
    ServerOptions options = TestOptions();
    options.web_root = web_.path();
    server_ = std::make_unique<TestServer>(options);
  }

  RawResponse Get(absl::string_view target, absl::string_view fields = "",
                  absl::string_view method = "GET") {
    return RawClient(server_->port()).Get(target, fields, method);
  }

  TemporaryDirectory outside_;
  TemporaryDirectory web_;
  std::unique_ptr<TestServer> server_;
};

TEST_F(StaticFilesTest, TypesAndCaching) {
  const struct {
    const char* path;
    const char* type;
    bool immutable;
  } kFiles[] = {
      {"/", "text/html; charset=utf-8", false},
      {"/index.html", "text/html; charset=utf-8", false},
      {"/d/notes", "text/html; charset=utf-8", false},
      {"/d/A.b_c~d-9", "text/html; charset=utf-8", false},
      {"/assets/index-B3x_9aQz.js", "text/javascript; charset=utf-8", true},
      {"/assets/style-0a1b2c3d.css", "text/css; charset=utf-8", true},
      {"/assets/plain.js", "text/javascript; charset=utf-8", false},
      {"/logo.svg", "image/svg+xml", false},
      {"/photo.png", "image/png", false},
      {"/font.woff2", "font/woff2", false},
      {"/strange.xyz", "application/octet-stream", false},
      {"/with%20space.txt", "text/plain; charset=utf-8", false},
  };
  for (const auto& file : kFiles) {
    SCOPED_TRACE(file.path);
    const RawResponse response = Get(file.path);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.Field("content-type"), file.type);
    EXPECT_EQ(response.Field("cache-control"),
              file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
    EXPECT_EQ(response.Field("x-content-type-options"), "nosniff");
    EXPECT_FALSE(response.Field("referrer-policy").empty());
    EXPECT_THAT(response.Field("etag"), AllOf(StartsWith("\""), Not(HasSubstr("W/"))));
  }
}

TEST_F(StaticFilesTest, NothingElseIsServed) {
  for (const char* path : {"/none",
                           "/assets",
                           "/assets/",
                           "/d",
                           "/d/",
                           "/d/.x",
                           "/d/a/b",
                           "/d/%E2%82%AC",
                           "/.hidden",
                           "/.git/config",
                           "/link.txt",
                           "/../secret.txt",
                           "/assets/../../secret.txt",
                           "/%2e%2e/secret.txt",
                           "/assets/%2e%2e/index.html",
                           "/./index.html",
                           "//index.html",
                           "/index.html/",
                           "/INDEX.HTML",
                           "/v1/",
                           "/v1/other",
                           "/etc/passwd"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
  for (const char* path : {"/assets%2findex.html", "/..%5csecret.txt", "/a\\b"}) {
    EXPECT_EQ(Get(path).status, 400) << path;
  }
}

TEST_F(StaticFilesTest, CompressedAsAskedFor) {
  const struct {
    const char* accept;
    const char* coding;
  } kCases[] = {
      {"", ""},
      {"Accept-Encoding: gzip, deflate, br\r\n", "br"},
      {"Accept-Encoding: gzip\r\n", "gzip"},
      {"Accept-Encoding: GZIP\r\n", "gzip"},
      {"Accept-Encoding: br;q=0, gzip;q=0.5\r\n", "gzip"},
      {"Accept-Encoding: br; q=0.000, *\r\n", "gzip"},
      {"Accept-Encoding: *\r\n", "br"},
      {"Accept-Encoding: *;q=0\r\n", ""},
      {"Accept-Encoding: identity\r\n", ""},
      {"Accept-Encoding: br;q=nonsense\r\n", ""},
      {"Accept-Encoding: gzip\r\nAccept-Encoding: br\r\n", "br"},
  };
  std::set<std::string> etags;
  for (const auto& entry : kCases) {
    SCOPED_TRACE(entry.accept);
    const RawResponse response = Get("/assets/index-B3x_9aQz.js", entry.accept);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.Field("content-encoding"), entry.coding);
    EXPECT_EQ(response.Field("vary"), "Accept-Encoding");
    const std::string coding = response.Field("content-encoding");
    const std::string body = coding == "br"     ? Unbrotli(response.body)
                             : coding == "gzip" ? Gunzip(response.body)
                                                : response.body;
    EXPECT_EQ(body, Script());
    etags.insert(response.Field("etag"));
  }
  EXPECT_EQ(etags.size(), 3U) << "each form has its own tag";
  EXPECT_EQ(Get("/photo.png", "Accept-Encoding: gzip, br\r\n").Field("content-encoding"), "");
}

TEST_F(StaticFilesTest, NotModified) {
  const std::string gzip = "Accept-Encoding: gzip\r\n";
  const std::string plain_tag = Get("/assets/index-B3x_9aQz.js").Field("etag");
  const std::string gzip_tag = Get("/assets/index-B3x_9aQz.js", gzip).Field("etag");
  const struct {
    std::string fields;
    int status;
  } kCases[] = {
      {absl::StrCat("If-None-Match: ", plain_tag, "\r\n"), 304},
      {absl::StrCat("If-None-Match: W/", plain_tag, "\r\n"), 304},
      {absl::StrCat("If-None-Match: \"other\", ", plain_tag, "\r\n"), 304},
      {"If-None-Match: *\r\n", 304},
      {"If-None-Match: \"other\"\r\n", 200},
      {absl::StrCat("If-None-Match: ", gzip_tag, "\r\n"), 200},
      {absl::StrCat(gzip, "If-None-Match: ", gzip_tag, "\r\n"), 304},
      {absl::StrCat(gzip, "If-None-Match: ", plain_tag, "\r\n"), 200},
  };
  for (const auto& entry : kCases) {
    SCOPED_TRACE(entry.fields);
    RawClient client(server_->port());
    const RawResponse response = client.Get("/assets/index-B3x_9aQz.js", entry.fields);
    EXPECT_EQ(response.status, entry.status);
    if (entry.status == 304) {
      EXPECT_EQ(response.body, "");
      EXPECT_FALSE(response.Field("etag").empty());
      EXPECT_EQ(client.Get("/healthz").status, 200) << "the connection is in step";
    }
  }
}

TEST_F(StaticFilesTest, HeadHasTheFieldsOfGetAndNoBody) {
  RawClient client(server_->port());
  const RawResponse get = client.Get("/assets/index-B3x_9aQz.js");
  const RawResponse head = client.Get("/assets/index-B3x_9aQz.js", "", "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Field("content-length"), get.Field("content-length"));
  EXPECT_EQ(head.Field("etag"), get.Field("etag"));
  EXPECT_EQ(client.Get("/healthz").status, 200) << "the connection is in step";
}

TEST_F(StaticFilesTest, PagesMayOnlyUseWhatIsOurs) {
  const std::string policy = Get("/d/notes").Field("content-security-policy");
  const std::string host = absl::StrCat("127.0.0.1:", server_->port());
  EXPECT_THAT(
      policy,
      AllOf(HasSubstr("default-src 'none'"), HasSubstr("script-src 'self'"),
            HasSubstr("frame-ancestors 'none'"), HasSubstr("base-uri 'none'"),
            HasSubstr(absl::StrCat("connect-src 'self' ws://", host, " wss://", host, ";"))));
  EXPECT_THAT(policy, Not(HasSubstr("script-src 'self' 'unsafe")));
  EXPECT_EQ(Get("/logo.svg").Field("content-security-policy"), "");
}

TEST(StaticFilesLoadTest, WhatIsWrongIsSaid) {
  EXPECT_THAT(std::string(StaticFiles::Load("/does/not/exist").status().message()),
              HasSubstr("is no directory"));
  const TemporaryDirectory empty;
  EXPECT_THAT(std::string(StaticFiles::Load(empty.path()).status().message()),
              HasSubstr("has no index.html"));
}

TEST(StaticFilesLoadTest, WithoutAWebRootThereIsAPlainPage) {
  TestServer server;
  RawClient client(server.port());
  const RawResponse page = client.Get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.Field("content-type"), "text/plain; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("coedit"));
  EXPECT_EQ(client.Get("/d/notes").status, 404);
}

}  // namespace
}  // namespace coedit::server
