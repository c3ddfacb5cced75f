// coedit-bench: times the core, ot/, on recorded and made-up inputs. docs/performance.md says what
// each line means and how to run it beside the peers.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/ot/cases.h"
#include "bench/ot/inputs.h"
#include "bench/ot/measure.h"

namespace coedit::bench {
namespace {

int Complain(const absl::Status& status) {
  std::cerr << "coedit-bench: " << status.message() << "\n";
  return 1;
}

absl::Status Append(absl::StatusOr<Figure> figure, Figures* figures) {
  if (figure.ok()) figures->push_back(*std::move(figure));
  return figure.status();
}

absl::Status Append(absl::StatusOr<Figures> more, Figures* figures) {
  if (more.ok()) figures->insert(figures->end(), more->begin(), more->end());
  return more.status();
}

absl::Status RunAll(const Inputs& inputs, Figures* figures) {
  absl::Status status;
  // First, while the heap is fresh.
  for (const Replay& replay : inputs.replays) status.Update(Append(MemoryCases(replay), figures));
  for (const Replay& replay : inputs.replays) {
    status.Update(Append(ReplayCases(replay), figures));
    status.Update(Append(ComposeLogCase(replay), figures));
  }
  for (const Pairs& pairs : inputs.pairs) status.Update(Append(PairsCase(pairs), figures));
  for (const Session& session : inputs.sessions) {
    status.Update(Append(SessionCase(session), figures));
  }
  status.Update(Append(MergeCases(inputs.merges), figures));
  return status;
}

absl::Status WriteFigures(const Figures& figures, const std::string& path) {
  boost::json::array cases;
  for (const Figure& figure : figures) {
    cases.push_back(boost::json::object{{"name", figure.name},
                                        {"peer", figure.peer},
                                        {"unit", figure.unit},
                                        {"value", figure.value},
                                        {"lowest", figure.lowest},
                                        {"highest", figure.highest},
                                        {"runs", figure.runs}});
  }
  std::ofstream file(path, std::ios::binary);
  file << boost::json::serialize(boost::json::object{{"cases", std::move(cases)}}) << "\n";
  if (!file.flush()) return absl::UnavailableError(absl::StrCat("cannot write ", path));
  return absl::OkStatus();
}

int Run(const std::vector<std::string>& folders, const std::string& json_path,
        const std::string& inputs_path) {
  const absl::StatusOr<Inputs> inputs = MakeInputs(folders);
  if (!inputs.ok()) return Complain(inputs.status());
  if (!inputs_path.empty()) {
    if (absl::Status status = WriteInputs(*inputs, inputs_path); !status.ok()) {
      return Complain(status);
    }
  }
  Figures figures;
  const absl::Status status = RunAll(*inputs, &figures);
  std::cout << absl::StreamFormat("%-38s %10s %-10s  %s\n", "case", "median", "",
                                  "lowest..highest");
  for (const Figure& figure : figures) {
    std::cout << absl::StreamFormat("%-38s %10.3g %-10s  %.3g..%.3g of %d\n", figure.name,
                                    figure.value, figure.unit, figure.lowest, figure.highest,
                                    figure.runs);
  }
  if (!status.ok()) return Complain(status);
  if (!json_path.empty()) {
    if (absl::Status written = WriteFigures(figures, json_path); !written.ok()) {
      return Complain(written);
    }
  }
  return 0;
}

}  // namespace
}  // namespace coedit::bench

int main(int argc, char** argv) {
  CLI::App app("Times coedit's core; every figure is of work whose outcome was checked.");
  std::vector<std::string> folders = {"bench/data", "tests/data"};
  std::string json_path, inputs_path;
  app.add_option("--traces", folders, "folders with recorded texts and sessions (*.gz)")
      ->capture_default_str();
  app.add_option("--json", json_path, "write the figures to this file");
  app.add_option("--write-inputs", inputs_path, "write what is measured to this file, for peers");
  CLI11_PARSE(app, argc, argv);
  return coedit::bench::Run(folders, json_path, inputs_path);
}
