// Tells people how a run is doing: a line that is rewritten on a terminal, else a line of the log
// every few seconds.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "lane/lane.h"

namespace turntable {

// A part of the line that says how a run is doing.
struct StatusPart {
  std::string text;
  bool urgent = false;
};
// The parts with ", " between them. Where not all have room in `columns` (0: there is no limit),
// the urgent ones come first, and of the others as many as have room.
[[nodiscard]] std::string status_line(std::vector<StatusPart> parts, size_t columns);

// Has a thread of its own, which reads the lanes' figures. Ends it when destroyed.
class StatusReporter {
 public:
  // The lanes outlive the reporter. `interval` is between two lines; 0: as long as suits a terminal
  // or the log.
  // `tables`: the names of several INSERTs, whose rows are told apart.
  explicit StatusReporter(std::vector<const Lane*> lanes, Millis interval = Millis(0),
                          std::vector<std::string> tables = {});
  ~StatusReporter();
  StatusReporter(const StatusReporter&) = delete;
  StatusReporter& operator=(const StatusReporter&) = delete;

 private:
  void run();
  [[nodiscard]] std::string rows_by_table(const std::vector<LaneFigures>& lanes) const;

  std::vector<const Lane*> lanes_;
  const Millis interval_;
  const std::vector<std::string> tables_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;  // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace turntable
