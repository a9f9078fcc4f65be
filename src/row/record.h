// A record as a source delivers it, and a batch of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "row/insert_set.h"
#include "row/types.h"

namespace turntable {

inline constexpr int64_t kNoTimestamp = std::numeric_limits<int64_t>::min();
inline constexpr int64_t kNoWriteTime = std::numeric_limits<int64_t>::min();

// Of a record's value. Kafka's own default is 1 MiB; decoding takes several times a value's size in
// memory, and keeps it.
inline constexpr size_t kRecordBytesLimit = size_t{16} << 20;

// Views are owned by the batch that holds the record.
struct Record {
  std::string_view
      value;  // Empty where has_value is false (a Kafka tombstone) or the value is empty.
  std::string_view key;
  std::string_view headers;  // A JSON object, where the source was asked for headers; else empty.
  Offset offset = 0;
  int64_t timestamp_ms = kNoTimestamp;  // Since 1970, as the source stamps it.
  PartitionId partition = 0;
  uint32_t index = 0;  // By which the batch's owner knows it.
  bool has_value = true;
  bool has_key = false;
  // Beyond their limits (row/headers.h), or not to be read at all: `headers` is empty.
  bool headers_too_large = false;
  // Of two rows with one key the one with the higher time stands (delivery/write_times.h). In
  // microseconds since 1970; sources leave it out, but for letters, which were given theirs before.
  int64_t write_time_us = kNoWriteTime;
  // The INSERTs that are to run for it. A replayed dead letter names them; all others run for all.
  InsertSet inserts = InsertSet::all();
};

// A header's name, and its bytes where it has any.
using HeaderVisitor =
    std::function<void(std::string_view name, std::optional<std::string_view> value)>;

// What keeps the bytes of a batch alive: librdkafka's messages, a block of a file.
class RecordOwner {
 public:
  virtual ~RecordOwner() = default;
  // The headers of a record as they came, in their order. For dead letters: not fast. False where
  // it has some that cannot be read.
  [[nodiscard]] virtual bool visit_headers([[maybe_unused]] const Record& record,
                                           [[maybe_unused]] const HeaderVisitor& visit) const {
    return true;
  }
};

// Records in delivery order; per partition their offsets ascend, with legal gaps.
struct RecordBatch {
  std::string_view topic;  // Kafka's topic, a file's path. Outlives the source's batches.
  std::vector<Record> records;
  std::unique_ptr<RecordOwner> owner;

  [[nodiscard]] size_t size() const { return records.size(); }
  [[nodiscard]] bool empty() const { return records.empty(); }
};

}  // namespace turntable
