// Dead letters in memory, which can be made to fail.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "delivery/dead_letters.h"

namespace turntable {

class FakeDeadLetters final : public DeadLetters {
 public:
  // Outlives the letters.
  struct Log {
    // "fake/0/1 json_syntax nonsense"; where INSERTs are named, "fake/0/1 1:unmatched 2:bad_value
    // nonsense".
    std::vector<std::string> durable;
    int failures = 0;  // So many flushes fail with `error` first.
    Error error{ErrorKind::transient, "the disk is full"};
    std::function<void()> on_failure;
    bool gone = false;  // Those that were not let go of.
    int doubts = 0;     // So many times it cannot be said first whether they are.
    std::function<void()> on_doubt;
    uint64_t asked = 0;
    int let_go = 0;
    bool keeps = true;
  };
  explicit FakeDeadLetters(Log& log) : log_(log) {}

  using DeadLetters::add;
  void add(const RecordBatch& batch, std::span<const Reject> faults) override {
    const Record& record = batch.records[faults[0].row];
    std::string letter = fmt::format("{}/{}/{}", batch.topic, record.partition, record.offset);
    for (const Reject& fault : faults) {
      letter += ' ';
      if (fault.insert != kEveryInsert) letter += fmt::format("{}:", fault.insert);
      letter += reject_code_name(fault.code);
    }
    pending_.push_back(fmt::format("{} {}", letter, record.value));
  }
  Status flush() override {
    if (log_.failures > 0) {
      --log_.failures;
      if (log_.on_failure) log_.on_failure();
      return tl::unexpected<Error>(log_.error);
    }
    for (std::string& letter : pending_) log_.durable.push_back(std::move(letter));
    pending_.clear();
    return {};
  }
  Status still_there() override {
    ++log_.asked;
    if (log_.doubts > 0) {
      --log_.doubts;
      if (log_.on_doubt) log_.on_doubt();
      return fail(ErrorKind::transient, "no answer");
    }
    return log_.gone ? fail(ErrorKind::failed, "the letters are gone") : Status{};
  }
  void let_go() override { ++log_.let_go; }
  [[nodiscard]] size_t pending_bytes() const override { return pending_.size(); }
  [[nodiscard]] bool keeps() const override { return log_.keeps; }
  [[nodiscard]] std::string name() const override { return "memory"; }

 private:
  Log& log_;
  std::vector<std::string> pending_;
};

}  // namespace turntable
