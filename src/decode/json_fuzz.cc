// Any bytes as events, judged by nlohmann-json: the decoder must agree on what is a JSON object, on
// which fields a column takes, and on every value. Every record becomes a row or one reject, and
// becomes the same whatever was decoded before it.
//
// An input is a byte of flags and records with kBetween between them; kTombstone is one without a
// value.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/fuzz_input.h"
#include "base/fuzz_json.h"
#include "base/iso_time.h"
#include "base/text.h"
#include "decode/json_decoder.h"

namespace turntable {
namespace {

using nlohmann::json;

constexpr char kBetween = '\x1E';
constexpr size_t kRecordsLimit = 4;
constexpr std::string_view kTombstone = "\x1D";

Schema schema_with(bool not_null) {
  return {{"t", Type::text, not_null},
          {"i", Type::int32, not_null},
          {"b", Type::int64, not_null},
          {"d", Type::float64, not_null},
          {"r", Type::float32, not_null},
          {"o", Type::boolean, not_null},
          {"z", Type::timestamp, not_null},
          {"j", Type::jsonb, not_null},
          // Longer than what the decoder learns of a key.
          {"a_name_of_fifty_five_bytes_that_is_not_to_be_remembered", Type::text, false}};
}

// What became of one record.
struct Fate {
  std::optional<Reject> reject;
  std::vector<std::string> values;  // One for each column of a row, as text with its bits.

