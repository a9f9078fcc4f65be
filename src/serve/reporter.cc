#include "serve/reporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/micros.h"
#include "serve/metrics.h"
#include "serve/web_files.h"

namespace turntable {
namespace {

constexpr Millis kPublishEvery{1'000};
constexpr std::string_view kJson = "application/json";

int64_t wall_us() {
  return micros_of(std::chrono::system_clock::now());
}

void publish_text(const HttpServer& server, std::string_view path, std::string_view type,
                  std::string_view text) {
  server.publish(path, std::array{HttpBody{.content_type = type, .bytes = text}});
}

void publish_page(const HttpServer& server) {
  for (const WebFile& file : web_files())
    server.publish(file.path, std::array{HttpBody{file.content_type, file.bytes, false},
                                         HttpBody{file.content_type, file.gzip, true}});
}

bool all_read(const std::vector<LaneFigures>& lanes) {
  return !lanes.empty() && std::all_of(lanes.begin(), lanes.end(),
                                       [](const LaneFigures& lane) { return lane.turns > 0; });
}

}  // namespace

Reporter::Reporter(std::unique_ptr<HttpServer> server, RunFacts facts)
    : server_(std::move(server)), facts_(std::move(facts)) {
  readiness_.reason = "the pipeline is read and its lookups are loaded";
  readiness_.since_us = wall_us();
  publish_page(*server_);
  publish_text(*server_, "/api/plan", kJson, plan_json(facts_));
  publish();
  thread_ = std::thread([this] { run(); });
}

Reporter::~Reporter() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  changed_.notify_all();
  thread_.join();
  publish();  // How it ended, for who asks within the last moment.
}

void Reporter::awaits(std::string node, std::string name, std::string reason) {
  {
    const std::lock_guard lock(mutex_);
    readiness_ = {.node = std::move(node),
                  .name = std::move(name),
                  .reason = std::move(reason),
                  .since_us = wall_us()};
    due_ = true;
  }
  changed_.notify_all();
}

void Reporter::knows(RunFacts facts) {
  const std::lock_guard lock(mutex_);
  facts_ = std::move(facts);
  publish_text(*server_, "/api/plan", kJson, plan_json(facts_));
}

void Reporter::watch(std::vector<const Lane*> lanes) {
  {
    const std::lock_guard lock(mutex_);
    lanes_ = std::move(lanes);
    due_ = true;
  }
  changed_.notify_all();
}

void Reporter::forget_lanes() {
  const std::lock_guard lock(mutex_);
  last_.clear();
  for (const Lane* lane : lanes_) last_.push_back(lane->figures());
  lanes_.clear();
  publish();
}

void Reporter::run() {
  std::unique_lock lock(mutex_);
  while (!end_) {
    changed_.wait_for(lock, kPublishEvery, [this] { return end_ || due_; });
    due_ = false;
    publish();
  }
}

void Reporter::publish() {
  std::vector<LaneFigures> figures = last_;
  for (const Lane* lane : lanes_) figures.push_back(lane->figures());
  const bool ready = all_read(figures);
  readiness_.ready = ready;
  Observation now =
      observe(std::move(figures), facts_, wall_us(), std::chrono::steady_clock::now());
  now.http = server_->counts();
  history_.add(now, facts_);

  const std::string status = status_json(now, history_, facts_, readiness_);
  publish_text(*server_, "/api/status", kJson, status + "\n");
  server_->publish_event(status);
  publish_text(*server_, "/api/history", kJson, history_json(history_));
  const auto metrics = [&](MetricsFormat format) {
    return metrics_text(now, facts_, ready, format);
  };
  const std::string plain = metrics(MetricsFormat::prometheus);
  const std::string open = metrics(MetricsFormat::open_metrics);
  server_->publish("/metrics",
                   std::array{HttpBody{content_type(MetricsFormat::prometheus), plain, false},
                              HttpBody{content_type(MetricsFormat::open_metrics), open, false}});
  server_->set_ready(ready, readiness_.reason);
  const double age = now.turn_age_seconds.value_or(0);
  const bool turns = age < std::chrono::duration<double>(kHangsAfter).count();
  server_->set_healthy(turns, fmt::format("the loop of a lane has not turned for {:.0f} s", age));
}

}  // namespace turntable
