// What simulated lanes do with a record: two pipelines, one whose key tells all records apart, and
// one that keeps the last row of a key. Which columns are written, and how, is decided as it is for
// every pipeline.
#pragma once

#include <gtest/gtest.h>

#include <charconv>
#include <memory>
#include <string>
#include <string_view>

#include "decode/decoder.h"
#include "enrich/enricher.h"
#include "lane/simulated_world.h"
#include "sink/row_rules.h"
#include "sql/binder.h"

namespace turntable {

struct SimulatedPipeline {
  std::shared_ptr<const EnrichPlan> enrich;
  SinkTable table;

  [[nodiscard]] static SimulatedPipeline with_key_of_records() {
    return made("id, kafka_partition, kafka_offset",
                {.partition = {"id"}, .clustering = {{"kafka_partition"}, {"kafka_offset"}}});
  }
  [[nodiscard]] static SimulatedPipeline with_key_that_repeats() {
    return made("id, kafka_partition, kafka_offset, k, note",
                {.partition = {"kafka_partition"}, .clustering = {{"k"}}});
  }

 private:
  static SimulatedPipeline made(const std::string& columns, TableKey key) {
    const std::string text =
        "CREATE TABLE plays (id int NOT NULL, k int NOT NULL, note int) WITH (connector = 'x');\n"
        "CREATE TABLE history () WITH (connector = 'x');\n"
        "INSERT INTO history SELECT " +
        columns + " FROM plays;";
    sql::Faults faults{.file = "test.sql", .list = {}};
    const sql::Script script = sql::parse_script(text, {}, faults);
    auto plan = sql::bind(script, script.inserts.at(0), {}, faults);
    EXPECT_TRUE(plan && faults.empty()) << faults.text();
    SimulatedPipeline pipeline;
    pipeline.table.keyspace = "simulated";
    pipeline.table.name = "history";
    pipeline.table.key = std::move(key);
    pipeline.table.write_times = WriteTimeRule::delivery;
    complete_table(*plan, Dialect::cql, pipeline.table);
    const RowForm form = row_form(pipeline.table, Dialect::cql);
    pipeline.enrich =
        EnrichPlan::make(std::move(*plan), nullptr, pipeline.table.key.columns(), form).value();
    return pipeline;
  }
};

// Takes a record's fate and values from its text. "Unmatched" is the join's to say; here it is said
// early, so that no catalogue is needed.
class SimulatedDecoder final : public Decoder {
 public:
  explicit SimulatedDecoder(SimulatedWorld& world) : world_(world) {}

  void decode(const RecordBatch& batch, std::span<Column> columns, Selection& alive,
              Rejects& rejects) override {
    for (Column& column : columns) column.reset(batch.size());
    for (uint32_t i = 0; i < batch.size(); ++i) {
      const Record& record = batch.records[i];
      if (!world_.mended) world_.given(record.partition, record.offset, record.write_time_us);
      const char fate = record.value[0];
      if (fate == 'm' || (fate == 'u' && !world_.mended)) {
        rejects.push_back({i, fate == 'm' ? RejectCode::json_syntax : RejectCode::unmatched, ""});
        continue;
      }
      std::string_view rest = record.value.substr(1);
      columns[0].set<int32_t>(i, next_number(rest));
      columns[1].set<int32_t>(i, next_number(rest));
      if (const int32_t note = next_number(rest); note >= 0) columns[2].set<int32_t>(i, note);
      alive.push_back(i);
    }
  }

 private:
  // The number up to the next colon, which is taken off.
  static int32_t next_number(std::string_view& text) {
    int32_t number = 0;
    const char* end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
    text.remove_prefix(std::min(text.size(), static_cast<size_t>(end - text.data()) + 1));
    return number;
  }

  SimulatedWorld& world_;
};

}  // namespace turntable
