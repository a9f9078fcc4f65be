// A declared column of the JSON decoder, with what was found for it in the record at hand, and the
// sentence that says what is wrong with it. Inside decode/ only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "decode/json_paths.h"
#include "row/column.h"
#include "row/reject.h"
#include "row/types.h"

namespace turntable {

inline constexpr size_t kShownBytes = 80;  // Of a name or a value in a reason.

struct JsonField {
  JsonField(const ColumnDef& column, bool whole_time)
      : name(column.name), type(column.type), not_null(column.not_null), whole(whole_time) {
    if (!is_array(type)) return;
    in_parts = true;
    const Type of = element_of(type);
    of_elements = std::make_unique<JsonField>(ColumnDef{name, of, false}, whole_time);
    of_elements->element_value = std::make_unique<Column>(of);
    of_elements->element_value->reset(1);
  }

  void note(RejectCode fault, std::string_view what) {
    faulty = true;
    element = 0;
    code = fault;
    found = what;
  }
  // What was noted of an element of this array, the number of which counts from 1.
  void note_element(size_t number) {
    note(of_elements->code, of_elements->found);
    element = number;
  }
  [[nodiscard]] bool is_integer() const {
    return type == Type::int32 || type == Type::int64 || type == Type::int16;
  }
  [[nodiscard]] bool is_float() const { return type == Type::float32 || type == Type::float64; }

  // Of a field that is faulty: "The field 'id' is 1.0, but it must be of type int."
  [[nodiscard]] std::string reason() const;
  // " With numbers = 'lenient' on its table it is taken as 1."; nothing where it is not.
  [[nodiscard]] std::string lenient_reason() const;

  std::string name;
  Type type;
  bool not_null;
  bool whole;             // A time that must not be cut,
  bool cut = false;       // or that was.
  bool in_parts = false;  // An array, or a jsonb with paths.

  uint64_t seen_in = 0;  // The serial number of the last record that had the field.
  bool met = false;      // In a record that was read to its end.
  bool faulty = false;
  RejectCode code = RejectCode::wrong_type;
  std::string_view found;  // The value, in the record.
  size_t element = 0;      // In which element of an array it stands, from 1; 0: it is no array's.
  // Takes one element after another of an array; null for another type.
  std::unique_ptr<JsonField> of_elements;
  std::unique_ptr<Column> element_value;  // Of one row: the element at hand.
  JsonPaths paths = {};                   // Of a jsonb of which only parts are wanted.

 private:
  // Of a value of this type, which is that of the field or of its elements.
  [[nodiscard]] std::string reason_of(const std::string& subject) const;
};

}  // namespace turntable
