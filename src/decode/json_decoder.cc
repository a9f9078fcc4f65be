// simdjson's On-Demand parser finds the tokens and checks UTF-8; we walk them once, in the order of
// the text.
//
//   column                 takes
//   smallint, int, bigint  integers without fraction and exponent
//   real, double           every number that they can hold; one so small that it would become 0 is
//                          none of them
//   numeric                every number with all its digits, up to 38
//   boolean                true, false
//   text                   strings
//   timestamptz            strings in ISO 8601, in the forms that are in use (base/iso_time.h);
//                          digits beyond microseconds are cut, or refused
//   timestamp              the same without an offset, which it would lose
//   date, time             the parts of it before and behind the T
//   uuid                   strings in the forms that PostgreSQL takes
//   arrays                 arrays of what their elements take, and nulls
//   jsonb                  every value, kept as its text; or only the values at some paths in it
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
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/number_form.h"
#include "base/text.h"
#include "decode/field_census.h"
#include "decode/foreign_value.h"
#include "decode/json_field.h"
#include "decode/learned_key.h"
#include "decode/lenient_number.h"
#include "decode/string_value.h"
#include "json/json_walk.h"
#include "row/arena.h"
#include "row/cell.h"
#include "row/parse_numeric.h"
#include "sql/value_text.h"

namespace turntable {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;
using simdjson::simdjson_result;
using Field = JsonField;
using Found = LenientNumber::Found;

constexpr size_t kLearnedKeys = 64;
constexpr size_t kNamesLimit = 64;  // See JsonDecoder::remember().
constexpr size_t kFirstCapacity = 16 * 1024;

#define ALWAYS_INLINE [[nodiscard, gnu::always_inline]] inline  // What every field goes through.

// The number that the token is, or nothing where the type cannot hold it. What is not zero and
// would become zero is not held either. The same function reads catalogues and casts, so that a
// number means the same wherever it comes from.
template <class T, sql::Parsed<T> (*parse)(std::string_view)>
std::optional<T> read_float(std::string_view token) {
  if (number_form(token) == NumberForm::none) return std::nullopt;
  return parse(token).value;
}

// A quicker way for numbers of the usual length. simdjson 3.0 reads "0." with twenty digits or more
// as a number some powers of ten smaller, and a number that is too small for a double as zero.
std::optional<double> read_double(ondemand::value& value, std::string_view token) {
  constexpr size_t kExactLength = 19;
  double number = 0;
  if (token.size() <= kExactLength && !value.get_double().get(number) && number != 0) return number;
  return read_float<double, sql::parse_float64>(token);
}

class JsonDecoder final : public Decoder {
 public:
  JsonDecoder(const Schema& declared, const JsonOptions& options)
      : lenient_(options.lenient_numbers), learned_(kLearnedKeys) {
    for (const ColumnDef& column : declared)
      fields_.emplace_back(column, options.whole_times.contains(column.name));
    for (const sql::JsonPath& path : options.paths) {
      fields_[path.column].paths.add(path.keys, fields_.size() + paths_++);
      fields_[path.column].in_parts = true;
    }
  }

  void decode(const RecordBatch& batch, std::span<Column> columns, Selection& alive,
              Rejects& rejects) override;
  [[nodiscard]] FieldCensus census() const override;
  [[nodiscard]] std::vector<std::string> newly_cut() override {
    return std::exchange(newly_cut_, {});
  }

 private:
  [[nodiscard]] std::optional<Reject> decode_record(const Record& record, uint32_t row);
  [[nodiscard]] Reject no_object(error_code error, uint32_t row) const;
  [[nodiscard]] error_code load(std::string_view payload);
  [[nodiscard]] error_code read_object(uint32_t row);
  [[nodiscard]] std::optional<Reject> first_fault(uint32_t row);
  [[nodiscard]] Reject missing(const Field& field, uint32_t row);
  [[nodiscard]] std::optional<Reject> none_found(uint32_t row);
  [[nodiscard]] std::vector<std::string> names_in_record();
  void remember(std::vector<std::string>& names, std::string_view name) const;
  [[nodiscard]] bool tells_a_case(std::span<const std::string> names, std::string_view name) const;
  void count_object();
  void forget_names(size_t from);

  [[nodiscard]] simdjson_result<int> find_column(ondemand::field& field, size_t position);
  [[nodiscard]] int column_named(std::string_view name) const;

