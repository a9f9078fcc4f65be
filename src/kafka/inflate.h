// Bounds what one gzip batch of Kafka's becomes in memory.
//
// A broker takes any batch that is small enough compressed, and a megabyte of gzip may inflate to a
// thousand. librdkafka bounds what it makes of zstd (by receive.message.max.bytes), of gzip not;
// lz4 and snappy make no more than 255 and 21 times of what a broker took. So the linker sends
// librdkafka's calls of its function for gzip to the one here (--wrap, see CMakeLists.txt).
//
// It also inflates once where librdkafka does so twice, to count first; and with libdeflate, which
// takes whole buffers: a seventh less of the whole program's time.
#pragma once

#include <cstdint>

extern "C" {

// In the place of librdkafka's rd_gz_decompress(), on librdkafka's threads. A buffer for it to
// free, with a NUL behind its `*inflated_size` bytes; NULL where the stream is damaged, is not one
// stream of gzip, or is more than kBatchBytesLimit. Then the consumer has the error
// BAD_COMPRESSION, and its partition does not go on.
void* __wrap_rd_gz_decompress(const void* compressed, int compressed_size, uint64_t* inflated_size);

}  // extern "C"
