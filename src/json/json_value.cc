#include "json/json_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/number_form.h"
#include "json/depth.h"
#include "json/json_number.h"
#include "json/json_walk.h"

namespace turntable::json {
namespace {

using Kind = Value::Kind;

constexpr size_t kLeastCapacity = 4096;

error_code read_value(ondemand::value& value, int depth, Value& into);

error_code read_scalar(ondemand::value& value, ondemand::json_type type, Value& into) {
  const std::string_view written = token(value);
  switch (type) {
    case ondemand::json_type::string: {
      std::string_view characters;
      RETURN_IF_JSON_ERROR(unescaped(value).get(characters));
      // jsonb cannot hold it, nor can PostgreSQL's text.
      if (characters.find('\0') != std::string_view::npos) return simdjson::STRING_ERROR;
      into.kind = Kind::string;
      into.text = characters;
      return simdjson::SUCCESS;
    }
    case ondemand::json_type::number: {
      if (number_form(written) == NumberForm::none) return simdjson::NUMBER_ERROR;
      auto number = numeric_form(written);
      if (!number) return simdjson::NUMBER_ERROR;
      into.kind = Kind::number;
      into.text = std::move(*number);
      return simdjson::SUCCESS;
    }
    case ondemand::json_type::boolean:
      into.kind = Kind::boolean;
      into.boolean = written == "true";
      return skip(value, 1, true);
    default:
      return skip(value, 1, true);
  }
}

error_code read_array(ondemand::value& value, int depth, Value& into) {
  into.kind = Kind::array;
  ondemand::array array;
  RETURN_IF_JSON_ERROR(value.get_array().get(array));
  for (auto next : array) {
    RETURN_IF_JSON_ERROR(next.error());
    ondemand::value&& element = std::move(next).value_unsafe();
    RETURN_IF_JSON_ERROR(read_value(element, depth, into.members.emplace_back().value));
  }
  return simdjson::SUCCESS;
}

error_code read_object(ondemand::value& value, int depth, Value& into) {
  into.kind = Kind::object;
  ondemand::object object;
  RETURN_IF_JSON_ERROR(value.get_object().get(object));
  for (auto next : object) {
    RETURN_IF_JSON_ERROR(next.error());
    ondemand::field&& field = std::move(next).value_unsafe();
    std::string_view key;
    RETURN_IF_JSON_ERROR(unescaped_key(field).get(key));
    if (key.find('\0') != std::string_view::npos) return simdjson::STRING_ERROR;
    Member& member = into.members.emplace_back();
    member.key = key;
    RETURN_IF_JSON_ERROR(read_value(field.value(), depth, member.value));
  }
  sort_fields(into.members);
  return simdjson::SUCCESS;
}

// `depth`: of the container in which the value stands.
error_code read_value(ondemand::value& value, int depth, Value& into) {
  ondemand::json_type type;
  RETURN_IF_JSON_ERROR(value.type().get(type));
  const bool container = type == ondemand::json_type::array || type == ondemand::json_type::object;
  if (!container) return read_scalar(value, type, into);
  if (depth >= kMaxJsonDepth) return simdjson::DEPTH_ERROR;
  return type == ondemand::json_type::array ? read_array(value, depth + 1, into)
                                            : read_object(value, depth + 1, into);
}

// Members that are printed; `line` is called before each of them and before the bracket that closes
// them, with the depth.
template <class Line>
void append_value(std::string& out, const Value& value, std::string_view comma, size_t depth,
                  Line line) {
  switch (value.kind) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += value.boolean ? "true" : "false";
      return;
    case Kind::number:
      out += value.text;
      return;
    case Kind::string:
      append_string(out, value.text);
      return;
    case Kind::array:
    case Kind::object:
      break;
  }
  const bool object = value.kind == Kind::object;
  out += object ? '{' : '[';
  bool first = true;
  for (const Member& member : value.members) {
    if (!first) out += comma;
    first = false;
    line(depth + 1);
    if (object) {
      append_string(out, member.key);
      out += ": ";
    }
    append_value(out, member.value, comma, depth + 1, line);
  }
  line(depth);
  out += object ? '}' : ']';
}

std::strong_ordering compare_scalars(const Value& left, const Value& right) {
  switch (left.kind) {
    case Kind::string:
      return left.text.compare(right.text) <=> 0;
    case Kind::number:
      return compare_numbers(left.text, right.text);
    case Kind::boolean:
      return left.boolean <=> right.boolean;
    default:
      return std::strong_ordering::equal;
  }
}

// Inside a container scalars are themselves; at the top they are arrays of one element.
std::strong_ordering compare_inside(const Value& left, const Value& right) {
  if (left.kind != right.kind) return left.kind <=> right.kind;
  if (!left.is_container()) return compare_scalars(left, right);
  if (left.members.size() != right.members.size())
    return left.members.size() <=> right.members.size();
  for (size_t i = 0; i < left.members.size(); ++i) {
    if (const int order = left.members[i].key.compare(right.members[i].key); order != 0)
      return order <=> 0;
    if (const auto order = compare_inside(left.members[i].value, right.members[i].value);
        order != 0)
      return order;
  }
  return std::strong_ordering::equal;
}

bool array_has(const Value& array, const Value& scalar) {
  return std::any_of(array.members.begin(), array.members.end(), [&](const Member& member) {
    return !member.value.is_container() && compare_inside(member.value, scalar) == 0;
  });
}

bool contains_inside(const Value& outer, const Value& inner) {
  if (outer.kind != inner.kind) return false;
  if (!outer.is_container()) return compare_inside(outer, inner) == 0;
  return std::all_of(inner.members.begin(), inner.members.end(), [&](const Member& wanted) {
    if (inner.kind == Kind::object) {
      const Value* const found = outer.field(wanted.key);
      return found != nullptr && contains_inside(*found, wanted.value);
    }
    if (!wanted.value.is_container()) return array_has(outer, wanted.value);
    return std::any_of(outer.members.begin(), outer.members.end(), [&](const Member& member) {
      return contains_inside(member.value, wanted.value);
    });
  });
}

}  // namespace