  bool operator==(const Fate& other) const {
    const bool same = reject.has_value() == other.reject.has_value() && values == other.values;
    return same && (!reject ||
                    (reject->code == other.reject->code && reject->reason == other.reject->reason));
  }
};

std::string value_text(const Column& column, size_t row) {
  if (column.is_null(row)) return "NULL";
  switch (column.type()) {
    case Type::boolean:
      return column.get<uint8_t>(row) != 0 ? "true" : "false";
    case Type::int32:
      return std::to_string(column.get<int32_t>(row));
    case Type::int64:
    case Type::timestamp:
      return std::to_string(column.get<int64_t>(row));
    case Type::float32: {
      std::array<char, 64> text{};
      std::snprintf(text.data(), text.size(), "%a", double{column.get<float>(row)});
      return text.data();
    }
    case Type::float64: {
      std::array<char, 64> text{};
      std::snprintf(text.data(), text.size(), "%a", column.get<double>(row));
      return text.data();
    }
    default:
      return "'" + std::string(column.get<std::string_view>(row));
  }
}

std::vector<Column> columns_of(const Schema& schema) {
  std::vector<Column> columns;
  for (const ColumnDef& column : schema) columns.emplace_back(column.type);
  return columns;
}

std::vector<Fate> decode(Decoder& decoder, std::vector<Column>& columns, const RecordBatch& batch) {
  Selection alive;
  Rejects rejects;
  decoder.decode(batch, columns, alive, rejects);
  std::vector<Fate> fates(batch.size());
  CHECK(alive.size() + rejects.size() == batch.size());
  for (size_t i = 0; i < alive.size(); ++i) {
    CHECK(alive[i] < batch.size() && (i == 0 || alive[i - 1] < alive[i]));
    for (const Column& column : columns) {
      fates[alive[i]].values.push_back(value_text(column, alive[i]));
      if (!column.is_null(alive[i]) && is_view(column.type()))
        CHECK(is_utf8(column.get<std::string_view>(alive[i])));
    }
  }
  for (Reject& reject : rejects) {
    CHECK(reject.row < batch.size() && fates[reject.row].values.empty());
    CHECK(!fates[reject.row].reject);
    CHECK(!reject.reason.empty() && is_utf8(reject.reason));
    const uint32_t row = reject.row;
    fates[row].reject = std::move(reject);
    fates[row].reject->row = 0;
  }
  return fates;
}

int depth_of(const json& value) {
  int deepest = 0;
  if (value.is_structured())
    for (const json& part : value) deepest = std::max(deepest, depth_of(part));
  return value.is_structured() ? deepest + 1 : 0;
}

// Whether the column can have the value, and the value as value_text() writes it.
std::optional<std::string> taken(Type type, const json& value) {
  std::array<char, 64> text{};
  switch (type) {
    case Type::boolean:
      if (!value.is_boolean()) return std::nullopt;
      return value.get<bool>() ? "true" : "false";
    case Type::int32:
    case Type::int64: {
      if (!value.is_number_integer()) return std::nullopt;
      constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
      if (value.is_number_unsigned() && value.get<uint64_t>() > kMost) return std::nullopt;
      const auto number = value.get<int64_t>();
      if (type == Type::int32 && !std::in_range<int32_t>(number)) return std::nullopt;
      return std::to_string(number);
    }
    case Type::float64:
      if (!value.is_number()) return std::nullopt;
      std::snprintf(text.data(), text.size(), "%a", value.get<double>());
      return text.data();
    case Type::float32: {
      if (!value.is_number()) return std::nullopt;
      const auto number = value.get<double>();
      const auto narrow = static_cast<float>(number);
      if (std::isinf(narrow) || (narrow == 0 && number != 0)) return std::nullopt;
      std::snprintf(text.data(), text.size(), "%a", double{static_cast<float>(number)});
      return text.data();
    }
    case Type::timestamp: {
      if (!value.is_string()) return std::nullopt;
      const auto micros = parse_iso_time(value.get_ref<const std::string&>());
      return micros ? std::optional(std::to_string(*micros)) : std::nullopt;
    }
    default:
      if (!value.is_string()) return std::nullopt;
      return "'" + value.get_ref<const std::string&>();
  }
}

void check_field(const Fate& fate, const Schema& schema, size_t i, const json& object) {
  const auto found = object.find(schema[i].name);
  if (found == object.end() || found->is_null()) {
    CHECK(fate.reject || fate.values[i] == "NULL");
    return;
  }
  if (fate.reject) return;
  if (schema[i].type == Type::jsonb) {
    // As it came, and only it.
    CHECK(json::parse(std::string_view(fate.values[i]).substr(1)) == *found);
    return;
  }
  const auto expected = taken(schema[i].type, *found);
  CHECK(expected.has_value());
  // The judge reads -0 as an integer, which has no sign.
  if (fate.values[i] == "-0x0p+0" && *expected == "0x0p+0") return;
  // The judge's floats have been doubles, and may have been rounded twice.
  if (schema[i].type == Type::float32) {
    const auto number = static_cast<float>(std::strtod(expected->c_str(), nullptr));
    const auto ours = static_cast<float>(std::strtod(fate.values[i].c_str(), nullptr));
    CHECK(ours == number || ours == std::nextafter(number, ours));
    return;
  }
  CHECK(fate.values[i] == *expected);
}

// The first column that cannot have what the object gives it.
std::optional<size_t> first_misfit(const Schema& schema, const json& object) {
  for (size_t i = 0; i < schema.size(); ++i) {
    const auto found = object.find(schema[i].name);
    const bool nothing = found == object.end() || found->is_null();
    if (nothing ? schema[i].not_null
                : schema[i].type != Type::jsonb && !taken(schema[i].type, *found))
      return i;
  }
  return std::nullopt;
}

bool is_fault_of_form(RejectCode code) {
  return code == RejectCode::json_syntax || code == RejectCode::invalid_utf8;
}

void check_fate(const Fate& fate, const Record& record, const Schema& schema) {
  if (record.value.empty()) {
    CHECK(fate.reject && fate.reject->code == RejectCode::empty_value);
    return;
  }
  const bool utf8 = is_utf8(record.value);
  if (fate.reject && is_fault_of_form(fate.reject->code))
    CHECK((fate.reject->code == RejectCode::invalid_utf8) == !utf8);
  const JsonOpinion opinion = JsonJudge::opinion_of(record.value);
  if (opinion.overflow) return;  // What comes behind the number nobody has judged.
  if (!opinion.is_json || !opinion.value.is_object() || depth_of(opinion.value) > kMaxJsonDepth) {
    CHECK(fate.reject && is_fault_of_form(fate.reject->code));
    return;
  }
  CHECK(!fate.reject || !is_fault_of_form(fate.reject->code));
  // The judge has only the zero that the number became, which a column does not take.
  if (opinion.underflow) return;
  if (std::none_of(schema.begin(), schema.end(),
                   [&](const ColumnDef& column) { return opinion.value.contains(column.name); })) {
    CHECK(fate.reject && fate.reject->code == RejectCode::missing_field);
    CHECK(fate.reject->reason.find(schema[0].name) != std::string::npos);
    return;
  }
  const auto misfit = first_misfit(schema, opinion.value);
  CHECK(misfit.has_value() == fate.reject.has_value());
  if (misfit) {
    const bool missing = !opinion.value.contains(schema[*misfit].name);
    CHECK(missing == (fate.reject->code == RejectCode::missing_field));
    const bool null = !missing && opinion.value[schema[*misfit].name].is_null();
    CHECK(null == (fate.reject->code == RejectCode::null_field));
    CHECK(fate.reject->reason.find(schema[*misfit].name) != std::string::npos);
  }
  for (size_t i = 0; i < schema.size(); ++i) check_field(fate, schema, i, opinion.value);
}

}  // namespace
}  // namespace turntable

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turntable;
  static const std::array<Schema, 2> schemas{schema_with(false), schema_with(true)};
  static std::vector<Column> columns = columns_of(schemas[0]);
  // Kept from input to input, as a lane keeps it from batch to batch.
  static const std::array<std::unique_ptr<Decoder>, 2> kept{make_json_decoder(schemas[0]).value(),
                                                            make_json_decoder(schemas[1]).value()};
  FuzzInput input(data, size);
  const uint8_t flags = input.byte();
  const Schema& schema = schemas[flags & 1];
  Decoder& decoder = *kept[flags & 1];

  RecordBatch batch;
  while (!input.done() && batch.size() < kRecordsLimit) {
    Record& record = batch.records.emplace_back();
    record.value = input.until(kBetween);
    record.has_value = record.value != kTombstone;
    if (!record.has_value) record.value = {};
  }
  const std::vector<Fate> fates = decode(decoder, columns, batch);
  for (size_t i = 0; i < batch.size(); ++i) check_fate(fates[i], batch.records[i], schema);
  if ((flags & 2) != 0) {
    const auto fresh = make_json_decoder(schema).value();
    CHECK(decode(*fresh, columns, batch) == fates);
  }
  if (batch.size() > 1) {
    const size_t one = (flags >> 2) % batch.size();
    RecordBatch alone;
    alone.records.push_back(batch.records[one]);
    CHECK(decode(decoder, columns, alone)[0] == fates[one]);
  }
  return 0;
}
