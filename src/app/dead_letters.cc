#include "app/dead_letters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "app/connectors.h"
#include "app/lane_options.h"
#include "app/letters.h"
#include "app/pipeline.h"
#include "base/log.h"
#include "base/micros.h"
#include "base/text.h"
#include "delivery/letter_source.h"
#include "lane/lane.h"

namespace turntable {
namespace {

constexpr size_t kLettersAtOnce = 500;
constexpr Millis kWait{100};
constexpr size_t kShownCharacters = 100;  // Of a detail, in the list.

// Letters unread or unreadable for other versions' reasons are kept: only a typing error is
// refused.
Status check_reason(const std::string& reason) {
  if (reason.empty()) return {};
  std::vector<std::string> names;
  for (int code = 0; code <= static_cast<int>(RejectCode::unmatched); ++code)
    names.emplace_back(reject_code_name(static_cast<RejectCode>(code)));
  if (std::find(names.begin(), names.end(), reason) != names.end()) return {};
  return fail(ErrorKind::usage,
              fmt::format("--reason: there is no reason '{}'.{} There are {}", printable(reason),
                          did_you_mean(reason, names), fmt::join(names, ", ")));
}

// Once, however many there are.
void say_unreadable(uint64_t count, std::string first) {
  if (count == 0) return;
  if (first.ends_with('.')) first.pop_back();  // As simdjson's own words do.
  log::warn("{}{}", first,
            count == 1 ? "; it is passed over"
                       : fmt::format("; it and {} more are passed over", grouped(count - 1)));
}

std::string unreadable_text(uint64_t count) {
  return count > 0 ? fmt::format(", {} that cannot be read", grouped(count)) : "";
}

// Its own, or that of one of several INSERTs.
bool has_reason(const Letter& letter, const std::string& reason) {
  return reason.empty() || letter.reason == reason ||
         std::any_of(letter.inserts.begin(), letter.inserts.end(),
                     [&](const LetterInsert& insert) { return insert.reason == reason; });
}

// Takes the letters of a replay: those that fail again are there already, so they are counted only.
class CountedLetters final : public DeadLetters {
 public:
  explicit CountedLetters(uint64_t& count) : count_(count) {}
  void add(const RecordBatch&, std::span<const Reject>) override { ++count_; }
  [[nodiscard]] Status flush() override { return {}; }
  [[nodiscard]] size_t pending_bytes() const override { return 0; }
  [[nodiscard]] bool keeps() const override { return false; }
  [[nodiscard]] std::string name() const override { return "nowhere"; }

