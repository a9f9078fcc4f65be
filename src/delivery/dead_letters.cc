#include "delivery/dead_letters.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/text.h"
#include "row/headers.h"

namespace turntable {
namespace {

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
  DeadLettersInFile(std::string path, SyncFile how) : path_(std::move(path)), sync_(how) {}
  ~DeadLettersInFile() override {
    if (file_ >= 0) ::close(file_);
  }
  DeadLettersInFile(const DeadLettersInFile&) = delete;
  DeadLettersInFile& operator=(const DeadLettersInFile&) = delete;

  void add(const RecordBatch& batch, const Reject& reject) override {
    pending_ += dead_letter_line(letter_of(batch, reject));
  }

  Status flush() override {
    if (pending_.empty()) return {};
    RETURN_IF_ERROR(open_and_lock());
    const Status appended = append_pending();
    ::flock(file_, LOCK_UN);
    RETURN_IF_ERROR(appended);
    if (!folder_synced_) sync_folder();
    folder_synced_ = true;
    pending_.clear();
    written_ = 0;
    return {};
  }

  [[nodiscard]] size_t pending_bytes() const override { return pending_.size(); }
  [[nodiscard]] bool keeps() const override { return true; }
  [[nodiscard]] std::string name() const override { return path_; }

 private:
  // Several lanes may append to the file, and a line is in it whole or not at all. Somebody may
  // have removed or renamed it since the last time: letters go where the path says, or they would
  // be lost with a file that has no name.
  Status open_and_lock() {
    for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
      if (file_ < 0) {
        file_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
        if (file_ < 0) return cannot("open");
        folder_synced_ = false;
        written_ = 0;
      }
      if (::flock(file_, LOCK_EX) != 0) return cannot("lock");
      if (still_there()) return {};
      ::close(file_);
      file_ = -1;
    }
    return fail(ErrorKind::transient,
                fmt::format("the dead letters' file {} comes and goes", path_));
  }

  // True where the path still names the file that is open.
  [[nodiscard]] bool still_there() const {
    struct stat ours {};
    struct stat there {};
    return ::fstat(file_, &ours) == 0 && ::stat(path_.c_str(), &there) == 0 &&
           ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
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

  [[nodiscard]] tl::unexpected<Error> cannot(const char* what) const {
    const bool transient =
        errno == ENOSPC || errno == EDQUOT || errno == EAGAIN || errno == EIO || errno == EINTR;
    return fail(
        transient ? ErrorKind::transient : ErrorKind::failed,
        fmt::format("cannot {} the dead letters' file {}: {}", what, path_, std::strerror(errno)));
  }

  std::string path_;
  SyncFile sync_;
  std::string pending_;
  size_t written_ = 0;  // Of pending_, when a write was cut short.
  int file_ = -1;
  bool folder_synced_ = false;
};

class DroppedDeadLetters final : public DeadLetters {
 public:
  void add(const RecordBatch&, const Reject&) override {}
  Status flush() override { return {}; }
  [[nodiscard]] size_t pending_bytes() const override { return 0; }
  [[nodiscard]] bool keeps() const override { return false; }
  [[nodiscard]] std::string name() const override { return "nowhere"; }
};

}  // namespace

Letter letter_of(const RecordBatch& batch, const Reject& reject) {
  const Record& record = batch.records[reject.row];
  Letter letter{.topic = std::string(batch.topic),
                .partition = record.partition,
                .offset = record.offset,
                .timestamp_ms = record.timestamp_ms,
                .reason = std::string(reject_code_name(reject.code)),
                .detail = reject.reason};
  if (record.has_key) letter.key = record.key;
  if (record.has_value) letter.value = record.value;
  auto headers = headers_of(batch, record);
  letter.headers_unread = !headers;
  if (headers) letter.headers = std::move(*headers);
  return letter;
}

std::string dead_letter_line(const Letter& letter) {
  std::string line = fmt::format(
      R"({{"topic":{},"partition":{},"offset":{},"time":{},"reason":{},"detail":{})",
      json_quote(letter.topic), letter.partition, letter.offset, iso_time(letter.timestamp_ms),
      json_quote(letter.reason), json_quote(letter.detail));
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

std::unique_ptr<DeadLetters> dead_letters_in_file(std::string path, SyncFile sync) {
  return std::make_unique<DeadLettersInFile>(std::move(path), sync);
}

Status check_dead_letters_file(const std::string& path) {
  const bool there = ::access(path.c_str(), F_OK) == 0;
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0 && (errno == ENOSPC || errno == EDQUOT)) return {};  // flush() waits for room.
  if (file < 0)
    return fail(ErrorKind::failed, fmt::format("cannot open the dead letters' file {}: {}", path,
                                               std::strerror(errno)));
  ::close(file);
  if (!there) ::unlink(path.c_str());
  return {};
}

std::unique_ptr<DeadLetters> dropped_dead_letters() {
  return std::make_unique<DroppedDeadLetters>();
}

}  // namespace turntable
