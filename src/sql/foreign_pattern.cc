#include "sql/foreign_pattern.h"

#include <algorithm>
#include <span>

#include "base/text.h"

namespace turntable::sql {
namespace {

struct ForeignField {
  std::string_view written;
  std::string_view ours;  // Empty where there is none.
  std::string_view meaning;
};

// https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/time/format/DateTimeFormatter.html
constexpr ForeignField kJava[] = {
    {"yyyy", "YYYY", "the year"},
    {"uuuu", "YYYY", "the year"},
    {"YYYY", "", "the year of the week"},
    {"yy", "YY", "the year"},
    {"uu", "YY", "the year"},
    {"y", "FMYYYY", "the year"},
    {"u", "FMYYYY", "the year"},
    {"MMMM", "FMMonth", "the month's name"},
    {"LLLL", "FMMonth", "the month's name"},
    {"MMM", "Mon", "the month's short name"},
    {"LLL", "Mon", "the month's short name"},
    {"MM", "MM", "the month"},
    {"LL", "MM", "the month"},
    {"M", "FMMM", "the month"},
    {"L", "FMMM", "the month"},
    {"DDD", "DDD", "the day of the year"},
    {"dd", "DD", "the day"},
    {"d", "FMDD", "the day"},
    {"HH", "HH24", "the hour of the day"},
    {"H", "FMHH24", "the hour of the day"},
    {"hh", "HH12", "the hour of AM or PM"},
    {"h", "FMHH12", "the hour of AM or PM"},
    {"mm", "MI", "the minute"},
    {"m", "FMMI", "the minute"},
    {"ss", "SS", "the second"},
    {"s", "FMSS", "the second"},
    {"SSS", "MS", "the millisecond"},
    {"SSSSSS", "US", "the microsecond"},
    {"SSSSSSSSS", "", "the nanosecond"},
    {"S", "", "a fraction of one digit"},
    {"a", "AM", "AM or PM"},
    {"EEEE", "FMDay", "the day's name"},
    {"EEE", "Dy", "the day's short name"},
    {"E", "Dy", "the day's short name"},
    {"XX"
     "X",
     "", "the time zone"},
    {"XX", "", "the time zone"},
    {"X", "", "the time zone"},
    {"xxx", "", "the time zone"},
    {"xx", "", "the time zone"},
    {"x", "", "the time zone"},
    {"ZZZZZ", "", "the time zone"},
    {"ZZZ", "", "the time zone"},
    {"Z", "", "the time zone"},
    {"z", "", "the time zone"},
    {"VV", "", "the time zone"},
    {"O", "", "the time zone"},
};

// https://docs.python.org/3/library/datetime.html#format-codes
constexpr ForeignField kStrftime[] = {
    {"%Y", "YYYY", "the year"},
    {"%y", "YY", "the year"},
    {"%m", "MM", "the month"},
    {"%-m", "FMMM", "the month"},
    {"%B", "FMMonth", "the month's name"},
    {"%b", "Mon", "the month's short name"},
    {"%h", "Mon", "the month's short name"},
    {"%d", "DD", "the day"},
    {"%-d", "FMDD", "the day"},
    {"%e", "FMDD", "the day"},
    {"%j", "DDD", "the day of the year"},
    {"%A", "FMDay", "the day's name"},
    {"%a", "Dy", "the day's short name"},
    {"%H", "HH24", "the hour of the day"},
    {"%-H", "FMHH24", "the hour of the day"},
    {"%k", "FMHH24", "the hour of the day"},
    {"%I", "HH12", "the hour of AM or PM"},
    {"%-I", "FMHH12", "the hour of AM or PM"},
    {"%l", "FMHH12", "the hour of AM or PM"},
    {"%p", "AM", "AM or PM"},
    {"%M", "MI", "the minute"},
    {"%S", "SS", "the second"},
    {"%f", "US", "the microsecond"},
    {"%F", "YYYY-MM-DD", "the date"},
    {"%T", "HH24:MI:SS", "the time of the day"},
    {"%R", "HH24:MI", "the time of the day"},
    {"%D", "MM/DD/YY", "the date"},
    {"%z", "", "the time zone"},
    {"%Z", "", "the time zone"},
    {"%s", "", "the seconds since 1970"},
    {"%%", "%", "a per cent sign"},
};

// Where MySQL's date_format() differs from that:
// https://dev.mysql.com/doc/refman/8.0/en/date-and-time-functions.html#function_date-format
constexpr ForeignField kMysql[] = {
    {"%i", "MI", "the minute"},
    {"%M", "FMMonth", "the month's name"},
    {"%c", "FMMM", "the month"},
    {"%h", "HH12", "the hour of AM or PM"},
    {"%s", "SS", "the second"},
    {"%W", "FMDay", "the day's name"},
    {"%r", "HH12:MI:SS AM", "the time of the day"},
};

// https://pkg.go.dev/time#pkg-constants
constexpr ForeignField kGo[] = {
    {"2006", "YYYY", "the year"},
    {"January", "FMMonth", "the month's name"},
    {"Jan", "Mon", "the month's short name"},
    {"Monday", "FMDay", "the day's name"},
    {"Mon", "Dy", "the day's short name"},
    {"Z07:00", "", "the time zone"},
    {"-07:00", "", "the time zone"},
    {"-0700", "", "the time zone"},
    {"MST", "", "the time zone"},
    {"000000000", "", "the nanosecond"},
    {"999999999", "", "the nanosecond"},
    {"000000", "US", "the microsecond"},
    {"000", "MS", "the millisecond"},
    {"002", "DDD", "the day of the year"},
    {"01", "MM", "the month"},
    {"02", "DD", "the day"},
    {"03", "HH12", "the hour of AM or PM"},
    {"04", "MI", "the minute"},
    {"05", "SS", "the second"},
    {"06", "YY", "the year"},
    {"15", "HH24", "the hour of the day"},
    {"PM", "AM", "AM or PM"},
    {"1", "FMMM", "the month"},
    {"2", "FMDD", "the day"},
    {"3", "FMHH12", "the hour of AM or PM"},
    {"4", "FMMI", "the minute"},
    {"5", "FMSS", "the second"},
};

bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool has(std::string_view pattern, std::string_view piece) {
  return pattern.find(piece) != std::string_view::npos;
}

class Translation {
 public:
  explicit Translation(std::string_view language) { found_.language = language; }

