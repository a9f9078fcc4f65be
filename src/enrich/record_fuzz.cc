// Any record on its way to rows of two tables: decoded, filtered, joined with a small catalogue in
// two ways, computed, written as cells. In each table it becomes one row or one reject or is left
// out, whatever its partition, offset, time, key and headers are; its rows' cells are of their
// types, and text that came in goes out byte by byte.
//
// An input is the record's flags and numbers and then key, headers and value with kBetween between
// them.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>

#include "base/check.h"
#include "base/fuzz_input.h"
#include "base/fuzz_json.h"
#include "base/text.h"
#include "decode/json_decoder.h"
#include "enrich/enricher.h"
#include "row/cell.h"
#include "sql/binder.h"

namespace turntable {
namespace {

constexpr char kBetween = '\x1E';

constexpr std::string_view kPipeline = R"(
CREATE TABLE plays (id int NOT NULL, name text NOT NULL, song text NOT NULL, time text NOT NULL,
                    seen timestamptz, more jsonb, score real);
CREATE TABLE songs (name text, artists text, tempo double precision);
CREATE TABLE history ();
CREATE TABLE scores ();
INSERT INTO history
SELECT p.name, p.song, p.id,
       cast(extract(hour FROM to_timestamp(p.time, 'YYYY-MM-DD HH24:MI')) AS int) AS hour,
       to_char(to_timestamp(p.time, 'YYYY-MM-DD HH24:MI'), 'YYYY-MM-DD') AS date,
       s.artists, s.tempo, p.seen, p.more, p.score,
       kafka_topic, kafka_partition, kafka_offset, kafka_timestamp, kafka_key, kafka_headers,
       to_char(kafka_timestamp, 'YYYY-MM-DD HH24:MI:SS.US') AS stamped,
       cast(kafka_timestamp AS text) AS stamped_too,
       substr(p.name, 2, 3) AS part, length(p.song) AS size, split_part(p.song, ' ', -1) AS word,
       cast(p.score AS text) AS scored
FROM plays p JOIN songs s ON s.name = p.song;
INSERT INTO scores
SELECT p.id, p.name, coalesce(s.artists, t.artists, '?') AS artists, p.score
FROM plays p LEFT JOIN songs s ON s.name = p.song
             LEFT JOIN songs t ON t.tempo = p.score AND t.name <> p.name
WHERE p.id > 0 AND (s.tempo > 1 OR s.tempo IS NULL);
)";

std::unique_ptr<CatalogueFile> songs() {
  constexpr std::string_view kSongs =
      "name,artists,tempo\n"
      "Memories,Maroon 5,91.019\n"
      "\"a \"\"b\"\"\",,\n"
      "\xC3\xA9,\xF0\x9F\x8E\xB5,-0\n";
  const int file = ::memfd_create("songs", MFD_CLOEXEC);
  CHECK(::write(file, kSongs.data(), kSongs.size()) == static_cast<ssize_t>(kSongs.size()));
  auto opened = open_csv_catalogue(
      {.path = "/proc/self/fd/" + std::to_string(file),
       .key = "name",
       .declared = {{"name", Type::text}, {"artists", Type::text}, {"tempo", Type::float64}}});
  ::close(file);
  CHECK(opened);
  return std::move(*opened);
}

// A pipeline as a lane has it, for rows of one form.
struct Lane {
  explicit Lane(RowForm form) {
    sql::Faults faults{.file = "p.sql", .list = {}};
    const sql::Script script = sql::parse_script(kPipeline, {}, faults);
    std::map<std::string, std::unique_ptr<CatalogueFile>> files;
    files["songs"] = songs();
    auto bound =
        sql::bind(script, {.lookups = {{"songs", {.schema = files["songs"]->schema()}}}}, faults);
    CHECK(bound);
    decoder = make_json_decoder(script.find("plays")->columns).value();
    plan = EnrichPlan::make(std::move(*bound),
                            {{.key_columns = {"name", "date", "hour"}, .rows = form},
                             {.key_columns = {"id"}, .rows = form}},
                            std::move(files))
               .value();
    enricher = std::make_unique<Enricher>(plan);
  }

