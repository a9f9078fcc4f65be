// Functions on text that take values of any type, as what PostgreSQL prints of them:
// https://www.postgresql.org/docs/15/functions-string.html and, for format(),
// #FUNCTIONS-STRING-FORMAT. Their arguments differ in type, so that their loops look at the
// columns.
#include <algorithm>
#include <string>

#include "sql/array_value.h"
#include "sql/functions/characters.h"
#include "sql/functions/json_support.h"
#include "sql/functions/text_form.h"
#include "sql/loops.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

bool any_failed(const CallInput& input, uint32_t row) {
  return std::any_of(input.arguments.begin(), input.arguments.end(),
                     [row](const Column* column) { return column->state(row) == State::failed; });
}

// The values of one row, as text; a NULL is none.
class Values {
 public:
  Values(const CallInput& input, uint32_t row) : input_(input), row_(row) {}
  [[nodiscard]] size_t size() const { return input_.arguments.size(); }
  [[nodiscard]] bool is_null(size_t i) const { return input_.arguments[i]->is_null(row_); }
  [[nodiscard]] Type type(size_t i) const { return input_.arguments[i]->type(); }
  [[nodiscard]] Text operator[](size_t i) const {
    return text_form(*input_.arguments[i], row_, BooleanForm::letter, input_.arena);
  }

 private:
  const CallInput& input_;
  uint32_t row_;
};

// Makes a loop of a function from a row's values to a text: NULL, or none where it failed.
using OfValues = std::optional<Nullable<Text>> (*)(const Values& values, Arena& arena);

template <OfValues compute>
void loop_over_values(Frame& frame) {
  auto* const out = frame.result.data<Text>();
  State* const states = frame.result.states();
  for (const uint32_t row : frame.rows) {
    states[row] = State::failed;
    if (any_failed(frame, row)) continue;
    const auto made = compute(Values(frame, row), frame.arena);
    if (!made) continue;
    states[row] = made->null ? State::null : State::value;
    out[row] = made->value;
  }
}

// --- concat

std::optional<Nullable<Text>> joined(const Values& values, size_t first, Text separator,
                                     Arena& arena) {
  std::string text;
  bool any = false;
  for (size_t i = first; i < values.size(); ++i) {
    if (values.is_null(i)) continue;
    if (any) text += separator;
    any = true;
    text += values[i];
    if (text.size() > kResultBytesLimit) return std::nullopt;
  }
  return arena.copy(text);
}

std::optional<Nullable<Text>> concat(const Values& values, Arena& arena) {
  return joined(values, 0, "", arena);
}

std::optional<Nullable<Text>> concat_ws(const Values& values, Arena& arena) {
  if (values.is_null(0)) return Nullable<Text>();
  return joined(values, 1, values[0], arena);
}

Reason why_not_joined(const CallInput&, uint32_t) {
  return too_long();
}

// --- Quotes

// As an SQL literal: with E before it where it has a backslash.
void append_literal(std::string& out, Text text) {
  if (text.find('\\') != Text::npos) out += 'E';
  out += '\'';
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  out += '\'';
}

// Words that PostgreSQL 15 reserves, or takes for names in some places only.
constexpr Text kReservedWords =
    " "
    "all analyse analyze and any array as asc asymmetric authorization between bigint binary "
    "bit boolean both case cast char character check coalesce collate collation column "
    "concurrently constraint create cross current_catalog current_date current_role "
    "current_schema current_time current_timestamp current_user dec decimal default "
    "deferrable desc distinct do else end except exists extract false fetch float for "
    "foreign freeze from full grant greatest group grouping having ilike in initially inner "
    "inout int integer intersect interval into is isnull join lateral leading least left "
    "like limit localtime localtimestamp national natural nchar none normalize not notnull "
    "null nullif numeric offset on only or order out outer overlaps overlay placing position "
    "precision primary real references returning right row select session_user setof similar "
    "smallint some substring symmetric table tablesample then time timestamp to trailing "
    "treat trim true union unique user using values varchar variadic verbose when where "
    "window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces "
    "xmlparse xmlpi xmlroot xmlserialize xmltable ";

bool is_plain_identifier(Text text) {
  if (text.empty() || !((text[0] >= 'a' && text[0] <= 'z') || text[0] == '_')) return false;
  if (!std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      }))
    return false;
  return kReservedWords.find(fmt::format(" {} ", text)) == Text::npos;
}

void append_identifier(std::string& out, Text text) {
  if (is_plain_identifier(text)) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += c;
    out += c;
  }
  out += '"';
}

std::optional<Nullable<Text>> bounded(const std::string& text, Arena& arena) {
  if (text.size() > kResultBytesLimit) return std::nullopt;
  return arena.copy(text);
}

template <void (*append)(std::string& out, Text text)>
struct Quote {
  static std::optional<Text> call(Text text, Arena& arena) {
    std::string out;
    append(out, text);
    if (out.size() > kResultBytesLimit) return std::nullopt;
    return arena.copy(out);
  }
  static Reason why(Text, Arena&) { return too_long(); }
};

