// https://www.postgresql.org/docs/15/functions-uuid.html
#include <openssl/rand.h>

#include "base/check.h"
#include "sql/builtins.h"
#include "sql/loops.h"

namespace turntable::sql {
namespace {

// Version 4 of RFC 4122: all bits are random but for those that say so.
struct RandomUuid {
  static Uuid call() {
    Uuid uuid;
    CHECK(RAND_bytes(uuid.bytes.data(), static_cast<int>(uuid.bytes.size())) == 1);
    uuid.bytes[6] = static_cast<uint8_t>((uuid.bytes[6] & 0x0F) | 0x40);
    uuid.bytes[8] = static_cast<uint8_t>((uuid.bytes[8] & 0x3F) | 0x80);
    return uuid;
  }
};

}  // namespace

std::vector<Function> uuid_functions() {
  Function random = function_of<RandomUuid>(
      {.name = "gen_random_uuid", .arguments = {}, .result = Type::uuid, .is_volatile = true});
  return {std::move(random)};
}

}  // namespace turntable::sql
