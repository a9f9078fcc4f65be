// Where rows go. A sink belongs to one lane and is called by its thread only.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "row/row_batch.h"
#include "row/types.h"

namespace turntable {

// What became of rows since the last call. Views are valid until the next call on the sink.
struct Acks {
  std::span<const Origin> written;  // Durable, as the sink understands it.
  struct Refused {
    Origin origin;
    std::string reason;
  };
  std::span<const Refused>
      refused;  // Rows that the sink will never take; their neighbours are not concerned.
};

class Sink {
 public:
  virtual ~Sink() = default;

  // Takes all rows of the batch and leaves it empty (its memory may have been exchanged). Call only
  // while !full(). Does not wait for the network. An error means that the pipeline must stop: no
  // row of the batch is acknowledged.
  [[nodiscard]] virtual Status submit(RowBatch& rows) = 0;

  // True while so much is unsent that the lane must not submit more: the lane stops reading.
  [[nodiscard]] virtual bool full() const = 0;

  // Sends what is due and collects outcomes, waiting up to `wait` for the first. What is transient
  // is retried inside, without end and with backoff. An error means that the pipeline must stop;
  // unacknowledged rows stay so.
  [[nodiscard]] virtual Result<Acks> reap(Millis wait) = 0;

  // Rows taken and not yet reported.
  [[nodiscard]] virtual size_t in_flight() const = 0;

  // Readable when reap() has something to report; -1 where submit() completes everything at once.
  [[nodiscard]] virtual int wait_fd() const = 0;

  // "spotify.listening_history", a file's path, "the console": for messages.
  [[nodiscard]] virtual std::string name() const = 0;
};

}  // namespace turntable
