// simdjson's On-Demand parser finds the tokens and checks UTF-8; we walk them once, in the order of
// the text.
//
//   column                 takes
//   int, bigint            integers without fraction and exponent
//   real, double           every number that they can hold
//   boolean                true, false
//   text                   strings
//   timestamptz            strings in ISO 8601
//   jsonb                  every value, kept as its text
//
// Each payload is copied into one small padded buffer, which stays in the first-level cache; views
// of strings without escapes point back into the record, others into an arena of the batch.
//
// Producers write their fields in one order, so the decoder expects at each position the key that
// stood there in the record before: one comparison instead of a search.
#include "decode/json_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/iso_time.h"
#include "base/number_form.h"
#include "base/text.h"
#include "decode/json_walk.h"
#include "row/arena.h"

namespace turntable {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;
using simdjson::simdjson_result;

constexpr size_t kShownBytes = 80;  // Of a value in a reason.
constexpr int kUndeclared = -1;
constexpr size_t kLearnedKeys = 64;
constexpr size_t kFirstCapacity = 16 * 1024;

// A declared column, and the last that was found for it in the record at hand.
struct Field {
  explicit Field(const ColumnDef& column)
      : name(column.name), type(column.type), not_null(column.not_null) {}

  void note(RejectCode fault, std::string_view what) {
    faulty = true;
    code = fault;
    found = what;
  }
  [[nodiscard]] bool is_integer() const { return type == Type::int32 || type == Type::int64; }
  [[nodiscard]] bool is_float() const { return type == Type::float32 || type == Type::float64; }

  std::string name;
  Type type;
  bool not_null;

  uint64_t seen_in = 0;  // The serial number of the last record that had the field.
  bool faulty = false;
  RejectCode code = RejectCode::wrong_type;
  std::string_view found;  // The value, in the record.
};

std::string reason(const Field& field) {
  const std::string name = printable(field.name, kShownBytes);
  const std::string found = printable(field.found, kShownBytes);
  switch (field.code) {
    case RejectCode::null_field:
      return fmt::format("The field '{}' is null, but it must have a value.", name);
    case RejectCode::out_of_range:
      return fmt::format("The field '{}' is {}, which the type {} cannot hold.", name, found,
                         sql_name(field.type));
    case RejectCode::bad_value:
      return fmt::format("The field '{}' is {}, which is no time in ISO 8601.", name, found);
    default:
      return fmt::format("The field '{}' is {}, but it must be of type {}.", name, found,
                         sql_name(field.type));
  }
}

// The key that stood at one position of the last record, with its closing quote, and its column.
struct LearnedKey {
  static constexpr size_t kBytes = 48;

  void learn(std::string_view name, int of_column) {
    size = 0;
    if (name.size() >= kBytes) return;
    std::memcpy(text.data(), name.data(), name.size());
    text[name.size()] = '"';
    size = name.size() + 1;
    column = of_column;
  }
  [[nodiscard]] bool is_at(const char* key) const {
    return size != 0 && std::memcmp(key, text.data(), size) == 0;
  }

  std::array<char, kBytes> text{};
  size_t size = 0;  // 0: nothing learned.
  int column = kUndeclared;
};
static_assert(LearnedKey::kBytes <= simdjson::SIMDJSON_PADDING,
              "a comparison may read beyond the record's end");

// The finite number that the token is, or nothing. simdjson 3.0 reads "0." with twenty digits or
// more as a number some powers of ten smaller, so tokens of more than 19 characters are left to
// strtod(); in the padded buffer one ends before a character that is no part of a number.
std::optional<double> read_double(ondemand::value& value, std::string_view token) {
  constexpr size_t kExactLength = 19;
  if (token.size() <= kExactLength) {
    double number = 0;
    if (value.get_double().get(number)) return std::nullopt;
    return number;
  }
  if (number_form(token) == NumberForm::none) return std::nullopt;
  const double number = std::strtod(token.data(), nullptr);
  if (!std::isfinite(number)) return std::nullopt;
  return number;
}

class JsonDecoder final : public Decoder {
 public:
  explicit JsonDecoder(const Schema& declared)
      : fields_(declared.begin(), declared.end()), learned_(kLearnedKeys) {}

