#include "sql/array_value.h"

#include <algorithm>

#include "base/text.h"
#include "json/json_number.h"
#include "json/json_value.h"
#include "sql/functions/json_support.h"
#include "sql/functions/order.h"
#include "sql/functions/text_form.h"

namespace turntable::sql {
namespace {

std::strong_ordering json_cell_order(std::string_view left, std::string_view right) {
  if (left == right) return std::strong_ordering::equal;
  if (is_plain_integer(left) && is_plain_integer(right)) return json::compare_numbers(left, right);
  json::Reader reader;
  const auto a = reader.read(left);
  const auto b = reader.read(right);
  // What jsonb cannot hold is compared as text; it was let in by a declared column.
  return a && b ? json::compare(*a, *b) : left <=> right;
}

bool is_array_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool needs_quotes(std::string_view text) {
  if (text.empty() || (text.size() == 4 && lowercase(text) == "null")) return true;
  return std::any_of(text.begin(), text.end(), [](char c) {
    return c == '"' || c == '\\' || c == '{' || c == '}' || c == ',' || is_array_space(c);
  });
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

// Reads the text of an array from left to right.
class ArrayText {
 public:
  explicit ArrayText(std::string_view text) : rest_(text) {}

  std::optional<std::vector<std::optional<std::string>>> elements() {
    std::vector<std::optional<std::string>> found;
    skip_spaces();
    if (!take('{')) return std::nullopt;
    skip_spaces();
    if (!take('}')) {
      do {
        if (!element(found.emplace_back())) return std::nullopt;
      } while (take(','));
      if (!take('}')) return std::nullopt;
    }
    skip_spaces();
    return rest_.empty() ? std::optional(std::move(found)) : std::nullopt;
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && is_array_space(rest_[0])) rest_.remove_prefix(1);
  }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Up to the comma or bracket behind it.
  bool element(std::optional<std::string>& found) {
    skip_spaces();
    found.emplace();
    if (take('"')) {
      if (!quoted(*found)) return false;
      skip_spaces();
      return !rest_.empty() && (rest_[0] == ',' || rest_[0] == '}');
    }
    bool escaped = false;
    size_t kept = 0;  // Blanks at the end are not part of it, but for escaped ones.
    while (!rest_.empty() && rest_[0] != ',' && rest_[0] != '}') {
      char c = rest_[0];
      if (c == '{' || c == '"') return false;
      rest_.remove_prefix(1);
      const bool is_escape = c == '\\';
      if (is_escape) {
        if (rest_.empty()) return false;
        c = rest_[0];
        rest_.remove_prefix(1);
        escaped = true;
      }
      *found += c;
      if (is_escape || !is_array_space(c)) kept = found->size();
    }
    found->resize(kept);
    if (!escaped && found->empty()) return false;
    if (!escaped && found->size() == 4 && lowercase(*found) == "null") found.reset();
    return true;
  }

  bool quoted(std::string& found) {
    while (!rest_.empty()) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c != '\\') {
        found += c;
        continue;
      }
      if (rest_.empty()) return false;
      found += rest_[0];
      rest_.remove_prefix(1);
    }
    return false;
  }

  std::string_view rest_;
};

}  // namespace

void set_element(Column& column, uint32_t row, CellView element) {
  if (element.is_null()) return column.set_null(row);
  switch (column.type()) {
    case Type::boolean:
      return column.set<uint8_t>(row, element.boolean() ? 1 : 0);
    case Type::int16:
      return column.set(row, element.int16());
    case Type::int32:
      return column.set(row, element.int32());
    case Type::date:
      return column.set(row, element.date());
    case Type::int64:
    case Type::timestamp:
    case Type::timestamptz:
      return column.set(row, element.int64());
    case Type::time:
      return column.set(row, element.time());
    case Type::float32:
      return column.set(row, element.float32());
    case Type::float64:
      return column.set(row, element.float64());
    case Type::numeric:
      return column.set(row, element.numeric());
    case Type::interval:
      return column.set(row, element.interval());
    case Type::uuid:
      return column.set(row, element.uuid());
    case Type::text:
    case Type::bytes:
    case Type::jsonb:
    case Type::composite:
      return column.set(row, element.bytes());
  }
}

