// Dead letters as a source: each is the record that it was, with its topic, partition, offset and
// time, so that what becomes of it has the same key, and with the write time that it was given when
// it was delivered, so that a row which is newer stays. Letters of other topics are passed over: a
// row's key need not have the topic in it, and theirs could write over ours. So are those of a
// topic that had the same name before: other records have their partitions and offsets now. Only
// the INSERTs that a letter names run for its record. Nothing is stored: a replay may be repeated.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/progress.h"
#include "delivery/letter_reader.h"
#include "row/insert_set.h"
#include "row/write_time.h"
#include "source/source.h"

namespace turntable {

class LetterSource final : public Source {
 public:
  struct Options {
    std::string topic;  // Whose letters these are; of a file of events its path.
    // Only letters with this reason, and of several INSERTs those that have it; empty: all.
    std::string reason;
    bool want_headers = false;
    std::string name;  // For messages.
    WriteTimeRule write_times = WriteTimeRule::delivery;
    // In microseconds since 1970: what claims to be of a later time is not believed. Without it all
    // is.
    std::optional<int64_t> now_us = {};
    // Which topic has the name now; empty where brokers have no ids. Asked once, when the first
    // letter comes that says which one its record's was. Without it they are not compared.
    std::function<Result<std::string>()> topic_id = {};
    // The names of the pipeline's INSERTs, by number. A letter that names INSERTs runs those of
    // them that are still there; one that names none runs all.
    std::vector<std::string> inserts = {};
  };
  // `listener` outlives the source.
  LetterSource(std::unique_ptr<LetterReader> reader, Options options, AssignmentListener& listener);
  ~LetterSource() override;

  [[nodiscard]] Result<RecordBatch> poll(size_t limit, Millis wait) override;
  [[nodiscard]] Status keep_alive() override { return {}; }
  void store(PartitionId, Offset) override {}
  [[nodiscard]] Status commit() override { return {}; }
  [[nodiscard]] bool at_end() const override;
  [[nodiscard]] int64_t lag() const override { return -1; }
  [[nodiscard]] int wait_fd() const override { return -1; }
  [[nodiscard]] std::string name() const override { return options_.name; }
  [[nodiscard]] Status close() override { return {}; }

  // Letters of other topics, whatever their reason.
  [[nodiscard]] uint64_t foreign() const { return foreign_; }
  // And of another one that had the name before, or has it on another cluster.
  [[nodiscard]] uint64_t of_another_id() const { return of_another_id_; }
  // INSERTs that letters of ours name, and that the pipeline does not have any more.
  [[nodiscard]] uint64_t of_other_inserts() const { return of_other_inserts_; }
  [[nodiscard]] uint64_t unreadable() const { return reader_->unreadable(); }
  [[nodiscard]] std::string first_unreadable() const { return reader_->first_unreadable(); }

 private:
  class Letters;

  [[nodiscard]] Result<InsertSet> wanted(const Letter& letter);
  [[nodiscard]] Result<bool> is_ours(const Letter& letter);

  std::unique_ptr<LetterReader> reader_;
  const Options options_;
  AssignmentListener& listener_;
  Progress progress_{"dead letters"};
  uint64_t read_ = 0;
  std::set<PartitionId> assigned_;
  std::optional<std::string> topic_id_;  // Once it was asked for.
  uint64_t foreign_ = 0;
  uint64_t of_another_id_ = 0;
  uint64_t of_other_inserts_ = 0;
};

}  // namespace turntable
