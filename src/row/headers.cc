#include "row/headers.h"

#include "base/text.h"

namespace turntable {

void append_header_json(std::string& json, std::string_view name,
                        std::optional<std::string_view> value) {
  json += (json.empty() ? "{" : ", ") + json_quote(name) + ": ";
  if (!value) {
    json += "null";
  } else if (is_utf8(*value)) {
    json += json_quote(*value);
  } else {
    json += "{\"base64\": \"" + base64(*value) + "\"}";
  }
}

}  // namespace turntable
