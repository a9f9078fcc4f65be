#include "app/demo.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "app/run.h"
#include "base/log.h"
#include "kafka/mock_cluster.h"
#include "produce/produce.h"
#include "query/query.h"
#include "sqlite/database.h"

namespace turntable {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTopic = "test";
constexpr int kPartitions = 4;
// From here on the queries of the report, which ask for 2024-03-03 at hour 10, find plays after ten
// minutes.
constexpr const char* kStartTime = "2024-03-03 09:50";
// Plays a second, while a person looks at the page.
constexpr double kPace = 10;

// The folder that has pipelines/, queries/ and data/: where we are, where we were installed, or
// where we were built.
std::optional<fs::path> find_share() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& candidate :
       {fs::current_path(error), program / "../share/turntable", program / "../.."}) {
    if (fs::exists(candidate / "pipelines/listening_history.sql", error))
      return fs::weakly_canonical(candidate, error);
  }
  return std::nullopt;
}

Status prepare_dir(const fs::path& dir, const std::vector<fs::path>& leftovers) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (error)
    return fail(ErrorKind::failed,
                fmt::format("cannot make the folder {}: {}", dir.string(), error.message()));
  for (const fs::path& path : leftovers) {
    fs::remove(path, error);
    if (error)
      return fail(ErrorKind::failed,
                  fmt::format("cannot remove {}: {}", path.string(), error.message()));
  }
  return {};
}

// A demo that nobody can see is of no use.
Result<ExitCode> ended_early(Output& out) {
  RETURN_IF_ERROR(out.finish());
  return ExitCode::done;
}

// Plays come and become rows until a stop.
Result<ExitCode> keep_running(ProduceOptions plays, RunOptions run, StopToken& stop, Output& out) {
  plays.count = std::numeric_limits<uint64_t>::max();
  plays.rate = kPace;
  plays.start_time.clear();  // Now.
  std::thread people([&plays, &stop] {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    Output unseen(nowhere, "/dev/null");
    if (const auto played = produce(plays, stop, unseen); !played)
      log::error("no more plays come: {}", played.error().message);
    ::close(nowhere);
  });
  run.until_end = false;
  const Result<ExitCode> ran = run_pipeline(run, stop, out);
  stop.request();
  people.join();
  return ran;
}

}  // namespace

Result<ExitCode> run_demo(const DemoOptions& options, StopToken& stop, Output& out) {
  const auto share = find_share();
  if (!share)
    return fail(ErrorKind::failed,
                "cannot find pipelines/listening_history.sql: run the demo where Turntable was "
                "cloned or installed");
  const fs::path dir = options.dir;
  const fs::path table = dir / "listening_history.db";
  const fs::path dead_letters = dir / "dead_letters.jsonl";
  std::vector<fs::path> leftovers{dead_letters};
  for (const std::string& path : sqlite::files_of(table)) leftovers.emplace_back(path);
  RETURN_IF_ERROR(prepare_dir(dir, leftovers));

  out.print("1. A Kafka broker starts inside this process.\n");
  ASSIGN_OR_RETURN(const auto cluster, kafka::MockCluster::open({}));
  RETURN_IF_ERROR(cluster->create_topic(kTopic, kPartitions));

  out.print("2. {} people play songs: {} plays go to its topic '{}'.\n", 50, options.count, kTopic);
  const std::string catalogue = (*share / "data/spotify-songs.csv").string();
  ProduceOptions plays;
  plays.catalogue = catalogue;
  plays.topic = kTopic;
  plays.bootstrap = cluster->bootstrap();
  plays.count = options.count;
  plays.rate = 0;
  plays.start_time = kStartTime;
  if (!out.flush()) return ended_early(out);
  RETURN_IF_ERROR(produce(plays, stop, out));
  if (stop.requested()) return ExitCode::done;

  out.print(
      "\n3. The pipeline joins each play with its song's features and writes it to SQLite.\n\n");
  if (!out.flush()) return ended_early(out);
  const RunOptions run{
      .pipeline = (*share / "pipelines/listening_history.sql").string(),
      .sets = {"plays.bootstrap.servers=" + cluster->bootstrap(),
               fmt::format("plays.topic={}", kTopic), "plays.start=earliest",
               "plays.dead_letters=file:" + dead_letters.string(), "songs.path=" + catalogue,
               "listening_history.connector=sqlite", "listening_history.path=" + table.string(),
               "listening_history.flush_interval=250ms", "listening_history.flush_rows=500"},
      .until_end = true,
      .process_start = options.process_start};
  ASSIGN_OR_RETURN(const ExitCode ran, run_pipeline(run, stop, out));
  if (stop.requested()) return ExitCode::done;

  out.print("\n4. The three questions of the report are asked:\n");
  struct Question {
    const char* file;
    const char* output;
    const char* words;
  };
  for (const Question& question :
       {Question{"full.cql", "output_full.txt", "a sample of the table"},
        Question{"simple.cql", "output_simple.txt",
                 "what Dimitris Tsirmpas played on 2024-03-03 from 10:00 to 10:59"},
        Question{"agg.cql", "output_agg.txt",
                 "his average danceability, tempo and acousticness in that hour"}}) {
    QueryOptions query;
    query.sqlite_path = table.string();
    query.file = (*share / "queries" / question.file).string();
    query.output = (dir / question.output).string();
    RETURN_IF_ERROR(run_query(query, stop, out));
    out.print("   {:<32} {}\n", (dir / question.output).string(), question.words);
  }
  out.print(
      "\nThe table itself is {}. Ask it more:\n"
      "   turntable query --sqlite {} -e \"SELECT name, count(*) FROM spotify.listening_history "
      "GROUP BY name\"\n"
      "Next: real servers, with the same pipeline. README.md shows the commands.\n",
      table.string(), table.string());
  if (!options.keep) {
    out.print(
        "See it in a browser: with --keep, plays go on and http://localhost:8080 shows them.\n");
    RETURN_IF_ERROR(out.finish());
    return ran;
  }
  out.print("\n5. {} plays a second go on, and the page shows them. Ctrl-C ends it.\n", kPace);
  if (!out.flush()) return ended_early(out);
  RunOptions kept = run;
  kept.http = options.http;
  return keep_running(std::move(plays), std::move(kept), stop, out);
}

}  // namespace turntable
