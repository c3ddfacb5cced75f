#include "bench/traces.h"

#include <zlib.h>

#include <array>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ot/algebra.h"
#include "ot/unicode.h"

namespace coedit::bench {
namespace {

// Each author costs a connection and a view of the text.
constexpr size_t kAgentsMax = 1000;

// Takes the file apart line by line; the number of the current line goes into every error.
class Parser {
 public:
  explicit Parser(absl::string_view text) : rest_(text) {}

  absl::StatusOr<Trace> Parse() {
    if (absl::Status header = ParseHeader(); !header.ok()) return header;
    trace_.transactions.reserve(transactions_announced_);
    while (NextLine()) {
      if (absl::Status line = line_.front() == '@' ? BeginTransaction() : AddPatch(); !line.ok()) {
        return line;
      }
    }
    if (trace_.transactions.size() != transactions_announced_) {
      return Error(absl::StrCat("the header announces ", transactions_announced_,
                                " transactions, the file holds ", trace_.transactions.size()));
    }
    if (patches_ != patches_announced_) {
      return Error(absl::StrCat("the header announces ", patches_announced_,
                                " patches, the file holds ", patches_));
    }
    return std::move(trace_);
  }

 private:
  absl::Status Error(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_number_, ": ", what));
  }

  // False at the end; skips empty lines, which only a careless editor leaves.
  bool NextLine() {
    while (!rest_.empty()) {
      const size_t end = rest_.find('\n');
      line_ = rest_.substr(0, end);
      rest_ = end == absl::string_view::npos ? absl::string_view() : rest_.substr(end + 1);
      ++line_number_;
      if (!line_.empty()) return true;
    }
    return false;
  }

  absl::Status ParseHeader() {
    if (!NextLine() || line_ != "optrace 1") return Error("not a trace: expected 'optrace 1'");
    absl::flat_hash_map<std::string, std::string> fields;
    while (true) {
      if (!NextLine()) return Error("the header does not end with '---'");
      if (line_ == "---") break;
      const std::pair<std::string, std::string> field =
          absl::StrSplit(line_, absl::MaxSplits(' ', 1));
      if (!fields.insert(field).second) return Error(absl::StrCat("'", field.first, "' twice"));
    }
    trace_.name = fields["name"];
    if (trace_.name.empty()) return Error("the header names no 'name'");
    if (fields["kind"] == "session") {
      trace_.kind = Trace::Kind::kSession;
    } else if (fields["kind"] != "sequential") {
      return Error(absl::StrCat("kind '", fields["kind"], "', expected sequential or session"));
    }
    if (fields["units"] != "codepoint") {
      return Error(absl::StrCat("units '", fields["units"], "', expected codepoint"));
    }
    if (trace_.kind == Trace::Kind::kSession &&
        (!absl::SimpleAtoi(fields["agents"], &trace_.agents) || trace_.agents == 0 ||
         trace_.agents > kAgentsMax)) {
      return Error(absl::StrCat("agents '", fields["agents"], "', expected a number from 1 to ",
                                kAgentsMax));
    }
    if (!absl::SimpleAtoi(fields["txns"], &transactions_announced_)) {
      return Error(absl::StrCat("txns '", fields["txns"], "', expected a number"));
    }
    if (!absl::SimpleAtoi(fields["patches"], &patches_announced_)) {
      return Error(absl::StrCat("patches '", fields["patches"], "', expected a number"));
    }
    // What a header claims is believed only as far as the file could hold it: every transaction
    // takes a line.
    if (transactions_announced_ > rest_.size()) {
      return Error(
          absl::StrCat(transactions_announced_, " transactions in ", rest_.size(), " bytes"));
    }
    bases_.resize(trace_.agents);
    return absl::OkStatus();
  }

  absl::Status BeginTransaction() {
    const size_t index = trace_.transactions.size();
    Transaction transaction;
    transaction.base = index;
    const std::vector<absl::string_view> fields = absl::StrSplit(line_.substr(1), '\t');
    int64_t seconds = 0;
    if (!fields[0].empty()) {
      if (!absl::SimpleAtoi(fields[0], &seconds) || seconds < 0) {
        return Error(absl::StrCat("time '", fields[0], "', expected seconds"));
      }
      transaction.seconds = seconds;
    }
    if (trace_.kind == Trace::Kind::kSequential) {
      if (fields.size() != 1) return Error("a sequential transaction has a time only");
    } else {
      if (fields.size() != 3) return Error("expected @time, agent and base, separated by TAB");
      if (!absl::SimpleAtoi(fields[1], &transaction.agent) || transaction.agent >= bases_.size()) {
        return Error(
            absl::StrCat("agent '", fields[1], "', expected a number below ", bases_.size()));
      }
      size_t& base = bases_[transaction.agent];
      if (!absl::SimpleAtoi(fields[2], &transaction.base) || transaction.base > index ||
          transaction.base < base) {
        return Error(
            absl::StrCat("base '", fields[2], "', expected a number from ", base, " to ", index));
      }
      base = transaction.base;
    }
    trace_.transactions.push_back(std::move(transaction));
    return absl::OkStatus();
  }

