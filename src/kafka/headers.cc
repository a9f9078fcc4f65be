#include "kafka/headers.h"

#include <utility>

#include "row/headers.h"

namespace turntable::kafka {

bool visit_headers(const rd_kafka_message_t* message, const HeaderVisitor& visit) {
  rd_kafka_headers_t* headers = nullptr;
  const auto code = rd_kafka_message_headers(message, &headers);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return code == RD_KAFKA_RESP_ERR__NOENT;
  const char* name = nullptr;
  const void* bytes = nullptr;
  size_t size = 0;
  for (size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &bytes, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    std::optional<std::string_view> value;
    if (bytes != nullptr) value = {static_cast<const char*>(bytes), size};
    visit(name, value);
  }
  return true;
}

void fill_headers(const rd_kafka_message_t* message, Record& record, Arena& arena) {
  HeadersJson json;
  const bool read =
      visit_headers(message, [&json](std::string_view name, std::optional<std::string_view> value) {
        json.add(name, value);
      });
  const auto finished = std::move(json).finish();
  if (read && finished) {
    record.headers = arena.copy(*finished);
  } else {
    record.headers_too_large = true;
  }
}

}  // namespace turntable::kafka