struct QuoteNullable {
  static std::optional<Text> call(Nullable<Text> text, Arena& arena) {
    if (text.null) return Text("NULL");
    return Quote<append_literal>::call(text.value, arena);
  }
  static Reason why(Nullable<Text>, Arena&) { return too_long(); }
};

// --- format

class Formatter {
 public:
  Formatter(const Values& values, Text format) : values_(values), format_(format) {}

  // False where it failed; then error() is the sentence, or empty where the text is too long.
  bool run() {
    while (at_ < format_.size()) {
      const char c = format_[at_++];
      if (c != '%') {
        out_ += c;
      } else if (at_ >= format_.size()) {
        return fails("the format ends within a specifier; write %% for a single %");
      } else if (format_[at_] == '%') {
        ++at_;
        out_ += '%';
      } else if (!specifier()) {
        return false;
      }
      if (out_.size() > kResultBytesLimit) return false;
    }
    return true;
  }

  [[nodiscard]] const std::string& text() const { return out_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  bool fails(std::string sentence) {
    error_ = std::move(sentence);
    return false;
  }
  bool ended() {
    return at_ < format_.size() ||
           fails("the format ends within a specifier; write %% for a single %");
  }

  // %[position$][flags][width]type
  bool specifier() {
    size_t position = 0;
    bool has_position = false;
    bool left = false;
    int64_t width = 0;
    int64_t number = 0;
    bool has_width = false;
    if (!read_number(number, has_width)) return false;
    if (!ended()) return false;
    if (has_width && format_[at_] == '$') {
      ++at_;
      if (number == 0) return fails("the format names argument 0; the first is 1");
      position = static_cast<size_t>(number);
      has_position = true;
      has_width = false;
    } else if (has_width) {
      width = number;
    }
    if (!has_width) {
      for (; ended() && format_[at_] == '-'; ++at_) left = true;
      if (at_ >= format_.size()) return false;
      if (format_[at_] == '*') {
        ++at_;
        if (!width_argument(width)) return false;
      } else {
        if (!read_number(width, has_width)) return false;
      }
    }
    if (!ended()) return false;
    if (!has_position) position = next_argument_++;
    if (has_position) next_argument_ = position + 1;
    const char type = format_[at_++];
    if (type != 's' && type != 'I' && type != 'L')
      return fails(fmt::format("'{}' is no type of a specifier; there are s, I and L",
                               printable(format_.substr(at_ - 1, character_bytes(type)))));
    if (position >= values_.size())
      return fails("the format asks for more arguments than there are");
    return add(type, position, width, left);
  }

  // A number of decimal digits, if one begins here.
  bool read_number(int64_t& number, bool& found) {
    number = 0;
    for (; at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9'; ++at_) {
      found = true;
      number = number * 10 + (format_[at_] - '0');
      if (number > INT32_MAX) return fails("a number in the format is out of range");
    }
    return true;
  }

  bool width_argument(int64_t& width) {
    int64_t position = 0;
    bool has_position = false;
    if (!read_number(position, has_position)) return false;
    if (has_position) {
      if (!ended()) return false;
      if (format_[at_++] != '$') return fails("the position of a width must end with $");
      if (position == 0) return fails("the format names argument 0; the first is 1");
    } else {
      position = static_cast<int64_t>(next_argument_);
    }
    next_argument_ = static_cast<size_t>(position) + 1;
    const auto argument = static_cast<size_t>(position);
    if (argument >= values_.size())
      return fails("the format asks for more arguments than there are");
    width = 0;
    if (values_.is_null(argument)) return true;
    const Text text = values_[argument];
    const auto parsed = parse_int32(text).value;
    if (!parsed) return fails(fmt::format("the width '{}' is no int", printable(text)));
    width = *parsed;
    return true;
  }

  bool add(char type, size_t argument, int64_t width, bool left) {
    std::string text;
    if (values_.is_null(argument)) {
      if (type == 'I') return fails("NULL is no identifier");
      if (type == 'L') text = "NULL";
    } else if (type == 's') {
      text = values_[argument];
    } else if (type == 'I') {
      append_identifier(text, values_[argument]);
    } else {
      append_literal(text, values_[argument]);
    }
    if (width < 0) {
      left = true;
      width = -width;
    }
    const int64_t missing = width - character_count(text);
    if (missing > static_cast<int64_t>(kResultBytesLimit)) return false;
    const auto blanks = static_cast<size_t>(std::max<int64_t>(missing, 0));
    if (!left) out_.append(blanks, ' ');
    out_ += text;
    if (left) out_.append(blanks, ' ');
    return true;
  }

  const Values& values_;
  Text format_;
  size_t at_ = 0;
  size_t next_argument_ = 1;  // 0 is the format itself.
  std::string out_;
  std::string error_;
};

std::optional<Nullable<Text>> formatted(const Values& values, Arena& arena) {
  if (values.is_null(0)) return Nullable<Text>();
  Formatter formatter(values, values[0]);
  if (!formatter.run()) return std::nullopt;
  return bounded(formatter.text(), arena);
}

Reason why_not_formatted(const CallInput& input, uint32_t row) {
  const Values values(input, row);
  Formatter formatter(values, values[0]);
  if (formatter.run() || formatter.error().empty()) return too_long();
  return bad_value(formatter.error());
}

// --- value || text and text || value

template <bool value_first>
void loop_concatenate(Frame& frame) {
  const Column& value = *frame.arguments[value_first ? 0 : 1];
  const Column& text = *frame.arguments[value_first ? 1 : 0];
  auto* const out = frame.result.data<Text>();
  State* const states = frame.result.states();
  for (const uint32_t row : frame.rows) {
    states[row] = loops::combined(value.state(row), text.state(row));
    if (states[row] != State::value) continue;
    const Text one = text_form(value, row, BooleanForm::word, frame.arena);
    const Text other = text.get<Text>(row);
    if (one.size() + other.size() > kResultBytesLimit) {
      states[row] = State::failed;
      continue;
    }
    TextWriter writer(frame.arena, one.size() + other.size());
    writer.put(value_first ? one : other);
    writer.put(value_first ? other : one);
    out[row] = writer.text();
  }
}

}  // namespace

