// Any bytes as the options of a pipeline, as --set and WITH (…) give them: they are read or are
// faults that say why, and what was read is within its bounds. Keys, orders and times that were
// read can be written and read again.
//
// An input is lines, each of them TABLE.OPTION=VALUE of the pipeline below, or any other text.
#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "app/option_reader.h"
#include "app/connector.h"
#include "app/pipeline.h"
#include "base/check.h"
#include "base/fuzz_input.h"
#include "base/text.h"
#include "kafka/group_members.h"
#include "sink/ddl.h"
#include "source/commit_note.h"
#include "source/start_rule.h"
#include "sql/keys.h"
#include "sql/options.h"

namespace turntable {
namespace {

constexpr size_t kSetsLimit = 8;
// Each line is parsed in many ways. More of them say nothing that these do not.
constexpr size_t kLinesLimit = 16;

constexpr std::string_view kPipeline = R"(
CREATE TABLE plays (id int NOT NULL, song text, time text)
WITH (connector = 'kafka', topic = 'test', "bootstrap.servers" = '${FUZZ_SET:-localhost:9092}',
      "group.id" = 'g');
CREATE TABLE songs (name text, artists text) WITH (connector = 'csv', path = 'songs.csv', key = 'name');
CREATE TABLE history (name text, time text, id int, kafka_offset bigint)
WITH (connector = 'cassandra', contact_points = 'localhost', keyspace = 'k', primary_key = '((name), time)');
INSERT INTO history SELECT s.name, p.time, p.id, p.kafka_offset FROM plays p JOIN songs s ON s.name = p.song;
)";

// A folder that lives as long as the program, which is then somewhere else than its inputs.
class Folder {
 public:
  Folder() {
    CHECK(::mkdtemp(path_) != nullptr && ::chdir(path_) == 0);
    std::ofstream("p.sql") << kPipeline;
    std::ofstream("songs.csv") << "name,artists\nMemories,Maroon 5\n";
    ::setenv("FUZZ_SET", "broker:1", 1);
  }
  ~Folder() {
    (void)::unlink("p.sql");
    (void)::unlink("songs.csv");
    (void)::rmdir(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

 private:
  char path_[32] = "/tmp/turntable-fuzz-XXXXXX";
};

// What would be read is left to other tests: a path made by chance may be a device that never ends.
bool names_what_is_read(const sql::SetOption& set) {
  return (set.table == "songs" && set.option == "path") || set.option.ends_with("_file") ||
         set.option.starts_with("ssl.") || set.option == "plugin.library.paths" ||
         (set.option != "dead_letters" && set.value.starts_with("file:"));
}

// What was accepted can be made, and nothing else is made by it.
void check_sqlite(const SinkTable& table) {
  sqlite3* database = nullptr;
  CHECK(::sqlite3_open(":memory:", &database) == SQLITE_OK);
  for (const std::string& statement :
       {table_ddl(table, Dialect::sqlite), insert_dml(table, Dialect::sqlite)}) {
    sqlite3_stmt* prepared = nullptr;
    const char* rest = nullptr;
    CHECK(::sqlite3_prepare_v2(database, statement.c_str(), static_cast<int>(statement.size()) + 1,
                               &prepared, &rest) == SQLITE_OK);
    CHECK(rest == statement.c_str() + statement.size());
    if (statement.starts_with("CREATE")) CHECK(::sqlite3_step(prepared) == SQLITE_DONE);
    ::sqlite3_finalize(prepared);
  }
  ::sqlite3_close(database);
}

void check_pipeline(const std::vector<std::string>& lines) {
  std::vector<std::string> sets;
  for (const std::string& line : lines) {
    const auto set = sql::parse_set_option(line);
    if (!set) continue;
    CHECK(set->table + "." + set->option + "=" + set->value == line);
    if (sets.size() < kSetsLimit && !names_what_is_read(*set)) sets.push_back(line);
  }
  const auto pipeline = load_pipeline("p.sql", sets);
  if (!pipeline) {
    const std::string& message = pipeline.error().message;
    CHECK(pipeline.error().kind == ErrorKind::usage && message.ends_with('\n'));
    // A line for each fault, and nothing that could move the cursor or forge one.
    for (const std::string_view line : split(message, '\n'))
      CHECK(printable(line, message.size()) == line);
    return;
  }
  const StoreSpec& store = pipeline->stores[0];
  const SinkTable& table = store.tables[0].table;
  CHECK(store.flush_rows >= 1 && store.flush_rows <= 1'000'000 && store.flush_bytes >= 1);
  CHECK(store.flush_interval >= Millis(0) && store.connection.request_timeout >= Millis(0));
  CHECK(pipeline->source.max_reject_ratio >= 0 && pipeline->source.max_reject_ratio <= 1);
  if (store.connector->dialect == Dialect::cql) {
    CHECK(is_utf8(table_ddl(table, Dialect::cql)));
    CHECK(is_utf8(insert_dml(table, Dialect::cql)));
  } else if (store.connector->dialect == Dialect::sqlite) {
    check_sqlite(table);
  }
}

std::string quoted(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) out.append(c == '"' ? 2 : 1, c);
  return out + "\"";
}

std::string quoted(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ",") + quoted(name);
  return out;
}

void check_keys(std::string_view text) {
  if (const auto key = sql::parse_primary_key(text)) {
    CHECK(!key->partition.empty());
    std::string written = "((" + quoted(key->partition) + ")";
    if (!key->clustering.empty()) written += "," + quoted(key->clustering);
    const auto again = sql::parse_primary_key(written + ")");
    CHECK(again && again->partition == key->partition && again->clustering == key->clustering);
  }
  if (const auto order = sql::parse_clustering_order(text)) {
    std::string written;
    for (const auto& column : *order)
      written += (written.empty() ? "" : ",") + quoted(column.column) +
                 (column.descending ? " desc" : " asc");
    const auto again = sql::parse_clustering_order(written);
    CHECK(again && again->size() == order->size());
    for (size_t i = 0; i < order->size(); ++i)
      CHECK((*again)[i].column == (*order)[i].column &&
            (*again)[i].descending == (*order)[i].descending);
  }
}

void check_values(const std::string& text) {
  if (const auto duration = parse_duration(text)) {
    CHECK(*duration >= Millis(0) && *duration <= Millis(366LL * 24 * 3'600'000));
    CHECK(parse_duration(std::to_string(duration->count()) + "ms") == duration);
  }
  if (const auto filled = sql::fill_variables(text, false)) {
    if (text.find("${") == std::string::npos) CHECK(*filled == text);
  } else {
    CHECK(is_utf8(filled.error().message));
  }
  if (const auto start = parse_start(text); !start) CHECK(is_utf8(start.error().message));
  // A commit's note is whatever a program left with the broker.
  kafka::Committed commit{.offset = 5, .metadata = text};
  const auto began = partitions_at_beginning({&commit, 1});
  CHECK(began && *began >= 0);
  commit.metadata = note_text({.partitions = *began});
  CHECK(partitions_at_beginning({&commit, 1}) == began);
  // What another member of the group has told it.
  if (const auto topics = kafka::subscribed_topics(text)) {
    size_t bytes = 6;
    for (const std::string& topic : *topics) bytes += 2 + topic.size();
    CHECK(bytes <= text.size());
  }
}

}  // namespace
}  // namespace turntable

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turntable;
  static const Folder folder;
  FuzzInput input(data, size);
  std::vector<std::string> lines;
  while (!input.done() && lines.size() < kLinesLimit) lines.emplace_back(input.until('\n'));
  check_pipeline(lines);
  for (const std::string& line : lines) {
    check_keys(line);
    check_values(line);
  }
  return 0;
}