  [[nodiscard]] error_code read_field(ondemand::value& value, Field& field, Column& column,
                                      uint32_t row);
  ALWAYS_INLINE error_code read_number(ondemand::value& value, Field& field, Column& column,
                                       uint32_t row);
  ALWAYS_INLINE error_code read_string(ondemand::value& value, Field& field, Column& column,
                                       uint32_t row);
  [[nodiscard, gnu::noinline]] error_code read_array(ondemand::value& value, Field& field,
                                                     Column& column, uint32_t row);
  [[nodiscard]] error_code read_element(ondemand::value& value, Field& field);
  // A field of which something else is read than the value itself.
  [[nodiscard, gnu::noinline]] error_code read_parts(ondemand::value& value,
                                                     ondemand::json_type type, Field& field,
                                                     Column& column, uint32_t row);
  // Of a value that is not null.
  ALWAYS_INLINE error_code read_value(ondemand::value& value, ondemand::json_type type, int depth,
                                      Field& field, Column& column, uint32_t row);
  void note_cut(bool cut, std::string_view token, Field& field);
  [[nodiscard]] bool read_leniently(std::string_view text, std::string_view token, Field& field,
                                    Column& column, uint32_t row);
  ALWAYS_INLINE error_code read_boolean(ondemand::value& value, Field& field, Column& column,
                                        uint32_t row);

  // The place in the record of a text in the buffer.
  [[nodiscard]] std::string_view in_record(std::string_view text) const {
    return {payload_.data() + (text.data() - buffer_.get()), text.size()};
  }

  const bool lenient_;
  std::vector<Field> fields_;
  size_t paths_ = 0;                 // Their columns follow those of fields_.
  std::vector<LearnedKey> learned_;  // By position.
  ondemand::parser parser_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  Arena arena_;           // Strings of the batch whose escapes were resolved, and arrays.
  std::string elements_;  // Cells of the array at hand.

  // Of the batch and the record at hand.
  std::span<Column> columns_;
  std::string_view payload_;
  bool has_escapes_ = false;
  uint64_t serial_ = 0;

