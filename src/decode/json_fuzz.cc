// Any bytes as events, judged by nlohmann-json: the decoder must agree on what is a JSON object, on
// which fields a column takes, and on every value. Every record becomes a row or one reject, and
// becomes the same whatever was decoded before it. With numbers = 'lenient' too, where what a
// number is worth is found by moving the point in its digits; and what is a row without it is the
// same row with it.
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
#include "row/cell.h"

namespace turntable {
namespace {

using nlohmann::json;

constexpr char kBetween = '\x1E';
constexpr size_t kRecordsLimit = 4;
constexpr std::string_view kTombstone = "\x1D";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Schema schema_with(bool not_null) {
  return {{"t", Type::text, not_null},
          {"i", Type::int32, not_null},
          {"b", Type::int64, not_null},
          {"d", Type::float64, not_null},
          {"r", Type::float32, not_null},
          {"o", Type::boolean, not_null},
          {"z", Type::timestamptz, not_null},
          {"j", Type::jsonb, not_null},
          {"s", Type::int16, not_null},
          {"n", Type::numeric, not_null},
          {"y", Type::date, not_null},
          {"c", Type::time, not_null},
          {"l", Type::timestamp, not_null},
          {"u", Type::uuid, not_null},
          {"v", array_of(Type::int32), not_null},
          {"w", array_of(Type::text), not_null},
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

std::string cell_text_of(const Column& column, size_t row) {
  std::string cell;
  append_cell(cell, column, row);
  return cell_text(CellReader(cell).next(), column.type());
}

template <class T>
std::string cell_text_of(Type type, const T& value) {
  Column column(type);
  column.reset(1);
  column.set(0, value);
  return cell_text_of(column, 0);
}

std::string value_text(const Column& column, size_t row) {
  if (column.is_null(row)) return "NULL";
  switch (column.type()) {
    case Type::boolean:
      return column.get<uint8_t>(row) != 0 ? "true" : "false";
    case Type::int32:
      return std::to_string(column.get<int32_t>(row));
    case Type::int64:
    case Type::timestamptz:
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
    case Type::text:
    case Type::jsonb:
      return "'" + std::string(column.get<std::string_view>(row));
    default:
      return cell_text_of(column, row);
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
      if (!column.is_null(alive[i]) && is_view(column.type()) && !is_array(column.type()))
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

// A number written out: -12.50e1 is "125" and nothing behind the point.
struct WrittenOut {
  bool negative = false;
  std::string whole;
  std::string fraction;

  // Without its sign.
  [[nodiscard]] bool at_least(std::string_view number) const {
    return whole.size() != number.size() ? whole.size() > number.size() : whole >= number;
  }
};

bool are_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

// The number times ten to the power of `shift`.
std::optional<WrittenOut> written_out(std::string_view text, int shift) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
  WrittenOut number{.negative = text[0] == '-'};
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  const size_t e = std::min(text.find_first_of("eE"), text.size());
  const std::string_view mantissa = text.substr(0, e);
  // Further away it makes no difference.
  const long far = static_cast<long>(mantissa.size()) + 100;
  long exponent = 0;
  if (e < text.size()) {
    std::string digits(text.substr(e + 1));
    const bool sign = digits.starts_with('-') || digits.starts_with('+');
    if (digits.size() == (sign ? 1U : 0U) || !are_digits(std::string_view(digits).substr(sign)))
      return std::nullopt;
    exponent = std::clamp(std::strtol(digits.c_str(), nullptr, 10), -far, far);
  }
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  std::string digits(mantissa.substr(0, point));
  if (point < mantissa.size()) digits += mantissa.substr(point + 1);
  if (digits.empty() || !are_digits(digits)) return std::nullopt;
  long whole = static_cast<long>(point) + exponent + shift;
  if (whole < 0) digits.insert(0, static_cast<size_t>(-whole), '0');
  whole = std::max(whole, 0L);
  if (whole > static_cast<long>(digits.size())) digits.resize(static_cast<size_t>(whole), '0');
  number.whole = digits.substr(0, static_cast<size_t>(whole));
  number.whole.erase(0, number.whole.find_first_not_of('0'));
  if (number.whole.empty()) number.whole = "0";
  number.fraction = digits.substr(static_cast<size_t>(whole));
  number.fraction.erase(number.fraction.find_last_not_of('0') + 1);
  return number;
}

std::optional<std::string> lenient_integer(Type type, std::string_view text) {
  const auto number = written_out(text, 0);
  if (!number || !number->fraction.empty()) return std::nullopt;
  const auto beyond = [&](std::string_view negative, std::string_view positive) {
    return number->at_least(number->negative ? negative : positive);
  };
  if (type == Type::int16   ? beyond("32769", "32768")
      : type == Type::int32 ? beyond("2147483649", "2147483648")
                            : beyond("9223372036854775809", "9223372036854775808"))
    return std::nullopt;
  return (number->negative && number->whole != "0" ? "-" : "") + number->whole;
}

// A number with all the digits that it is written with.
std::optional<std::string> exact_number(std::string_view text) {
  if (!written_out(text, 0)) return std::nullopt;
  bool negative = false;
  std::string digits;
  long scale = 0;
  bool behind_point = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '-') negative = true;
    if (c == '.') behind_point = true;
    if (c == 'e' || c == 'E') {
      scale -= std::clamp(std::strtol(std::string(text.substr(i + 1)).c_str(), nullptr, 10),
                          -100'000'000L, 100'000'000L);
      break;
    }
    if (c < '0' || c > '9') continue;
    if (!digits.empty() || c != '0') digits += c;
    scale += behind_point ? 1 : 0;
  }
  constexpr long kEnough = 100;
  if (scale < 0 && !digits.empty())
    digits.append(static_cast<size_t>(std::min(-scale, kEnough)), '0');
  scale = std::max(scale, 0L);
  if (digits.size() > 38 || scale > 76) return std::nullopt;
  negative = negative && !digits.empty();
  const auto places = static_cast<size_t>(scale);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - places, ".");
  return (negative ? "-" : "") + digits;
}

std::optional<std::string> lenient_time(std::string_view text, bool quoted) {
  auto number = written_out(text, 0);
  if (!number || (quoted && !number->at_least("100000000"))) return std::nullopt;
  int shift = 6;
  for (const char* from : {"31536000000", "31536000000000", "31536000000000000"})
    if (number->at_least(from)) shift -= 3;
  number = written_out(text, shift);
  if (number->whole.size() > 18) return std::nullopt;
  int64_t micros = std::stoll(number->whole);
  if (number->negative) micros = -micros - (number->fraction.empty() ? 0 : 1);
  if (micros < *parse_iso_time("0001-01-01") ||
      micros >= *parse_iso_time("9999-12-31") + 86'400'000'000)
    return std::nullopt;
  return std::to_string(micros);
}

// The text of a number, or of a string that may be one.
std::optional<std::string> number_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  if (!value.is_binary()) return std::nullopt;
  return std::string(value.get_binary().begin(), value.get_binary().end());
}

std::optional<std::string> taken(Type type, const json& value, bool lenient);

std::optional<std::string> taken_array(Type element, const json& value, bool lenient) {
  if (!value.is_array()) return std::nullopt;
  std::string text = "[";
  for (const json& one : value) {
    const auto part =
        one.is_null() ? std::optional<std::string>("null") : taken(element, one, lenient);
    if (!part) return std::nullopt;
    text += text.size() == 1 ? "" : ", ";
    // A text's mark.
    text += element == Type::text && !one.is_null() ? part->substr(1) : *part;
  }
  return text + "]";
}

// Of the types that have one form, in strings. The forms themselves are tested with their readers.
std::optional<std::string> taken_string(Type type, const std::string& text) {
  if (type == Type::date) {
    const auto days = read_iso_date(text, IsoForms::in_use);
    return days ? std::optional(cell_text_of(type, *days)) : std::nullopt;
  }
  if (type == Type::time) {
    const auto clock = read_iso_clock(text, IsoForms::in_use);
    return clock ? std::optional(cell_text_of(type, clock->micros)) : std::nullopt;
  }
  if (type == Type::uuid) {
    const auto uuid = parse_uuid(text);
    return uuid ? std::optional(cell_text_of(type, *uuid)) : std::nullopt;
  }
  const auto time = read_iso_time(text, IsoForms::in_use);
  if (!time || time->with_offset) return std::nullopt;
  return cell_text_of(type, time->micros);
}

// Whether the column can have the value, and the value as value_text() writes it. For a numeric the
// value has its numbers as texts.
std::optional<std::string> taken(Type type, const json& value, bool lenient) {
  if (is_array(type)) return taken_array(element_of(type), value, lenient);
  if (type == Type::numeric) {
    const auto number = number_text(value);
    return number && (lenient || !value.is_string()) ? exact_number(*number) : std::nullopt;
  }
  if (type == Type::date || type == Type::time || type == Type::timestamp || type == Type::uuid)
    return value.is_string() ? taken_string(type, value.get_ref<const std::string&>())
                             : std::nullopt;
  std::array<char, 64> text{};
  if (lenient && type != Type::text && type != Type::boolean) {
    const auto number = number_text(value);
    if (!number) return std::nullopt;
    if (type == Type::int16 || type == Type::int32 || type == Type::int64)
      return lenient_integer(type, *number);
    if (type == Type::timestamptz) {
      if (value.is_string())
        if (const auto time = read_iso_time(*number, IsoForms::in_use))
          return std::to_string(time->micros);
      return lenient_time(*number, value.is_string());
    }
    const auto digits = written_out(*number, 0);
    if (!digits) return std::nullopt;
    const double real = std::strtod(number->c_str(), nullptr);
    const bool zero = digits->whole == "0" && digits->fraction.empty();
    if (std::isinf(real) || (real == 0 && !zero)) return std::nullopt;
    return taken(type, json(real), false);
  }
  switch (type) {
    case Type::boolean:
      if (!value.is_boolean()) return std::nullopt;
      return value.get<bool>() ? "true" : "false";
    case Type::int16:
    case Type::int32:
    case Type::int64: {
      if (!value.is_number_integer()) return std::nullopt;
      constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
      if (value.is_number_unsigned() && value.get<uint64_t>() > kMost) return std::nullopt;
      const auto number = value.get<int64_t>();
      if (type == Type::int32 && !std::in_range<int32_t>(number)) return std::nullopt;
      if (type == Type::int16 && !std::in_range<int16_t>(number)) return std::nullopt;
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
    case Type::timestamptz: {
      if (!value.is_string()) return std::nullopt;
      const auto time = read_iso_time(value.get_ref<const std::string&>(), IsoForms::in_use);
      return time ? std::optional(std::to_string(time->micros)) : std::nullopt;
    }
    default:
      if (!value.is_string()) return std::nullopt;
      return "'" + value.get_ref<const std::string&>();
  }
}

void check_field(const Fate& fate, const Schema& schema, size_t i, const json& object,
                 bool lenient) {
  const auto found = object.find(schema[i].name);
  if (found == object.end() || found->is_null()) {
    CHECK(fate.reject || fate.values[i] == "NULL");
    return;
  }
  if (fate.reject) return;
  if (schema[i].type == Type::jsonb) {
    // As it came, and only it.
    const std::string_view text = std::string_view(fate.values[i]).substr(1);
    CHECK(JsonJudge::opinion_of(text, lenient).value == *found);
    return;
  }
  const auto expected = taken(schema[i].type, *found, lenient);
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
std::optional<size_t> first_misfit(const Schema& schema, const json& object, bool lenient) {
  for (size_t i = 0; i < schema.size(); ++i) {
    const auto found = object.find(schema[i].name);
    const bool nothing = found == object.end() || found->is_null();
    if (nothing ? schema[i].not_null
                : schema[i].type != Type::jsonb && !taken(schema[i].type, *found, lenient))
      return i;
  }
  return std::nullopt;
}

bool is_fault_of_form(RejectCode code) {
  return code == RejectCode::json_syntax || code == RejectCode::invalid_utf8;
}

void check_fate(const Fate& fate, const Record& record, const Schema& schema, bool lenient) {
  if (record.value.empty()) {
    CHECK(fate.reject && fate.reject->code == RejectCode::empty_value);
    return;
  }
  const bool utf8 = is_utf8(record.value);
  if (fate.reject && is_fault_of_form(fate.reject->code))
    CHECK((fate.reject->code == RejectCode::invalid_utf8) == !utf8);
  std::string_view value = record.value;
  if (value.starts_with(kByteOrderMark)) value.remove_prefix(kByteOrderMark.size());
  const JsonOpinion opinion = JsonJudge::opinion_of(value, lenient);
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
  // Numerics are judged by their texts, of which doubles would lose something.
  const JsonOpinion in_texts = JsonJudge::opinion_of(value, true);
  json object = opinion.value;
  for (const ColumnDef& column : schema)
    if (column.type == Type::numeric && object.contains(column.name))
      object[column.name] = in_texts.value[column.name];
  const auto misfit = first_misfit(schema, object, lenient);
  CHECK(misfit.has_value() == fate.reject.has_value());
  if (misfit) {
    const bool missing = !opinion.value.contains(schema[*misfit].name);
    CHECK(missing == (fate.reject->code == RejectCode::missing_field));
    const bool null = !missing && opinion.value[schema[*misfit].name].is_null();
    CHECK(null == (fate.reject->code == RejectCode::null_field));
    CHECK(fate.reject->reason.find(schema[*misfit].name) != std::string::npos);
  }
  for (size_t i = 0; i < schema.size(); ++i) check_field(fate, schema, i, object, lenient);
}

// The option takes more, and nothing otherwise. Where a sentence says that it takes a value, it
// does.
void check_lenience(const Fate& strict, const Fate& lenient) {
  if (!strict.reject) return CHECK(strict == lenient);
  const size_t way_on = strict.reject->reason.find(" With numbers = 'lenient'");
  CHECK(way_on == std::string::npos || !lenient.reject ||
        lenient.reject->reason != strict.reject->reason.substr(0, way_on));
}

}  // namespace
}  // namespace turntable

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turntable;
  static const std::array<Schema, 2> schemas{schema_with(false), schema_with(true)};
  static std::vector<Column> columns = columns_of(schemas[0]);
  // Kept from input to input, as a lane keeps it from batch to batch.
  const auto decoder_of = [](const Schema& schema, bool lenient) {
    return make_json_decoder(schema, {.lenient_numbers = lenient}).value();
  };
  static const std::array<std::unique_ptr<Decoder>, 4> kept{
      decoder_of(schemas[0], false), decoder_of(schemas[1], false), decoder_of(schemas[0], true),
      decoder_of(schemas[1], true)};
  FuzzInput input(data, size);
  const uint8_t flags = input.byte();
  const Schema& schema = schemas[flags & 1];
  const bool lenient = (flags & 0x80) != 0;
  Decoder& decoder = *kept[(flags & 1) + (lenient ? 2 : 0)];

  RecordBatch batch;
  while (!input.done() && batch.size() < kRecordsLimit) {
    Record& record = batch.records.emplace_back();
    record.value = input.until(kBetween);
    record.has_value = record.value != kTombstone;
    if (!record.has_value) record.value = {};
  }
  const std::vector<Fate> fates = decode(decoder, columns, batch);
  for (size_t i = 0; i < batch.size(); ++i) check_fate(fates[i], batch.records[i], schema, lenient);
  if (lenient) {
    const std::vector<Fate> strict = decode(*kept[flags & 1], columns, batch);
    for (size_t i = 0; i < batch.size(); ++i) check_lenience(strict[i], fates[i]);
  }
  if ((flags & 2) != 0) {
    const auto fresh = decoder_of(schema, lenient);
    CHECK(decode(*fresh, columns, batch) == fates);
  }
  if (batch.size() > 1) {
    const size_t one = (flags >> 2 & 0x1F) % batch.size();
    RecordBatch alone;
    alone.records.push_back(batch.records[one]);
    CHECK(decode(decoder, columns, alone)[0] == fates[one]);
  }
  return 0;
}
