#include "sqlite/composite_json.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "base/json_text.h"
#include "base/text.h"
#include "sqlite/array_json.h"
#include "sqlite/values.h"

namespace turntable::sqlite {
namespace {

constexpr std::string_view kOpen = "composite<";

std::string declaration(const CompositeType& type) {
  std::string text(kOpen);
  for (const ColumnDef& field : type.fields)
    text += fmt::format("{}{} {}", text.size() == kOpen.size() ? "" : ", ", quote_name(field.name),
                        field.composite == nullptr ? std::string(type_name(field.type))
                                                   : declaration(*field.composite));
  return text + ">";
}

// Reads what declaration() writes, from the front of the text, which loses it.
class DeclarationReader {
 public:
  explicit DeclarationReader(std::string_view text) : rest_(text) {}

  std::shared_ptr<const CompositeType> all() {
    auto type = composite(0);
    return rest_.empty() ? type : nullptr;
  }

 private:
  std::shared_ptr<const CompositeType> composite(size_t depth) {
    if (depth > kCompositeDepthLimit || !take(kOpen)) return nullptr;
    auto type = std::make_shared<CompositeType>();
    do {
      const auto name = quoted_name();
      if (!name || !take(" ")) return nullptr;
      ColumnDef field{.name = *name};
      if (rest_.starts_with(kOpen)) {
        field.type = Type::composite;
        field.composite = composite(depth + 1);
        if (field.composite == nullptr) return nullptr;
      } else {
        const std::string_view word = rest_.substr(0, rest_.find_first_of(",>"));
        const auto scalar = type_from_declaration(word);
        if (!scalar) return nullptr;
        field.type = *scalar;
        rest_.remove_prefix(word.size());
      }
      type->fields.push_back(std::move(field));
    } while (take(", "));
    return take(">") ? type : nullptr;
  }

  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  std::optional<std::string> quoted_name() {
    if (!take("\"")) return std::nullopt;
    std::string name;
    while (!rest_.empty()) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"' && !take("\"")) return name;
      name += c;
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

// With 17 digits, so that SQLite reads exactly this double, in whatever way it rounds.
std::string real_json(double value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value < 0 ? "-9e999" : "9e999";
  return fmt::format("{:.17g}", value);
}

std::string field_json(CellView cell, const ColumnDef& field) {
  if (cell.is_null()) return "null";
  if (field.composite != nullptr) return composite_json(cell.bytes(), *field.composite);
  if (is_array(field.type)) return json_quote(array_json(cell.bytes(), element_of(field.type)));
  switch (field.type) {
    case Type::float32:
      return real_json(double{cell.float32()});
    case Type::float64:
      return real_json(cell.float64());
    case Type::jsonb:
    case Type::numeric:
      return json_quote(cell_text(cell, field.type));
    default:
      return element_json(cell, field.type);
  }
}

bool append_field(std::string& out, std::string_view json, const ColumnDef& field) {
  if (json == "null") {
    append_null_cell(out);
    return true;
  }
  if (field.composite != nullptr) {
    const auto value = composite_from_json(json, *field.composite);
    if (value) append_view_cell(out, *value);
    return value.has_value();
  }
  if (is_array(field.type) || field.type == Type::jsonb) {
    const auto text = json_string(json);
    if (!text) return false;
    const auto value = is_array(field.type) ? array_from_json(*text, element_of(field.type)) : text;
    if (value) append_view_cell(out, *value);
    return value.has_value();
  }
  if (json == "9e999" || json == "-9e999")
    return append_element(out, json[0] == '-' ? "\"-Infinity\"" : "\"Infinity\"", field.type);
  return append_element(out, json, field.type);
}

}  // namespace

std::string declared_type(const ColumnDef& column) {
  return column.composite == nullptr ? std::string(type_name(column.type))
                                     : quote_name(declaration(*column.composite));
}

std::shared_ptr<const CompositeType> composite_from_declaration(std::string_view declared) {
  declared = trim(declared);
  // SQLite gives a type's name without the quotes in which it was written; versions may differ.
  if (!declared.starts_with('"')) return DeclarationReader(declared).all();
  std::string text;
  for (size_t i = 1; i + 1 < declared.size(); ++i) {
    text += declared[i];
    if (declared[i] == '"') ++i;
  }
  return DeclarationReader(text).all();
}

std::string composite_json(std::string_view value, const CompositeType& type) {
  std::string text = "{";
  CellReader cells(value);
  for (const ColumnDef& field : type.fields)
    text += fmt::format("{}{}:{}", text.size() == 1 ? "" : ",", json_quote(field.name),
                        field_json(cells.next(), field));
  return text + "}";
}

std::optional<std::string> composite_from_json(std::string_view text, const CompositeType& type) {
  const auto members = json_members(text);
  if (!members) return std::nullopt;
  std::string value;
  for (const ColumnDef& field : type.fields) {
    std::string_view json = "null";
    for (const JsonMember& member : *members)
      if (member.name == field.name) json = member.value;
    if (!append_field(value, json, field)) return std::nullopt;
  }
  return value;
}

void bind_column(Statement& statement, int index, CellView cell, const ColumnDef& column,
                 TimeUnit kept) {
  if (column.composite == nullptr || cell.is_null())
    return bind_cell(statement, index, cell, column.type, kept);
  statement.bind_copy(index, composite_json(cell.bytes(), *column.composite));
}

}  // namespace turntable::sqlite
