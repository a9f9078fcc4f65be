// Dead letters as a source: each is the record that it was, with its topic, partition, offset and
// time, so that what becomes of it has the same key. Nothing is stored: a replay may be repeated.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "delivery/letter_reader.h"
#include "source/source.h"

namespace turntable {

class LetterSource final : public Source {
 public:
  // Letters for which `wanted` is false are passed over. `listener` outlives the source.
  LetterSource(std::unique_ptr<LetterReader> reader, std::function<bool(const Letter&)> wanted,
               std::string name, AssignmentListener& listener);
  ~LetterSource() override;

  // A batch has letters of one topic only.
  [[nodiscard]] Result<RecordBatch> poll(size_t limit, Millis wait) override;
  [[nodiscard]] Status keep_alive() override { return {}; }
  void store(PartitionId, Offset) override {}
  [[nodiscard]] Status commit() override { return {}; }
  [[nodiscard]] bool at_end() const override;
  [[nodiscard]] int64_t lag() const override { return -1; }
  [[nodiscard]] int wait_fd() const override { return -1; }
  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] Status close() override { return {}; }

 private:
  class Letters;

  std::unique_ptr<LetterReader> reader_;
  std::function<bool(const Letter&)> wanted_;
  std::string name_;
  AssignmentListener& listener_;
  std::set<PartitionId> assigned_;
  std::set<std::string> topics_;  // Batches view their names.
  std::vector<Letter> waiting_;   // Of the next topic.
};

}  // namespace turntable
