// What the decoder's tests share: one event or many in, what became of them out.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decode/json_decoder.h"

namespace turntable {

// The seed's events.
inline Schema plays_schema() {
  return {{"id", Type::int32, true},
          {"name", Type::text, true},
          {"song", Type::text, true},
          {"time", Type::text, true}};
}

inline RecordBatch batch_of(const std::vector<std::string>& events) {
  RecordBatch batch;
  for (const std::string& event : events) batch.records.emplace_back().value = event;
  return batch;
}

class DecoderHarness {
 public:
  explicit DecoderHarness(const Schema& schema, const JsonOptions& options = {}) {
    auto decoder = make_json_decoder(schema, options);
    if (!decoder) ADD_FAILURE() << decoder.error().message;
    decoder_ = std::move(*decoder);
    for (const ColumnDef& column : schema) columns_.emplace_back(column.type);
  }

  void decode(std::vector<std::string> events) {
    events_ = std::move(events);
    decode(batch_of(events_));
  }
  void decode(const RecordBatch& batch) {
    rejects_.clear();
    decoder_->decode(batch, columns_, alive_, rejects_);
  }

  // Of one event alone: nothing where it became a row.
  std::optional<RejectCode> fault(std::string_view event) {
    decode(std::vector<std::string>{std::string(event)});
    EXPECT_EQ(alive_.size() + rejects_.size(), 1U);
    if (rejects_.empty()) return std::nullopt;
    return rejects_[0].code;
  }
  std::string reason(std::string_view event) { return fault(event) ? rejects_[0].reason : "a row"; }

  [[nodiscard]] FieldCensus census() const { return decoder_->census(); }
  [[nodiscard]] std::vector<std::string> newly_cut() { return decoder_->newly_cut(); }
  [[nodiscard]] const Column& column(size_t i) const { return columns_[i]; }
  [[nodiscard]] const Selection& alive() const { return alive_; }
  [[nodiscard]] const Rejects& rejects() const { return rejects_; }

 private:
  std::unique_ptr<Decoder> decoder_;
  std::vector<Column> columns_;
  std::vector<std::string> events_;
  Selection alive_;
  Rejects rejects_;
};

}  // namespace turntable
