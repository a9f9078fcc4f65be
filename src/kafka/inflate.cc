#include "kafka/inflate.h"

#include <fmt/format.h>
#include <malloc.h>
#include <zlib.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <limits>

#include "base/text.h"
#include "kafka/librdkafka.h"

// The functions below have the forms that they have in this version. With another one, compare them
// with rdgz.h, rdkafka_lz4.h, rdkafka_zstd.h, snappy.h and rdkafka_buf.h first.
static_assert(RD_KAFKA_VERSION == 0x020c01ff, "inflate.cc was written for librdkafka 2.12.1");

// The LZ4 and the zstd that are in the archive beside librdkafka, whose headers are not installed.
extern "C" {
struct ZSTD_DCtx_s;
struct ZSTD_buffer {
  const void* bytes;
  size_t size;
  size_t at;
};
ZSTD_DCtx_s* ZSTD_createDCtx();
size_t ZSTD_freeDCtx(ZSTD_DCtx_s* context);
size_t ZSTD_decompressStream(ZSTD_DCtx_s* context, ZSTD_buffer* to, ZSTD_buffer* from);
unsigned ZSTD_isError(size_t code);
struct LZ4F_dctx_s;
unsigned LZ4F_isError(size_t code);
size_t LZ4F_createDecompressionContext(LZ4F_dctx_s** context, unsigned version);
size_t LZ4F_freeDecompressionContext(LZ4F_dctx_s* context);
size_t LZ4F_decompress(LZ4F_dctx_s* context, void* to, size_t* made, const void* from,
                       size_t* taken, const void* options);
}

namespace turntable::kafka {
namespace {

// librdkafka asks for a batch again after half a second (fetch.error.backoff.ms).
constexpr std::chrono::seconds kMoment{10};

// What no thread owns: batches are inflated by librdkafka's threads, and let go of by ours.
std::atomic<size_t> inflated{0};
std::atomic<size_t> room{0};  // The sum of all shares.
constexpr int64_t kNever = std::numeric_limits<int64_t>::min();
std::atomic<int64_t> waited_at{kNever};
std::atomic<int64_t> refused_at{kNever};

int64_t ticks(SteadyTime time) {
  return time.time_since_epoch().count();
}

bool is_recent(const std::atomic<int64_t>& at, SteadyTime now) {
  const int64_t then = at.load(std::memory_order_relaxed);
  return then != kNever && now - SteadyTime(SteadyTime::duration(then)) < kMoment;
}

// True where `bytes` may be inflated. A batch alone always has room, so that no batch waits for
// ever.
bool admit(size_t bytes) {
  const int64_t now = ticks(std::chrono::steady_clock::now());
  if (bytes > kBatchBytesLimit) {
    refused_at.store(now, std::memory_order_relaxed);
    return false;
  }
  const size_t held = inflated.load(std::memory_order_relaxed);
  if (held > 0 && held + bytes > room.load(std::memory_order_relaxed)) {
    waited_at.store(now, std::memory_order_relaxed);
    return false;
  }
  return true;
}

class GzipStream {
 public:
  GzipStream(const void* compressed, int size) {
    constexpr int kAnyFrame = 15 + 32;  // As librdkafka has it: gzip's and zlib's, largest window.
    good_ = inflateInit2(&stream_, kAnyFrame) == Z_OK;
    stream_.next_in = static_cast<Bytef*>(const_cast<void*>(compressed));
    stream_.avail_in = static_cast<uInt>(size);
  }
  ~GzipStream() {
    if (good_) inflateEnd(&stream_);
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  // zlib's word on what became of it. At its end the checksum has been compared.
  int inflate_into(void* out, size_t size) {
    if (!good_) return Z_MEM_ERROR;
    stream_.next_out = static_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(size);
    return inflate(&stream_, Z_FINISH);
  }
  [[nodiscard]] size_t made() const { return stream_.total_out; }
  [[nodiscard]] bool full() const { return stream_.avail_out == 0; }

 private:
  z_stream stream_{};
  bool good_ = false;
};

// The bytes that a stream has when it is inflated, counted no further than over the limit.
size_t count_gzip(const void* compressed, int size) {
  GzipStream stream(compressed, size);
  std::array<char, 16 * 1024> scratch;
  int code = Z_OK;
  do {
    code = stream.inflate_into(scratch.data(), scratch.size());
  } while ((code == Z_OK || code == Z_BUF_ERROR) && stream.full() &&
           stream.made() <= kBatchBytesLimit);
  return stream.made();
}

// What a gzip stream says of its size in its last four bytes; 0 where it is no gzip stream.
size_t claimed_by_gzip(const void* compressed, int size) {
  constexpr int kLeast = 18;  // Header and trailer.
  const auto* bytes = static_cast<const unsigned char*>(compressed);
  if (size < kLeast || bytes[0] != 0x1f || bytes[1] != 0x8b) return 0;
  const unsigned char* at = bytes + size - 4;
  return size_t{at[0]} | size_t{at[1]} << 8 | size_t{at[2]} << 16 | size_t{at[3]} << 24;
}

// For librdkafka to free; nothing where it is too much, does not fit into `most` bytes, or is
// damaged. It ends in a NUL, as what librdkafka's own function gives.
void* inflate_gzip(const void* compressed, int size, size_t most, uint64_t* made) {
  auto* bytes = static_cast<char*>(std::malloc(most + 1));
  if (bytes == nullptr) return nullptr;
  GzipStream stream(compressed, size);
  if (stream.inflate_into(bytes, most) != Z_STREAM_END) {
    std::free(bytes);
    return nullptr;
  }
  *made = stream.made();
  bytes[*made] = '\0';
  return bytes;
}

// The same of an LZ4 frame: for what cannot be counted otherwise, so only where it may matter.
size_t count_lz4(const char* compressed, size_t size) {
  constexpr unsigned kVersion = 100;
  LZ4F_dctx_s* context = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&context, kVersion)) != 0) return 0;
  std::array<char, 64 * 1024> scratch;
  size_t count = 0;
  for (size_t at = 0; at < size && count <= kBatchBytesLimit;) {
    size_t made = scratch.size();
    size_t taken = size - at;
    const size_t more =
        LZ4F_decompress(context, scratch.data(), &made, compressed + at, &taken, nullptr);
    if (LZ4F_isError(more) != 0) break;  // librdkafka says so, too.
    at += taken;
    count += made;
    if (more == 0 || (taken == 0 && made == 0)) break;
  }
  LZ4F_freeDecompressionContext(context);
  return count;
}

