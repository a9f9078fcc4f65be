// Dead letters as a source: each is the record that it was, with its topic, partition, offset and
// time, so that what becomes of it has the same key. Letters of other topics are passed over: a
// row's key need not have the topic in it, and theirs could write over ours. Nothing is stored: a
// replay may be repeated.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "delivery/letter_reader.h"
#include "source/source.h"

namespace turntable {

class LetterSource final : public Source {
 public:
  struct Options {
    std::string topic;   // Whose letters these are; of a file of events its path.
    std::string reason;  // Only letters with this reason; empty: all.
    bool want_headers = false;
    std::string name;  // For messages.
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
  [[nodiscard]] uint64_t unreadable() const { return reader_->unreadable(); }

 private:
  class Letters;

  bool wanted(const Letter& letter);

  std::unique_ptr<LetterReader> reader_;
  const Options options_;
  AssignmentListener& listener_;
  std::set<PartitionId> assigned_;
  uint64_t foreign_ = 0;
};

}  // namespace turntable
