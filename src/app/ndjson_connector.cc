// The connector 'ndjson', also called 'file': a file or standard input, an event on each line.
#include <filesystem>

#include "app/connector.h"
#include "source/ndjson_source.h"

namespace turntable {
namespace {

void read_ndjson(OptionReader& options, const sql::TableDef&, const std::string&,
                 SourceSpec& source) {
  source.path = options.path("path");
}

// In a file named after the pipeline's.
DeadLettersSpec letters_of_ndjson(const SourceSpec&, const std::string& file) {
  return {DeadLettersSpec::To::file,
          std::filesystem::path(file).stem().string() + ".dead_letters.jsonl"};
}

Result<std::unique_ptr<Source>> open_ndjson(const SourceOpening& opening) {
  return NdjsonSource::open(opening.spec.path, opening.listener, opening.stop, opening.clock);
}

}  // namespace

const SourceConnector kNdjsonConnector{
    .name = "ndjson",
    .alias = "file",
    .one_lane = "a file is read by one lane",
    .ends = true,
    .read = read_ndjson,
    .dead_letters = letters_of_ndjson,
    .check = [](const SourceSpec& source) { return NdjsonSource::check(source.path); },
    .letter_topic = [](const SourceSpec& source) { return source.path; },
    .open = open_ndjson,
};

}  // namespace turntable
