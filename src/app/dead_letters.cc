#include "app/dead_letters.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/connectors.h"
#include "app/lane_options.h"
#include "app/pipeline.h"
#include "app/schema.h"
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
  return fail(ErrorKind::usage, fmt::format("--reason: there is no reason '{}'.{}",
                                            printable(reason), did_you_mean(reason, names)));
}

// What the letters of a source have as their topic (NdjsonSource: the path).
const std::string& topic_of(const SourceSpec& source) {
  return source.connector == "ndjson" ? source.path : source.topic;
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

// Calls `visit` until it is false: nobody wants more.
template <class Visit>
Status for_each(LetterReader& reader, const std::string& reason, const StopToken& stop,
                Visit visit) {
  while (!reader.at_end()) {
    if (stop.requested()) return fail(ErrorKind::interrupted, "the reading was interrupted");
    ASSIGN_OR_RETURN(const std::vector<Letter> letters, reader.next(kLettersAtOnce, kWait));
    for (const Letter& letter : letters)
      if ((reason.empty() || letter.reason == reason) && !visit(letter)) return {};
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

Lane make_lane(const Pipeline& pipeline, std::unique_ptr<Decoder> decoder,
               std::unique_ptr<Sink> sink, const StopToken& stop, const Clock& clock) {
  LaneOptions options = lane_options(pipeline);
  options.census = std::make_shared<RunCensus>(pipeline.source.table);
  return Lane(std::move(options),
              {.decoder = std::move(decoder),
               .enricher = std::make_unique<Enricher>(pipeline.enrich),
               .sink = std::move(sink),
               .dead_letters = dropped_dead_letters()},  // Those that fail again are there already.
              stop, clock);
}

LetterSource::Options source_options(const Pipeline& pipeline, const std::string& reason,
                                     const StopToken& stop, const Clock& clock) {
  LetterSource::Options options{.topic = topic_of(pipeline.source),
                                .reason = reason,
                                .want_headers = pipeline.source.want_headers,
                                .name = dead_letters_name(pipeline.source.dead_letters),
                                .write_times = pipeline.sink.table.write_times};
  options.now_us = micros_of(clock.wall());
  if (pipeline.source.connector == "kafka")
    options.topic_id = [&] { return ask_source_topic_id(pipeline.source, stop, clock); };
  return options;
}

void print_account(const Counts& counts, const LetterSource& source, const Pipeline& pipeline,
                   bool dry_run, Output& out) {
  out.print("{} dead letters: {} {} to {}, {} still unmatched, {} still rejected",
            grouped(counts.consumed), grouped(counts.written),
            dry_run ? "would be written" : "written", printable(pipeline.sink.table.full_name()),
            grouped(counts.unmatched), grouped(counts.rejected));
  if (source.foreign() > 0)
    out.print(", {} of other topics passed over", grouped(source.foreign()));
  if (source.of_another_id() > 0)
    out.print(", {} of another topic of this name passed over", grouped(source.of_another_id()));
  out.print("{}{}\n", unreadable_text(source.unreadable()),
            source.at_end() ? "" : "; stopped before the end");
}

Result<ExitCode> replay(const Pipeline& pipeline, std::unique_ptr<LetterReader> reader,
                        const DeadLettersOptions& options, const StopToken& stop,
                        const Clock& clock, Output& out) {
  SinkSpec target = pipeline.sink;
  if (options.dry_run) {
    RETURN_IF_ERROR(check_table_if_there(pipeline.sink, stop));
    target.connector = "null";
  }
  ASSIGN_OR_RETURN(auto decoder, make_decoder(pipeline.source));
  ASSIGN_OR_RETURN(auto sink, open_sink(target, stop, out));
  Lane lane = make_lane(pipeline, std::move(decoder), std::move(sink), stop, clock);
  auto letters = std::make_unique<LetterSource>(
      std::move(reader), source_options(pipeline, options.reason, stop, clock), lane);
  const LetterSource& source = *letters;
  RETURN_IF_ERROR(lane.run(std::move(letters)));
  for (const std::string& warning : warnings_of(lane.census(), pipeline.source.table))
    log::warn("{}", warning);
  const Counts counts = lane.counts();
  print_account(counts, source, pipeline, options.dry_run, out);
  const Status said = out.finish();
  if (!source.at_end())
    return fail(ErrorKind::interrupted,
                "the replay was stopped before the end of the dead letters: run it again");
  RETURN_IF_ERROR(said);
  say_unreadable(source.unreadable(), source.first_unreadable());
  const bool all = counts.unmatched + counts.rejected + source.unreadable() == 0;
  return all ? ExitCode::done : ExitCode::dead_letters;
}

}  // namespace

Result<ExitCode> run_dead_letters(const DeadLettersOptions& options, const StopToken& stop,
                                  Output& out) {
  RETURN_IF_ERROR(check_reason(options.reason));
  ASSIGN_OR_RETURN(const Pipeline pipeline, load_pipeline(options.pipeline, options.sets));
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
