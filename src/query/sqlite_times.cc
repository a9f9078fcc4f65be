#include "query/sqlite_times.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/iso_time.h"
#include "base/text.h"
#include "query/operands.h"
#include "query/sqlite_meaning.h"
#include "sqlite/values.h"

namespace turntable {
namespace {

// Numbers before it, as milliseconds March 1973, are rather compared with a count or a sum.
constexpr int64_t kLikelyMicros = 100'000'000'000'000;

// A moment: a text in a form of ISO 8601, or milliseconds since 1970, with or without quotes.
std::optional<int64_t> micros_of(Tokens operand) {
  const bool negative = operand.size() == 2 && operand[0].text == "-";
  if (negative) operand = operand.subspan(1);
  if (operand.size() != 1) return std::nullopt;
  std::string_view text = operand[0].text;
  if (is_text(operand[0])) {
    text = text.substr(1, text.size() - 2);
    if (const auto micros = parse_iso_time(text); micros && !negative) return micros;
  } else if (!is_number(operand[0])) {
    return std::nullopt;
  }
  int64_t millis = 0;
  int64_t micros = 0;
  if (!read_number(text, millis) ||
      __builtin_mul_overflow(negative ? -millis : millis, 1000, &micros))
    return std::nullopt;
  return micros;
}

// The text in quotes, where it is a moment.
std::optional<std::string_view> iso_text_of(Tokens operand) {
  if (operand.size() != 1 || !is_text(operand[0])) return std::nullopt;
  const std::string_view text = operand[0].text.substr(1, operand[0].text.size() - 2);
  return parse_iso_time(text) ? std::optional(text) : std::nullopt;
}

// <, <=, > or >=, and not <>.
bool is_ordering(Tokens comparison) {
  return comparison[0].text == ">" ||
         (comparison[0].text == "<" && (comparison.size() == 1 || comparison[1].text != ">"));
}

// As the column keeps it, for SQL.
std::string kept_form(int64_t micros, TimeUnit kept) {
  auto text = sqlite::time_text(micros, kept);
  if (!text) return fmt::to_string(kept == TimeUnit::millis ? micros / 1000 : micros);
  // No time of such a column is equal: the place between two milliseconds, behind the "Z".
  if (kept == TimeUnit::millis && micros % 1000 != 0) text->push_back('+');
  return sqlite::quote_text(*text);
}

bool reads_rows(Tokens tokens) {
  constexpr std::string_view kReads[] = {"select", "with", "values", "explain"};
  return !tokens.empty() && is_one_of(tokens[0], kReads);
}

// a << b
bool is_shift(Tokens operation) {
  return operation.size() == 2 && operation[0].text != "=" &&
         operation[0].text == operation[1].text;
}

// ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
bool is_frame(Tokens bound) {
  constexpr std::string_view kBounds[] = {"preceding", "following", "row"};
  return bound.size() > 1 && is_one_of(bound.back(), kBounds);
}

class TimeWriter {
 public:
  TimeWriter(sqlite::Database& db, const std::string& text)
      : text_(text), tokens_(tokens_of(text)), meanings_(db, text_, tokens_) {}

  tl::expected<std::string, TimeFault> write() {
    if (!reads_rows(tokens_)) return text_;
    for (size_t i = 0; i < tokens_.size() && !fault_; ++i) {
      const CqlToken& token = tokens_[i];
      if (is_comparison(tokens_, i) || token.is("is")) {
        i = comparison(i);
      } else if (token.is("in")) {
        ordering_ = false;
        in_list(left_of(i), right_of(i + 1));
      } else if (token.is("between")) {
        between(i);
      } else if (token.is("case")) {
        case_of_value(i);
      } else if (token.is("max") || token.is("min") || token.is("nullif")) {
        arguments(i);
      } else if (token.is("union") || token.is("except") || token.is("intersect")) {
        parts_of_union(i);
      }
    }
    if (fault_) return tl::unexpected(std::move(*fault_));
    return result();
  }

