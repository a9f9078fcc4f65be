#include "app/dead_letters.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/connectors.h"
#include "app/pipeline.h"
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

std::string unreadable_text(uint64_t count) {
  return count > 0 ? fmt::format(", {} that cannot be read", grouped(count)) : "";
}

template <class Visit>
Status for_each(LetterReader& reader, const std::string& reason, const StopToken& stop,
                Visit visit) {
  while (!reader.at_end()) {
    if (stop.requested()) return fail(ErrorKind::interrupted, "the reading was interrupted");
    ASSIGN_OR_RETURN(const std::vector<Letter> letters, reader.next(kLettersAtOnce, kWait));
    for (const Letter& letter : letters)
      if (reason.empty() || letter.reason == reason) visit(letter);
  }
  return {};
}

Status list(LetterReader& reader, const std::string& reason, const StopToken& stop) {
  std::map<std::string, uint64_t> counts;
  RETURN_IF_ERROR(for_each(reader, reason, stop, [&counts](const Letter& letter) {
    ++counts[letter.reason];
    fmt::print("{}:{}:{} {}: {}\n", printable(letter.topic), letter.partition, letter.offset,
               printable(letter.reason), printable(letter.detail, kShownCharacters));
  }));
  uint64_t sum = 0;
  for (const auto& [name, count] : counts) {
    fmt::print("{:>12}  {}\n", grouped(count), printable(name));
    sum += count;
  }
  fmt::print("{} dead letters{}\n", grouped(sum), unreadable_text(reader.unreadable()));
  return {};
}

Status show(LetterReader& reader, const std::string& reason, const StopToken& stop) {
  return for_each(reader, reason, stop,
                  [](const Letter& letter) { fmt::print("{}", dead_letter_line(letter)); });
}

Result<ExitCode> replay(const Pipeline& pipeline, std::unique_ptr<LetterReader> reader,
                        const DeadLettersOptions& options, const StopToken& stop,
                        const Clock& clock) {
  SinkSpec target = pipeline.sink;
  if (options.dry_run) target.connector = "null";
  ASSIGN_OR_RETURN(auto decoder, make_decoder(pipeline.source));
  ASSIGN_OR_RETURN(auto sink, open_sink(target, stop));
  const std::string sink_name = printable(pipeline.sink.table.full_name());
  Lane lane({.flush_interval = target.flush_interval,
             .flush_rows = target.flush_rows,
             .flush_bytes = target.flush_bytes,
             .unfinished_lanes = nullptr,
             .on_flush = nullptr},
            {.decoder = std::move(decoder),
             .enricher = std::make_unique<Enricher>(pipeline.enrich),
             .sink = std::move(sink),
             .dead_letters = dropped_dead_letters()},  // Those that fail again are there already.
            stop, clock);
  auto letters = std::make_unique<LetterSource>(
      std::move(reader),
      LetterSource::Options{.topic = topic_of(pipeline.source),
                            .reason = options.reason,
                            .want_headers = pipeline.source.want_headers,
                            .name = dead_letters_name(pipeline.source.dead_letters)},
      lane);
  const LetterSource& source = *letters;
  RETURN_IF_ERROR(lane.run(std::move(letters)));
  const Counts counts = lane.counts();
  fmt::print("{} dead letters: {} {} to {}, {} still unmatched, {} still rejected",
             grouped(counts.consumed), grouped(counts.written),
             options.dry_run ? "would be written" : "written", sink_name, grouped(counts.unmatched),
             grouped(counts.rejected));
  if (source.foreign() > 0)
    fmt::print(", {} of other topics passed over", grouped(source.foreign()));
  fmt::print("{}{}\n", unreadable_text(source.unreadable()),
             source.at_end() ? "" : "; stopped before the end");
  if (!source.at_end())
    return fail(ErrorKind::interrupted,
                "the replay was stopped before the end of the dead letters: run it again");
  const bool all = counts.unmatched + counts.rejected + source.unreadable() == 0;
  return all ? ExitCode::done : ExitCode::dead_letters;
}

}  // namespace

Result<ExitCode> run_dead_letters(const DeadLettersOptions& options, const StopToken& stop) {
  RETURN_IF_ERROR(check_reason(options.reason));
  ASSIGN_OR_RETURN(const Pipeline pipeline, load_pipeline(options.pipeline, options.sets));
  const SystemClock clock;
  ASSIGN_OR_RETURN(auto reader, open_letters(pipeline.source, stop, clock));
  switch (options.action) {
    case DeadLettersAction::list:
      RETURN_IF_ERROR(list(*reader, options.reason, stop));
      return ExitCode::done;
    case DeadLettersAction::show:
      RETURN_IF_ERROR(show(*reader, options.reason, stop));
      return ExitCode::done;
    case DeadLettersAction::replay:
      return replay(pipeline, std::move(reader), options, stop, clock);
  }
  return ExitCode::done;
}

}  // namespace turntable