  // For the census: of records that were read to their end.
  uint64_t objects_ = 0;
  bool all_met_ = false;  // All fields_.
  std::vector<std::string> newly_cut_;
  std::vector<std::string> undeclared_;  // Names that were met where no other was expected.
};

void JsonDecoder::decode(const RecordBatch& batch, std::span<Column> columns, Selection& alive,
                         Rejects& rejects) {
  CHECK(columns.size() == fields_.size() + paths_);
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
  payload_ = json::without_mark(record.value);
  const size_t names_before = undeclared_.size();
  const error_code error = read_object(row);
  if (!error) {
    count_object();
    return first_fault(row);
  }

  forget_names(names_before);
  return no_object(error, row);
}

Reject JsonDecoder::no_object(error_code error, uint32_t row) const {
  const bool utf8 = error != simdjson::UTF8_ERROR && is_utf8(payload_);
  const RejectCode code = utf8 ? RejectCode::json_syntax : RejectCode::invalid_utf8;
  if (auto known = foreign_value(payload_)) return {row, code, std::move(*known)};
  if (!utf8) return {row, code, "The value is not valid UTF-8."};
  const std::string shown = printable(payload_, kShownBytes);
  if (error == simdjson::INCORRECT_TYPE)
    return {row, code, fmt::format("The value is not a JSON object: {}", shown)};
  return {row, code,
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
std::optional<Reject> JsonDecoder::first_fault(uint32_t row) {
  size_t absent = 0;
  for (const Field& field : fields_) {
    if (field.seen_in != serial_) {
      ++absent;
      if (field.not_null) return missing(field, row);
    } else if (field.faulty) {
      return Reject{row, field.code, field.reason() + (lenient_ ? "" : field.lenient_reason())};
    }
  }
  if (absent > 0 && absent == fields_.size()) return none_found(row);
  return std::nullopt;
}

Reject JsonDecoder::missing(const Field& field, uint32_t row) {
  if (auto none = none_found(row)) return std::move(*none);
  return {row, RejectCode::missing_field,
          fmt::format("The field '{}' is missing, but it must have a value.{}",
                      printable(field.name), near_field(field.name, names_in_record()))};
}

// An event in which no declared field is, such as the envelope in which Debezium and Kafka Connect
// put their rows, is another kind of event: a row of NULLs would hide that.
std::optional<Reject> JsonDecoder::none_found(uint32_t row) {
  std::vector<std::string> declared;
  for (const Field& field : fields_) {
    if (field.seen_in == serial_) return std::nullopt;
    declared.push_back(field.name);
  }
  return Reject{row, RejectCode::missing_field, none_of_declared(declared, names_in_record())};
}

// Of the record at hand, which has been read to its end.
std::vector<std::string> JsonDecoder::names_in_record() {
  std::vector<std::string> names;
  ondemand::document document;
  ondemand::object object;
  if (parser_.iterate(buffer_.get(), payload_.size(), capacity_).get(document) ||
      document.get_object().get(object))
    return names;
  for (auto next : object) {
    ondemand::field field;
    std::string_view name;
    if (std::move(next).get(field) || json::unescaped_key(field).get(name)) break;
    remember(names, name);
  }
  return names;
}

// Keeps the first kNamesLimit names, and after them one for each declared field whose name differs
// by case only: it is what the field is probably called. Called where a name was not expected,
// which is seldom for records that are alike.
void JsonDecoder::remember(std::vector<std::string>& names, std::string_view name) const {
  if (names.size() >= kNamesLimit && !tells_a_case(names, name)) return;
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

// True where the name is the first one that differs from a declared field's by case only.
bool JsonDecoder::tells_a_case(std::span<const std::string> names, std::string_view name) const {
  const bool declared = std::any_of(fields_.begin(), fields_.end(), [name](const Field& field) {
    return same_but_for_case(field.name, name) && field.name != name;
  });
  return declared && std::none_of(names.begin(), names.end(), [name](const std::string& other) {
           return same_but_for_case(other, name);
         });
}

void JsonDecoder::count_object() {
  ++objects_;
  if (all_met_) return;
  all_met_ = true;
  for (Field& field : fields_) {
    field.met = field.met || field.seen_in == serial_;
    all_met_ = all_met_ && field.met;
  }
}

// The names of a record that turned out to be broken. They must not stay learned: where a whole
// record has them, they are to be remembered.
void JsonDecoder::forget_names(size_t from) {
  if (undeclared_.size() == from) return;
  undeclared_.resize(from);
  for (LearnedKey& key : learned_) key.size = 0;
}

FieldCensus JsonDecoder::census() const {
  FieldCensus census{.records = objects_, .absent = {}, .others = undeclared_};
  for (const Field& field : fields_)
    if (!field.met) census.absent.push_back(field.name);
  return census;
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
  const bool escaped = *end == '\\';
  if (escaped) {
    RETURN_IF_JSON_ERROR(json::unescaped_key(field).get(name));
  }
  const int column = column_named(name);
  if (column == kUndeclared) remember(undeclared_, name);
  if (learning && !escaped) learned_[position].learn(name, column);
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
  if (field.in_parts) return read_parts(value, type, field, column, row);
  if (type == ondemand::json_type::null) {
    column.set_null(row);
    if (field.not_null) field.note(RejectCode::null_field, "null");
    return json::skip(value, 1, has_escapes_);
  }
  return read_value(value, type, 1, field, column, row);
}

error_code JsonDecoder::read_parts(ondemand::value& value, ondemand::json_type type, Field& field,
                                   Column& column, uint32_t row) {
  field.paths.forget(columns_, row);
  if (type == ondemand::json_type::null) {
    column.set_null(row);
    if (field.not_null) field.note(RejectCode::null_field, "null");
    return json::skip(value, 1, has_escapes_);
  }
  if (!field.paths.empty())
    return field.paths.read(value, 1, has_escapes_, {buffer_.get(), payload_.data()}, columns_,
                            row);
  if (type == ondemand::json_type::array) return read_array(value, field, column, row);
  return read_value(value, type, 1, field, column, row);
}

// `depth` is that of the container in which the value stands.
error_code JsonDecoder::read_value(ondemand::value& value, ondemand::json_type type, int depth,
                                   Field& field, Column& column, uint32_t row) {
  if (field.type == Type::jsonb) {
    std::string_view text;
    RETURN_IF_JSON_ERROR(json::raw_text(value, depth, has_escapes_).get(text));
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
      return json::skip(value, depth, has_escapes_);
  }
}

// A fault of one element does not end it: those behind it must be JSON, too.
error_code JsonDecoder::read_array(ondemand::value& value, Field& field, Column& column,
                                   uint32_t row) {
  ondemand::array array;
  RETURN_IF_JSON_ERROR(value.get_array().get(array));
  elements_.clear();
  size_t count = 0;
  for (auto next : array) {
    RETURN_IF_JSON_ERROR(next.error());
    ondemand::value&& element = std::move(next).value_unsafe();
    RETURN_IF_JSON_ERROR(read_element(element, *field.of_elements));
    ++count;
    if (field.of_elements->faulty && !field.faulty) field.note_element(count);
  }
  if (field.faulty) return simdjson::SUCCESS;
  char* const place = arena_.allocate(4 + elements_.size());
  std::string head;
  append_be32(head, static_cast<uint32_t>(count));
  std::copy(elements_.begin(), elements_.end(), std::copy(head.begin(), head.end(), place));
  column.set<std::string_view>(row, {place, 4 + elements_.size()});
  return simdjson::SUCCESS;
}

// Appends the element to elements_ as a cell; where it is faulty nobody reads them.
error_code JsonDecoder::read_element(ondemand::value& value, Field& field) {
  ondemand::json_type type;
  RETURN_IF_JSON_ERROR(value.type().get(type));
  field.faulty = false;
  if (type == ondemand::json_type::null) {
    append_null_cell(elements_);
    return json::skip(value, 2, has_escapes_);
  }
  Column& element = *field.element_value;
  RETURN_IF_JSON_ERROR(read_value(value, type, 2, field, element, 0));
  if (!field.faulty) append_cell(elements_, element, 0);
  return simdjson::SUCCESS;
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
        if (field.type == Type::int32) {
          column.set<int32_t>(row, static_cast<int32_t>(number));
          return simdjson::SUCCESS;
        }
        if (std::in_range<int16_t>(number)) {
          column.set<int16_t>(row, static_cast<int16_t>(number));
          return simdjson::SUCCESS;
        }
      }
    }
  } else if (field.type == Type::float64) {
    if (const auto number = read_double(value, token)) {
      column.set<double>(row, *number);
      return simdjson::SUCCESS;
    }
  } else if (field.type == Type::float32) {
    if (const auto number = read_float<float, sql::parse_float32>(token)) {
      column.set<float>(row, *number);
      return simdjson::SUCCESS;
    }
  } else if (field.type == Type::numeric && number_form(token) != NumberForm::none) {
    if (const auto number = parse_numeric(token).value) {
      column.set<Numeric>(row, *number);
      return simdjson::SUCCESS;
    }
  }
  // The column cannot have it: because it is no number, because of its kind, or because it is too
  // large or too small.
  const NumberForm form = number_form(token);
  if (form == NumberForm::none) return simdjson::NUMBER_ERROR;
  if (lenient_ && read_leniently(token, in_record(token), field, column, row))
    return simdjson::SUCCESS;
  const bool of_its_kind = field.is_float() || field.type == Type::numeric ||
                           (field.is_integer() && form == NumberForm::integer);
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
  const bool has_form = is_string_value(field.type);
  if (const auto read = has_form ? set_from_string(column, row, text) : std::nullopt) {
    note_cut(read->cut, in_record(token), field);
    return simdjson::SUCCESS;
  }
  if (!lenient_ || !read_leniently(text, in_record(token), field, column, row))
    field.note(has_form ? RejectCode::bad_value : RejectCode::wrong_type, in_record(token));
  return simdjson::SUCCESS;
}

// Of a time that was set.
void JsonDecoder::note_cut(bool cut, std::string_view token, Field& field) {
  if (cut && field.whole) return field.note(RejectCode::out_of_range, token);
  if (!cut || field.cut) return;
  field.cut = true;
  newly_cut_.push_back(field.name);
}

// False where the text is nothing that the column could take.
bool JsonDecoder::read_leniently(std::string_view text, std::string_view token, Field& field,
                                 Column& column, uint32_t row) {
  const LenientNumber number = read_lenient_number(field.type, text, token.starts_with('"'));
  if (number.found == Found::nothing) return false;
  if (number.found == Found::out_of_range) {
    field.note(RejectCode::out_of_range, token);
  } else if (field.type == Type::int16) {
    column.set<int16_t>(row, static_cast<int16_t>(number.integer));
  } else if (field.type == Type::numeric) {
    column.set<Numeric>(row, number.decimal);
  } else if (field.type == Type::int32) {
    column.set<int32_t>(row, static_cast<int32_t>(number.integer));
  } else if (field.type == Type::int64) {
    column.set<int64_t>(row, number.integer);
  } else if (field.type == Type::float32) {
    column.set<float>(row, static_cast<float>(number.real));
  } else if (field.type == Type::float64) {
    column.set<double>(row, number.real);
  } else {
    column.set<int64_t>(row, number.integer);
    note_cut(number.cut, token, field);
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<Decoder>> make_json_decoder(const Schema& declared,
                                                   const JsonOptions& options) {
  for (const ColumnDef& column : declared)
    if (auto why = no_form_in_json(column)) return fail(ErrorKind::usage, std::move(*why));
  return std::make_unique<JsonDecoder>(declared, options);
}

}  // namespace turntable
