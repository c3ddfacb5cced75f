#include "bench/load/load_report.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace coedit::bench {
namespace {

namespace json = boost::json;

struct Level {
  const char* name;
  double fraction;
};
constexpr Level kLevels[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}};

double Milliseconds(int64_t ns) { return static_cast<double>(ns) * 1e-6; }

double Per(double amount, int64_t count) {
  return count == 0 ? 0 : amount / static_cast<double>(count);
}

std::string LatencyLine(absl::string_view name, const Histogram& histogram) {
  std::string line = absl::StrFormat("%-22s", name);
  for (const Level& level : kLevels) {
    absl::StrAppendFormat(&line, " %s %.3f", level.name,
                          Milliseconds(histogram.Percentile(level.fraction)));
  }
  absl::StrAppendFormat(&line, " max %.3f  (%d samples)\n", Milliseconds(histogram.max()),
                        histogram.count());
  return line;
}

json::object LatencyJson(const Histogram& histogram) {
  json::object object;
  for (const Level& level : kLevels) {
    object[level.name] = Milliseconds(histogram.Percentile(level.fraction));
  }
  object["max"] = Milliseconds(histogram.max());
  object["mean"] = histogram.mean() * 1e-6;
  object["samples"] = histogram.count();
  return object;
}

}  // namespace

std::string ReportText(const LoadShape& shape, const LoadReport& report) {
  const double seconds = report.seconds;
  const int64_t messages = report.operations + report.deliveries;
  std::string text = absl::StrFormat("%d documents x %d clients", shape.documents, shape.clients);
  if (shape.writers < shape.clients) absl::StrAppendFormat(&text, ", %d typing", shape.writers);
  absl::StrAppendFormat(&text, ", %s, %s, %.1f s measured\n",
                        shape.rate.has_value()
                            ? absl::StrFormat("open loop at %g edits/s each", *shape.rate)
                            : "closed loop",
                        shape.protocol, seconds);
  absl::StrAppendFormat(&text, "%-22s %.0f\n", "edits/s", Per(report.edits, 1) / seconds);
  absl::StrAppendFormat(&text, "%-22s %.0f\n", "operations/s",
                        static_cast<double>(report.operations) / seconds);
  absl::StrAppendFormat(&text, "%-22s %.0f\n", "deliveries/s",
                        static_cast<double>(report.deliveries) / seconds);
  text += LatencyLine("ack ms", report.ack_ns);
  text += LatencyLine("delivery ms", report.delivery_ns);
  if (report.server.has_value()) {
    const double cpu_us = report.server->cpu_seconds * 1e6;
    absl::StrAppendFormat(&text, "%-22s %.2f per operation, %.2f per message, %.0f %% of a core\n",
                          "server CPU us", Per(cpu_us, report.operations), Per(cpu_us, messages),
                          100 * report.server->cpu_seconds / seconds);
    absl::StrAppendFormat(&text, "%-22s %.1f, at most %.1f\n", "server RSS MB",
                          static_cast<double>(report.server->resident_bytes) * 1e-6,
                          static_cast<double>(report.server->resident_bytes_max) * 1e-6);
  }
  absl::StrAppendFormat(&text, "%-22s %.1f up per operation, %.1f down per message\n",
                        "payload bytes",
                        Per(static_cast<double>(report.bytes_up), report.operations),
                        Per(static_cast<double>(report.bytes_down), messages));
  absl::StrAppendFormat(&text, "%-22s %.2f\n", "messages per frame",
                        Per(static_cast<double>(messages), report.frames_down));
  absl::StrAppendFormat(&text, "%-22s %.0f %% of a core\n", "this tool's CPU",
                        100 * report.own_cpu_seconds / seconds);
  absl::StrAppendFormat(&text,
                        "converged: %d documents, %d clients and a cold reader each, "
                        "%d revisions in all\n",
                        shape.documents, shape.clients, report.revisions);
  return text;
}

std::string ReportJson(const LoadShape& shape, const LoadReport& report) {
  const double seconds = report.seconds;
  const int64_t messages = report.operations + report.deliveries;
  json::object object;
  object["documents"] = shape.documents;
  object["clientsPerDocument"] = shape.clients;
  object["writersPerDocument"] = shape.writers;
  object["loop"] = shape.rate.has_value() ? "open" : "closed";
  if (shape.rate.has_value()) object["editsPerSecondPerWriter"] = *shape.rate;
  object["protocol"] = shape.protocol;
  object["seed"] = shape.seed;
  object["seconds"] = seconds;
  object["edits"] = report.edits;
  object["operations"] = report.operations;
  object["deliveries"] = report.deliveries;
  object["editsAcked"] = report.edits_acked;
  object["editsDelivered"] = report.edits_delivered;
  object["operationsPerSecond"] = static_cast<double>(report.operations) / seconds;
  object["deliveriesPerSecond"] = static_cast<double>(report.deliveries) / seconds;
  object["ackMs"] = LatencyJson(report.ack_ns);
  object["deliveryMs"] = LatencyJson(report.delivery_ns);
  if (report.server.has_value()) {
    const double cpu_us = report.server->cpu_seconds * 1e6;
    object["serverCpuUsPerOperation"] = Per(cpu_us, report.operations);
    object["serverCpuUsPerMessage"] = Per(cpu_us, messages);
    object["serverCpuCores"] = report.server->cpu_seconds / seconds;
    object["serverResidentBytes"] = report.server->resident_bytes;
    object["serverResidentBytesMax"] = report.server->resident_bytes_max;
  }
  object["payloadBytesUpPerOperation"] =
      Per(static_cast<double>(report.bytes_up), report.operations);
  object["payloadBytesDownPerMessage"] = Per(static_cast<double>(report.bytes_down), messages);
  object["messagesPerFrame"] = Per(static_cast<double>(messages), report.frames_down);
  object["ownCpuCores"] = report.own_cpu_seconds / seconds;
  object["converged"] = true;
  return json::serialize(object);
}

}  // namespace coedit::bench
