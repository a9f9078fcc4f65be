// What stands in parentheses behind a type, as functions that make values fit it: varchar(3) cuts
// or refuses a longer text, numeric(10, 2) rounds, timestamptz(3) rounds to milliseconds.
// https://www.postgresql.org/docs/15/datatype.html
#pragma once

#include <string>

#include "base/result.h"
#include "row/types.h"
#include "sql/functions.h"

namespace turntable::sql {

enum class Fitting {
  written,   // By CAST or ::, which cuts a text.
  assigned,  // To a column, which refuses a text unless only blanks are cut.
};

// What is wrong with the modifier itself: a sentence.
[[nodiscard]] Status check_modifier(Type type, const TypeModifier& modifier);

// Takes and gives values of the type; `prepare` takes what modifier_text() gives. For the types
// whose modifiers check_modifier() allows.
[[nodiscard]] const Function& fitting_function(Type type, Fitting fitting);
[[nodiscard]] std::string modifier_text(const TypeModifier& modifier);

}  // namespace turntable::sql