  void field(std::string_view written, std::string_view ours, std::string_view meaning) {
    if (ours.empty()) complete_ = false;
    // One that has no counterpart is the one to be told of.
    if ((found_.field.empty() && lowercase(written) != lowercase(ours)) ||
        (ours.empty() && !found_.ours.empty())) {
      found_.field = written;
      found_.ours = ours;
      found_.meaning = meaning;
    }
    close_quote();
    found_.translated += ours;
  }

  void literal(char c) {
    if (is_ascii_letter(c) || c == '"' || c == '\\') {
      if (!quoted_) found_.translated += '"';
      quoted_ = true;
      if (c == '"' || c == '\\') found_.translated += '\\';
    } else {
      close_quote();
    }
    found_.translated += c;
  }

  void unknown(std::string_view written) { field(written, "", "no field that is known here"); }

  std::optional<ForeignPattern> take() {
    close_quote();
    if (found_.field.empty()) return std::nullopt;
    if (!complete_) found_.translated.clear();
    return std::move(found_);
  }

 private:
  void close_quote() {
    if (quoted_) found_.translated += '"';
    quoted_ = false;
  }

  ForeignPattern found_;
  bool quoted_ = false;
  bool complete_ = true;
};

const ForeignField* longest(std::span<const ForeignField> fields, std::string_view rest) {
  const ForeignField* best = nullptr;
  for (const ForeignField& field : fields)
    if (rest.starts_with(field.written) &&
        (best == nullptr || field.written.size() > best->written.size()))
      best = &field;
  return best;
}

std::optional<ForeignPattern> from_java(std::string_view pattern) {
  Translation out("Java and Spark");
  for (size_t i = 0; i < pattern.size();) {
    if (pattern[i] == '\'') {
      // '' is a quote, inside of a text too.
      const bool is_text = pattern.substr(i, 2) != "''";
      if (!is_text) out.literal('\'');
      i += is_text ? 1 : 2;
      for (; is_text && i < pattern.size(); ++i) {
        const bool is_quote = pattern[i] == '\'';
        if (is_quote && pattern.substr(i, 2) != "''") break;
        out.literal(pattern[i]);
        if (is_quote) ++i;
      }
      if (is_text) i = std::min(i + 1, pattern.size());
      continue;
    }
    if (!is_ascii_letter(pattern[i])) {
      out.literal(pattern[i++]);
      continue;
    }
    const size_t run = std::min(pattern.find_first_not_of(pattern[i], i), pattern.size()) - i;
    const std::string_view written = pattern.substr(i, run);
    const ForeignField* field = longest(kJava, written);
    if (field != nullptr && field->written == written) {
      out.field(written, field->ours, field->meaning);
    } else {
      out.unknown(written);
    }
    i += run;
  }
  return out.take();
}

std::optional<ForeignPattern> from_strftime(std::string_view pattern) {
  const bool mysql = has(pattern, "%i") || has(pattern, "%s") || has(pattern, "%c");
  Translation out(mysql ? "MySQL" : "strftime");
  for (size_t i = 0; i < pattern.size();) {
    if (pattern[i] != '%') {
      out.literal(pattern[i++]);
      continue;
    }
    const std::string_view rest = pattern.substr(i);
    const ForeignField* field = mysql ? longest(kMysql, rest) : nullptr;
    if (field == nullptr) field = longest(kStrftime, rest);
    if (field == nullptr) {
      out.unknown(rest.substr(0, 2));
      i += std::min<size_t>(rest.size(), 2);
    } else {
      out.field(field->written, field->ours, field->meaning);
      i += field->written.size();
    }
  }
  return out.take();
}

std::optional<ForeignPattern> from_go(std::string_view pattern) {
  Translation out("Go");
  for (size_t i = 0; i < pattern.size();) {
    const ForeignField* field = longest(kGo, pattern.substr(i));
    if (field == nullptr) {
      out.literal(pattern[i++]);
    } else {
      out.field(field->written, field->ours, field->meaning);
      i += field->written.size();
    }
  }
  return out.take();
}

bool is_strftime(std::string_view pattern) {
  for (size_t i = 0; i + 1 < pattern.size(); ++i)
    if (pattern[i] == '%' && (is_ascii_letter(pattern[i + 1]) || pattern[i + 1] == '-'))
      return true;
  return false;
}

bool has_own_field(std::string_view pattern) {
  for (const std::string_view field : {"HH24", "hh24", "HH12", "hh12", "MI", "mi"})
    if (has(pattern, field)) return true;
  return false;
}

// Letters alone tell Java's patterns and PostgreSQL's apart, by what they leave out.
bool is_java(std::string_view pattern) {
  if (has_own_field(pattern)) return false;
  const bool year = has(pattern, "yy") || has(pattern, "uu");
  const bool date = year && has(pattern, "M") && has(pattern, "d");
  return date || has(pattern, "HH:mm") || has(pattern, "hh:mm");
}

}  // namespace

std::optional<ForeignPattern> foreign_pattern(std::string_view pattern) {
  if (is_strftime(pattern)) return from_strftime(pattern);
  if (has(pattern, "2006") || has(pattern, "15:04") || has(pattern, "03:04"))
    return from_go(pattern);
  if (is_java(pattern)) return from_java(pattern);
  return std::nullopt;
}

bool means_something_else(std::string_view pattern) {
  if (!is_java(pattern)) return false;
  return has(pattern, "MM") && (has(pattern, "mm") || has(pattern, "HH"));
}

}  // namespace turntable::sql
