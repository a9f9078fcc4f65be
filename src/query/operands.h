// The operands of comparisons in a statement of SQL, found by its words: no full grammar, but
// brackets and CASE … END are passed over as a whole.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "query/statements.h"

namespace turntable {

using Tokens = std::span<const CqlToken>;

// True for the characters of =, ==, !=, <>, <, <=, >, >=, and not for those of -> and ->>, which
// take a value out of JSON.
[[nodiscard]] bool is_comparison(Tokens tokens, size_t at);
[[nodiscard]] bool is_text(const CqlToken& token);
[[nodiscard]] bool is_number(const CqlToken& token);

// +1 for a bracket that opens and for CASE, -1 for one that closes and for END. SQLite also has
// columns called end: without a CASE before it the word is a name.
[[nodiscard]] int nesting(Tokens tokens, size_t at);
// Behind the bracket that closes the one at `open`; the end where none does.
[[nodiscard]] size_t behind_bracket(Tokens tokens, size_t open);

// The operand that begins at `at` ends there.
[[nodiscard]] size_t end_of_operand(Tokens tokens, size_t at);
// The operand that ends before `at` begins there.
[[nodiscard]] size_t begin_of_operand(Tokens tokens, size_t at);

// (a, b) as its parts; nothing where it is no such list.
[[nodiscard]] std::optional<std::vector<Tokens>> parts_of(Tokens operand);
// Whether it is (SELECT …), or (WITH … SELECT …).
[[nodiscard]] bool is_subselect(Tokens operand);
// Without what changes no value: brackets around it, a + before it, COLLATE behind it.
[[nodiscard]] Tokens bare(Tokens operand);
// The name of a column: t, or plays.t.
[[nodiscard]] std::optional<std::string> column_of(Tokens operand);
// What the SELECT at `select` asks for, its items as they are written.
[[nodiscard]] std::vector<Tokens> items_of(Tokens tokens, size_t select);
// An item as its expression and the name that it gets, which is empty where it gets none.
struct NamedItem {
  Tokens expression;
  std::string name;
};
[[nodiscard]] NamedItem named_item(Tokens item);

}  // namespace turntable
