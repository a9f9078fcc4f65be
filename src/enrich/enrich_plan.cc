#include "enrich/enrich_plan.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>
#include <variant>

#include "base/check.h"
#include "enrich/same_expression.h"
#include "sql/record_key.h"

namespace turntable {
namespace {

// The outputs of an INSERT whose cells do not lie ready.
std::vector<sql::NodeId> computed_per_record(const sql::Program& program, size_t insert) {
  const std::vector<sql::Output>& outputs = program.inserts[insert].outputs;
  std::vector<bool> ready(outputs.size(), false);
  for (size_t probe = 0; probe < program.probes.size(); ++probe)
    for (const ReadyRun& run : lookup_runs(program, insert, probe))
      std::fill(ready.begin() + static_cast<ptrdiff_t>(run.first),
                ready.begin() + static_cast<ptrdiff_t>(run.last), true);
  std::vector<sql::NodeId> nodes;
  for (size_t i = 0; i < outputs.size(); ++i)
    if (!ready[i]) nodes.push_back(outputs[i].node);
  return nodes;
}

// The index that a probe needs.
IndexRule index_rule(const sql::Program& program, size_t number) {
  const sql::Probe& probe = program.probes[number];
  IndexRule rule;
  for (const sql::JoinKey& key : probe.keys) {
    const sql::Node& node = program.nodes[key.stored];
    rule.nodes.push_back(key.stored);
    if (const auto* column = std::get_if<sql::ColumnRef>(&node.what)) {
      rule.names.push_back(probe.schema[column->column].name);
      rule.columns.push_back(column->column);
    } else {
      rule.names.push_back(node.text);
    }
  }
  if (rule.columns.size() == rule.nodes.size()) {
    rule.nodes.clear();
  } else {
    rule.columns.clear();
    rule.program = &program;
    rule.table = static_cast<uint32_t>(number + 1);
  }
  return rule;
}

bool same_keys(const IndexRule& one, const IndexRule& other) {
  if (one.program == nullptr || other.program == nullptr)
    return one.program == other.program && one.columns == other.columns;
  return std::equal(
      one.nodes.begin(), one.nodes.end(), other.nodes.begin(), other.nodes.end(),
      [&](sql::NodeId a, sql::NodeId b) { return same_expression(*one.program, a, b); });
}

// Collects what all probes of one lookup need of it.
class LookupLoad {
 public:
  explicit LookupLoad(EnrichPlan& plan) : plan_(plan), read_(plan.stages.nodes()) {}

  void add_probe(size_t probe) {
    const auto table = static_cast<uint32_t>(probe + 1);
    for (const uint32_t column : plan_.program.columns_read(read_, table)) kept_.insert(column);

    IndexRule rule = index_rule(plan_.program, probe);
    for (const uint32_t column : plan_.program.columns_read(rule.nodes, table))
      order_.read.push_back(column);
    const auto same = std::find_if(order_.indexes.begin(), order_.indexes.end(),
                                   [&](const IndexRule& other) { return same_keys(rule, other); });
    plan_.lookups[probe].key_names = rule.names;
    probes_.push_back({probe, static_cast<size_t>(same - order_.indexes.begin())});
    if (same == order_.indexes.end()) order_.indexes.push_back(std::move(rule));

    for (size_t insert = 0; insert < plan_.program.inserts.size(); ++insert)
      add_ready(insert, probe);
  }

  [[nodiscard]] Status load(CatalogueFile& file, const std::string& name) {
    order_.kept.assign(kept_.begin(), kept_.end());
    ASSIGN_OR_RETURN(LoadedCatalogue loaded, file.load(order_));
    const Catalogue& catalogue = *loaded.catalogue;
    plan_.catalogues[name] = std::move(loaded);
    for (const auto& [probe, index] : probes_) {
      plan_.lookups[probe].catalogue = &catalogue;
      plan_.lookups[probe].index = &catalogue.indexes()[index];
    }
    for (const auto& [maker, users] : makers_)
      for (size_t i = 0; i < users.size(); ++i)
        plan_.ready[users[i].insert][users[i].probe] = maker->take(i);
    return {};
  }

