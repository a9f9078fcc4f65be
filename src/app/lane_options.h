// What a pipeline says of its lanes. What the command adds (how many, what is shown) is its own.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "app/pipeline.h"
#include "lane/lane.h"

namespace turntable {

// Several stores are flushed as often as the one that asks for the most.
[[nodiscard]] inline LaneOptions lane_options(const Pipeline& pipeline) {
  LaneOptions options;
  const StoreSpec& first = pipeline.stores.front();
  options.flush_interval = first.flush_interval;
  options.flush_rows = first.flush_rows;
  options.flush_bytes = first.flush_bytes;
  for (const StoreSpec& store : pipeline.stores) {
    options.flush_interval = std::min(options.flush_interval, store.flush_interval);
    options.flush_rows = std::min<size_t>(options.flush_rows, store.flush_rows);
    options.flush_bytes = std::min<size_t>(options.flush_bytes, store.flush_bytes);
  }
  options.write_times = write_times_of(pipeline);
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
