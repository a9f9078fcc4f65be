// What is prepared once for all lanes: the program, the lookups in memory with an index for each
// probe, and the cells of their rows that lie ready.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalogue/catalogue.h"
#include "enrich/ready_cells.h"
#include "row/row_batch.h"
#include "sql/program.h"
#include "sql/stages.h"

namespace turntable {

// How the rows of one INSERT are written.
struct InsertForm {
  std::vector<std::string> key_columns;  // Outputs of the sink's key, which must not be NULL.
  RowForm rows;
};

// By the name of the lookup whose file cannot be loaded.
using LoadErrors = std::map<std::string, Error>;

// What all lanes of a pipeline share. Immutable.
struct EnrichPlan {
  // Where a probe looks its keys up. Two probes of one lookup share its catalogue, and its index
  // too where they use the same columns of it, or the same expressions over them.
  struct Lookup {
    const Catalogue* catalogue = nullptr;
    const LookupIndex* index = nullptr;
    // The key's parts, for messages: "name", "substr(s.name, 2)".
    std::vector<std::string> key_names;
  };

  sql::Program program;
  std::vector<InsertForm> forms;                      // By INSERT.
  std::map<std::string, LoadedCatalogue> catalogues;  // By the lookup's name.
  std::vector<Lookup> lookups;                        // By probe.
  // By INSERT, then by probe. Null where no output of the INSERT needs just that lookup.
  std::vector<std::vector<std::shared_ptr<const ReadyCells>>> ready;
  sql::Stages stages;

  // Loads the files of the lookups that the program joins; `files` has them by the name of the
  // lookup. All of them are loaded, whatever is wrong with others.
  [[nodiscard]] static tl::expected<std::shared_ptr<const EnrichPlan>, LoadErrors> make(
      sql::Program program, std::vector<InsertForm> forms,
      std::map<std::string, std::unique_ptr<CatalogueFile>> files);

  // What was found while the lookup was loaded, as lines for people. Empty where it was not loaded.
  [[nodiscard]] std::string load_report(const std::string& lookup,
                                        const CatalogueOptions& options) const;

  // By output of the INSERT: part of the sink's key.
  [[nodiscard]] std::vector<bool> key_outputs(size_t insert) const;
  // By output of the INSERT: what a deletion (RowKind) has. That is the sink's key; for a sink that
  // has none, what is made of the record's key.
  [[nodiscard]] std::vector<bool> deletion_outputs(size_t insert) const;
};

}  // namespace turntable
