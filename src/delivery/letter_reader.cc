#include "delivery/letter_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/file_kind.h"
#include "base/text.h"
#include "decode/letter_line.h"
#include "kafka/topic_reader.h"

namespace turntable {
namespace {

// Of lines that are read together, the last one not counted.
constexpr size_t kLettersBytesAtOnce = size_t{64} << 20;

tl::unexpected<Error> no_text(const FileKind& kind, const std::string& path) {
  return fail(ErrorKind::usage, "the dead letters' file " + kind.sentence(path));
}

// A file that was compressed when it was put aside has no line that is a letter.
Status check_letters_are_text(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return {};
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};  // Whoever reads it says why.
  const auto kind = file_kind_of(fd);
  ::close(fd);
  return kind ? no_text(*kind, path) : Status();
}

// What was no letter.
class Unreadable {
 public:
  void add(std::string what) {
    if (count_++ == 0) first_ = std::move(what);
  }
  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] const std::string& first() const { return first_; }

 private:
  uint64_t count_ = 0;
  std::string first_;
};

class FileReader final : public LetterReader {
 public:
  FileReader(std::string path, std::ifstream file)
      : path_(std::move(path)), file_(std::move(file)) {
    std::error_code unknown;
    const uintmax_t size = std::filesystem::file_size(path_, unknown);
    if (!unknown) size_ = size;
  }

  Result<std::vector<Letter>> next(size_t limit, Millis) override {
    std::vector<Letter> letters;
    size_t bytes = 0;
    while (letters.size() < limit && bytes < kLettersBytesAtOnce && next_line()) {
      ++line_;
      bytes += text_.size();
      const std::string_view line = text_;
      // A pipe shows only here what it is.
      if (line_ == 1)
        if (const auto kind = file_kind(line)) return no_text(*kind, path_);
      if (line.size() > kLetterLineBytesLimit) {
        unreadable_.add(fmt::format("{}:{}: the line is longer than {} bytes", path_, line_,
                                    grouped(kLetterLineBytesLimit)));
        continue;
      }
      if (trim(line).empty()) continue;
      auto letter = parse_letter_line(line);
      if (letter) {
        letters.push_back(std::move(*letter));
      } else {
        unreadable_.add(fmt::format("{}:{}: {}", path_, line_, letter.error().message));
      }
    }
    if (file_.bad())
      return fail(ErrorKind::failed, fmt::format("cannot read the dead letters' file {}: {}", path_,
                                                 std::strerror(errno)));
    return letters;
  }
  [[nodiscard]] bool at_end() const override { return !file_.good(); }
  [[nodiscard]] double share_read() const override {
    return size_ == 0 ? -1 : static_cast<double>(read_) / static_cast<double>(size_);
  }
  [[nodiscard]] uint64_t unreadable() const override { return unreadable_.count(); }
  [[nodiscard]] std::string first_unreadable() const override { return unreadable_.first(); }

 private:
  // Fills text_ with the next line, or with so much of one that is beyond the limit that it shows;
  // the rest is not kept. False at the end.
  bool next_line() {
    try {
      return fill_line(*file_.rdbuf());
    } catch (const std::ios_base::failure&) {
      // The buffer says in this way that a read failed: EIO, or that of a directory.
      file_.setstate(std::ios::badbit);
      return false;
    }
  }

  bool fill_line(std::streambuf& buffer) {
    text_.clear();
    bool any = false;
    for (int got = buffer.sbumpc();; got = buffer.sbumpc()) {
      if (got == std::char_traits<char>::eof()) {
        file_.setstate(std::ios::eofbit);
        return any;
      }
      any = true;
      ++read_;
      if (got == '\n') return true;
      if (text_.size() <= kLetterLineBytesLimit) text_.push_back(static_cast<char>(got));
    }
  }

  std::string path_;
  std::ifstream file_;
  std::string text_;
  uint64_t line_ = 0;
  uint64_t read_ = 0;  // Bytes.
  uint64_t size_ = 0;  // Of the file when it was opened; 0 where that is not known.
  Unreadable unreadable_;
};

class TopicLetters final : public LetterReader {
 public:
  explicit TopicLetters(std::unique_ptr<kafka::TopicReader> reader) : reader_(std::move(reader)) {}

  Result<std::vector<Letter>> next(size_t limit, Millis wait) override {
    ASSIGN_OR_RETURN(const RecordBatch batch, reader_->poll(limit, wait));
    std::vector<Letter> letters;
    for (const Record& record : batch.records) {
      auto letter = letter_from(batch, record);
      if (letter) {
        letters.push_back(std::move(*letter));
      } else {
        unreadable_.add(fmt::format("topic {}, partition {}, offset {}: {}", batch.topic,
                                    record.partition, record.offset, letter.error().message));
      }
    }
    return letters;
  }
  [[nodiscard]] bool at_end() const override { return reader_->at_end(); }
  [[nodiscard]] double share_read() const override { return reader_->share_read(); }
  [[nodiscard]] uint64_t unreadable() const override { return unreadable_.count(); }
  [[nodiscard]] std::string first_unreadable() const override { return unreadable_.first(); }

 private:
  std::unique_ptr<kafka::TopicReader> reader_;
  Unreadable unreadable_;
};

}  // namespace

Result<std::unique_ptr<LetterReader>> letters_of_file(const std::string& path) {
  RETURN_IF_ERROR(check_letters_are_text(path));
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open() && errno != ENOENT)
    return fail(ErrorKind::failed, fmt::format("cannot read the dead letters' file {}: {}", path,
                                               std::strerror(errno)));
  return std::make_unique<FileReader>(path, std::move(file));
}

Result<std::unique_ptr<LetterReader>> letters_of_topic(const KafkaDeadLettersOptions& options,
                                                       const Clock& clock) {
  ASSIGN_OR_RETURN(
      auto reader,
      kafka::TopicReader::open({options.topic, connection_properties(options.properties)}, clock));
  return std::make_unique<TopicLetters>(std::move(reader));
}

}  // namespace turntable
