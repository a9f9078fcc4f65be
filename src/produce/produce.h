// The seed's data producer: listeners whose plays go to a Kafka topic, at a rate, until there are
// enough.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "base/output.h"
#include "base/result.h"
#include "base/stop.h"
#include "kafka/config.h"

namespace turntable {

struct ProduceOptions {
  std::string catalogue;  // A CSV file whose column `song_column` names the songs.
  std::string song_column = "name";
  std::string topic = "test";
  std::string bootstrap = "localhost:29092";
  uint64_t count = 1000;
  double rate = 1;  // Records per second; 0: as fast as the broker acknowledges.
  size_t people = 50;
  std::string name = "Dimitris Tsirmpas";  // Of the last person.
  std::optional<uint64_t> seed = {};       // Without it, plays are different each time.
  std::string compression = "gzip";
  std::string time_format = "%Y-%m-%d %H:%M";
  std::string start_time = {};        // "YYYY-MM-DD HH:MI"; empty: the wall clock.
  std::string key = "none";           // Or "name" or "song": plays of one go to one partition.
  kafka::Properties properties = {};  // More of librdkafka's.
};

struct ProduceReport {
  uint64_t wanted = 0;
  uint64_t sent = 0;
  uint64_t acknowledged = 0;
  double seconds = 0;  // From the first record sent to the last acknowledgement.
};

// The songs of a catalogue, each once, in the file's order.
[[nodiscard]] Result<std::vector<std::string>> load_songs(const std::string& path,
                                                          const std::string& column);

// Sends options.count plays and shows its progress on `out`, without which it goes on. A stop ends
// it early, which is no error; what was sent is waited for. Brokers that are away are said and
// waited for. An Error of kind usage for an option that is wrong, auth where credentials are
// refused, failed where records were refused, transient where they were not acknowledged until it
// was stopped: the message has both counts.
[[nodiscard]] Result<ProduceReport> produce(const ProduceOptions& options, const StopToken& stop,
                                            Output& out);

}  // namespace turntable
