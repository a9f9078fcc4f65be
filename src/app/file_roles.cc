#include "app/file_roles.h"

#include <algorithm>

#include "base/file_id.h"
#include "sqlite/database.h"

namespace turntable {

std::vector<FileRole> file_roles(const Pipeline& pipeline) {
  std::vector<FileRole> roles{{pipeline.file, "the pipeline", "", ""}};
  const SourceSpec& source = pipeline.source;
  if (source.connector == "ndjson" && !source.path.empty() && source.path != "-")
    roles.push_back({source.path, "the file of events", source.table, "path"});
  if (!pipeline.lookup_path.empty())
    roles.push_back({pipeline.lookup_path, "the catalogue of " + pipeline.lookup_table,
                     pipeline.lookup_table, "path"});
  if (pipeline.sink.connector == "sqlite" && !pipeline.sink.path.empty()) {
    const std::string& table = pipeline.sink.declared_as;
    const std::string what = "the SQLite file of " + table;
    for (const std::string& path : sqlite::files_of(pipeline.sink.path))
      roles.push_back({path, what, table, "path", true});
    roles.push_back({sqlite::lock_path_of(pipeline.sink.path), what, table, "path", true});
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
