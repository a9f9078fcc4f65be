// Where the project's sources are, for tests that read files of theirs.
#pragma once

#include <string>

namespace turntable {

// The absolute path of a file: "data/spotify-songs.csv", say. Only tests are linked with its
// definition: what is compiled with the path of one clone cannot be taken over by another, so no
// more than one small file is.
[[nodiscard]] std::string source_path(const std::string& name);

}  // namespace turntable
