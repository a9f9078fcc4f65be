// What a pipeline says of its lanes. What the command adds (how many, what is shown) is its own.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "app/connector.h"
#include "app/pipeline.h"
#include "lane/lane.h"

namespace turntable {

[[nodiscard]] inline LaneOptions lane_options(const Pipeline& pipeline) {
  LaneOptions options;
  options.flush.clear();
  for (const StoreSpec& store : pipeline.stores)
    options.flush.push_back(
        {.interval = store.flush_interval, .rows = store.flush_rows, .bytes = store.flush_bytes});
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
