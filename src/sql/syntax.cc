#include "sql/syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "base/text.h"
#include "sql/identifiers.h"

namespace turntable::sql {
namespace {

// How tightly an expression holds together, as PostgreSQL has it:
// https://www.postgresql.org/docs/15/sql-syntax-lexical.html#SQL-PRECEDENCE
enum class Binding {
  any,
  disjunction,
  conjunction,
  negation,
  is,
  comparison,
  other,
  sum,
  product,
  power,
  sign,
  whole
};

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_prefix(const CallSyntax& call) {
  return call.arguments.size() == 1 && !call.name.starts_with("is ");
}

Binding binding_of(const CallSyntax& call) {
  const std::string_view name = call.name;
  if (!call.is_operator) return Binding::whole;
  if (name == "or") return Binding::disjunction;
  if (name == "and") return Binding::conjunction;
  if (name == "not") return Binding::negation;
  if (name.starts_with("is ")) return Binding::is;
  if (name == "[]" || name == "[:]" || name == "row" || name == ".") return Binding::whole;
  if (name.ends_with(" any") || name.ends_with(" all")) return Binding::comparison;
  if (is_prefix(call)) return is_one_of(name, {"+", "-"}) ? Binding::sign : Binding::other;
  if (is_one_of(name, {"=", "<", ">", "<=", ">=", "<>"})) return Binding::comparison;
  if (is_one_of(name, {"+", "-"})) return Binding::sum;
  if (is_one_of(name, {"*", "/", "%"})) return Binding::product;
  return name == "^" ? Binding::power : Binding::other;
}

Binding binding_of(const Expr& expr) {
  const auto* call = std::get_if<CallSyntax>(&expr.what);
  return call == nullptr ? Binding::whole : binding_of(*call);
}

std::string uppercase(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

// Stops when it has written more than the limit, as a tree may be large.
class Printer {
 public:
  explicit Printer(size_t limit) : limit_(limit) {}

  void print(const Expr& expr) {
    if (out_.size() <= limit_) std::visit(*this, expr.what);
  }
  [[nodiscard]] const std::string& text() const { return out_; }

  void operator()(const BadSyntax&) { out_ += "…"; }
  void operator()(const NameSyntax& name) {
    if (!name.table.empty()) {
      print_name(name.table);
      out_ += '.';
    }
    print_name(name.column);
  }
  void operator()(const StarSyntax& star) {
    if (!star.table.empty()) {
      print_name(star.table);
      out_ += '.';
    }
    out_ += '*';
  }
  void operator()(const LiteralSyntax& literal) { std::visit(*this, literal.value); }
  void operator()(std::monostate) { out_ += "NULL"; }
  void operator()(bool value) { out_ += value ? "true" : "false"; }
  void operator()(int64_t value) { out_ += fmt::format("{}", value); }
  void operator()(double value) { out_ += fmt::format("{}", value); }
  void operator()(const std::string& value) { print_quoted(value, '\''); }
  void operator()(const Numeric& value) { out_ += numeric_text(value); }
  void operator()(const Interval& value) { print_quoted(interval_text(value), '\''); }
  void operator()(const Uuid& value) { print_quoted(uuid_text(value), '\''); }

  void operator()(const CallSyntax& call) {
    if (!call.is_operator && call.name == "array") {
      print_list("ARRAY[", call, 0, ", ", "]");
    } else if (!call.is_operator) {
      print_function(call);
    } else if (call.name == "row") {
      print_list("ROW(", call, 0, ", ", ")");
    } else if (call.name == ".") {
      print_field(call);
    } else if (call.name == "[]" || call.name == "[:]") {
      print_subscript(call);
    } else if (call.name.ends_with(" any") || call.name.ends_with(" all")) {
      print_within(*call.arguments[0], next(Binding::comparison));
      out_ += ' ' + uppercase(call.name);
      print_list(" (", call, 1, ", ", ")");
    } else if (call.arguments.size() == 1) {
      print_one_sided(call);
    } else {
      print_operator(call);
    }
  }

  void operator()(const CastSyntax& cast) {
    out_ += "cast(";
    print(*cast.argument);
    out_ += fmt::format(" AS {})", cast.composite != nullptr ? sql_identifier(cast.composite->name)
                                                             : sql_name(cast.type, cast.modifier));
  }

  void operator()(const CaseSyntax& written) {
    out_ += "CASE";
    for (const CaseSyntax::Branch& branch : written.branches) {
      if (out_.size() > limit_) return;
      out_ += " WHEN ";
      print(*branch.condition);
      out_ += " THEN ";
      print(*branch.value);
    }
    if (written.otherwise) {
      out_ += " ELSE ";
      print(*written.otherwise);
    }
    out_ += " END";
  }

 private:
  void print_name(std::string_view name) { out_ += sql_identifier(name); }

  void print_quoted(std::string_view text, char quote) {
    out_ += quote;
    for (const char c : text) {
      if (out_.size() > limit_) return;
      out_ += c;
      if (c == quote) out_ += c;
    }
    out_ += quote;
  }

  // In parentheses where it would hold together less tightly than `least`.
  void print_within(const Expr& expr, Binding least) {
    const bool parentheses = binding_of(expr) < least;
    if (parentheses) out_ += '(';
    print(expr);
    if (parentheses) out_ += ')';
  }

  static Binding next(Binding binding) {
    return static_cast<Binding>(static_cast<int>(binding) + 1);
  }

  void print_list(std::string_view open, const CallSyntax& call, size_t first,
                  std::string_view between, std::string_view close) {
    out_ += open;
    for (size_t i = first; i < call.arguments.size() && out_.size() <= limit_; ++i) {
      if (i > first) out_ += between;
      print(*call.arguments[i]);
    }
    out_ += close;
  }

  // `a[1]`, `(f(a))[1:2]`: only a name may stand without parentheses.
  void print_subscript(const CallSyntax& call) {
    const Expr& value = *call.arguments[0];
    const bool parentheses = !std::holds_alternative<NameSyntax>(value.what);
    if (parentheses) out_ += '(';
    print(value);
    if (parentheses) out_ += ')';
    print_list("[", call, 1, ":", "]");
  }

  // `(a).b`
  void print_field(const CallSyntax& call) {
    out_ += '(';
    print(*call.arguments[0]);
    out_ += ").";
    print_name(std::get<std::string>(std::get<LiteralSyntax>(call.arguments[1]->what).value));
  }

  void print_function(const CallSyntax& call) {
    // Two functions whose arguments PostgreSQL reads with words between them only.
    const bool two = call.arguments.size() == 2;
    const bool extract = two && call.name == "extract";
    const bool position = two && call.name == "position";
    print_name(call.name);
    out_ += '(';
    for (size_t i = 0; i < call.arguments.size() && out_.size() <= limit_; ++i) {
      if (i > 0) out_ += extract ? " FROM " : position ? " IN " : ", ";
      const Expr& argument = *call.arguments[position ? 1 - i : i];
      const auto* literal = std::get_if<LiteralSyntax>(&argument.what);
      const auto* field = literal == nullptr ? nullptr : std::get_if<std::string>(&literal->value);
      if (extract && i == 0 && field != nullptr && sql_identifier(*field) == *field) {
        out_ += *field;
      } else if (position) {
        print_within(argument, Binding::other);
      } else {
        print(argument);
      }
    }
    out_ += ')';
  }

  // `NOT a`, `- a`, `a IS NULL`.
  void print_one_sided(const CallSyntax& call) {
    const Binding binding = binding_of(call);
    if (is_prefix(call)) {
      // NOT NOT a; but @ (a || b), as @ a || b is (@ a) || b.
      out_ += uppercase(call.name) + ' ';
      print_within(*call.arguments[0], binding == Binding::other ? next(binding) : binding);
    } else {
      print_within(*call.arguments[0], next(binding));
      out_ += ' ' + uppercase(call.name);
    }
  }

  // Operators of one kind lean to the left: a - b - c is (a - b) - c. Comparisons do not follow one
  // another.
  void print_operator(const CallSyntax& call) {
    const Binding binding = binding_of(call);
    const bool leans = binding != Binding::is && binding != Binding::comparison;
    for (size_t i = 0; i < call.arguments.size() && out_.size() <= limit_; ++i) {
      if (i > 0) out_ += ' ' + uppercase(call.name) + ' ';
      print_within(*call.arguments[i], i == 0 && leans ? binding : next(binding));
    }
  }

  std::string out_;
  size_t limit_;
};

}  // namespace

std::string text_of(const Expr& expr, size_t bytes_limit) {
  Printer printer(bytes_limit);
  printer.print(expr);
  return printable(printer.text(), bytes_limit);
}

}  // namespace turntable::sql
