#include "catalogue/file_bytes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

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

void grow(FileBytes& file, size_t capacity) {
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  std::copy_n(file.bytes.get(), file.size, larger.get());
  file.bytes = std::move(larger);
}

bool same(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

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
  size_t capacity = std::max(kFirstBytes, regular ? static_cast<size_t>(before.st_size) + 1 : 0);
  FileBytes file;
  grow(file, capacity);
  for (;;) {
    if (file.size == capacity) grow(file, capacity *= 2);
    const ssize_t count =
        ::read(descriptor.number(), file.bytes.get() + file.size, capacity - file.size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot("read", path);
    if (count == 0) break;
    file.size += static_cast<size_t>(count);
    if (file.size > limit) return too_large();
  }

  struct stat after {};
  if (::fstat(descriptor.number(), &after) != 0) return cannot("read", path);
  if (regular && (!same(before, after) || file.size != static_cast<size_t>(after.st_size)))
    return fail(ErrorKind::failed,
                fmt::format("{} changed while it was read: write it beside and rename it", path));
  return file;
}

}  // namespace turntable
