#include "source/ndjson_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/file_kind.h"
#include "base/log.h"
#include "base/text.h"

namespace turntable {

namespace {
constexpr size_t kBlockBytes = size_t{1} << 20;
constexpr Millis kSlice{100};  // A stop is noticed so soon while standard input is silent.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

tl::unexpected<Error> cannot_read(const std::string& path, const std::string& why) {
  return fail(ErrorKind::usage, fmt::format("Cannot read {}: {}", printable(path), why));
}

// JSON's white space, which is less than C's.
bool is_white(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

Status check_text(const std::string& path, std::string_view first_bytes) {
  const auto kind = file_kind(first_bytes);
  return kind ? fail(ErrorKind::usage, kind->sentence(path)) : Status();
}

Status check_text(const std::string& path, int fd) {
  const auto kind = file_kind_of(fd);
  return kind ? fail(ErrorKind::usage, kind->sentence(path)) : Status();
}

}  // namespace

struct NdjsonSource::Block {
  explicit Block(size_t bytes) : data(std::make_unique_for_overwrite<char[]>(bytes)), size(bytes) {}
  std::unique_ptr<char[]> data;
  size_t size;
};

class NdjsonSource::BlockOwner final : public RecordOwner {
 public:
  explicit BlockOwner(std::shared_ptr<Block> block) : block_(std::move(block)) {}

 private:
  std::shared_ptr<Block> block_;
};

NdjsonSource::NdjsonSource(std::string path, int fd, AssignmentListener& listener,
                           const StopToken& stop, const Clock& clock)
    : path_(std::move(path)),
      fd_(fd),
      listener_(listener),
      stop_(stop),
      clock_(clock),
      block_(std::make_shared<Block>(kBlockBytes)),
      // Whoever hands over standard input may have read of it. A pipe has no place.
      start_(std::max(::lseek(fd, 0, SEEK_CUR), off_t{0})) {
  read_.start_at(start_);
}

NdjsonSource::~NdjsonSource() {
  if (fd_ != STDIN_FILENO) ::close(fd_);
}

Status NdjsonSource::check(const std::string& path) {
  if (path == "-") return check_text(path, STDIN_FILENO);
  struct stat about {};
  if (::stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode))
    return cannot_read(path, "it is a directory");
  // A pipe is not opened: its writer would take that for its reader.
  if (::access(path.c_str(), R_OK) != 0) {
    const std::string why = std::strerror(errno);
    if (path.find_first_of("*?") == std::string::npos) return cannot_read(path, why);
    return cannot_read(path, why +
                                 "; one file is read, not all that a shell's pattern fits: with "
                                 "path = '-' events come from standard input, as from `cat`");
  }
  if (!S_ISREG(about.st_mode)) return {};
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot_read(path, std::strerror(errno));
  Status status = check_text(path, fd);
  ::close(fd);
  return status;
}

Result<std::unique_ptr<Source>> NdjsonSource::open(std::string path, AssignmentListener& listener,
                                                   const StopToken& stop, const Clock& clock) {
  int fd = STDIN_FILENO;
  if (path != "-") {
    RETURN_IF_ERROR(check(path));
    // A named pipe that nobody writes yet must not keep the lane from noticing a stop: it is waited
    // for like any other input, by poll(2).
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return cannot_read(path, std::strerror(errno));
  }
  return std::unique_ptr<Source>(new NdjsonSource(std::move(path), fd, listener, stop, clock));
}

Result<RecordBatch> NdjsonSource::poll(size_t limit, Millis wait) {
  if (!assigned_) {
    assigned_ = true;
    const std::array<PartitionId, 1> partitions{0};
    listener_.on_assigned(partitions);
  }
  RecordBatch batch;
  batch.topic = path_;
  const SteadyTime deadline = clock_.now() + wait;
  const Offset first = next_line_;
  while (limit > 0) {
    RETURN_IF_ERROR(take_lines(batch, limit));
    if (!batch.empty() || at_end()) return batch;
    if (next_line_ > first && clock_.now() >= deadline) return batch;
    ASSIGN_OR_RETURN(const bool more, fill(deadline));
    if (!more && !ended_) return batch;
  }
  return batch;
}

// Lines that lie in the block as a whole; at the end of the file also what lies behind the last
// line break.
Status NdjsonSource::take_lines(RecordBatch& batch, size_t limit) {
  const char* data = block_->data.get();
  while (batch.records.size() < limit && begin_ < end_) {
    const auto* found =
        static_cast<const char*>(std::memchr(data + searched_, '\n', end_ - searched_));
    if (found == nullptr && !ended_) {
      searched_ = end_;
      break;
    }
    const size_t stop = found != nullptr ? static_cast<size_t>(found - data) : end_;
    size_t size = stop - begin_;
    if (size > kLineBytesLimit) {
      if (batch.empty()) return too_long();
      break;  // What came before it is delivered first.
    }
    if (next_line_ == 0) RETURN_IF_ERROR(check_text(path_, {data + begin_, end_ - begin_}));
    if (found != nullptr && size > 0 && data[stop - 1] == '\r') --size;
    std::string_view line(data + begin_, size);
    if (next_line_ == 0 && line.starts_with(kByteOrderMark))
      line.remove_prefix(kByteOrderMark.size());
    if (is_white(line)) {
      ++white_lines_;
    } else {
      Record& record = batch.records.emplace_back();
      record.value = line;
      record.offset = next_line_;
    }
    ++next_line_;
    begin_ = searched_ = found != nullptr ? stop + 1 : end_;
  }
  if (!batch.empty()) batch.owner = std::make_unique<BlockOwner>(block_);
  return {};
}

Status NdjsonSource::close() {
  if (white_lines_ > 0)
    log::info("{}: {} {} of white space passed over", name(), grouped(white_lines_),
              white_lines_ == 1 ? "line" : "lines");
  white_lines_ = 0;
  return {};
}

tl::unexpected<Error> NdjsonSource::too_long() const {
  return fail(ErrorKind::failed, fmt::format("{}:{}: the line is longer than {} bytes", name(),
                                             next_line_ + 1, grouped(kLineBytesLimit)));
}

// Reads on behind what is not delivered yet. False where nothing came before the deadline, or the
// file has ended.
Result<bool> NdjsonSource::fill(SteadyTime deadline) {
  if (ended_) return false;
  const size_t rest = end_ - begin_;
  if (rest > kLineBytesLimit + 2)
    return too_long();  // Two for the line break, which does not count.
  if (end_ == block_->size) {
    // Batches may look into the full block: what is left of it moves to a new one with room for
    // more.
    auto next = std::make_shared<Block>(std::max(kBlockBytes, rest * 2));
    std::memcpy(next->data.get(), block_->data.get() + begin_, rest);
    block_ = std::move(next);
    searched_ -= begin_;
    begin_ = 0;
    end_ = rest;
  }
  while (true) {
    if (!wait_readable(deadline)) return false;
    const ssize_t got = ::read(fd_, block_->data.get() + end_, block_->size - end_);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0)
      return fail(ErrorKind::failed, fmt::format("Reading {}: {}", name(), std::strerror(errno)));
    RETURN_IF_ERROR(check_whole());
    read_.add({block_->data.get() + end_, static_cast<size_t>(got)});
    ended_ = got == 0;
    end_ += static_cast<size_t>(got);
    return got > 0;
  }
}

