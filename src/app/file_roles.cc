#include "app/file_roles.h"

#include <algorithm>

#include "base/file_id.h"
#include "sqlite/database.h"

namespace turntable {

std::vector<FileRole> file_roles(const Pipeline& pipeline) {
  std::vector<FileRole> roles{{pipeline.file, "the pipeline", "", ""}};
  const SourceSpec& source = pipeline.source;
  if (!source.path.empty() && source.path != "-")
    roles.push_back({source.path, "the file of events", source.table, "path"});
  for (const LookupSpec& lookup : pipeline.lookups)
    roles.push_back({lookup.catalogue.path, "the catalogue of " + lookup.table, lookup.table, "path"});
  for (const StoreSpec& store : pipeline.stores) {
    if (store.path.empty()) continue;
    const std::string& table = store.tables[0].declared_as;
    const std::string what = "the SQLite file of " + table;
    for (const std::string& path : sqlite::files_of(store.path))
      roles.push_back({path, what, table, "path", true});
    roles.push_back({sqlite::lock_path_of(store.path), what, table, "path", true});
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