// The same of a zstd frame: only to say why librdkafka refused it, which has the limit from us.
size_t count_zstd(const char* compressed, size_t size) {
  ZSTD_DCtx_s* context = ZSTD_createDCtx();
  if (context == nullptr) return 0;
  std::array<char, 64 * 1024> scratch;
  ZSTD_buffer from{compressed, size, 0};
  size_t count = 0;
  for (bool more = true; more && count <= kBatchBytesLimit;) {
    const size_t taken = from.at;
    ZSTD_buffer to{scratch.data(), scratch.size(), 0};
    const size_t code = ZSTD_decompressStream(context, &to, &from);
    count += to.at;
    more = ZSTD_isError(code) == 0 && code != 0 && (to.at > 0 || from.at > taken);
  }
  ZSTD_freeDCtx(context);
  return count;
}

void let_go(void* bytes) {
  inflated.fetch_sub(malloc_usable_size(bytes), std::memory_order_relaxed);
  std::free(bytes);
}

// The codecs that do not say beforehand how much it will be: taken back where it is too much.
rd_kafka_resp_err_t admit_inflated(rd_kafka_resp_err_t code, void** bytes, const size_t* size) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR || admit(*size)) return code;
  std::free(*bytes);
  *bytes = nullptr;
  return RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
}

}  // namespace

InflateShare::InflateShare(size_t bytes) : bytes_(bytes) {
  room.fetch_add(bytes_, std::memory_order_relaxed);
}
InflateShare::~InflateShare() {
  room.fetch_sub(bytes_, std::memory_order_relaxed);
}

size_t inflated_bytes() {
  return inflated.load(std::memory_order_relaxed);
}

