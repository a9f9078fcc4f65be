#include "row/reject.h"

namespace turntable {

std::string_view reject_code_name(RejectCode code) {
  switch (code) {
    case RejectCode::empty_value:
      return "empty_value";
    case RejectCode::invalid_utf8:
      return "invalid_utf8";
    case RejectCode::json_syntax:
      return "json_syntax";
    case RejectCode::missing_field:
      return "missing_field";
    case RejectCode::null_field:
      return "null_field";
    case RejectCode::wrong_type:
      return "wrong_type";
    case RejectCode::out_of_range:
      return "out_of_range";
    case RejectCode::bad_value:
      return "bad_value";
    case RejectCode::null_key:
      return "null_key";
    case RejectCode::row_refused:
      return "row_refused";
    case RejectCode::too_large:
      return "too_large";
    case RejectCode::unmatched:
      return "unmatched";
  }
  return "unknown";
}

}  // namespace turntable