 private:
  uint64_t& count_;
};

// Calls `visit` until it is false: nobody wants more.
template <class Visit>
Status for_each(LetterReader& reader, const std::string& reason, const StopToken& stop,
                Visit visit) {
  while (!reader.at_end()) {
    if (stop.requested()) return fail(ErrorKind::interrupted, "the reading was interrupted");
    ASSIGN_OR_RETURN(const std::vector<Letter> letters, reader.next(kLettersAtOnce, kWait));
    for (const Letter& letter : letters)
      if (has_reason(letter, reason) && !visit(letter)) return {};
  }
  return {};
}

Status list(LetterReader& reader, const std::string& reason, const StopToken& stop, Output& out) {
  std::map<std::string, uint64_t> counts;
  RETURN_IF_ERROR(for_each(reader, reason, stop, [&](const Letter& letter) {
    ++counts[letter.reason];
    return out.print("{}:{}:{} {}: {}\n", printable(letter.topic), letter.partition, letter.offset,
                     printable(letter.reason), printable(letter.detail, kShownCharacters));
  }));
  uint64_t sum = 0;
  for (const auto& [name, count] : counts) {
    out.print("{:>12}  {}\n", grouped(count), printable(name));
    sum += count;
  }
  out.print("{} dead letters{}\n", grouped(sum), unreadable_text(reader.unreadable()));
  RETURN_IF_ERROR(out.finish());
  say_unreadable(reader.unreadable(), reader.first_unreadable());
  return {};
}

Status show(LetterReader& reader, const std::string& reason, const StopToken& stop, Output& out) {
  RETURN_IF_ERROR(for_each(reader, reason, stop, [&out](const Letter& letter) {
    return out.write(dead_letter_line(letter));
  }));
  RETURN_IF_ERROR(out.finish());
  say_unreadable(reader.unreadable(), reader.first_unreadable());
  return {};
}

LetterSource::Options source_options(const Pipeline& pipeline, const std::string& reason,
                                     const StopToken& stop, const Clock& clock) {
  LetterSource::Options options{.topic = pipeline.source.connector->letter_topic(pipeline.source),
                                .reason = reason,
                                .want_headers = pipeline.source.want_headers,
                                .name = dead_letters_name(pipeline.source.dead_letters),
                                .write_times = write_times_of(pipeline),
                                .inserts = pipeline.insert_names()};
  options.now_us = micros_of(clock.wall());
  if (pipeline.source.connector->has_groups)
    options.topic_id = [&] { return ask_source_topic_id(pipeline.source, stop, clock); };
  return options;
}

void print_account(const Lane& lane, const LetterSource& source, const Pipeline& pipeline,
                   bool dry_run, Output& out) {
  const LaneFigures figures = lane.figures();
  const Counts& counts = figures.counts;
  // A record counts as written where nothing worse became of it in another table.
  uint64_t rows = 0;
  for (size_t insert = 0; insert < pipeline.inserts.size(); ++insert)
    rows += figures.inserts[insert].counts.written;
  out.print("{} dead letters: {} {} to {}, ", grouped(counts.consumed), grouped(rows),
            dry_run ? "would be written" : "written", pipeline.table_names());
  if (counts.filtered > 0) out.print("{} left out by WHERE, ", grouped(counts.filtered));
  if (counts.deleted > 0)
    out.print("{} {} by tombstones, ", grouped(counts.deleted),
              dry_run ? "would be deleted" : "deleted");
  if (counts.tombstones > 0) out.print("{} tombstones passed over, ", grouped(counts.tombstones));
  out.print("{} still unmatched, {} still rejected", grouped(counts.unmatched),
            grouped(counts.rejected));
  if (source.foreign() > 0)
    out.print(", {} of other topics passed over", grouped(source.foreign()));
  if (source.of_another_id() > 0)
    out.print(", {} of another topic of this name passed over", grouped(source.of_another_id()));
  if (source.of_other_inserts() > 0)
    out.print(", {} faults of INSERTs that the pipeline does not have",
              grouped(source.of_other_inserts()));
  out.print("{}{}\n", unreadable_text(source.unreadable()),
            source.at_end() ? "" : "; stopped before the end");
  if (pipeline.inserts.size() == 1) return;
  for (size_t insert = 0; insert < pipeline.inserts.size(); ++insert) {
    const Counts& of_table = figures.inserts[insert].counts;
    out.print("  {}: {} of {} {}\n", printable(pipeline.insert_names()[insert]),
              grouped(of_table.written), grouped(of_table.consumed),
              dry_run ? "would be written" : "written");
  }
}

// Where rows go: to the stores, or in a dry run to nowhere.
Result<std::vector<std::unique_ptr<Sink>>> open_targets(const Pipeline& pipeline, bool dry_run,
                                                        const StopToken& stop, Output& out) {
  if (!dry_run) return open_sinks(pipeline, {}, stop, out, true);
  std::vector<std::unique_ptr<Sink>> sinks;
  for (const StoreSpec& store : pipeline.stores) {
    if (store.connector->compare_what_is_there != nullptr)
      RETURN_IF_ERROR(store.connector->compare_what_is_there(store, stop, false));
    ASSIGN_OR_RETURN(auto sink,
                     kNullConnector.open({.store = store, .stop = stop, .console = out}));
    sinks.push_back(std::move(sink));
  }
  return sinks;
}

Result<ExitCode> replay(const Pipeline& pipeline, std::unique_ptr<LetterReader> reader,
                        const DeadLettersOptions& options, const StopToken& stop,
                        const Clock& clock, Output& out) {
  ASSIGN_OR_RETURN(auto decoder, make_decoder(pipeline.source));
  ASSIGN_OR_RETURN(auto sinks, open_targets(pipeline, options.dry_run, stop, out));
  LaneOptions lane_with = lane_options(pipeline);
  lane_with.census = std::make_shared<RunCensus>(pipeline.source.table);
  uint64_t failed_again = 0;
  Lane lane(std::move(lane_with),
            lane_parts(pipeline, std::move(decoder), std::move(sinks),
                       std::make_unique<CountedLetters>(failed_again)),
            stop, clock);
  auto letters = std::make_unique<LetterSource>(
      std::move(reader), source_options(pipeline, options.reason, stop, clock), lane);
  const LetterSource& source = *letters;
  RETURN_IF_ERROR(lane.run(std::move(letters)));
  for (const std::string& warning : warnings_of(lane.census(), pipeline.source.table))
    log::warn("{}", warning);
  print_account(lane, source, pipeline, options.dry_run, out);
  const Status said = out.finish();
  if (!source.at_end())
    return fail(ErrorKind::interrupted,
                "the replay was stopped before the end of the dead letters: run it again");
  RETURN_IF_ERROR(said);
  say_unreadable(source.unreadable(), source.first_unreadable());
  const bool all = failed_again + source.unreadable() == 0;
  return all ? ExitCode::done : ExitCode::dead_letters;
}

}  // namespace

Result<ExitCode> run_dead_letters(const DeadLettersOptions& options, const StopToken& stop,
                                  Output& out) {
  RETURN_IF_ERROR(check_reason(options.reason));
  const LookupRows rows =
      options.action == DeadLettersAction::replay ? LookupRows::loaded : LookupRows::not_needed;
  ASSIGN_OR_RETURN(const Pipeline pipeline, load_pipeline(options.pipeline, options.sets, rows));
  const SystemClock clock;
  ASSIGN_OR_RETURN(auto reader, open_letters(pipeline.source, stop, clock));
  switch (options.action) {
    case DeadLettersAction::list:
      RETURN_IF_ERROR(list(*reader, options.reason, stop, out));
      return ExitCode::done;
    case DeadLettersAction::show:
      RETURN_IF_ERROR(show(*reader, options.reason, stop, out));
      return ExitCode::done;
    case DeadLettersAction::replay:
      return replay(pipeline, std::move(reader), options, stop, clock, out);
  }
  return ExitCode::done;
}

}  // namespace turntable
