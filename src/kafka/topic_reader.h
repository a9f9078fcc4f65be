// Reads a topic once, from its first record to the ends that it has when it is opened. No consumer
// group: nothing is committed, and nobody else's partitions move.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/stop.h"
#include "kafka/client.h"
#include "row/record.h"

namespace turntable::kafka {

// One thread.
class TopicReader final : public Client {
 public:
  struct Options {
    std::string topic;
    Properties properties;  // A consumer's; those that concern groups are decided here.
  };
  // Errors: kind transient where no broker answers in time; failed where there is no such topic.
  [[nodiscard]] static Result<std::unique_ptr<TopicReader>> open(const Options& options,
                                                                 const Clock& clock);
  ~TopicReader();

  // Up to `limit` records, waiting up to `wait` for the first.
  [[nodiscard]] Result<RecordBatch> poll(size_t limit, Millis wait);

  [[nodiscard]] bool at_end() const { return left_.empty(); }

  // How much of what there is has been read, from 0 to 1, by offsets.
  [[nodiscard]] double share_read() const;

 private:
  TopicReader(const Options& options, const Clock& clock);
  Status begin();
  bool hear() override;
  void pass(PartitionId partition, Offset next);

  std::string topic_name_;
  std::map<PartitionId, Offset> left_;  // Partitions that are not read to their end, and that end.
  std::map<PartitionId, Offset> next_;  // How far those have been read.
  Offset offsets_ = 0;                  // Of all partitions, from their beginnings to their ends.
};

}  // namespace turntable::kafka