// Asked after each read, before what came by it is delivered: somebody may have written the file
// anew in place, and what follows now are bytes of other lines. A file that has grown is whole.
Status NdjsonSource::check_whole() const {
  struct stat about {};
  switch (read_.in(fd_)) {
    case FileTail::Found::same:
      return {};
    case FileTail::Found::shorter:
      if (::fstat(fd_, &about) != 0) break;
      return fail(ErrorKind::failed,
                  fmt::format("{}: the file was cut short while it was read: it has {} bytes, and "
                              "was read up to byte {}",
                              name(), grouped(static_cast<uint64_t>(about.st_size)),
                              grouped(static_cast<uint64_t>(read_.end()))));
    case FileTail::Found::other:
      return fail(ErrorKind::failed,
                  fmt::format("{}: the file was written anew while it was read: the {} bytes that "
                              "were read are not those that it has now",
                              name(), grouped(static_cast<uint64_t>(read_.end() - start_))));
    case FileTail::Found::unreadable:
      break;
  }
  return fail(ErrorKind::failed, fmt::format("Reading {}: {}", name(), std::strerror(errno)));
}

bool NdjsonSource::wait_readable(SteadyTime deadline) const {
  while (!stop_.requested()) {
    const auto left = std::max(std::chrono::ceil<Millis>(deadline - clock_.now()), Millis(0));
    pollfd input{fd_, POLLIN, 0};
    if (::poll(&input, 1, static_cast<int>(std::min(left, kSlice).count())) > 0) return true;
    if (left <= kSlice) return false;
  }
  return false;
}

}  // namespace turntable
