// coedit-bench-storage: what the store takes and how fast it is. docs/performance.md says what each
// line means.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/storage/cases.h"

namespace coedit::bench {
namespace {

int Complain(const absl::Status& status) {
  std::cerr << "coedit-bench-storage: " << status.message() << "\n";
  return 1;
}

int Run(const std::string& only, const std::string& trace, const std::string& directory,
        const std::string& json_path) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return Complain(
        absl::UnavailableError(absl::StrCat("cannot make ", directory, ": ", error.message())));
  }
  StorageFigures figures;
  const auto wanted = [&](absl::string_view name) { return only.empty() || only == name; };
  absl::Status status;
  if (wanted("append")) status.Update(AppendCases(directory, &figures));
  if (wanted("history")) status.Update(HistoryCases(trace, directory, &figures));
  if (wanted("open")) status.Update(OpenCases(directory, &figures));
  std::cout << absl::StreamFormat("%-62s %12s %-6s %s\n", "", "measured", "", "aim: must / best");
  boost::json::array cases;
  for (const StorageFigure& figure : figures) {
    std::cout << absl::StreamFormat("%-62s %12.4g %-6s %s\n", figure.name, figure.value,
                                    figure.unit, figure.aim);
    cases.push_back(boost::json::object{{"name", figure.name},
                                        {"value", figure.value},
                                        {"unit", figure.unit},
                                        {"aim", figure.aim}});
  }
  if (!status.ok()) return Complain(status);
  if (json_path.empty()) return 0;
  std::ofstream file(json_path, std::ios::binary);
  file << boost::json::serialize(boost::json::object{{"cases", std::move(cases)}}) << "\n";
  if (!file.flush()) return Complain(absl::UnavailableError("cannot write " + json_path));
  return 0;
}

}  // namespace
}  // namespace coedit::bench

int main(int argc, char** argv) {
  CLI::App app("Measures coedit's store; every figure is of work whose outcome was checked.");
  std::string trace = "bench/data/automerge-paper.optrace.gz";
  std::string directory = "build/bench/storage";
  std::string json_path;
  std::string only;
  app.add_option("--only", only, "append, history or open")
      ->check(CLI::IsMember({"append", "history", "open"}));
  app.add_option("--trace", trace, "the recording of automerge-paper")->capture_default_str();
  app.add_option("--directory", directory, "where the databases are made, on a real disk")
      ->capture_default_str();
  app.add_option("--json", json_path, "write the figures to this file");
  CLI11_PARSE(app, argc, argv);
  return coedit::bench::Run(only, trace, directory, json_path);
}
