#include "enrich/hidden_columns.h"

#include <fmt/format.h>

#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "row/headers.h"
#include "row/write_time.h"

namespace turntable {

void fill_hidden_column(const RecordBatch& batch, std::string_view name, Column& column) {
  const auto fill = [&](auto set) {
    for (size_t i = 0; i < batch.size(); ++i) set(i, batch.records[i]);
  };
  column.reset(batch.size());
  if (name == "kafka_topic") {
    fill([&](size_t i, const Record&) { column.set<std::string_view>(i, batch.topic); });
  } else if (name == "kafka_partition") {
    fill([&](size_t i, const Record& record) { column.set<int32_t>(i, record.partition); });
  } else if (name == "kafka_offset") {
    fill([&](size_t i, const Record& record) { column.set<int64_t>(i, record.offset); });
  } else if (name == "kafka_timestamp") {
    fill([&](size_t i, const Record& record) {
      if (const auto micros = record_time_us(record)) column.set<int64_t>(i, *micros);
    });
  } else if (name == "kafka_key") {
    fill([&](size_t i, const Record& record) {
      if (record.has_key) column.set<std::string_view>(i, record.key);
    });
  } else {
    CHECK(name == "kafka_headers");
    fill([&](size_t i, const Record& record) {
      if (!record.headers.empty()) column.set<std::string_view>(i, record.headers);
    });
  }
}

void reject_large_headers(const RecordBatch& batch, Selection& alive, Rejects& rejects) {
  std::erase_if(alive, [&](uint32_t row) {
    if (!batch.records[row].headers_too_large) return false;
    rejects.push_back({row, RejectCode::too_large,
                       fmt::format("The record has more than {} headers, or more than {} bytes in "
                                   "them: they are not read as kafka_headers.",
                                   grouped(kHeadersLimit), grouped(kHeadersBytesLimit)),
                       kEveryInsert});
    return true;
  });
}

}  // namespace turntable
