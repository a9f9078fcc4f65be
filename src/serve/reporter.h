// Publishes how a run is, once a second, on a thread of its own: /metrics, /api/status, /api/live,
// /api/history, /api/plan, /readyz and /healthz, and the page.
//
// It is there before anything is connected, and tells what is awaited. It reads what lanes publish
// (lane/lane_view.h), and lanes never wait for it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "lane/lane.h"
#include "serve/http_server.h"
#include "serve/run_facts.h"
#include "serve/run_history.h"
#include "serve/status_json.h"

namespace turntable {

// A lane whose loop has not turned for so long hangs: /healthz says so.
inline constexpr std::chrono::seconds kHangsAfter{60};

class Reporter {
 public:
  // Shows the page, and that the run is starting. `facts`: as far as they are known.
  Reporter(std::unique_ptr<HttpServer> server, RunFacts facts);
  // Ends the thread, then the server.
  ~Reporter();
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  // All of these are called by the thread that starts the run.
  // What it waits for now: a node of the plan, its name, and a sentence without a full stop.
  void awaits(std::string node, std::string name, std::string reason);
  // The pipeline is loaded.
  void knows(RunFacts facts);
  // The lanes are made, and will run. They outlive what follows until forget_lanes().
  void watch(std::vector<const Lane*> lanes);
  // They have ended. What they were at last stays to be seen.
  void forget_lanes();

 private:
  void run();
  void publish();  // With the lock.

  const std::unique_ptr<HttpServer> server_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by the mutex.
  RunFacts facts_;
  std::vector<const Lane*> lanes_;
  std::vector<LaneFigures> last_;  // Of lanes that have ended.
  Readiness readiness_;
  RunHistory history_;
  bool due_ = true;  // Something is to be told at once.
  bool end_ = false;
  std::thread thread_;
};

}  // namespace turntable
