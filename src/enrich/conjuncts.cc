#include "enrich/conjuncts.h"

#include <algorithm>

namespace turntable {

void judge(const sql::Evaluator& evaluator, std::span<const sql::NodeId> conjuncts,
           const Selection& rows, std::vector<Verdict>& verdicts) {
  if (!rows.empty() && verdicts.size() <= rows.back()) verdicts.resize(rows.back() + 1);
  for (const uint32_t row : rows) verdicts[row] = Verdict::yes;
  for (const sql::NodeId conjunct : conjuncts) {
    const Column& column = evaluator.result(conjunct);
    const auto* const values = column.data<uint8_t>();
    const State* const states = column.states();
    for (const uint32_t row : rows) {
      const Verdict verdict = states[row] == State::value
                                  ? values[row] != 0 ? Verdict::yes : Verdict::no
                              : states[row] == State::null ? Verdict::null
                                                           : Verdict::failed;
      verdicts[row] = std::max(verdicts[row], verdict);
    }
  }
}

std::optional<sql::NodeId> first_failed(const sql::Evaluator& evaluator,
                                        std::span<const sql::NodeId> conjuncts, uint32_t row) {
  const auto found = std::find_if(conjuncts.begin(), conjuncts.end(), [&](sql::NodeId conjunct) {
    return evaluator.result(conjunct).state(row) == State::failed;
  });
  if (found == conjuncts.end()) return std::nullopt;
  return *found;
}

}  // namespace turntable
