// Reads the WITH (…) options of one table into typed values. Every option must be read by somebody:
// what nobody asked for is a fault with a "did you mean".
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "sql/script.h"

namespace turntable {

// Whether files that an option names (a secret, a certificate) are read. Those of a table that
// nothing uses are not: they may be on another machine.
enum class OptionFiles { read, unread };

// One thread. The table and the faults outlive the reader.
class OptionReader {
 public:
  OptionReader(const sql::TableDef& table, sql::Faults& faults,
               OptionFiles files = OptionFiles::read)
      : table_(table), faults_(faults), files_(files) {}

  [[nodiscard]] OptionFiles files() const { return files_; }

  [[nodiscard]] bool has(const std::string& name) const { return table_.find(name) != nullptr; }
  // The value, or a fault and "" where it is missing or empty.
  [[nodiscard]] std::string required(const std::string& name);
  [[nodiscard]] std::string text(const std::string& name, const std::string& otherwise);
  // As required(), and a fault where it cannot be a file's path (path_fault()).
  [[nodiscard]] std::string path(const std::string& name);
  // One of `choices`; the first is the default. Another value is a fault, and "".
  [[nodiscard]] std::string choice(const std::string& name, std::vector<std::string> choices);
  // A whole number within bounds.
  [[nodiscard]] uint64_t number(const std::string& name, uint64_t otherwise, uint64_t least,
                                uint64_t most);
  // "250ms", "30s", "5min", "1h", "2d", or a bare 0; kLongestDuration at most.
  [[nodiscard]] Millis duration(const std::string& name, Millis otherwise);
  // "8MiB", "64kB", "1000": bytes, `most` at most.
  [[nodiscard]] uint64_t bytes(const std::string& name, uint64_t otherwise, uint64_t most);
  // From 0 to 1.
  [[nodiscard]] double ratio(const std::string& name, double otherwise);
  // The value, or what the file has where it is 'file:PATH', without the line break at its end; the
  // value as it stands where files are not read. Its faults never show it.
  [[nodiscard]] std::string secret(const std::string& name);
  // All options with a dot in their name; those that are secrets as above.
  [[nodiscard]] std::map<std::string, std::string> dotted();

  // Options that the connector takes by another way than being read here: they may be what is meant
  // by one that nobody read.
  void suggest(std::vector<std::string> names) { suggested_ = std::move(names); }
  // " Did you mean …?" or nothing, for this option: a name as the pipeline's file has to write it,
  // or as the command line does.
  [[nodiscard]] std::string did_you_mean_option(const std::string& name,
                                                std::span<const std::string> candidates) const;

  // Adds a fault for every option that was not read. Where --set chose another connector, the
  // file's options were written for the old one and are passed over.
  void finish();

  // A fault at the option's place, or at the table's where it is not given.
  void fault(const std::string& name, const std::string& message);

  // What counts for an option that is not given and has been read as having no value: for
  // `turntable config`.
  void counts(const std::string& name, const std::string& value);

 private:
  // `otherwise`: what counts where it is not given, as it would be written.
  [[nodiscard]] const sql::Option* find(const std::string& name, const std::string& otherwise);
  [[nodiscard]] std::string unveiled(const sql::Option& option);

  const sql::TableDef& table_;
  sql::Faults& faults_;
  const OptionFiles files_;
  std::set<std::string> known_;
  std::vector<std::string> suggested_;
};

// Of a file that an option's 'file:PATH' names; larger ones are no passwords, keys or tokens.
inline constexpr size_t kSecretBytesLimit = size_t{64} << 10;
// Of what flush_bytes may ask for: it is held in memory.
inline constexpr uint64_t kFlushBytesLimit = uint64_t{1} << 30;

// Why this cannot be the path of a file here, as for one that only a shell would understand; or "".
[[nodiscard]] std::string path_fault(std::string_view path);

// Of what is waited for: more is a typing error.
inline constexpr Millis kLongestDuration = std::chrono::hours(366 * 24);

// As an option is written: "30s", "250ms"; "8MiB".
[[nodiscard]] std::string duration_text(Millis duration);
[[nodiscard]] std::string bytes_text(uint64_t bytes);

// Reads "250ms", "30s", "5min", "1h", "2d" or "0"; nothing where it is no duration, or more than
// `most`.
[[nodiscard]] std::optional<Millis> parse_duration(std::string_view text,
                                                   Millis most = kLongestDuration);

}  // namespace turntable