  std::unique_ptr<Decoder> decoder;
  std::shared_ptr<const EnrichPlan> plan;
  std::unique_ptr<Enricher> enricher;
};

// What a sink would see of one row.
void check_row(const RowBatch& rows, const EnrichPlan& plan, size_t insert, const Record& record) {
  CHECK(rows.ends.size() == 1 && rows.origins.size() == 1 && rows.ends[0] == rows.cells.size());
  CellReader reader(rows.row(0));
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::string_view value = record.value;
  if (value.starts_with(kByteOrderMark)) value.remove_prefix(kByteOrderMark.size());
  const JsonOpinion event = JsonJudge::opinion_of(value);
  for (const sql::Output& output : plan.program.inserts[insert].outputs) {
    const CellView cell = reader.next();
    CHECK(!cell_text(cell, output.type).empty() || cell.bytes().empty());
    if (cell.is_null()) continue;
    if (output.type == Type::text || output.type == Type::jsonb) CHECK(is_utf8(cell.bytes()));
    if (output.name == "name" || output.name == "song") {
      if (!event.overflow)
        CHECK(cell.bytes() == event.value.at(output.name).get_ref<const std::string&>());
    } else if (output.name == "kafka_key") {
      CHECK(cell.bytes() == record.key);
    } else if (output.name == "kafka_offset") {
      CHECK(cell.int64() == record.offset);
    } else if (output.name == "kafka_timestamp") {
      const int64_t unit = plan.forms[insert].rows.times == TimeUnit::micros ? 1000 : 1;
      CHECK(cell.int64() == record.timestamp_ms * unit);
    }
  }
  if (plan.forms[insert].rows.write_time) {
    CHECK(reader.next().int64() == record.write_time_us);
  }
  CHECK(reader.done());
}

}  // namespace
}  // namespace turntable

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turntable;
  // Kept from input to input, as it is kept from batch to batch.
  static const std::array<Lane, 2> lanes{
      Lane(RowForm{}),
      Lane(RowForm{.absent = kUnsetCell, .times = TimeUnit::millis, .write_time = true})};
  static std::array<RowBatch, 2> tables;
  FuzzInput input(data, size);

  RecordBatch batch;
  batch.topic = "test";
  Record& record = batch.records.emplace_back();
  const uint8_t flags = input.byte();
  const Lane& lane = lanes[(flags >> 3) & 1];
  record.has_key = (flags & 1) != 0;
  record.has_value = (flags & 2) == 0;
  record.partition = static_cast<PartitionId>(input.number() >> 32);
  record.offset = static_cast<Offset>(input.number());
  record.timestamp_ms = static_cast<int64_t>(input.number());
  if ((flags & 4) != 0) record.timestamp_ms = kNoTimestamp;
  record.write_time_us = record.offset ^ record.timestamp_ms;
  record.key = input.until(kBetween);
  const std::string_view headers = input.until(kBetween);
  // The source writes them.
  record.headers = JsonJudge::opinion_of(headers).is_json ? headers : "";
  record.value = input.rest();
  if (!record.has_value) record.value = {};

  Selection alive;
  Rejects rejects;
  const std::vector<Origin> origins(1);
  for (RowBatch& rows : tables) rows.clear();
  lane.decoder->decode(batch, lane.enricher->declared(), alive, rejects);
  const std::array<RowBatch*, 2> out{&tables[0], &tables[1]};
  CHECK(lane.enricher->enrich(batch, origins, alive, rejects, out));
  for (const Reject& reject : rejects) CHECK(!reject.reason.empty() && is_utf8(reject.reason));
  for (size_t insert = 0; insert < tables.size(); ++insert) {
    const auto rejected = std::count_if(rejects.begin(), rejects.end(), [&](const Reject& reject) {
      return reject.insert == insert || reject.insert == kEveryInsert;
    });
    // The first INSERT has no filter.
    const size_t filtered = lane.enricher->filtered(insert).size();
    CHECK(insert == 1 || filtered == 0);
    CHECK(tables[insert].size() + filtered + static_cast<size_t>(rejected) == 1);
    if (tables[insert].size() == 1) check_row(tables[insert], *lane.plan, insert, record);
    CHECK(tables[insert].size() == 1 || tables[insert].cells.empty());
  }
  return 0;
}