 private:
  Tokens all() const { return tokens_; }
  Tokens right_of(size_t at) const { return all().subspan(at, end_of_operand(tokens_, at) - at); }
  Tokens left_of(size_t at) const {
    if (at > 0 && tokens_[at - 1].is("not")) --at;
    const size_t begin = begin_of_operand(tokens_, at);
    return all().subspan(begin, at - begin);
  }

  // Gives the last token of the operator: >=, IS NOT DISTINCT FROM.
  size_t comparison(size_t at) {
    size_t next = at + 1;
    if (tokens_[at].is("is")) {
      if (next < tokens_.size() && tokens_[next].is("not")) ++next;
      if (next + 1 < tokens_.size() && tokens_[next].is("distinct")) next += 2;
    } else {
      while (next < tokens_.size() && is_comparison(tokens_, next)) ++next;
    }
    const Tokens operation = all().subspan(at, next - at);
    if (is_shift(operation)) return next - 1;
    ordering_ = !tokens_[at].is("is") && is_ordering(operation);
    compare(left_of(at), right_of(next));
    return next - 1;
  }

  void between(size_t at) {
    const Tokens left = left_of(at);
    const Tokens low = right_of(at + 1);
    if (is_frame(low)) return;
    ordering_ = true;
    compare(left, low);
    const size_t high = at + 1 + low.size() + 1;  // Behind AND.
    if (high < tokens_.size()) compare(left, right_of(high));
  }

  // CASE t WHEN '2024-03-03' THEN … compares t with each of them.
  void case_of_value(size_t at) {
    std::optional<Tokens> value;
    ordering_ = false;
    int depth = 0;
    for (size_t i = at + 1; i < tokens_.size() && depth >= 0; ++i) {
      if (depth == 0 && tokens_[i].is("when")) {
        if (!value) value = all().subspan(at + 1, i - at - 1);
        if (value->empty()) return;  // CASE WHEN t > …
        compare(*value, right_of(i + 1));
      }
      depth += nesting(tokens_, i);
    }
  }

  // max(t, '2024-03-03') compares its arguments, as nullif() does; the max of one compares rows.
  void arguments(size_t at) {
    if (at + 1 >= tokens_.size() || tokens_[at + 1].text != "(") return;
    const auto parts = parts_of(all().subspan(at + 1, behind_bracket(tokens_, at + 1) - at - 1));
    if (!parts) return;
    ordering_ = !tokens_[at].is("nullif");
    for (size_t i = 0; i < parts->size(); ++i)
      for (size_t j = i + 1; j < parts->size(); ++j) compare((*parts)[i], (*parts)[j]);
  }

  // In a subselect the parts of a UNION become one column, which is declared as the first part's.
  void parts_of_union(size_t at) {
    const auto select_around = [this](size_t from, int step) -> std::optional<size_t> {
      int depth = 0;
      for (size_t i = from; i < tokens_.size(); i += static_cast<size_t>(step)) {
        depth += tokens_[i].text == "(" ? step : tokens_[i].text == ")" ? -step : 0;
        if (depth < 0) return std::nullopt;
        if (depth == 0 && tokens_[i].is("select")) return i;
      }
      return std::nullopt;
    };
    const auto left = select_around(at, -1);
    const auto right = select_around(at, 1);
    if (!left || !right || is_outermost(at)) return;
    const auto ours = items_of(tokens_, *left);
    const auto theirs = items_of(tokens_, *right);
    if (ours.size() != theirs.size()) return;
    for (size_t i = 0; i < ours.size(); ++i) {
      const Tokens a = named_item(ours[i]).expression;
      const Tokens b = named_item(theirs[i]).expression;
      keep_apart(a, b);
      keep_apart(b, a);
    }
  }
  bool is_outermost(size_t at) const {
    int depth = 0;
    for (size_t i = 0; i < at; ++i)
      depth += tokens_[i].text == "(" ? 1 : tokens_[i].text == ")" ? -1 : 0;
    return depth == 0;
  }
  void keep_apart(Tokens times, Tokens other) {
    const Meaning a = meanings_.of(times);
    const Meaning b = meanings_.of(other);
    if (times.empty() || other.empty() || a.kind != MeaningKind::time ||
        b.kind == MeaningKind::null)
      return;
    if (b.kind == MeaningKind::time && a.unit == b.unit) return;
    set_fault(other, fmt::format("{} is in one column with the times of {}, and is not kept in the "
                                 "same form: select a column there that is declared as {} is",
                                 shown(other), shown(times), shown(times)));
  }

