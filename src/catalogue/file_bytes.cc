#include "catalogue/file_bytes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "base/text.h"

namespace turntable {
namespace {

constexpr size_t kFirstBytes = 64 * 1024;  // Where the size is not known.

class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor() {
    if (number_ >= 0) ::close(number_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

tl::unexpected<Error> cannot(std::string_view verb, const std::string& path) {
  return fail(ErrorKind::failed, fmt::format("cannot {} {}: {}", verb, path, std::strerror(errno)));
}

bool same(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

size_t page_bytes() {
  static const auto size = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace

FileBytes::~FileBytes() {
  if (bytes_ != nullptr) ::munmap(bytes_, capacity_);
}

// Whole pages only; a page that two neighbours share stays until the end.
void FileBytes::release(size_t begin, size_t end) const {
  const size_t page = page_bytes();
  const size_t first = (begin + page - 1) / page * page;
  const size_t last = end / page * page;
  // Where it fails, memory is freed later than it could be.
  if (first < last) (void)::madvise(bytes_ + first, last - first, MADV_DONTNEED);
}

// Fills a FileBytes.
class FileReader {
 public:
  // Keeps what was read.
  void grow(size_t capacity) {
    void* place =
        file_.bytes_ == nullptr
            ? ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            : ::mremap(file_.bytes_, file_.capacity_, capacity, MREMAP_MAYMOVE);
    if (place == MAP_FAILED) throw std::bad_alloc();
    file_.bytes_ = static_cast<char*>(place);
    file_.capacity_ = capacity;
  }

  [[nodiscard]] bool full() const { return file_.size_ == file_.capacity_; }
  [[nodiscard]] size_t size() const { return file_.size_; }
  [[nodiscard]] size_t capacity() const { return file_.capacity_; }

  // What ::read gives.
  [[nodiscard]] ssize_t read(int descriptor) {
    const ssize_t count =
        ::read(descriptor, file_.bytes_ + file_.size_, file_.capacity_ - file_.size_);
    if (count > 0) file_.size_ += static_cast<size_t>(count);
    return count;
  }

  [[nodiscard]] FileBytes take() { return std::move(file_); }

 private:
  FileBytes file_;
};

Result<FileBytes> read_file_bytes(const std::string& path, size_t limit) {
  const FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.number() < 0) return cannot("open", path);
  struct stat before {};
  if (::fstat(descriptor.number(), &before) != 0) return cannot("read", path);
  if (S_ISDIR(before.st_mode))
    return fail(ErrorKind::failed, fmt::format("cannot read {}: it is a directory", path));

  const auto too_large = [&] {
    return fail(ErrorKind::failed,
                fmt::format("cannot read {}: it has more than {} bytes", path, grouped(limit)));
  };
  const bool regular = S_ISREG(before.st_mode);
  if (regular && static_cast<size_t>(before.st_size) > limit) return too_large();

  // One byte more than the size, so that the end shows without growing.
  FileReader file;
  file.grow(std::max(kFirstBytes, regular ? static_cast<size_t>(before.st_size) + 1 : 0));
  for (;;) {
    if (file.full()) file.grow(2 * file.capacity());
    const ssize_t count = file.read(descriptor.number());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot("read", path);
    if (count == 0) break;
    if (file.size() > limit) return too_large();
  }

  struct stat after {};
  if (::fstat(descriptor.number(), &after) != 0) return cannot("read", path);
  if (regular && (!same(before, after) || file.size() != static_cast<size_t>(after.st_size)))
    return fail(ErrorKind::failed,
                fmt::format("{} changed while it was read: write it beside and rename it", path));
  return file.take();
}

}  // namespace turntable
