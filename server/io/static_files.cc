#include "server/io/static_files.h"

#include <sha2.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "proto/codec.h"
#include "server/io/compression.h"
#include "server/io/log.h"

namespace coedit::server {
namespace {

namespace fs = std::filesystem;

constexpr size_t kCompressBytesMin = 512;  // below that a packet is a packet

constexpr absl::string_view kAbout =
    "coedit: a service for collaborative document editing.\n\n"
    "Editors connect by WebSocket at /v1/ws; /healthz tells how the server is. It was started\n"
    "without --web-root, so there is no page to look at here.";

struct FileType {
  absl::string_view suffix;
  absl::string_view type;
  bool compressible;
};
constexpr FileType kFileTypes[] = {
    {".html", "text/html; charset=utf-8", true},
    {".js", "text/javascript; charset=utf-8", true},
    {".mjs", "text/javascript; charset=utf-8", true},
    {".css", "text/css; charset=utf-8", true},
    {".json", "application/json", true},
    {".map", "application/json", true},
    {".webmanifest", "application/manifest+json", true},
    {".txt", "text/plain; charset=utf-8", true},
    {".svg", "image/svg+xml", true},
    {".wasm", "application/wasm", true},
    {".png", "image/png", false},
    {".jpg", "image/jpeg", false},
    {".jpeg", "image/jpeg", false},
    {".gif", "image/gif", false},
    {".webp", "image/webp", false},
    {".avif", "image/avif", false},
    {".ico", "image/x-icon", true},
    {".woff2", "font/woff2", false},
    {".woff", "font/woff", false},
};
constexpr FileType kUnknownType = {"", "application/octet-stream", false};

const FileType& TypeOf(absl::string_view path) {
  for (const FileType& type : kFileTypes) {
    if (absl::EndsWithIgnoreCase(path, type.suffix)) return type;
  }
  return kUnknownType;
}

// A name the build tool gave by content: "/assets/index-B3x_9aQz.js", eight characters and more.
bool HasHashedName(absl::string_view path) {
  if (!absl::StartsWith(path, "/assets/")) return false;
  const absl::string_view name = path.substr(path.rfind('/') + 1);
  const size_t dash = name.rfind('-', name.find('.'));
  const size_t dot = name.find('.', dash == absl::string_view::npos ? 0 : dash);
  return dash != absl::string_view::npos && dot != absl::string_view::npos && dot - dash > 8;
}

std::string EtagOf(absl::string_view content, absl::string_view coding) {
  char hex[SHA256_DIGEST_STRING_LENGTH];
  SHA256Data(reinterpret_cast<const uint8_t*>(content.data()), content.size(), hex);
  return absl::StrCat("\"", absl::string_view(hex, 32), coding.empty() ? "" : "-", coding, "\"");
}

absl::string_view NameOf(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kBrotli:
      return "br";
    case ContentCoding::kGzip:
      return "gzip";
    case ContentCoding::kIdentity:
      break;
  }
  return "";
}

absl::StatusOr<std::string> ReadFile(const fs::path& path) {
  const auto failed = [&path] {
    return absl::UnavailableError(
        absl::StrCat("cannot read ", Quoted(path.string()), ": ", std::strerror(errno)));
  };
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return failed();
  const absl::Cleanup close = [file] { std::fclose(file); };
  std::string content;
  char block[64 << 10];
  while (const size_t got = std::fread(block, 1, sizeof(block), file)) {
    content.append(block, got);
    if (static_cast<int64_t>(content.size()) > StaticFiles::kFileBytesMax) {
      return absl::ResourceExhaustedError(absl::StrCat(Quoted(path.string()), " has more than ",
                                                       StaticFiles::kFileBytesMax, " bytes"));
    }
  }
  if (std::ferror(file)) return failed();
  return content;
}

// Everything comes from here, nothing is inline but what the editor sets as a style of an element:
// pasted colours arrive as style attributes, and a parsed fragment is under this policy too. The
// socket is named with its schemes because not every browser counts it as 'self'.
std::string PagePolicy(absl::string_view host) {
  return absl::StrCat(
      "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
      "style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; "
      "worker-src 'self'; connect-src 'self' ws://",
      host, " wss://", host,
      "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
      "Cross-Origin-Opener-Policy: same-origin\r\n");
}

bool EtagMatches(const HttpRequest& request, absl::string_view etag) {
  for (absl::string_view candidate : request.List("if-none-match")) {
    absl::ConsumePrefix(&candidate, "W/");
    if (candidate == "*" || candidate == etag) return true;
  }
  return false;
}

}  // namespace

bool AcceptsCoding(const std::vector<absl::string_view>& accept_encoding,
                   absl::string_view coding) {
  bool accepted = false;
  for (const absl::string_view element : accept_encoding) {
    const size_t semicolon = element.find(';');
    const absl::string_view name = absl::StripAsciiWhitespace(element.substr(0, semicolon));
    const bool exact = absl::EqualsIgnoreCase(name, coding);
    if (!exact && name != "*") continue;
    bool allowed = true;
    if (semicolon != absl::string_view::npos) {
      absl::string_view weight = absl::StripAsciiWhitespace(element.substr(semicolon + 1));
      double quality = 0;
      const bool is_weight =
          absl::ConsumePrefix(&weight, "q=") || absl::ConsumePrefix(&weight, "Q=");
      allowed = is_weight && absl::SimpleAtod(weight, &quality) && quality > 0;
    }
    if (exact) return allowed;
    accepted = allowed;
  }
  return accepted;
}

