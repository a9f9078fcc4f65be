// Errors as values. A failed operation is a Result<T>; bad input records are data (see
// row/reject.h); broken invariants are CHECKs (see base/check.h).
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace turntable {

// What an operator, or the code that retries, may do about an error.
enum class ErrorKind {
  usage,        // The command line, the environment or the pipeline is wrong: exit code 2.
  failed,       // It will fail again until somebody mends something: exit code 1.
  auth,         // Credentials were refused. Not retried.
  schema,       // A table or keyspace is missing, or not as the pipeline says. Not retried.
  row,          // One row cannot be taken (too large, wrong type); its neighbours can.
  transient,    // A node or broker is away or overloaded: retry with backoff.
  interrupted,  // The user asked to stop.
};

// A message is a sentence to an operator: what was attempted, on what, what to do.
struct Error {
  ErrorKind kind = ErrorKind::failed;
  std::string message;

  // The same error, said in the words of the caller: "<context>: <message>".
  [[nodiscard]] Error with(const std::string& context) && {
    message = context + ": " + message;
    return std::move(*this);
  }
};

// A value or an Error. tl::expected stands in for std::expected, which clang 14 hides on
// libstdc++ 12.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(tl::expected<T, Error> other) : tl::expected<T, Error>(std::move(other)) {}
};

using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{kind, std::move(message)});
}

}  // namespace turntable

#define TT_CONCAT_INNER(a, b) a##b
#define TT_CONCAT(a, b) TT_CONCAT_INNER(a, b)

// RETURN_IF_ERROR(expr): leaves the function with the error of a Result, if it has one.
#define RETURN_IF_ERROR(...)                                                                 \
  do {                                                                                       \
    auto tt_status = (__VA_ARGS__);                                                          \
    if (!tt_status) return tl::unexpected<::turntable::Error>(std::move(tt_status.error())); \
  } while (false)

// ASSIGN_OR_RETURN(auto x, expr): x takes the value, or the function is left with the error.
#define ASSIGN_OR_RETURN(lhs, ...) \
  ASSIGN_OR_RETURN_INNER(TT_CONCAT(tt_result_, __LINE__), lhs, __VA_ARGS__)
#define ASSIGN_OR_RETURN_INNER(result, lhs, ...)                                     \
  auto result = (__VA_ARGS__);                                                       \
  if (!result) return tl::unexpected<::turntable::Error>(std::move(result.error())); \
  lhs = std::move(*result)