Text text_form(const Column& column, uint32_t row, BooleanForm form, Arena& arena) {
  switch (column.type()) {
    case Type::boolean:
      if (form == BooleanForm::word) return column.get<uint8_t>(row) != 0 ? "true" : "false";
      return column.get<uint8_t>(row) != 0 ? "t" : "f";
    case Type::int32:
      return arena.copy(integer_text(column.get<int32_t>(row)).view());
    case Type::int64:
      return arena.copy(integer_text(column.get<int64_t>(row)).view());
    case Type::float32:
      return arena.copy(float_text(column.get<float>(row)).view());
    case Type::float64:
      return arena.copy(float_text(column.get<double>(row)).view());
    case Type::int16:
      return arena.copy(integer_text(column.get<int16_t>(row)).view());
    case Type::numeric:
      return arena.copy(numeric_text(column.get<Numeric>(row)));
    case Type::date:
      return arena.copy(date_text(column.get<int32_t>(row)).view());
    case Type::time:
      return arena.copy(time_text(column.get<int64_t>(row)).view());
    case Type::timestamp:
      return arena.copy(local_timestamp_text(column.get<int64_t>(row)).view());
    case Type::timestamptz:
      return arena.copy(timestamp_text(column.get<int64_t>(row)).view());
    case Type::interval:
      return arena.copy(interval_text(column.get<Interval>(row)));
    case Type::uuid:
      return arena.copy(uuid_text(column.get<Uuid>(row)));
    case Type::bytes:
      return bytes_text(column.get<Text>(row), arena);
    case Type::text:
      return column.get<Text>(row);
    case Type::jsonb:
      return printed_json(column.get<Text>(row), arena);
    case Type::composite:
      break;  // No function takes one.
  }
  // An array.
  std::string out;
  append_array_text(out, element_of(column.type()), column.get<Text>(row), arena);
  return arena.copy(out);
}

std::vector<Function> text_any_functions() {
  constexpr Type text = Type::text;
  const auto first_not_null = [](const std::vector<bool>& not_null) { return not_null[0]; };
  std::vector<Function> all;
  all.push_back({.name = "concat",
                 .arguments = {text},
                 .result = text,
                 .loop = loop_over_values<concat>,
                 .explain = why_not_joined,
                 .variadic = true,
                 .nulls = NullRule::never_null,
                 .typing = Typing::any_types});
  all.push_back({.name = "concat_ws",
                 .arguments = {text, text},
                 .result = text,
                 .loop = loop_over_values<concat_ws>,
                 .explain = why_not_joined,
                 .variadic = true,
                 .nulls = NullRule::sees_null,
                 .never_null = first_not_null,
                 .typing = Typing::any_types});
  // With an argument, and without any: that has the format alone.
  for (const bool with_arguments : {false, true})
    all.push_back({.name = "format",
                   .arguments = with_arguments ? std::vector{text, text} : std::vector{text},
                   .result = text,
                   .loop = loop_over_values<formatted>,
                   .explain = why_not_formatted,
                   .variadic = with_arguments,
                   .nulls = NullRule::sees_null,
                   .never_null = first_not_null,
                   .typing = Typing::any_types});
  all.push_back(function_of<Quote<append_literal>>(
      {.name = "quote_literal", .arguments = {text}, .result = text}));
  all.push_back(function_of<Quote<append_identifier>>(
      {.name = "quote_ident", .arguments = {text}, .result = text}));
  all.push_back(
      function_of<QuoteNullable>({.name = "quote_nullable", .arguments = {text}, .result = text}));
  // One for each type: by way of another type a value would be written otherwise. Beside bytea and
  // jsonb, which have an operator of their own, a literal is one of them and no text.
  for (const Type type : all_types()) {
    if (type == text) continue;
    const auto operation = [](Type left, Type right, Loop loop) {
      return Function{.name = "||",
                      .arguments = {left, right},
                      .result = text,
                      .loop = loop,
                      .explain = why_not_joined,
                      .kind = Kind::operation};
    };
    all.push_back(operation(type, text, loop_concatenate<true>));
    all.push_back(operation(text, type, loop_concatenate<false>));
  }
  return all;
}

}  // namespace turntable::sql
