// What gzip batches may become; tests/test_limits.py has a real broker's.
#include "kafka/inflate.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "kafka/config.h"

// librdkafka's name of it: what is called here is what librdkafka calls.
extern "C" void* rd_gz_decompress(const void* compressed, int size, uint64_t* inflated_size);

namespace turntable::kafka {
namespace {

constexpr int kGzip = 16;
constexpr int kZlib = 0;

std::string deflated(const std::string& text, int frame = kGzip) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, frame + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// "refused", or what it inflates to.
std::string inflated(const std::string& compressed) {
  uint64_t size = 0;
  const std::unique_ptr<void, decltype(&std::free)> bytes(
      rd_gz_decompress(compressed.data(), static_cast<int>(compressed.size()), &size), &std::free);
  if (!bytes) return "refused";
  return {static_cast<const char*>(bytes.get()), size};
}

TEST(Inflate, GivesWhatWasDeflated) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{70'000}}) {
    const std::string text(size, 'x');
    EXPECT_EQ(inflated(deflated(text)), text) << size;
  }
}

TEST(Inflate, TakesABatchAtTheLimitAndRefusesOneAboveIt) {
  EXPECT_EQ(inflated(deflated(std::string(kBatchBytesLimit, '0'))).size(), kBatchBytesLimit);
  EXPECT_EQ(inflated(deflated(std::string(kBatchBytesLimit + 1, '0'))), "refused");
}

// No size that is stated opens a way to memory beyond it.
TEST(Inflate, RefusesAStreamThatStatesAnotherSizeThanItHas) {
  const std::string text(70'000, 'x');
  for (const int change : {-1, +1}) {
    std::string stream = deflated(text);
    stream[stream.size() - 4] = static_cast<char>(stream[stream.size() - 4] + change);
    EXPECT_EQ(inflated(stream), "refused") << change;
  }
}

TEST(Inflate, RefusesWhatIsDamagedOrOfAnotherForm) {
  const std::string good = deflated(std::string(70'000, 'x'));
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_EQ(inflated(good.substr(0, length)), "refused") << length;
  std::string other_checksum = good;
  other_checksum[good.size() - 5] ^= 1;
  EXPECT_EQ(inflated(other_checksum), "refused");
  EXPECT_EQ(inflated(deflated("text", kZlib)), "refused");
  EXPECT_EQ(inflated("some text that is not compressed"), "refused");
}

}  // namespace
}  // namespace turntable::kafka
