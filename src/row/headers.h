// A record's headers, which its owner shows one by one: collected, or as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "row/letter.h"
#include "row/record.h"

namespace turntable {

[[nodiscard]] inline std::vector<Header> headers_of(const RecordBatch& batch,
                                                    const Record& record) {
  std::vector<Header> headers;
  if (!batch.owner) return headers;
  batch.owner->visit_headers(
      record, [&headers](std::string_view name, std::optional<std::string_view> value) {
        headers.push_back({std::string(name), std::nullopt});
        if (value) headers.back().value = *value;
      });
  return headers;
}

// One more member of an object that is begun here and not closed: {"trace": "abc", "raw":
// {"base64": "/w=="}, "none": null: text where a value is UTF-8, else base64.
void append_header_json(std::string& json, std::string_view name,
                        std::optional<std::string_view> value);

}  // namespace turntable
