// The page, as it was when the program was built: src/serve/web/, embedded by tools/embed.py.
#pragma once

#include <span>
#include <string_view>

namespace turntable {

struct WebFile {
  std::string_view path;  // "/app.js".
  std::string_view content_type;
  std::string_view bytes;
  std::string_view gzip;
};

[[nodiscard]] std::span<const WebFile> web_files();

}  // namespace turntable