  // Values, or tuples of them.
  void compare(Tokens left, Tokens right) {
    const auto a = parts_of(left);
    const auto b = parts_of(right);
    const bool tuple = a && a->size() > 1;
    if (tuple && b && b->size() == a->size() && !is_subselect(right)) {
      for (size_t i = 0; i < a->size(); ++i) compare((*a)[i], (*b)[i]);
    } else if (tuple && is_subselect(right)) {
      for (size_t i = 0; i < a->size(); ++i) compare_with((*a)[i], right, i);
    } else if (is_subselect(left) && b && b->size() > 1 && !is_subselect(right)) {
      for (size_t i = 0; i < b->size(); ++i) compare_with((*b)[i], left, i);
    } else if (tuple && !b) {
      // (t, id) IN heard
      for (const Tokens value : *a)
        compare_one(value, meanings_.of(value), right, {.kind = MeaningKind::unknown});
    } else if (!tuple) {
      compare_one(left, meanings_.of(left), right, meanings_.of(right));
      compare_one(right, meanings_.of(right), left, meanings_.of(left));
    }
  }
  void compare_with(Tokens value, Tokens subselect, size_t column) {
    const Meaning meaning = meanings_.of(value);
    const Meaning of_column = meanings_.of_subselect(subselect, column);
    compare_one(value, meaning, subselect, of_column);
    compare_one(subselect, of_column, value, meaning);
  }

  void in_list(Tokens left, Tokens list) {
    auto parts = parts_of(list);
    if (!parts || is_subselect(list)) return compare(left, list);
    const bool values = parts->front().size() > 1 && parts->front()[0].is("values");
    if (values) parts->front() = parts->front().subspan(1);
    for (const Tokens part : *parts) compare(left, part);
    // SQLite has lists of tuples as tables only.
    const auto columns = parts_of(left);
    if (!values && columns && columns->size() > 1 && parts_of(parts->front()))
      edits_[list[1].begin] = {0, "VALUES "};
  }

  // One direction: what `side` is decides what it can be compared with.
  void compare_one(Tokens side, const Meaning& meaning, Tokens value, const Meaning& of_value) {
    value = bare(value);
    if (value.empty()) {
      if (meaning.kind == MeaningKind::time)
        set_unknown(side,
                    fmt::format("what {} is compared with is not understood: put it in brackets",
                                shown(side)));
      return;
    }
    if (of_value.kind == MeaningKind::null || fault_) return;
    const auto micros = micros_of(value);
    const auto iso = iso_text_of(value);
    switch (meaning.kind) {
      case MeaningKind::null:
      case MeaningKind::other:
        return;
      case MeaningKind::time:
        return write_time(side, meaning.unit, value, of_value);
      case MeaningKind::with_time:
        if (micros)
          set_fault(value,
                    fmt::format("{} computes something from a column of times, and {} is compared "
                                "with the column itself only, or with its max() or min(); write "
                                "date(column) = '2024-03-03' where a day is meant",
                                shown(side), shown(value)));
        return;
      case MeaningKind::unknown:
        if (iso || (micros && (*micros >= kLikelyMicros || *micros <= -kLikelyMicros))) {
          set_unknown(
              value, fmt::format("whether {} is a time is not known, so it cannot be compared with "
                                 "{}: compare a table's column where the table is read, or write "
                                 "CAST({} AS text) where it is no time",
                                 side.empty() ? "the other side" : shown(side), shown(value),
                                 side.empty() ? "…" : shown(side)));
        }
        return;
      case MeaningKind::number:
        if (iso)
          set_fault(value,
                    fmt::format("{} is a number, and {} is a text: compare a column of times "
                                "with it, or a number with the number",
                                shown(side), shown(value)));
        return;
      case MeaningKind::date_text:
        return check_date_text(side, meaning, value);
    }
  }