absl::StatusOr<StaticFiles> StaticFiles::Load(const std::string& directory) {
  std::error_code error;
  const fs::path root = fs::canonical(directory, error);
  if (error || !fs::is_directory(root, error)) {
    return absl::NotFoundError(absl::StrCat("--web-root ", Quoted(directory), " is no directory"));
  }
  StaticFiles files;
  fs::recursive_directory_iterator entry(root, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (absl::StartsWith(entry->path().filename().string(), ".")) {
      if (std::error_code unknown; entry->is_directory(unknown)) entry.disable_recursion_pending();
      continue;
    }
    std::error_code ignored;
    if (!entry->is_regular_file(ignored)) continue;
    const fs::path real = fs::canonical(entry->path(), ignored);
    if (std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first != root.end()) {
      LogWarning(absl::StrCat("left out of the web root, because it leads out of it: ",
                              Quoted(entry->path().string())));
      continue;
    }
    absl::StatusOr<std::string> content = ReadFile(entry->path());
    if (!content.ok()) return content.status();
    const std::string path =
        absl::StrCat("/", entry->path().lexically_relative(root).generic_string());
    if (absl::Status added = files.Add(path, *std::move(content)); !added.ok()) return added;
  }
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot read --web-root ", Quoted(directory), ": ", error.message()));
  }
  if (!files.files_.contains("/index.html")) {
    return absl::NotFoundError(
        absl::StrCat("--web-root ", Quoted(directory), " has no index.html; is the demo built?"));
  }
  return files;
}

absl::Status StaticFiles::Add(const std::string& path, std::string content) {
  total_bytes_ += static_cast<int64_t>(content.size());
  if (total_bytes_ > kTotalBytesMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the web root has more than ", kTotalBytesMax, " bytes"));
  }
  const FileType& type = TypeOf(path);
  File file;
  file.type = type.type;
  file.page = absl::StartsWith(type.type, "text/html");
  file.immutable = HasHashedName(path);
  file.compressible = type.compressible && content.size() >= kCompressBytesMin;
  if (file.compressible) {
    for (const ContentCoding coding : {ContentCoding::kBrotli, ContentCoding::kGzip}) {
      std::string packed = coding == ContentCoding::kBrotli ? Brotli(content) : Gzip(content);
      if (packed.empty() || packed.size() >= content.size()) continue;
      total_bytes_ += static_cast<int64_t>(packed.size());
      file.variants[static_cast<int>(coding)] = {
          std::make_shared<const std::string>(std::move(packed)), EtagOf(content, NameOf(coding))};
    }
  }
  std::string etag = EtagOf(content, "");
  file.variants[static_cast<int>(ContentCoding::kIdentity)] = {
      std::make_shared<const std::string>(std::move(content)), std::move(etag)};
  files_.insert_or_assign(path, std::move(file));
  return absl::OkStatus();
}

HttpResponse StaticFiles::Answer(const HttpRequest& request) const {
  if (files_.empty()) {
    return request.path == "/" ? TextResponse(200, kAbout)
                               : TextResponse(404, "there is nothing here");
  }
  absl::string_view path = request.path;
  absl::string_view document = path;
  if (path == "/" || (absl::ConsumePrefix(&document, "/d/") && proto::IsDocumentId(document))) {
    path = "/index.html";
  }
  const auto found = files_.find(path);
  if (found == files_.end()) return TextResponse(404, "there is nothing here");
  const File& file = found->second;

  const std::vector<absl::string_view> accepted = request.List("accept-encoding");
  ContentCoding coding = ContentCoding::kIdentity;
  for (const ContentCoding candidate : {ContentCoding::kBrotli, ContentCoding::kGzip}) {
    if (file.variants[static_cast<int>(candidate)].body != nullptr &&
        AcceptsCoding(accepted, NameOf(candidate))) {
      coding = candidate;
      break;
    }
  }
  const Variant& variant = file.variants[static_cast<int>(coding)];

  HttpResponse response;
  response.fields = absl::StrCat(
      "ETag: ", variant.etag,
      "\r\nCache-Control: ", file.immutable ? "public, max-age=31536000, immutable" : "no-cache",
      "\r\n", file.compressible ? "Vary: Accept-Encoding\r\n" : "",
      file.page ? PagePolicy(request.host_text) : "");
  if (EtagMatches(request, variant.etag)) {
    response.status = 304;
    return response;
  }
  absl::StrAppend(&response.fields, "Content-Type: ", file.type, "\r\n");
  if (coding != ContentCoding::kIdentity) {
    absl::StrAppend(&response.fields, "Content-Encoding: ", NameOf(coding), "\r\n");
  }
  response.body = variant.body;
  return response;
}

}  // namespace coedit::server
