#include "kafka/headers.h"

#include <string>

#include "base/text.h"

namespace turntable::kafka {

std::string_view headers_json(const rd_kafka_message_t* message, Arena& arena) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return "{}";
  std::string json = "{";
  const char* name = nullptr;
  const void* bytes = nullptr;
  size_t size = 0;
  for (size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &bytes, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    if (i > 0) json += ", ";
    json += json_quote(name) + ": ";
    const std::string_view value(static_cast<const char*>(bytes), bytes == nullptr ? 0 : size);
    if (bytes == nullptr) {
      json += "null";
    } else if (is_utf8(value)) {
      json += json_quote(value);
    } else {
      json += "{\"base64\": \"" + base64(value) + "\"}";
    }
  }
  return arena.copy(json + "}");
}

}  // namespace turntable::kafka
