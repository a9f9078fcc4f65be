// turntable produce: plays, one after another, into a Kafka topic.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/stop.h"

namespace turntable {

struct ProduceOptions {
  std::string catalogue;  // CSV with a column "name".
  std::string topic;
  std::string bootstrap;
  uint64_t count = 1000;
  double rate = 1;        // Plays a second; 0: as fast as the broker acknowledges.
  uint64_t people = 50;
  std::string name = "Dimitris Tsirmpas";  // The last of them.
  std::optional<uint64_t> seed = std::nullopt;
  std::string compression = "gzip";
  std::string time_format = "%Y-%m-%d %H:%M";  // strftime(3)'s, in local time.
  std::string start_time;  // "YYYY-MM-DD HH:MI[:SS]": the first play's time, each later one a second on. Empty: now.
  std::string key = "none";  // The record's key: none, name or song.
};

// Sends and prints to `out`: a heading, the plays or their progress, and a last line with what was acknowledged. Ends early when
// `stop` is requested. A broker that is away is waited for. An error where not everything that was sent was acknowledged.
[[nodiscard]] Status produce(const ProduceOptions& options, const StopToken& stop, std::FILE* out);

}  // namespace turntable
