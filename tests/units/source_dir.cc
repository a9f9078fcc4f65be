#include "base/source_dir.h"

namespace turntable {

std::string source_path(const std::string& name) {
  return TURNTABLE_SOURCE_DIR "/" + name;
}

}  // namespace turntable
