#include "delivery/dead_letters.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/file_id.h"
#include "base/file_kind.h"
#include "base/file_tail.h"
#include "base/text.h"
#include "row/headers.h"

namespace turntable {
namespace {

// It is read, too: for half a line at its end, and for what became of letters.
constexpr int kOpenFlags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC;
constexpr mode_t kMode = 0644;
constexpr int kOpenAttempts = 100;  // Of a file that is removed at the same time.

std::string iso_time(int64_t millis) {
  if (millis == kNoTimestamp) return "null";
  const int64_t seconds = millis / 1000 - (millis % 1000 < 0 ? 1 : 0);
  // Years that fmt cannot print come from broken producers; the number itself still tells.
  constexpr int64_t kYear9999 = 253'402'300'799;
  if (seconds < -62'135'596'800 || seconds > kYear9999) return fmt::to_string(millis);
  return fmt::format("\"{:%Y-%m-%dT%H:%M:%S}.{:03}Z\"",
                     fmt::gmtime(static_cast<std::time_t>(seconds)), millis - seconds * 1000);
}

// The second form is for people, and control characters take six times their size in it.
void append_bytes(std::string& line, std::string_view name, std::string_view bytes) {
  line += fmt::format(",\"{}_base64\":\"{}\"", name, base64(bytes));
  if (bytes.size() <= kReadableBytesLimit && is_utf8(bytes))
    line += fmt::format(",\"{}\":{}", name, json_quote(bytes));
}

class DeadLettersInFile final : public DeadLetters {
 public:
  DeadLettersInFile(std::string path, SyncFile how, std::string topic_id,
                    std::vector<std::string> inserts)
      : path_(std::move(path)),
        sync_(how),
        topic_id_(std::move(topic_id)),
        inserts_(std::move(inserts)) {}
  ~DeadLettersInFile() override {
    close_renamed();
    if (file_ >= 0) ::close(file_);
  }
  DeadLettersInFile(const DeadLettersInFile&) = delete;
  DeadLettersInFile& operator=(const DeadLettersInFile&) = delete;

  void add(const RecordBatch& batch, std::span<const Reject> faults) override {
    Letter letter = letter_of(batch, faults, inserts_);
    letter.topic_id = topic_id_;
    pending_ += dead_letter_line(letter);
  }

  Status flush() override {
    if (pending_.empty()) return {};
    RETURN_IF_ERROR(open_and_lock());
    Status appended = append_pending();
    if (appended) appended = still_there();
    ::flock(file_, LOCK_UN);
    RETURN_IF_ERROR(appended);
    if (!folder_synced_) sync_folder();
    folder_synced_ = true;
    pending_.clear();
    written_ = 0;
    return {};
  }

  Status still_there() override {
    for (const Written& renamed : renamed_) RETURN_IF_ERROR(check(renamed.file, renamed.tail));
    return check(file_, tail_);
  }
  void let_go() override {
    close_renamed();
    tail_.forget();
  }

  [[nodiscard]] size_t pending_bytes() const override { return pending_.size(); }
  [[nodiscard]] bool keeps() const override { return true; }
  [[nodiscard]] std::string name() const override { return path_; }

 private:
  // Several lanes may append to the file, and a line is in it whole or not at all. Somebody may
  // have renamed or removed it since the last time: letters go where the path says.
  Status open_and_lock() {
    for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
      if (file_ < 0) {
        file_ = ::open(path_.c_str(), kOpenFlags, kMode);
        if (file_ < 0) return cannot("open");
        folder_synced_ = false;
        written_ = 0;
      }
      if (::flock(file_, LOCK_EX) != 0) return cannot("lock");
      if (Status there = still_there(); !there) {
        ::flock(file_, LOCK_UN);
        return there;
      }
      if (file_at(path_) == file_of(file_)) return {};
      leave_file();
    }
    return fail(ErrorKind::transient,
                fmt::format("the dead letters' file {} comes and goes", path_));
  }

  // The path leads elsewhere now. As long as no position behind its letters is stored, they have to
  // be there.
  void leave_file() {
    ::flock(file_, LOCK_UN);
    if (tail_.empty()) {
      ::close(file_);
    } else {
      renamed_.push_back({file_, std::exchange(tail_, {})});
    }
    file_ = -1;
  }

  void close_renamed() {
    for (const Written& renamed : std::exchange(renamed_, {})) ::close(renamed.file);
  }

  // Whether the letters that end with `tail` are in the file, under whatever name.
  [[nodiscard]] Status check(int file, const FileTail& tail) const {
    if (tail.empty()) return {};
    struct stat about {};
    if (::fstat(file, &about) != 0) return cannot("look at");
    std::string_view fate = "removed or replaced";
    if (about.st_nlink > 0) {
      switch (tail.in(file)) {
        case FileTail::Found::same:
          return {};
        case FileTail::Found::unreadable:
          return cannot("look at");
        case FileTail::Found::shorter:
          fate = "cut short";
          break;
        case FileTail::Found::other:
          fate = "written over";
          break;
      }
    }
    return fail(ErrorKind::failed,
                fmt::format("the dead letters' file {} was {} while the run wrote to it, and "
                            "letters are gone with it: start again, and rename it where it is to "
                            "be rotated",
                            path_, fate));
  }

  // Without it a new file may be gone after a power cut, whatever was synced in it.
  void sync_folder() const {
    const std::string folder = std::filesystem::path(path_).parent_path().string();
    const int directory =
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return;
    ::fsync(directory);
    ::close(directory);
  }

  // All of it, durable; or, in a file, nothing.
  Status append_pending() {
    struct stat before {};
    const bool regular = ::fstat(file_, &before) == 0 && S_ISREG(before.st_mode);
    // A program that was killed may have left half a line.
    char last = '\n';
    if (regular && before.st_size > 0 && ::pread(file_, &last, 1, before.st_size - 1) == 1 &&
        last != '\n' && ::write(file_, "\n", 1) != 1)
      return cannot("write to");
    Status done = write_pending();
    if (done) done = sync();
    if (done && regular) tail_.set(pending_, ::lseek(file_, 0, SEEK_END));
    if (done || !regular) return done;
    // Cut short by a full disk: what was written of it is taken back, and written again later.
    // Where even that fails, half a line stays, which the next try ends before it begins anew.
    [[maybe_unused]] const int truncated = ::ftruncate(file_, before.st_size);
    written_ = 0;
    return done;
  }

  // A pipe cannot sync. After a sync that failed the kernel may have let go of the pages, and the
  // next one would succeed without them: all is written again.
  Status sync() {
    if (sync_(file_) == 0 || errno == EINVAL || errno == EROFS) return {};
    written_ = 0;
    return cannot("sync");
  }

  Status write_pending() {
    while (written_ < pending_.size()) {
      const ssize_t n = ::write(file_, pending_.data() + written_, pending_.size() - written_);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return cannot("write to");
      written_ += static_cast<size_t>(n);
    }
    return {};
  }

  // A disk may have room again. What is no file on a disk, as /dev/full, never will.
  [[nodiscard]] tl::unexpected<Error> cannot(const char* what) const {
    const int code = errno;
    struct stat about {};
    const bool on_disk = file_ < 0 || ::fstat(file_, &about) != 0 || S_ISREG(about.st_mode);
    const bool disk = code == ENOSPC || code == EDQUOT || code == EIO;
    const bool transient = (disk && on_disk) || code == EAGAIN || code == EINTR;
    return fail(
        transient ? ErrorKind::transient : ErrorKind::failed,
        fmt::format("cannot {} the dead letters' file {}: {}", what, path_, std::strerror(code)));
  }

  struct Written {
    int file = -1;
    FileTail tail;
  };

  std::string path_;
  SyncFile sync_;
  std::string pending_;
  size_t written_ = 0;  // Of pending_, when a write was cut short.
  std::string topic_id_;
  std::vector<std::string> inserts_;
  int file_ = -1;
  // The last letters in the open file, and in those that were renamed since: they count for
  // still_there() until let_go().
  FileTail tail_;
  std::vector<Written> renamed_;
  bool folder_synced_ = false;
};

class DroppedDeadLetters final : public DeadLetters {
 public:
  void add(const RecordBatch&, std::span<const Reject>) override {}
  Status flush() override { return {}; }
  [[nodiscard]] size_t pending_bytes() const override { return 0; }
  [[nodiscard]] bool keeps() const override { return false; }
  [[nodiscard]] std::string name() const override { return "nowhere"; }
};

}  // namespace

Letter letter_of(const RecordBatch& batch, std::span<const Reject> faults,
                 std::span<const std::string> inserts) {
  const auto first_rejected = std::find_if(faults.begin(), faults.end(), [](const Reject& fault) {
    return fault.code != RejectCode::unmatched;
  });
  const Reject& worst = first_rejected == faults.end() ? faults[0] : *first_rejected;
  const Record& record = batch.records[worst.row];
  Letter letter{.topic = std::string(batch.topic),
                .partition = record.partition,
                .offset = record.offset,
                .timestamp_ms = record.timestamp_ms,
                .write_time_us = record.write_time_us,
                .reason = std::string(reject_code_name(worst.code)),
                .detail = worst.reason};
  for (const Reject& fault : faults)
    for (size_t i = 0; i < inserts.size(); ++i)
      if (fault.insert == i || fault.insert == kEveryInsert)
        letter.inserts.push_back(
            {inserts[i], std::string(reject_code_name(fault.code)), fault.reason});
  if (record.has_key) letter.key = record.key;
  if (record.has_value) letter.value = record.value;
  auto headers = headers_of(batch, record);
  letter.headers_unread = !headers;
  if (headers) letter.headers = std::move(*headers);
  return letter;
}

std::string letter_inserts_json(const std::vector<LetterInsert>& inserts) {
  std::string json = "[";
  for (const LetterInsert& insert : inserts)
    json +=
        fmt::format(R"({}{{"insert":{},"reason":{},"detail":{}}})", json.size() > 1 ? "," : "",
                    json_quote(insert.name), json_quote(insert.reason), json_quote(insert.detail));
  return json + ']';
}

std::string dead_letter_line(const Letter& letter) {
  std::string line = fmt::format(R"({{"topic":{})", json_quote(letter.topic));
  if (!letter.topic_id.empty())
    line += fmt::format(R"(,"topic_id":{})", json_quote(letter.topic_id));
  line += fmt::format(R"(,"partition":{},"offset":{},"time":{},"reason":{},"detail":{})",
                      letter.partition, letter.offset, iso_time(letter.timestamp_ms),
                      json_quote(letter.reason), json_quote(letter.detail));
  if (!letter.inserts.empty()) line += ",\"inserts\":" + letter_inserts_json(letter.inserts);
  if (letter.write_time_us != kNoWriteTime)
    line += fmt::format(",\"write_time\":{}", letter.write_time_us);
  if (letter.key) append_bytes(line, "key", *letter.key);
  if (letter.value) {
    append_bytes(line, "value", *letter.value);
  } else {
    line += ",\"value_base64\":null";
  }
  if (letter.headers_unread) {
    line += ",\"headers\":null";
  } else if (!letter.headers.empty()) {
    std::string_view separator = ",\"headers\":[";
    for (const Header& header : letter.headers) {
      line += fmt::format(R"({}{{"name":{})", separator, json_quote(header.name));
      // What JSON cannot say of a name is said beside it.
      if (!is_utf8(header.name)) line += fmt::format(R"(,"name_base64":"{}")", base64(header.name));
      if (header.value) append_bytes(line, "value", *header.value);
      line += '}';
      separator = ",";
    }
    line += ']';
  }
  line += "}\n";
  return line;
}

std::unique_ptr<DeadLetters> dead_letters_in_file(std::string path, SyncFile sync,
                                                  std::string topic_id,
                                                  std::vector<std::string> inserts) {
  return std::make_unique<DeadLettersInFile>(std::move(path), sync, std::move(topic_id),
                                             std::move(inserts));
}

Status check_dead_letters_file(const std::string& path) {
  const bool there = ::access(path.c_str(), F_OK) == 0;
  const int file = ::open(path.c_str(), kOpenFlags, kMode);
  if (file < 0 && (errno == ENOSPC || errno == EDQUOT)) return {};  // flush() waits for room.
  if (file < 0)
    return fail(ErrorKind::failed, fmt::format("cannot open the dead letters' file {}: {}", path,
                                               std::strerror(errno)));
  const auto kind = file_kind_of(file);
  ::close(file);
  if (!there) ::unlink(path.c_str());
  if (kind)
    return fail(ErrorKind::usage, fmt::format("the dead letters' file {}. Letters would be written "
                                              "behind what it has: make it text, or write them to "
                                              "another file",
                                              kind->sentence(path)));
  return {};
}

std::unique_ptr<DeadLetters> dropped_dead_letters() {
  return std::make_unique<DroppedDeadLetters>();
}

}  // namespace turntable