  void decode(const RecordBatch& batch, std::span<Column> columns, Selection& alive,
              Rejects& rejects) override;

 private:
  [[nodiscard]] std::optional<Reject> decode_record(const Record& record, uint32_t row);
  [[nodiscard]] error_code load(std::string_view payload);
  [[nodiscard]] error_code read_object(uint32_t row);
  [[nodiscard]] std::optional<Reject> first_fault(uint32_t row) const;

  [[nodiscard]] simdjson_result<int> find_column(ondemand::field& field, size_t position);
  [[nodiscard]] int column_named(std::string_view name) const;

  [[nodiscard]] error_code read_field(ondemand::value& value, Field& field, Column& column,
                                      uint32_t row);
  [[nodiscard]] error_code read_number(ondemand::value& value, Field& field, Column& column,
                                       uint32_t row);
  [[nodiscard]] error_code read_string(ondemand::value& value, Field& field, Column& column,
                                       uint32_t row);
  [[nodiscard]] error_code read_boolean(ondemand::value& value, Field& field, Column& column,
                                        uint32_t row);

  // The place in the record of a text in the buffer.
  [[nodiscard]] std::string_view in_record(std::string_view text) const {
    return {payload_.data() + (text.data() - buffer_.get()), text.size()};
  }

  std::vector<Field> fields_;
  std::vector<LearnedKey> learned_;  // By position.
  ondemand::parser parser_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  Arena arena_;  // Strings of the batch whose escapes were resolved.

