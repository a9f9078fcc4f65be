// Which files a pipeline is, reads and writes, so that none is two things at once: letters that are
// read as events make letters of letters without end, and a file that two writers have is neither's.
#pragma once

#include <string>
#include <vector>

#include "app/pipeline.h"

namespace turntable {

struct FileRole {
  std::string path;
  std::string what;    // "the file of events", for messages.
  std::string table;   // Whose option names it, as the pipeline declares it; empty: its own file.
  std::string option;  // "path".
  bool written = false;
};

// Standard input and output are none, nor is a path that is missing.
[[nodiscard]] std::vector<FileRole> file_roles(const Pipeline& pipeline);

// What `path` is already, where it would be written to: "the catalogue of songs". Empty where it is
// nothing of the pipeline's.
[[nodiscard]] std::string role_of(const std::string& path, const std::vector<FileRole>& roles);

}  // namespace turntable
