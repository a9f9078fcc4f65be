// What a pipeline says of its lanes. What the command adds (how many, what is shown) is its own.
#pragma once

#include "app/pipeline.h"
#include "lane/lane.h"

namespace turntable {

[[nodiscard]] inline LaneOptions lane_options(const Pipeline& pipeline) {
  LaneOptions options;
  options.flush_interval = pipeline.sink.flush_interval;
  options.flush_rows = pipeline.sink.flush_rows;
  options.flush_bytes = pipeline.sink.flush_bytes;
  options.write_times = pipeline.sink.table.write_times;
  return options;
}

}  // namespace turntable