std::strong_ordering element_order(Type type, CellView left, CellView right) {
  switch (type) {
    case Type::boolean:
      return left.boolean() <=> right.boolean();
    case Type::int16:
      return left.int16() <=> right.int16();
    case Type::int32:
      return left.int32() <=> right.int32();
    case Type::date:
      return left.date() <=> right.date();
    case Type::int64:
    case Type::timestamp:
    case Type::timestamptz:
      return left.int64() <=> right.int64();
    case Type::time:
      return left.time() <=> right.time();
    case Type::float32:
      return order_of(left.float32(), right.float32());
    case Type::float64:
      return order_of(left.float64(), right.float64());
    case Type::numeric:
      return order_of(left.numeric(), right.numeric());
    case Type::interval:
      return order_of(left.interval(), right.interval());
    case Type::jsonb:
      return json_cell_order(left.bytes(), right.bytes());
    case Type::uuid:
    case Type::text:
    case Type::bytes:
    case Type::composite:  // Not compared.
      break;
  }
  return left.bytes() <=> right.bytes();
}

bool elements_equal(Type type, CellView left, CellView right) {
  if (left.is_null() || right.is_null()) return left.is_null() == right.is_null();
  return element_order(type, left, right) == 0;
}

std::strong_ordering array_order(Type element, std::string_view left, std::string_view right) {
  ArrayReader a(left);
  ArrayReader b(right);
  while (!a.done() && !b.done()) {
    const CellView one = a.next();
    const CellView other = b.next();
    if (one.is_null() || other.is_null()) {
      if (one.is_null() != other.is_null())
        return one.is_null() ? std::strong_ordering::greater : std::strong_ordering::less;
    } else if (const auto order = element_order(element, one, other); order != 0) {
      return order;
    }
  }
  return a.size() <=> b.size();
}

ElementText::ElementText(Type type)
    : column_(type), json_(type == Type::jsonb ? std::make_unique<JsonState>() : nullptr) {
  column_.reset(1);
}
ElementText::~ElementText() = default;

std::string_view ElementText::of(CellView element, Arena& arena) {
  if (json_ != nullptr) return json_->printed(element.bytes(), arena).value_or(element.bytes());
  set_element(column_, 0, element);
  return text_form(column_, 0, BooleanForm::letter, arena);
}

void append_array_text(std::string& out, Type element, std::string_view array, Arena& arena) {
  ElementText text(element);
  out += '{';
  bool first = true;
  for (ArrayReader reader(array); !reader.done();) {
    if (!first) out += ',';
    first = false;
    const CellView cell = reader.next();
    if (cell.is_null()) {
      out += "NULL";
      continue;
    }
    const std::string_view printed = text.of(cell, arena);
    if (needs_quotes(printed)) {
      append_quoted(out, printed);
    } else {
      out += printed;
    }
  }
  out += '}';
}

std::optional<std::vector<std::optional<std::string>>> split_array_text(std::string_view text) {
  return ArrayText(text).elements();
}

void FlatElements::take(const Column& arrays, const Selection& rows) {
  begins_.assign(1, 0);
  for (const uint32_t row : rows) {
    const bool has_value = arrays.state(row) == State::value;
    const size_t size = has_value ? ArrayReader(arrays.get<std::string_view>(row)).size() : 0;
    begins_.push_back(begins_.back() + static_cast<uint32_t>(size));
  }
  values.reset(size());
  uint32_t at = 0;
  for (const uint32_t row : rows) {
    if (arrays.state(row) != State::value) continue;
    for (ArrayReader reader(arrays.get<std::string_view>(row)); !reader.done();)
      set_element(values, at++, reader.next());
  }
}

}  // namespace turntable::sql
