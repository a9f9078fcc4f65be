// What the conjuncts of a filter, or of a join's further conditions, say about records.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "row/column.h"
#include "sql/evaluator.h"
#include "sql/program.h"

namespace turntable {

// What AND makes of its parts, in the order in which one beats those before it.
enum class Verdict : uint8_t { yes, null, failed, no };

// verdicts[row] = what the conjuncts, which were computed, say together about that record, for each
// of `rows`.
void judge(const sql::Evaluator& evaluator, std::span<const sql::NodeId> conjuncts,
           const Selection& rows, std::vector<Verdict>& verdicts);

// The first conjunct that failed for the record.
[[nodiscard]] std::optional<sql::NodeId> first_failed(const sql::Evaluator& evaluator,
                                                      std::span<const sql::NodeId> conjuncts,
                                                      uint32_t row);

}  // namespace turntable