const Value* Value::field(std::string_view key) const {
  if (kind != Kind::object) return nullptr;
  const auto found = std::lower_bound(
      members.begin(), members.end(), key,
      [](const Member& member, auto wanted) { return key_before(member.key, wanted); });
  return found != members.end() && found->key == key ? &found->value : nullptr;
}

bool key_before(std::string_view left, std::string_view right) {
  return left.size() != right.size() ? left.size() < right.size() : left < right;
}

void sort_fields(std::vector<Member>& fields) {
  const auto before = [](const Member& left, const Member& right) {
    return key_before(left.key, right.key);
  };
  if (!std::is_sorted(fields.begin(), fields.end(), before))
    std::stable_sort(fields.begin(), fields.end(), before);
  // From the end on, so that the last one of those with one key is met first.
  const auto kept =
      std::unique(fields.rbegin(), fields.rend(),
                  [](const Member& left, const Member& right) { return left.key == right.key; });
  fields.erase(fields.begin(), kept.base());
}

void append_string(std::string& out, std::string_view characters) {
  out += '"';
  for (const char c : characters) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_text(std::string& out, const Value& value) {
  append_value(out, value, ", ", 0, [](size_t) {});
}

bool append_pretty(std::string& out, const Value& value, size_t bytes_limit) {
  append_value(out, value, ",", 0, [&](size_t depth) {
    if (out.size() > bytes_limit) return;
    out += '\n';
    out.append(4 * depth, ' ');
  });
  return out.size() <= bytes_limit;
}

std::strong_ordering compare(const Value& left, const Value& right) {
  if (left.is_container() == right.is_container()) return compare_inside(left, right);
  if (right.kind == Kind::object) return std::strong_ordering::less;
  if (left.kind == Kind::object) return std::strong_ordering::greater;
  // A scalar is less than an array, but for one without elements.
  if (left.is_container())
    return left.members.empty() ? std::strong_ordering::less : std::strong_ordering::greater;
  return right.members.empty() ? std::strong_ordering::greater : std::strong_ordering::less;
}

bool contains(const Value& outer, const Value& inner) {
  // At the top an array contains a scalar that is among its elements.
  if (outer.kind == Kind::array && !inner.is_container()) return array_has(outer, inner);
  return contains_inside(outer, inner);
}

// --- Reader

struct Reader::Parser {
  ondemand::parser parser;
  std::unique_ptr<char[]> buffer;
  size_t capacity = 0;
  ondemand::document document;

  // Calls use(value, has_escapes) with the one value that the text is. A document that is a scalar
  // cannot be had as a value, so brackets are put around the text.
  template <class Use>
  error_code with_value(std::string_view text, Use use) {
    const size_t needed = text.size() + 2 + simdjson::SIMDJSON_PADDING;
    if (needed > capacity) {
      capacity = std::bit_ceil(std::max(needed, kLeastCapacity));
      buffer = std::make_unique_for_overwrite<char[]>(capacity);
      RETURN_IF_JSON_ERROR(parser.allocate(capacity, kMaxJsonDepth + 3));
    }
    buffer[0] = '[';
    std::memcpy(buffer.get() + 1, text.data(), text.size());
    buffer[text.size() + 1] = ']';
    std::memset(buffer.get() + text.size() + 2, 0, simdjson::SIMDJSON_PADDING);
    RETURN_IF_JSON_ERROR(parser.iterate(buffer.get(), text.size() + 2, capacity).get(document));
    ondemand::array array;
    RETURN_IF_JSON_ERROR(document.get_array().get(array));
    const bool has_escapes = text.find('\\') != std::string_view::npos;
    size_t values = 0;
    for (auto next : array) {
      RETURN_IF_JSON_ERROR(next.error());
      ondemand::value&& value = std::move(next).value_unsafe();
      if (values++ > 0) return simdjson::TAPE_ERROR;
      RETURN_IF_JSON_ERROR(use(value, has_escapes));
    }
    const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
    return values == 1 && at_end ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
  }

  // The part of `text` that lies in the buffer as `part`.
  [[nodiscard]] std::string_view in_text(std::string_view text, std::string_view part) const {
    return text.substr(static_cast<size_t>(part.data() - buffer.get()) - 1, part.size());
  }
};

Reader::Reader() : parser_(std::make_unique<Parser>()) {}
Reader::~Reader() = default;

std::optional<Value> Reader::read(std::string_view text) {
  Value made;
  const error_code error = parser_->with_value(
      text, [&](ondemand::value& value, bool) { return read_value(value, 0, made); });
  return error ? std::nullopt : std::optional(std::move(made));
}

std::optional<std::string_view> Reader::field(std::string_view text, std::string_view key) {
  std::optional<std::string_view> found;
  const error_code error =
      parser_->with_value(text, [&](ondemand::value& value, bool has_escapes) -> error_code {
        ondemand::json_type type;
        RETURN_IF_JSON_ERROR(value.type().get(type));
        if (type != ondemand::json_type::object) return skip(value, 0, has_escapes);
        ondemand::object object;
        RETURN_IF_JSON_ERROR(value.get_object().get(object));
        for (auto next : object) {
          RETURN_IF_JSON_ERROR(next.error());
          ondemand::field&& field = std::move(next).value_unsafe();
          std::string_view name;
          RETURN_IF_JSON_ERROR(unescaped_key(field).get(name));
          const bool wanted = name == key;
          std::string_view raw;
          RETURN_IF_JSON_ERROR(raw_text(field.value(), 1, has_escapes).get(raw));
          if (wanted) found = parser_->in_text(text, raw);
        }
        return simdjson::SUCCESS;
      });
  return error ? std::nullopt : found;
}

std::optional<std::string_view> Reader::element(std::string_view text, int64_t index) {
  std::vector<std::string_view> elements;
  const error_code error =
      parser_->with_value(text, [&](ondemand::value& value, bool has_escapes) -> error_code {
        ondemand::json_type type;
        RETURN_IF_JSON_ERROR(value.type().get(type));
        if (type != ondemand::json_type::array) {
          // PostgreSQL takes a scalar for an array of one element here.
          if (type == ondemand::json_type::object) return skip(value, 0, has_escapes);
          std::string_view raw;
          RETURN_IF_JSON_ERROR(raw_text(value, 0, has_escapes).get(raw));
          elements.push_back(parser_->in_text(text, raw));
          return simdjson::SUCCESS;
        }
        ondemand::array array;
        RETURN_IF_JSON_ERROR(value.get_array().get(array));
        for (auto next : array) {
          RETURN_IF_JSON_ERROR(next.error());
          ondemand::value&& each = std::move(next).value_unsafe();
          std::string_view raw;
          RETURN_IF_JSON_ERROR(raw_text(each, 1, has_escapes).get(raw));
          elements.push_back(parser_->in_text(text, raw));
        }
        return simdjson::SUCCESS;
      });
  const auto size = static_cast<int64_t>(elements.size());
  if (index < 0) index += size;
  if (error || index < 0 || index >= size) return std::nullopt;
  return elements[static_cast<size_t>(index)];
}

}  // namespace turntable::json