 private:
  struct ReadyFor {
    size_t insert;
    size_t probe;
  };
  // Users of cells that are the same.
  struct SharedCells {
    std::unique_ptr<ReadyCells::Maker> maker;
    std::vector<ReadyFor> users;
  };

  void add_ready(size_t insert, size_t probe) {
    ReadyUse use = ready_use(plan_.program, insert, probe, plan_.key_outputs(insert),
                             plan_.forms[insert].rows);
    if (use.runs.empty()) return;
    auto shared = std::find_if(makers_.begin(), makers_.end(), [&](const SharedCells& cells) {
      return cells.maker->makes_cells_of(use);
    });
    if (shared == makers_.end()) {
      for (const uint32_t column :
           plan_.program.columns_read(use.nodes(), static_cast<uint32_t>(probe + 1)))
        order_.read.push_back(column);
      makers_.push_back({std::make_unique<ReadyCells::Maker>(plan_.program, probe), {}});
      shared = makers_.end() - 1;
      order_.visitors.push_back(shared->maker.get());
    }
    shared->maker->add(std::move(use));
    shared->users.push_back({insert, probe});
  }

  EnrichPlan& plan_;
  const std::vector<sql::NodeId> read_;
  std::set<uint32_t> kept_;
  LoadOrder order_;
  std::vector<std::pair<size_t, size_t>> probes_;  // Each with its index's number.
  std::vector<SharedCells> makers_;
};

}  // namespace

tl::expected<std::shared_ptr<const EnrichPlan>, LoadErrors> EnrichPlan::make(
    sql::Program program, std::vector<InsertForm> forms,
    std::map<std::string, std::unique_ptr<CatalogueFile>> files) {
  auto made = std::make_shared<EnrichPlan>();
  made->program = std::move(program);
  made->forms = std::move(forms);
  const sql::Program& what = made->program;
  CHECK(made->forms.size() == what.inserts.size());
  std::vector<std::vector<sql::NodeId>> outputs;
  for (size_t insert = 0; insert < what.inserts.size(); ++insert)
    outputs.push_back(computed_per_record(what, insert));
  made->stages = sql::stages_of(what, outputs);
  made->lookups.resize(what.probes.size());
  made->ready.assign(what.inserts.size(),
                     std::vector<std::shared_ptr<const ReadyCells>>(what.probes.size()));

  std::map<std::string, LookupLoad> loads;
  for (size_t probe = 0; probe < what.probes.size(); ++probe)
    loads.try_emplace(what.probes[probe].table, *made).first->second.add_probe(probe);
  LoadErrors errors;
  for (auto& [name, load] : loads) {
    CHECK(files[name] != nullptr);
    if (Status loaded = load.load(*files[name], name); !loaded)
      errors.emplace(name, std::move(loaded.error()));
  }
  if (!errors.empty()) return tl::unexpected<LoadErrors>(std::move(errors));
  return std::shared_ptr<const EnrichPlan>(std::move(made));
}

std::string EnrichPlan::load_report(const std::string& lookup,
                                    const CatalogueOptions& options) const {
  const auto found = catalogues.find(lookup);
  return found == catalogues.end() ? "" : found->second.report.text(lookup, options);
}

std::vector<bool> EnrichPlan::deletion_outputs(size_t insert) const {
  if (!forms[insert].key_columns.empty()) return key_outputs(insert);
  std::vector<bool> of_key;
  for (const sql::Output& output : program.inserts[insert].outputs)
    of_key.push_back(sql::column_beside_key(program, output.node) == nullptr);
  return of_key;
}

std::vector<bool> EnrichPlan::key_outputs(size_t insert) const {
  const std::vector<std::string>& names = forms[insert].key_columns;
  std::vector<bool> keys;
  for (const sql::Output& output : program.inserts[insert].outputs)
    keys.push_back(std::find(names.begin(), names.end(), output.name) != names.end());
  return keys;
}

}  // namespace turntable
