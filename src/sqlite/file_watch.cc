#include "sqlite/file_watch.h"

#include <fmt/format.h>

#include "base/text.h"

namespace turntable::sqlite {
namespace {

tl::unexpected<Error> gone(const std::string& path, const std::string& file) {
  return fail(ErrorKind::failed,
              fmt::format("{}: {} was removed, renamed or replaced while the run wrote to it, and "
                          "rows may be gone with it: put it back, or start again to write what the "
                          "path leads to then",
                          path, file == path ? "the file" : file));
}

Result<int64_t> bytes_of(Database& db) {
  ASSIGN_OR_RETURN(Statement size,
                   db.prepare("SELECT page_count * page_size FROM pragma_page_count(), "
                              "pragma_page_size()"));
  ASSIGN_OR_RETURN([[maybe_unused]] const bool row, size.step());
  return size.int64(0);
}

}  // namespace

Result<FileWatch> FileWatch::begin(Database& db, const std::string& path,
                                   std::shared_ptr<const WriterLock> lock) {
  FileWatch watch(path, std::move(lock));
  std::vector<std::string> files = db.files();
  const std::string resolved = files.front();
  // The first is the database itself, which is looked for where the pipeline says.
  files.front() = path;
  for (const std::string& file : files) {
    const std::optional<FileId> id = file_at(file);
    if (!id) return gone(path, file);
    watch.files_.emplace_back(file, *id);
  }
  // What was looked at is what is open. SQLite compares with where the path led when it opened it;
  // a link in the path may lead elsewhere since.
  const FileId looked_at = watch.files_.front().second;
  if (file_at(resolved) != looked_at || db.moved() || file_at(resolved) != looked_at)
    return gone(path, path);
  watch.size_ = size_at(path).value_or(0);
  RETURN_IF_ERROR(db.checkpoint_by_hand());
  return watch;
}

Status FileWatch::in_place(const Database& db) {
  for (const auto& [file, id] : files_)
    if (file_at(file) != id) return gone(path_, file);
  if (!lock_->held()) {
    return fail(ErrorKind::failed,
                fmt::format("{}: its lock file {} was removed while the run wrote to it, so that "
                            "another process may be writing it too: start again",
                            path_, lock_->path()));
  }
  return check_log(db);
}

Status FileWatch::check_log(const Database& db) {
  const Result<bool> whole = log_.whole(db);
  if (!whole) return tl::unexpected<Error>(Error(whole.error()).with(path_));
  if (*whole) return {};
  return fail(
      ErrorKind::failed,
      fmt::format("{}: {}-wal was cut short while the run wrote to it, and rows may be gone "
                  "with it: start again to go on with what is left",
                  path_, path_));
}

Status FileWatch::whole(Database& db) {
  RETURN_IF_ERROR(check_log(db));
  const int64_t size = size_at(path_).value_or(0);
  if (size < size_) {
    // It may have become smaller in order: by VACUUM.
    ASSIGN_OR_RETURN(const int64_t expected, bytes_of(db));
    if (expected >= size_) {
      return fail(ErrorKind::failed,
                  fmt::format("{}: the file was overwritten while the run wrote to it: it has {} "
                              "bytes, and had {}. Stop the run before a copy is put in its place, "
                              "and remove the old file's -wal and -shm files with it",
                              path_, grouped(static_cast<uint64_t>(size)),
                              grouped(static_cast<uint64_t>(size_))));
    }
  }
  size_ = size;
  return {};
}

}  // namespace turntable::sqlite