  absl::Status AddPatch() {
    if (trace_.transactions.empty()) return Error("a patch before the first transaction");
    const std::vector<absl::string_view> fields = absl::StrSplit(line_, absl::MaxSplits('\t', 2));
    if (fields.size() != 3) return Error("expected position, deleted and inserted");
    Patch patch;
    if (!ParseLength(fields[0], &patch.position)) {
      return Error(absl::StrCat("position '", fields[0], "', expected a number"));
    }
    if (!ParseLength(fields[1], &patch.deleted)) {
      return Error(absl::StrCat("deleted '", fields[1], "', expected a number"));
    }
    if (absl::Status inserted = Unescape(fields[2], &patch.inserted); !inserted.ok()) {
      return inserted;
    }
    trace_.transactions.back().patches.push_back(std::move(patch));
    ++patches_;
    return absl::OkStatus();
  }

  static bool ParseLength(absl::string_view text, int64_t* length) {
    return absl::SimpleAtoi(text, length) && *length >= 0 && *length <= ot::kComponentUnitsMax;
  }

  absl::Status Unescape(absl::string_view escaped, std::string* text) const {
    if (!ot::IsValidUtf8(escaped)) return Error("the inserted text is not UTF-8");
    for (size_t i = 0; i < escaped.size(); ++i) {
      const char byte = escaped[i];
      if (static_cast<unsigned char>(byte) >= 0xF0) {
        return Error("a character above U+FFFF: code points and UTF-16 units would part");
      }
      if (byte != '\\') {
        text->push_back(byte);
        continue;
      }
      const char escape = ++i < escaped.size() ? escaped[i] : '\0';
      switch (escape) {
        case '\\':
          text->push_back('\\');
          break;
        case 'n':
          text->push_back('\n');
          break;
        case 't':
          text->push_back('\t');
          break;
        case 'r':
          text->push_back('\r');
          break;
        default:
          return Error("a backslash that escapes nothing");
      }
    }
    return absl::OkStatus();
  }

  absl::string_view rest_;
  absl::string_view line_;
  int64_t line_number_ = 0;
  Trace trace_;
  size_t transactions_announced_ = 0;
  size_t patches_announced_ = 0;
  size_t patches_ = 0;
  std::vector<size_t> bases_;  // the last of each agent: what was seen stays seen
};

}  // namespace

absl::StatusOr<Trace> ParseTrace(absl::string_view text) { return Parser(text).Parse(); }

absl::StatusOr<Trace> ReadTrace(const std::string& path) {
  // gzread hands a file that is not compressed through as it is.
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (file == nullptr) return absl::NotFoundError(absl::StrCat("cannot open ", path));
  std::string text;
  std::array<char, 1 << 16> buffer;
  while (true) {
    const int bytes = gzread(file.get(), buffer.data(), buffer.size());
    if (bytes > 0) {
      text.append(buffer.data(), static_cast<size_t>(bytes));
      continue;
    }
    int error = Z_OK;
    const char* what = gzerror(file.get(), &error);
    // A file cut short reads to its end and only then reports it.
    if (bytes < 0 || error != Z_OK) {
      return absl::DataLossError(absl::StrCat("cannot read ", path, ": ", what));
    }
    break;
  }
  absl::StatusOr<Trace> trace = ParseTrace(text);
  if (!trace.ok()) {
    return absl::Status(trace.status().code(), absl::StrCat(path, ": ", trace.status().message()));
  }
  return trace;
}

ot::Delta TransactionDelta(const Transaction& transaction) {
  ot::Delta delta;
  for (const Patch& patch : transaction.patches) {
    ot::DeltaBuilder builder;
    builder.Retain(patch.position).Insert(patch.inserted).Delete(patch.deleted);
    delta = ot::Compose(delta, builder.Build());
  }
  return delta;
}

}  // namespace coedit::bench