std::optional<InflateRefusal> last_refusal(SteadyTime now) {
  if (is_recent(refused_at, now))
    return InflateRefusal{
        false, fmt::format("its batch is damaged, or inflates to more than {} bytes; the group's "
                           "offset can only be moved behind it by hand",
                           grouped(kBatchBytesLimit))};
  if (is_recent(waited_at, now))
    return InflateRefusal{true,
                          "its batch waits until records before it are done with: inflated, "
                          "they fill the room that there is for them"};
  return std::nullopt;
}

}  // namespace turntable::kafka

// NOLINTBEGIN: the names are the linker's.
using turntable::kafka::admit;
using turntable::kafka::admit_inflated;

extern "C" {

struct rd_kafka_broker_s;
struct rd_kafka_buf_s;

// In librdkafka's place: its own inflates everything twice, to count it first. A stream that says
// its size is inflated once; one that says another than it has, is counted.
void* __wrap_rd_gz_decompress(const void* compressed, int size, uint64_t* inflated_size) {
  using namespace turntable::kafka;
  const size_t claimed = claimed_by_gzip(compressed, size);
  if (claimed > 0 && claimed <= kBatchBytesLimit) {
    if (!admit(claimed)) return nullptr;
    if (void* bytes = inflate_gzip(compressed, size, claimed, inflated_size)) return bytes;
  }
  const size_t count = count_gzip(compressed, size);
  return admit(count) ? inflate_gzip(compressed, size, count, inflated_size) : nullptr;
}

rd_kafka_resp_err_t __real_rd_kafka_lz4_decompress(rd_kafka_broker_s* broker, int proper_hc,
                                                   int64_t offset, char* compressed, size_t size,
                                                   void** bytes, size_t* inflated_size);
rd_kafka_resp_err_t __wrap_rd_kafka_lz4_decompress(rd_kafka_broker_s* broker, int proper_hc,
                                                   int64_t offset, char* compressed, size_t size,
                                                   void** bytes, size_t* inflated_size) {
  // LZ4 makes no more of a batch than 255 times its size.
  const bool may_be_large = size > turntable::kafka::kBatchBytesLimit / 255;
  if (!admit(may_be_large ? turntable::kafka::count_lz4(compressed, size) : size))
    return RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
  return admit_inflated(__real_rd_kafka_lz4_decompress(broker, proper_hc, offset, compressed, size,
                                                       bytes, inflated_size),
                        bytes, inflated_size);
}

rd_kafka_resp_err_t __real_rd_kafka_zstd_decompress(rd_kafka_broker_s* broker, char* compressed,
                                                    size_t size, void** bytes,
                                                    size_t* inflated_size);
rd_kafka_resp_err_t __wrap_rd_kafka_zstd_decompress(rd_kafka_broker_s* broker, char* compressed,
                                                    size_t size, void** bytes,
                                                    size_t* inflated_size) {
  if (!admit(size)) return RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
  const auto code = __real_rd_kafka_zstd_decompress(broker, compressed, size, bytes, inflated_size);
  if (code == RD_KAFKA_RESP_ERR__BAD_COMPRESSION)
    (void)admit(turntable::kafka::count_zstd(compressed, size));
  return admit_inflated(code, bytes, inflated_size);
}

bool __real_rd_kafka_snappy_uncompressed_length(const char* compressed, size_t size,
                                                size_t* inflated_size);
bool __wrap_rd_kafka_snappy_uncompressed_length(const char* compressed, size_t size,
                                                size_t* inflated_size) {
  return __real_rd_kafka_snappy_uncompressed_length(compressed, size, inflated_size) &&
         admit(*inflated_size);
}

// With a function to free it comes what was inflated; all others view what belongs to somebody
// else.
rd_kafka_buf_s* __real_rd_kafka_buf_new_shadow(const void* bytes, size_t size, void (*free)(void*));
rd_kafka_buf_s* __wrap_rd_kafka_buf_new_shadow(const void* bytes, size_t size,
                                               void (*free)(void*)) {
  if (free == nullptr) return __real_rd_kafka_buf_new_shadow(bytes, size, free);
  turntable::kafka::inflated.fetch_add(malloc_usable_size(const_cast<void*>(bytes)),
                                       std::memory_order_relaxed);
  return __real_rd_kafka_buf_new_shadow(bytes, size, turntable::kafka::let_go);
}

}  // extern "C"
// NOLINTEND
