// What simulated lanes do with a record: pipelines of one, two or three INSERTs, whose keys tell
// all records apart, or are the records' own and keep the last row of each. Each INSERT has a
// WHERE. The first one joins a lookup, the second none, the third one whose missing keys are
// dropped. Which columns are written, and how, is decided as it is for every pipeline.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <charconv>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decode/decoder.h"
#include "enrich/enricher.h"
#include "enrich/testing.h"
#include "row/tombstones.h"
#include "simulation/row.h"
#include "simulation/world.h"
#include "sink/row_rules.h"
#include "sql/binder.h"

namespace turntable {

struct SimulatedPipeline {
  std::shared_ptr<const EnrichPlan> enrich;
  std::shared_ptr<const EnrichPlan> mended;  // With the keys that the lookup lacks at first.
  std::vector<SinkTable> tables;             // By INSERT.
  std::vector<std::string> names;            // Of the INSERTs.

  [[nodiscard]] size_t inserts() const { return tables.size(); }
  [[nodiscard]] SimulatedTable table(size_t insert) const {
    return {.insert = insert, .form = enrich->forms[insert].rows};
  }

  [[nodiscard]] static SimulatedPipeline made(size_t inserts, bool keys_repeat) {
    SimulatedPipeline pipeline;
    pipeline.enrich = pipeline.plan(inserts, keys_repeat, "known\n1\n");
    pipeline.mended = pipeline.plan(inserts, keys_repeat, "known\n1\n2\n");
    return pipeline;
  }

 private:
  [[nodiscard]] static std::string text_of(size_t inserts, bool keys_repeat) {
    std::string columns = "id int NOT NULL, k int NOT NULL, note int";
    std::string rest =
        "CREATE TABLE found () WITH (connector = 'x');\n"
        "CREATE TABLE found_or_dropped () WITH (connector = 'x');\n";
    for (size_t i = 0; i < inserts; ++i) {
      columns += fmt::format(", takes{0} int NOT NULL, key{0} int NOT NULL", i);
      const std::string table = SimulatedWorld::table_name(i);
      const std::string lookup = i == 0 ? "found" : i == 2 ? "found_or_dropped" : "";
      rest += fmt::format(
          "CREATE TABLE {0} () WITH (connector = 'x');\n"
          "INSERT INTO {0} SELECT p.id, p.kafka_partition, p.kafka_offset, {1} AS number{2} "
          "FROM plays p{3} WHERE p.takes{1} = 1;\n",
          table, i,
          keys_repeat ? ", cast(convert_from(p.kafka_key, 'UTF8') AS int) AS k, p.note" : "",
          lookup.empty() ? "" : fmt::format(" JOIN {} f ON f.known = p.key{}", lookup, i));
    }
    return "CREATE TABLE plays (" + columns + ") WITH (connector = 'x');\n" + rest;
  }

  // Makes `tables` and `names`, too.
  std::shared_ptr<const EnrichPlan> plan(size_t inserts, bool keys_repeat, const std::string& csv) {
    sql::Faults faults{.file = "test.sql", .list = {}};
    const sql::Script script = sql::parse_script(text_of(inserts, keys_repeat), {}, faults);
    sql::BindOptions options;
    std::map<std::string, std::unique_ptr<CatalogueFile>> files;
    for (const std::string lookup : {"found", "found_or_dropped"}) {
      auto file = open_lookup({.csv = csv, .options = {}});
      EXPECT_TRUE(file) << file.error().message;
      options.lookups[lookup] = {.schema = (*file)->schema(),
                                 .drop_missing = lookup == "found_or_dropped"};
      files[lookup] = std::move(*file);
    }
    auto program = sql::bind(script, options, faults);
    EXPECT_TRUE(program && faults.empty()) << faults.text();
    tables.clear();
    names.clear();
    std::vector<InsertForm> forms;
    for (size_t insert = 0; insert < inserts; ++insert) {
      names.push_back(SimulatedWorld::table_name(insert));
      SinkTable& table = tables.emplace_back();
      table.keyspace = "simulated";
      table.name = names.back();
      table.key = keys_repeat ? TableKey{.partition = {"k"}}
                              : TableKey{.partition = {"id"},
                                         .clustering = {{"kafka_partition"}, {"kafka_offset"}}};
      table.write_times = WriteTimeRule::delivery;
      table.deletes = keys_repeat;
      complete_table(*program, insert, Dialect::cql, table);
      forms.push_back({.key_columns = table.key.columns(), .rows = row_form(table, Dialect::cql)});
    }
    auto made = EnrichPlan::make(std::move(*program), std::move(forms), std::move(files));
    EXPECT_TRUE(made) << (made ? "" : made.error().begin()->second.message);
    return *made;
  }
};

// Takes a record's values from its text. Malformed ones it rejects; what else becomes of a record
// is the pipeline's to say.
class SimulatedDecoder final : public Decoder {
 public:
  explicit SimulatedDecoder(SimulatedWorld& world) : world_(world) {}

  void decode(const RecordBatch& batch, std::span<Column> columns, Selection& alive,
              Rejects& rejects) override {
    for (Column& column : columns) column.reset(batch.size());
    for (uint32_t i = 0; i < batch.size(); ++i) {
      const Record& record = batch.records[i];
      if (!world_.mended) world_.given(record.partition, record.offset, record.write_time_us);
      if (is_tombstone(record)) {
        rejects.push_back({i, RejectCode::empty_value, ""});
        continue;
      }
      if (record.value[0] == 'm') {
        rejects.push_back({i, RejectCode::json_syntax, ""});
        continue;
      }
      std::string_view rest = record.value.substr(1);
      for (size_t column = 0; column < columns.size(); ++column) {
        const int32_t number = next_number(rest);
        if (column != kNote || number >= 0) columns[column].set<int32_t>(i, number);
      }
      alive.push_back(i);
    }
  }

 private:
  static constexpr size_t kNote = 2;

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