  void check_date_text(Tokens side, const Meaning& meaning, Tokens value) {
    const auto iso = iso_text_of(value);
    const bool number = micros_of(value) && !is_text(value[0]);
    const bool fits =
        iso && (meaning.day_and_hour ? iso->size() == 19 && (*iso)[10] == ' ' : iso->size() == 10);
    if (fits || (!iso && !number)) return;
    set_fault(value,
              fmt::format("{} gives a text of another form than {}: write {}, or compare the "
                          "column of times itself",
                          shown(side), shown(value),
                          meaning.day_and_hour ? "'2024-03-03 10:15:00'" : "'2024-03-03'"));
  }

  // What a time that is kept in this unit is compared with.
  void write_time(Tokens side, TimeUnit kept, Tokens value, const Meaning& of_value) {
    const auto column = column_of(bare(side));
    const std::string name = column ? "column " + printable(*column, 60) : shown(side);
    if (const auto micros = micros_of(value)) {
      if (ordering_ && *micros > 0 && !sqlite::time_text(*micros, kept))
        return set_fault(
            value, fmt::format("{} is after the year 9999, and {} cannot be ordered by such a time "
                               "in an SQLite file: leave the bound out, or give one before",
                               shown(value), name));
      return edit(value, kept_form(*micros, kept));
    }
    // Other times are compared as they are kept.
    if (of_value.kind == MeaningKind::time && of_value.unit == kept) return;
    set_fault(value, fmt::format("{} is no time that {} can be compared with: expected a text such "
                                 "as '2024-03-03 10:15:00+0000', milliseconds since 1970, or a "
                                 "column that keeps times as {} does",
                                 shown(value), name, name));
  }

  std::string shown(Tokens part) const { return printable(text_of(text_, part), 60); }
  void set_fault(Tokens at, std::string message) {
    if (!fault_) fault_ = TimeFault{at.front().begin, std::move(message)};
  }

  void set_unknown(Tokens at, std::string message) {
    if (!fault_) fault_ = TimeFault{at.front().begin, std::move(message), true};
  }

  void edit(Tokens value, std::string text) {
    const size_t bytes = text_of(text_, value).size();
    const auto [other, is_new] = edits_.try_emplace(value.front().begin, Edit{bytes, text});
    if (!is_new && other->second.text != text)
      set_fault(value, fmt::format("{} is compared with columns that keep times in different "
                                   "forms: write it once for each of them",
                                   shown(value)));
  }

  std::string result() const {
    std::string out;
    size_t copied = 0;
    for (const auto& [begin, edit] : edits_) {
      out += text_.substr(copied, begin - copied) + edit.text;
      copied = begin + edit.bytes;
    }
    return out + text_.substr(copied);
  }

  struct Edit {
    size_t bytes = 0;
    std::string text;
  };

  const std::string& text_;
  const std::vector<CqlToken> tokens_;
  Meanings meanings_;
  bool ordering_ = false;         // The comparison at hand asks which is earlier.
  std::map<size_t, Edit> edits_;  // By the byte at which they begin.
  std::optional<TimeFault> fault_;
};

}  // namespace

std::string declared_in(sqlite::Database& db, const std::string& from, const std::string& column) {
  const auto select =
      db.prepare(fmt::format("SELECT {} FROM {}", sqlite::quote_name(column), from));
  return select ? std::string(select->declared_type(0)) : "";
}

tl::expected<std::string, TimeFault> with_kept_times(sqlite::Database& db,
                                                     const std::string& text) {
  return TimeWriter(db, text).write();
}

}  // namespace turntable
