// What deriving hour and date costs per record: the seed's own expressions.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "sql/binder.h"
#include "sql/evaluator.h"
#include "sql/script.h"

namespace turntable::sql {
namespace {

void hour_and_date(benchmark::State& state) {
  constexpr uint32_t kRows = 4096;
  Faults faults;
  const Script script = parse_script(
      "CREATE TABLE plays (time text); CREATE TABLE o ();"
      "INSERT INTO o SELECT cast(extract(hour FROM to_timestamp(time, 'YYYY-MM-DD HH24:MI')) AS "
      "int) AS hour,"
      "  to_char(to_timestamp(time, 'YYYY-MM-DD HH24:MI'), 'YYYY-MM-DD') AS date FROM plays;",
      {}, faults);
  const auto plan = sql::bind(script, script.inserts[0], {}, faults);
  CHECK(plan.has_value());
  std::vector<std::string> times;
  Column column(Type::text);
  column.reset(kRows);
  for (uint32_t row = 0; row < kRows; ++row)
    times.push_back(fmt::format("20{:02}-{:02}-{:02} {:02}:{:02}", row % 30, row % 12 + 1,
                                row % 28 + 1, row % 24, row % 60));
  for (uint32_t row = 0; row < kRows; ++row) column.set<std::string_view>(row, times[row]);
  const TableInput stream{.columns = {&column, 1}, .rows = nullptr};
  Evaluator evaluator(*plan, {plan->outputs[0].node, plan->outputs[1].node});
  Selection all(kRows);
  for (uint32_t row = 0; row < kRows; ++row) all[row] = row;
  Rejects rejects;
  for (auto _ : state) {
    Selection alive = all;
    evaluator.evaluate({&stream, 1}, kRows, alive, rejects);
    benchmark::DoNotOptimize(evaluator.result(plan->outputs[1].node).get<std::string_view>(0));
  }
  CHECK(rejects.empty());
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(hour_and_date);

}  // namespace
}  // namespace turntable::sql

BENCHMARK_MAIN();
