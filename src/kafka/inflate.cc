#include "kafka/inflate.h"

#include <libdeflate.h>

#include <cstdlib>
#include <memory>
#include <optional>

#include "kafka/config.h"
#include "kafka/librdkafka.h"

// The function has this form in this version. With another one, look at its rdgz.h first.
static_assert(RD_KAFKA_VERSION == 0x020c01ff, "inflate.cc was written for librdkafka 2.12.1");

namespace turntable::kafka {
namespace {

// RFC 1952: a header of ten bytes at least, a checksum and a size of four each behind the stream.
constexpr int kHeaderBytes = 10;
constexpr int kTrailerBytes = 8;

// What a gzip stream says of its size in its last four bytes, which somebody may have made up.
std::optional<size_t> stated_size(const unsigned char* stream, int size) {
  if (size < kHeaderBytes + kTrailerBytes || stream[0] != 0x1f || stream[1] != 0x8b)
    return std::nullopt;
  const unsigned char* at = stream + size - 4;
  return size_t{at[0]} | size_t{at[1]} << 8 | size_t{at[2]} << 16 | size_t{at[3]} << 24;
}

using Decompressor =
    std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>;

// True where all of it is one stream of exactly so many bytes, and of the checksum that it states.
bool inflate_into(void* out, size_t size, const void* compressed, size_t compressed_size) {
  const Decompressor decompressor(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (!decompressor) return false;
  size_t read = 0;
  size_t written = 0;
  const libdeflate_result result = libdeflate_gzip_decompress_ex(
      decompressor.get(), compressed, compressed_size, out, size, &read, &written);
  return result == LIBDEFLATE_SUCCESS && read == compressed_size && written == size;
}

}  // namespace
}  // namespace turntable::kafka

// NOLINTNEXTLINE: the name is the linker's.
void* __wrap_rd_gz_decompress(const void* compressed, int compressed_size,
                              uint64_t* inflated_size) {
  using namespace turntable::kafka;
  const auto size = stated_size(static_cast<const unsigned char*>(compressed), compressed_size);
  if (!size || *size > kBatchBytesLimit) return nullptr;
  auto* bytes = static_cast<char*>(std::malloc(*size + 1));
  if (bytes == nullptr) return nullptr;
  if (!inflate_into(bytes, *size, compressed, static_cast<size_t>(compressed_size))) {
    std::free(bytes);
    return nullptr;
  }
  bytes[*size] = '\0';
  *inflated_size = *size;
  return bytes;
}
