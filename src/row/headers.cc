#include "row/headers.h"

#include <utility>

#include "base/text.h"

namespace turntable {

void HeadersJson::add(std::string_view name, std::optional<std::string_view> value) {
  ++count_;
  bytes_ += name.size() + (value ? value->size() : 0);
  if (count_ > kHeadersLimit || bytes_ > kHeadersBytesLimit) return;
  json_ += (count_ == 1 ? "" : ", ") + json_quote(name) + ": ";
  if (!value) {
    json_ += "null";
  } else if (is_utf8(*value)) {
    json_ += json_quote(*value);
  } else {
    json_ += "{\"base64\": \"" + base64(*value) + "\"}";
  }
}

std::optional<std::string> HeadersJson::finish() && {
  if (count_ > kHeadersLimit || bytes_ > kHeadersBytesLimit) return std::nullopt;
  json_ += '}';
  return std::move(json_);
}

}  // namespace turntable
