// What a pipeline says of its lanes. What the command adds (how many, what is shown) is its own.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "app/connector.h"
#include "app/pipeline.h"
#include "app/stores.h"
#include "lane/lane.h"

namespace turntable {

// A lane flushes all of its stores by the same options: those that a store asks for, and the
// defaults of the first that keeps a table.
[[nodiscard]] inline LaneOptions lane_options(const Pipeline& pipeline) {
  LaneOptions options;
  const auto keeps = std::find_if(
      pipeline.stores.begin(), pipeline.stores.end(),
      [](const StoreSpec& store) { return store.connector->keeps_table(); });
  StoreSpec flush = keeps == pipeline.stores.end() ? pipeline.stores.front() : *keeps;
  for (const StoreSpec& store : pipeline.stores) take_flush_options(store, flush);
  options.flush_interval = flush.flush_interval;
  options.flush_rows = flush.flush_rows;
  options.flush_bytes = flush.flush_bytes;
  options.write_times = write_times_of(pipeline);
  options.tombstones = pipeline.source.tombstones;
  return options;
}

// The parts of a lane that are the same for every command.
[[nodiscard]] inline LaneParts lane_parts(const Pipeline& pipeline,
                                          std::unique_ptr<Decoder> decoder,
                                          std::vector<std::unique_ptr<Sink>> sinks,
                                          std::unique_ptr<DeadLetters> dead_letters) {
  return {.decoder = std::move(decoder),
          .enricher = std::make_unique<Enricher>(pipeline.enrich),
          .stores = std::move(sinks),
          .dead_letters = std::move(dead_letters),
          .targets = pipeline.inserts};
}

}  // namespace turntable
