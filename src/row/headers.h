// A record's headers, which its owner shows one by one: collected, or as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "row/letter.h"
#include "row/record.h"

namespace turntable {

// Of one record's headers as JSON: how many, and the bytes of their names and values. Dead letters
// carry as many as can be read: 100,000 (librdkafka's rd_kafka_msg_headers_parse).
inline constexpr size_t kHeadersLimit = 1'000;
inline constexpr size_t kHeadersBytesLimit = size_t{256} << 10;

// Nothing where they cannot be read.
[[nodiscard]] inline std::optional<std::vector<Header>> headers_of(const RecordBatch& batch,
                                                                   const Record& record) {
  std::vector<Header> headers;
  if (!batch.owner) return headers;
  const bool read = batch.owner->visit_headers(
      record, [&headers](std::string_view name, std::optional<std::string_view> value) {
        headers.push_back({std::string(name), std::nullopt});
        if (value) headers.back().value = *value;
      });
  if (!read) return std::nullopt;
  return headers;
}

// One record's headers as a JSON object, header by header: {"trace": "abc", "raw": {"base64":
// "/w=="}, "none": null}: text where a value is UTF-8, else base64.
class HeadersJson {
 public:
  void add(std::string_view name, std::optional<std::string_view> value);
  // Nothing where they were too many or too large.
  [[nodiscard]] std::optional<std::string> finish() &&;

 private:
  std::string json_ = "{";
  size_t count_ = 0;
  size_t bytes_ = 0;
};

}  // namespace turntable
