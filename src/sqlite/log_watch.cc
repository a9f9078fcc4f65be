#include "sqlite/log_watch.h"

#include <cstring>
#include <string>
#include <string_view>

namespace turntable::sqlite {
namespace {

constexpr size_t kLogHeaderBytes = 32;
constexpr size_t kFrameHeaderBytes = 24;
constexpr size_t kSaltsInLogHeader = 16;
constexpr size_t kSaltsInFrameHeader = 8;

// Each of them ends where SQLite has begun the log anew meanwhile, which takes a checkpoint.
constexpr int kReadAttempts = 100;

uint64_t salts_at(std::string_view bytes, size_t at) {
  uint64_t salts = 0;
  std::memcpy(&salts, bytes.data() + at, sizeof salts);
  return salts;
}

}  // namespace

Result<bool> LogWatch::whole(const Database& db) {
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    const std::optional<Database::LogHead> head = db.log_head();
    if (!head || head->frames == 0) return true;
    const std::optional<Frame> before = last_;
    ASSIGN_OR_RETURN(const bool matched, matches(db, *head));
    // The index is changed before the log is. With the salts of before, what was read is of one
    // time.
    const std::optional<Database::LogHead> after = db.log_head();
    if (after && after->frames > 0 && after->salts == head->salts) return matched;
    last_ = before;
  }
  return true;
}

Result<bool> LogWatch::matches(const Database& db, const Database::LogHead& head) {
  const size_t frame_bytes = kFrameHeaderBytes + head.page_bytes;
  const auto frame_at = [&](uint32_t number) {
    return db.read_log(kLogHeaderBytes + (number - 1) * frame_bytes, frame_bytes);
  };
  ASSIGN_OR_RETURN(const auto header, db.read_log(0, kLogHeaderBytes));
  ASSIGN_OR_RETURN(const auto frame, frame_at(head.frames));
  if (!header || !frame || salts_at(*header, kSaltsInLogHeader) != head.salts ||
      salts_at(*frame, kSaltsInFrameHeader) != head.salts)
    return false;
  if (last_ && last_->salts == head.salts) {
    ASSIGN_OR_RETURN(const auto then, frame_at(last_->number));
    if (!then || std::hash<std::string_view>{}(*then) != last_->hash) return false;
  }
  last_ = Frame{head.frames, head.salts, std::hash<std::string_view>{}(*frame)};
  return true;
}

}  // namespace turntable::sqlite