  // Of the batch and the record at hand.
  std::span<Column> columns_;
  std::string_view payload_;
  bool has_escapes_ = false;
  uint64_t serial_ = 0;
};

void JsonDecoder::decode(const RecordBatch& batch, std::span<Column> columns, Selection& alive,
                         Rejects& rejects) {
  CHECK(columns.size() == fields_.size());
  columns_ = columns;
  arena_.reset();
  alive.clear();
  for (Column& column : columns) column.reset(batch.size());
  for (uint32_t row = 0; row < batch.size(); ++row) {
    if (auto reject = decode_record(batch.records[row], row)) {
      rejects.push_back(std::move(*reject));
    } else {
      alive.push_back(row);
    }
  }
}

std::optional<Reject> JsonDecoder::decode_record(const Record& record, uint32_t row) {
  if (!record.has_value)
    return Reject{row, RejectCode::empty_value, "The record has no value (a tombstone)."};
  if (record.value.empty())
    return Reject{row, RejectCode::empty_value, "The record's value is empty."};
  if (record.value.size() > kRecordBytesLimit)
    return Reject{row, RejectCode::too_large,
                  fmt::format("The value has {} bytes, more than {}.", grouped(record.value.size()),
                              grouped(kRecordBytesLimit))};
  payload_ = record.value;
  const error_code error = read_object(row);
  if (!error) return first_fault(row);

  if (error == simdjson::UTF8_ERROR || !is_utf8(payload_))
    return Reject{row, RejectCode::invalid_utf8, "The value is not valid UTF-8."};
  if (payload_.starts_with("\xEF\xBB\xBF"))
    return Reject{row, RejectCode::json_syntax,
                  "The value begins with a byte order mark, which JSON does not allow."};
  const std::string shown = printable(payload_, kShownBytes);
  if (error == simdjson::INCORRECT_TYPE)
    return Reject{row, RejectCode::json_syntax,
                  fmt::format("The value is not a JSON object: {}", shown)};
  return Reject{row, RejectCode::json_syntax,
                fmt::format("The value is not JSON, {}: {}", json::what_is_wrong(error), shown)};
}

error_code JsonDecoder::load(std::string_view payload) {
  const size_t needed = payload.size() + simdjson::SIMDJSON_PADDING;
  if (needed > capacity_) {
    capacity_ = std::bit_ceil(std::max(needed, kFirstCapacity));
    buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
    RETURN_IF_JSON_ERROR(parser_.allocate(capacity_, kMaxJsonDepth + 2));
  }
  std::memcpy(buffer_.get(), payload.data(), payload.size());
  // The same padding every time: what a record means must not depend on the one before it.
  std::memset(buffer_.get() + payload.size(), 0, simdjson::SIMDJSON_PADDING);
  has_escapes_ = std::memchr(payload.data(), '\\', payload.size()) != nullptr;
  return simdjson::SUCCESS;
}

// Fills the record's columns and fields_. An error means that the record is no JSON object:
// INCORRECT_TYPE where it is something else than an object, all others where it is not JSON.
error_code JsonDecoder::read_object(uint32_t row) {
  ++serial_;
  RETURN_IF_JSON_ERROR(load(payload_));
  ondemand::document document;
  RETURN_IF_JSON_ERROR(parser_.iterate(buffer_.get(), payload_.size(), capacity_).get(document));
  ondemand::object object;
  RETURN_IF_JSON_ERROR(document.get_object().get(object));
  size_t position = 0;
  for (auto next : object) {
    RETURN_IF_JSON_ERROR(next.error());
    // Not copied: a copy would be read before its parts have left the processor's store buffer.
    ondemand::field&& field = std::move(next).value_unsafe();
    int column = kUndeclared;
    RETURN_IF_JSON_ERROR(find_column(field, position++).get(column));
    if (column == kUndeclared) {
      RETURN_IF_JSON_ERROR(json::skip(field.value(), 1, has_escapes_));
    } else {
      const auto index = static_cast<size_t>(column);
      RETURN_IF_JSON_ERROR(read_field(field.value(), fields_[index], columns_[index], row));
    }
  }
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return at_end ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

// A fault counts only if no later field of the same name has taken its place, hence this comes
// last.
std::optional<Reject> JsonDecoder::first_fault(uint32_t row) const {
  for (const Field& field : fields_) {
    if (field.seen_in != serial_) {
      if (!field.not_null) continue;
      return Reject{row, RejectCode::missing_field,
                    fmt::format("The field '{}' is missing, but it must have a value.",
                                printable(field.name))};
    }
    if (field.faulty) return Reject{row, field.code, reason(field)};
  }
  return std::nullopt;
}

// kUndeclared where no column has the field's name.
simdjson_result<int> JsonDecoder::find_column(ondemand::field& field, size_t position) {
  const char* key = field.key().raw();
  const bool learning = position < learned_.size();
  if (learning && learned_[position].is_at(key)) return int{learned_[position].column};
  // The parser has seen to it that every string is closed.
  const char* end = key;
  while (*end != '"' && *end != '\\') ++end;
  std::string_view name(key, static_cast<size_t>(end - key));
  if (*end == '\\') {
    RETURN_IF_JSON_ERROR(json::unescaped_key(field).get(name));
    return column_named(name);
  }
  const int column = column_named(name);
  if (learning) learned_[position].learn(name, column);
  return int{column};
}

int JsonDecoder::column_named(std::string_view name) const {
  for (size_t i = 0; i < fields_.size(); ++i)
    if (fields_[i].name == name) return static_cast<int>(i);
  return kUndeclared;
}

error_code JsonDecoder::read_field(ondemand::value& value, Field& field, Column& column,
                                   uint32_t row) {
  ondemand::json_type type;
  RETURN_IF_JSON_ERROR(value.type().get(type));
  field.seen_in = serial_;
  field.faulty = false;
  if (type == ondemand::json_type::null) {
    column.set_null(row);
    if (field.not_null) field.note(RejectCode::null_field, "null");
    return json::skip(value, 1, has_escapes_);
  }
  if (field.type == Type::jsonb) {
    std::string_view text;
    RETURN_IF_JSON_ERROR(json::raw_text(value, 1, has_escapes_).get(text));
    column.set<std::string_view>(row, in_record(text));
    return simdjson::SUCCESS;
  }
  switch (type) {
    case ondemand::json_type::number:
      return read_number(value, field, column, row);
    case ondemand::json_type::string:
      return read_string(value, field, column, row);
    case ondemand::json_type::boolean:
      return read_boolean(value, field, column, row);
    default:
      field.note(RejectCode::wrong_type,
                 type == ondemand::json_type::array ? "an array" : "an object");
      return json::skip(value, 1, has_escapes_);
  }
}

error_code JsonDecoder::read_boolean(ondemand::value& value, Field& field, Column& column,
                                     uint32_t row) {
  const std::string_view token = json::token(value);
  RETURN_IF_JSON_ERROR(json::skip(value, 1, has_escapes_));
  if (field.type == Type::boolean) {
    column.set<uint8_t>(row, token == "true" ? 1 : 0);
  } else {
    field.note(RejectCode::wrong_type, in_record(token));
  }
  return simdjson::SUCCESS;
}

error_code JsonDecoder::read_number(ondemand::value& value, Field& field, Column& column,
                                    uint32_t row) {
  const std::string_view token = json::token(value);
  if (field.is_integer()) {
    int64_t number = 0;
    if (!value.get_int64().get(number)) {
      if (field.type == Type::int64) {
        column.set<int64_t>(row, number);
        return simdjson::SUCCESS;
      }
      if (std::in_range<int32_t>(number)) {
        column.set<int32_t>(row, static_cast<int32_t>(number));
        return simdjson::SUCCESS;
      }
    }
  } else if (field.is_float()) {
    if (const auto number = read_double(value, token)) {
      if (field.type == Type::float64) {
        column.set<double>(row, *number);
        return simdjson::SUCCESS;
      }
      if (std::abs(*number) <= double{std::numeric_limits<float>::max()}) {
        column.set<float>(row, static_cast<float>(*number));
        return simdjson::SUCCESS;
      }
    }
  }
  // The column cannot have it: because it is no number, because of its kind, or because it is too
  // large.
  const NumberForm form = number_form(token);
  if (form == NumberForm::none) return simdjson::NUMBER_ERROR;
  const bool of_its_kind = field.is_float() || (field.is_integer() && form == NumberForm::integer);
  field.note(of_its_kind ? RejectCode::out_of_range : RejectCode::wrong_type, in_record(token));
  return simdjson::SUCCESS;
}

error_code JsonDecoder::read_string(ondemand::value& value, Field& field, Column& column,
                                    uint32_t row) {
  const std::string_view token = json::token(value);
  std::string_view text = in_record(token.substr(1, token.size() - 2));
  if (has_escapes_ && text.find('\\') != std::string_view::npos) {
    RETURN_IF_JSON_ERROR(json::unescaped(value).get(text));
    text = arena_.copy(text);  // The parser's own buffer is written over by the next record.
  } else {
    RETURN_IF_JSON_ERROR(value.get_raw_json_string().error());
  }
  if (field.type == Type::text) {
    column.set<std::string_view>(row, text);
    return simdjson::SUCCESS;
  }
  if (field.type == Type::timestamp) {
    if (const auto micros = parse_iso_time(text)) {
      column.set<int64_t>(row, *micros);
    } else {
      field.note(RejectCode::bad_value, in_record(token));
    }
    return simdjson::SUCCESS;
  }
  field.note(RejectCode::wrong_type, in_record(token));
  return simdjson::SUCCESS;
}

}  // namespace

Result<std::unique_ptr<Decoder>> make_json_decoder(const Schema& declared) {
  for (const ColumnDef& column : declared)
    if (column.type == Type::bytes)
      return fail(
          ErrorKind::usage,
          fmt::format("The column '{}' is bytea, which JSON has no form for: declare it as text.",
                      column.name));
  return std::make_unique<JsonDecoder>(declared);
}

}  // namespace turntable
