#include "app/file_roles.h"

#include <algorithm>

#include "base/file_id.h"
#include "sqlite/database.h"

namespace turntable {

std::vector<FileRole> file_roles(const Pipeline& pipeline) {
  std::vector<FileRole> roles;
  const SourceSpec& source = pipeline.source;
  if (source.connector == "ndjson" && source.path != "-")
    roles.push_back({source.path, "the file of events", source.table, "path"});
  if (!pipeline.lookup_path.empty())
    roles.push_back({pipeline.lookup_path, "the catalogue of " + pipeline.lookup_table,
                     pipeline.lookup_table, "path"});
  if (pipeline.sink.connector == "sqlite") {
    const std::string what = "the SQLite file of " + pipeline.sink.table.name;
    for (const std::string& path : sqlite::files_of(pipeline.sink.path))
      roles.push_back({path, what, pipeline.sink.table.name, "path", true});
  }
  if (source.dead_letters.to == DeadLettersSpec::To::file)
    roles.push_back(
        {source.dead_letters.target, "the dead letters' file", source.table, "dead_letters", true});
  return roles;
}

std::string role_of(const std::string& path, const std::vector<FileRole>& roles) {
  const auto found = std::find_if(roles.begin(), roles.end(), [&](const FileRole& role) {
    return is_same_file(role.path, path);
  });
  return found == roles.end() ? "" : found->what;
}

}  // namespace turntable
