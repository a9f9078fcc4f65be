// Notices that an open database's write-ahead log was cut short in place, as `truncate` or a
// shell's
// `>` does: its name still leads to the same file, every later transaction succeeds, and what was
// cut off is gone, acknowledged or not.
//
// SQLite's index of the log (its first bytes are described at
// https://www.sqlite.org/walformat.html) says how many frames the log has, and which salts they
// carry. The salts are others when SQLite begins the log anew, and until then:
//   - the log has all of these frames, and begins with a header of these salts;
//   - a frame that was committed stays as it is. A log that was cut and has grown since has a hole
//     of zeros up to where the next transaction began, and the last frame before it was in there.
#pragma once

#include <cstdint>
#include <optional>

#include "sqlite/database.h"

namespace turntable::sqlite {

class LogWatch {
 public:
  // False where the log has lost bytes that belong to the database. Other connections may write and
  // checkpoint meanwhile. An error where the log cannot be read. By the thread that uses the
  // connection.
  [[nodiscard]] Result<bool> whole(const Database& db);

 private:
  struct Frame {
    uint32_t number = 0;  // From 1.
    uint64_t salts = 0;
    size_t hash = 0;
  };
  [[nodiscard]] Result<bool> matches(const Database& db, const Database::LogHead& head);

  std::optional<Frame> last_;  // The last one that was committed when it was last looked.
};

}  // namespace turntable::sqlite
