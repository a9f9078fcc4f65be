// A file of lines, or standard input, as a source: every line is a record. For replays and tests.
//
// The path is the topic, the partition 0, the line's number from 0 the offset. A line ends at LF or
// CRLF; the last one need not. Lines of white space are no records, as the specification of ndjson
// allows; they count as lines, so that the offset of a record never depends on them. A byte order
// mark at the beginning is passed over. What is no text in UTF-8 by its first bytes, such as a file
// that is compressed, is not read. Nothing is stored: a file is read from its beginning every time,
// standard input from where it stands.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/file_tail.h"
#include "base/stop.h"
#include "source/source.h"

namespace turntable {

class NdjsonSource final : public Source {
 public:
  // Of a line that can be held, and become a dead letter where it is beyond kRecordBytesLimit.
  static constexpr size_t kLineBytesLimit = size_t{64} << 20;

  // Whether `path` can be opened, and begins as text does; nothing is taken out of a pipe for that.
  [[nodiscard]] static Status check(const std::string& path);

  // `path` is a file's, or "-" for standard input. An Error of kind usage where it cannot be read.
  // `listener` and `stop` outlive the source.
  [[nodiscard]] static Result<std::unique_ptr<Source>> open(std::string path,
                                                            AssignmentListener& listener,
                                                            const StopToken& stop,
                                                            const Clock& clock);
  ~NdjsonSource() override;

  // An Error where the file cannot be read on, was cut short or written anew since, is not text (a
  // pipe, for others open() says it), or a line is longer than kLineBytesLimit.
  [[nodiscard]] Result<RecordBatch> poll(size_t limit, Millis wait) override;
  [[nodiscard]] Status keep_alive() override { return {}; }
  void store(PartitionId, Offset) override {}
  [[nodiscard]] Status commit() override { return {}; }
  [[nodiscard]] bool at_end() const override { return ended_ && begin_ == end_; }
  [[nodiscard]] int64_t lag() const override { return -1; }
  [[nodiscard]] int wait_fd() const override { return -1; }
  [[nodiscard]] std::string name() const override {
    return path_ == "-" ? "standard input" : path_;
  }
  // Says how many lines were passed over.
  [[nodiscard]] Status close() override;

 private:
  struct Block;
  class BlockOwner;

  NdjsonSource(std::string path, int fd, AssignmentListener& listener, const StopToken& stop,
               const Clock& clock);
  [[nodiscard]] bool wait_readable(SteadyTime deadline) const;
  [[nodiscard]] Result<bool> fill(SteadyTime deadline);
  [[nodiscard]] Status check_whole() const;
  [[nodiscard]] Status take_lines(RecordBatch& batch, size_t limit);
  [[nodiscard]] tl::unexpected<Error> too_long() const;

  std::string path_;
  int fd_;
  AssignmentListener& listener_;
  const StopToken& stop_;
  const Clock& clock_;
  // The bytes that are read and not yet delivered are block_[begin_, end_). Batches share the block
  // that their lines lie in, because a batch may end in the middle of one; no line is copied for
  // that.
  std::shared_ptr<Block> block_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t searched_ = 0;  // No line ends in block_[begin_, searched_).
  off_t start_;          // Where the descriptor stood when it was handed over.
  FileTail read_;        // The last bytes that were read, and where they end.
  bool ended_ = false;   // The file has no more bytes.
  bool assigned_ = false;
  Offset next_line_ = 0;
  uint64_t white_lines_ = 0;
};

}  // namespace turntable
