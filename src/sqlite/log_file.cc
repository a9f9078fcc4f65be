// The parts of Database that look at the write-ahead log itself, through the files that SQLite has
// open: opening one of them a second time, and closing it, would drop SQLite's locks.
#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <cstring>

#include "sqlite/database.h"

namespace turntable::sqlite {
namespace {

// The head of the log's index, in the byte order of the machine. It is there twice, and a writer
// changes the second one first.
struct IndexHead {
  uint32_t version;
  uint32_t unused;
  uint32_t changes;
  uint8_t initialised;
  uint8_t big_endian_checksums;
  uint16_t page_bytes;  // 1 means 65,536.
  uint32_t frames;
  uint32_t pages;
  std::array<uint32_t, 2> checksum_of_last_frame;
  uint64_t salts;  // As the log has them.
  std::array<uint32_t, 2> checksum;
};
static_assert(sizeof(IndexHead) == 48);

constexpr uint32_t kIndexVersion = 3'007'000;
constexpr int kIndexRegionBytes = 32 * 1024;
constexpr int kHeadAttempts = 100;

sqlite3_file* handle_of(sqlite3* db, int which) {
  sqlite3_file* file = nullptr;
  const int code = sqlite3_file_control(db, "main", which, static_cast<void*>(&file));
  return code == SQLITE_OK && file != nullptr && file->pMethods != nullptr ? file : nullptr;
}

}  // namespace

std::optional<Database::LogHead> Database::log_head() const {
  sqlite3_file* file = handle_of(db_.get(), SQLITE_FCNTL_FILE_POINTER);
  if (file == nullptr || file->pMethods->iVersion < 2) return std::nullopt;
  void volatile* region = nullptr;
  if (file->pMethods->xShmMap(file, 0, kIndexRegionBytes, 0, &region) != SQLITE_OK ||
      region == nullptr)
    return std::nullopt;
  const auto* heads = static_cast<const char*>(const_cast<void*>(region));
  for (int attempt = 0; attempt < kHeadAttempts; ++attempt) {
    IndexHead head;
    IndexHead copy;
    std::memcpy(&head, heads, sizeof head);
    file->pMethods->xShmBarrier(file);
    std::memcpy(&copy, heads + sizeof head, sizeof copy);
    if (std::memcmp(&head, &copy, sizeof head) != 0) continue;  // It is being changed.
    if (head.initialised == 0 || head.version != kIndexVersion) return std::nullopt;
    return LogHead{.frames = head.frames,
                   .page_bytes = head.page_bytes == 1 ? 65'536U : head.page_bytes,
                   .salts = head.salts};
  }
  return std::nullopt;
}

Result<std::optional<std::string>> Database::read_log(size_t offset, size_t bytes) const {
  std::string out(bytes, '\0');
  sqlite3_file* file = handle_of(db_.get(), SQLITE_FCNTL_JOURNAL_POINTER);
  if (file == nullptr) return std::optional<std::string>();
  const int code = file->pMethods->xRead(file, out.data(), static_cast<int>(bytes),
                                         static_cast<sqlite3_int64>(offset));
  if (code == SQLITE_IOERR_SHORT_READ) return std::optional<std::string>();
  if (code != SQLITE_OK)
    return fail(ErrorKind::failed,
                fmt::format("the write-ahead log cannot be read: {}", sqlite3_errstr(code)));
  return out;
}

Status Database::checkpoint_by_hand() {
  return execute("PRAGMA wal_autocheckpoint = 0");
}

void Database::checkpoint_if_due() {
  const std::optional<LogHead> head = log_head();
  if (!head || head->frames < kCheckpointPages) return;
  // What cannot be carried over now, because somebody reads it or the disk is full, is later.
  [[maybe_unused]] const Status done = execute("PRAGMA wal_checkpoint");
}

void Database::leave_log_on_close() {
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace turntable::sqlite
