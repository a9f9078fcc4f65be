#include "sql/syntax_repair.h"

#include <fmt/format.h>
#include <pg_query.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/secret.h"
#include "base/text.h"
#include "sql/identifiers.h"

namespace turntable::sql {
namespace {

// Each round reads the statement a dozen times.
constexpr size_t kMostRounds = 32;
constexpr size_t kStatementBytesLimit = size_t{64} << 10;

bool is_structural(std::string_view word) {
  constexpr std::array<std::string_view, 20> kWords = {
      "select", "from", "where", "join", "on",   "with", "into",  "as",    "create", "table",
      "and",    "or",   "not",   "case", "when", "then", "group", "order", "using",  "left"};
  return std::find(kWords.begin(), kWords.end(), lowercase(word)) != kWords.end();
}

// As in USER, whose lower case is meant; where both cases stand, as in userId, they are the name's.
std::string folded(std::string_view word) {
  const bool any_lower =
      std::any_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  return any_lower ? std::string(word) : lowercase(word);
}

std::string in_quotes(std::string_view word) {
  return fmt::format("\"{}\"", word);
}

// What a text in single quotes holds.
std::string text_in(std::string_view quoted) {
  std::string text;
  for (size_t i = 1; i + 1 < quoted.size(); ++i) {
    text += quoted[i];
    if (quoted[i] == '\'') ++i;
  }
  return text;
}

}  // namespace

bool Lexeme::is_word() const {
  return kind == TokenKind::name && !(text[0] >= '0' && text[0] <= '9');
}

bool Lexeme::is_keyword() const {
  return is_word() && sql::is_keyword(text);
}

bool Lexeme::is(std::string_view sign_or_word) const {
  return kind != TokenKind::quoted_name && lowercase(text) == sign_or_word;
}

std::vector<Lexeme> lexemes_of(std::string_view statement) {
  std::vector<Lexeme> lexemes;
  for (size_t i = 0; i < statement.size();) {
    const Token token = next_token(statement, i);
    if (token.kind != TokenKind::space)
      lexemes.push_back({token.kind, i, statement.substr(i, token.end - i)});
    i = token.end;
  }
  return lexemes;
}

size_t index_at(std::span<const Lexeme> lexemes, size_t byte) {
  const auto found = std::find_if(lexemes.begin(), lexemes.end(),
                                  [&](const Lexeme& lexeme) { return lexeme.end() > byte; });
  return static_cast<size_t>(found - lexemes.begin());
}

const Lexeme* SyntaxRepair::at(size_t index) const {
  return index < lexemes_.size() ? &lexemes_[index] : nullptr;
}

SyntaxRepair::Outcome SyntaxRepair::read_with(const std::vector<Edit>& more) const {
  std::vector<Edit> edits = edits_;
  edits.insert(edits.end(), more.begin(), more.end());
  std::stable_sort(edits.begin(), edits.end(),
                   [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
  std::string text;
  size_t done = 0;
  for (const Edit& edit : edits) {
    // A change of what is changed already says nothing new.
    if (edit.begin < done) return {.readable = false, .stopped = stopped_, .message = message_};
    text.append(statement_, done, edit.begin - done);
    text += edit.text;
    done = edit.end;
  }
  text.append(statement_, done);

  // This reads as pg_query_parse_protobuf() does, and does not make a tree of it.
  PgQuerySplitResult result = pg_query_split_with_parser(text.c_str());
  Outcome outcome{.readable = result.error == nullptr, .stopped = 0, .message = ""};
  if (result.error != nullptr) {
    const auto character = static_cast<size_t>(std::max(result.error->cursorpos - 1, 0));
    const size_t byte = byte_of_character(text, character);
    outcome.message = result.error->message;
    // From the changed text back to the written one.
    size_t written = 0;
    size_t changed = 0;
    for (const Edit& edit : edits) {
      const size_t begin = changed + (edit.begin - written);
      if (byte < begin) break;
      written = edit.end;
      changed = begin + edit.text.size();
      if (byte < changed) {
        written = edit.begin;
        changed = byte;
        break;
      }
    }
    outcome.stopped = written + (byte - changed);
  }
  pg_query_free_split_result(result);
  return outcome;
}

bool SyntaxRepair::finds_all(size_t stopped) {
  stopped_ = stopped;
  if (statement_.size() > kStatementBytesLimit) return false;
  // As far as no word was taken for a name that may be none.
  size_t sure = 0;
  size_t sure_stopped = stopped;
  std::string sure_message;
  bool all_sure = true;
  for (size_t round = 0; round < kMostRounds; ++round) {
    const size_t index = stopped_index();
    const Candidate* best = nullptr;
    Outcome furthest;
    const std::vector<Candidate> tried = candidates(index);
    for (const Candidate& candidate : tried) {
      Outcome outcome = read_with(candidate.edits);
      // The token behind what was changed tells nothing: a name may be followed by any.
      const size_t changed = index_at(lexemes_, candidate.edits[0].begin);
      const size_t reached = index_at(lexemes_, outcome.stopped);
      if (!outcome.readable && (reached <= index || reached < changed + 2 ||
                                (best != nullptr && outcome.stopped <= furthest.stopped)))
        continue;
      best = &candidate;
      furthest = std::move(outcome);
      if (furthest.readable) break;
    }
    if (best == nullptr) break;
    edits_.insert(edits_.end(), best->edits.begin(), best->edits.end());
    faults_.push_back(best->fault);
    stopped_ = furthest.stopped;
    message_ = furthest.message;
    if (furthest.readable) return true;
    all_sure = all_sure && !best->is_structural;
    if (all_sure) {
      sure = faults_.size();
      sure_stopped = stopped_;
      sure_message = message_;
    }
  }
  faults_.resize(sure);
  stopped_ = sure_stopped;
  message_ = sure_message;
  edits_.clear();
  return false;
}

bool SyntaxRepair::take_if_readable(const Candidate& candidate) {
  if (!read_with(candidate.edits).readable) return false;
  faults_.push_back(candidate.fault);
  return true;
}

bool SyntaxRepair::misses_comma() {
  // What was found before does not hold with certainty, so that a comma alone must do.
  if (!faults_.empty() || statement_.size() > kStatementBytesLimit) return false;
  const size_t index = stopped_index();
  for (const size_t back : {size_t{0}, size_t{1}}) {
    const Lexeme* before = back <= index ? at(index - back) : nullptr;
    if (before == nullptr || before->begin == 0) continue;
    const std::string what =
        show_ && before->kind != TokenKind::other ? printable(before->text) : "this";
    if (take_if_readable({.edits = {{before->begin, before->begin, ","}},
                          .fault = {before->begin, "a comma is missing before " + what}}))
      return true;
  }
  return false;
}

std::vector<SyntaxRepair::Candidate> SyntaxRepair::candidates(size_t index) const {
  std::vector<Candidate> out;
  add_commas(index, out);
  add_option_names(index, out);
  add_brackets(index, out);
  add_semicolon(index, out);
  add_conjunctions(index, out);
  add_reserved_words(index, out);
  add_text_for_name(index, out);
  add_option_value(index, out);
  add_parentheses(index, out);
  return out;
}

// The grammar may stop one or two tokens behind the word: it takes check in `check text` for the
// constraint.
void SyntaxRepair::add_reserved_words(size_t index, std::vector<Candidate>& out) const {
  for (const size_t back : {size_t{0}, size_t{1}, size_t{2}}) {
    const Lexeme* word = back <= index ? at(index - back) : nullptr;
    if (word == nullptr || !word->is_word()) continue;
    if (!(back == 0 ? word->is_keyword() : is_reserved_word(word->text))) continue;
    const std::string name = folded(word->text);
    out.push_back(
        {.edits = {{word->begin, word->end(), in_quotes(name)}},
         .fault = {word->begin, fmt::format("{} is a reserved word: write {} in double quotes",
                                            word->text, in_quotes(name))},
         .is_structural = sql::is_structural(word->text)});
  }
}

// [name], as SQL Server writes it.
void SyntaxRepair::add_brackets(size_t index, std::vector<Candidate>& out) const {
  if (at(index) == nullptr || !at(index)->is("[")) return;
  Candidate candidate;
  std::string first;
  for (size_t open = index; open < lexemes_.size(); ++open) {
    if (!lexemes_[open].is("[")) continue;
    size_t close = open + 1;
    while (close < lexemes_.size() && lexemes_[close].kind == TokenKind::name) ++close;
    if (close == open + 1 || close == lexemes_.size() || !lexemes_[close].is("]")) continue;
    const size_t begin = lexemes_[open].end();
    const std::string name =
        in_quotes(trim(std::string_view(statement_).substr(begin, lexemes_[close].begin - begin)));
    if (first.empty()) first = name;
    candidate.edits.push_back({lexemes_[open].begin, lexemes_[close].end(), name});
    open = close;
  }
  if (first.empty()) return;
  candidate.fault = {lexemes_[index].begin, "names are quoted by double quotes, not by brackets" +
                                                (show_ ? ": write " + printable(first) : "")};
  out.push_back(std::move(candidate));
}

void SyntaxRepair::add_commas(size_t index, std::vector<Candidate>& out) const {
  const Lexeme* stop = at(index);
  const Lexeme* before = index > 0 ? at(index - 1) : nullptr;
  if (before != nullptr && before->is(",")) {
    const bool word = stop != nullptr && (stop->is_keyword() || stop->is(")"));
    out.push_back(
        {.edits = {{before->begin, before->end(), " "}},
         .fault = {before->begin,
                   word ? fmt::format("a comma stands before {} here: take it away", stop->text)
                        : "this comma is one too many: take it away"}});
  } else if (stop != nullptr && stop->is(",")) {
    out.push_back({.edits = {{stop->begin, stop->end(), " "}},
                   .fault = {stop->begin, "this comma is one too many: take it away"}});
  }
}

void SyntaxRepair::add_semicolon(size_t index, std::vector<Candidate>& out) const {
  for (const size_t back : {size_t{0}, size_t{1}}) {
    const Lexeme* word = back < index ? at(index - back) : nullptr;
    if (word == nullptr || !(word->is("create") || word->is("insert"))) continue;
    out.push_back(
        {.edits = {{word->begin, word->begin, ";"}},
         .fault = {word->begin, fmt::format("a semicolon is missing before this {}", word->text)}});
  }
}

// a = 1 && b = 2, where PostgreSQL reads 1 && b first.
void SyntaxRepair::add_conjunctions(size_t index, std::vector<Candidate>& out) const {
  struct Conjunction {
    std::string_view sign;
    const char* word;
    const char* says;
  };
  constexpr std::array kConjunctions = {
      Conjunction{"&", " AND ", "the operator && is not supported: write AND"},
      Conjunction{"|", " OR ", "the operator || joins texts: write OR between conditions"}};
  for (const Conjunction& conjunction : kConjunctions) {
    Candidate candidate;
    for (size_t i = 0; i + 1 < lexemes_.size(); ++i) {
      const bool is_pair = lexemes_[i].is(conjunction.sign) &&
                           lexemes_[i + 1].is(conjunction.sign) &&
                           lexemes_[i + 1].begin == lexemes_[i].end();
      if (is_pair)
        candidate.edits.push_back({lexemes_[i].begin, lexemes_[i + 1].end(), conjunction.word});
    }
    if (candidate.edits.empty() || index_at(lexemes_, candidate.edits[0].begin) > index) continue;
    candidate.fault = {candidate.edits[0].begin, conjunction.says};
    out.push_back(std::move(candidate));
  }
}

void SyntaxRepair::add_parentheses(size_t index, std::vector<Candidate>& out) const {
  if (const Lexeme* stop = at(index); stop != nullptr) {
    if (stop->is(")"))
      out.push_back({.edits = {{stop->begin, stop->end(), " "}},
                     .fault = {stop->begin, "this ) closes nothing: take it away"}});
    return;
  }
  std::vector<size_t> open;
  for (const Lexeme& lexeme : lexemes_) {
    if (lexeme.is("(")) open.push_back(lexeme.begin);
    if (lexeme.is(")") && !open.empty()) open.pop_back();
  }
  if (open.empty()) return;
  out.push_back({.edits = {{statement_.size(), statement_.size(), std::string(open.size(), ')')}},
                 .fault = {open.back(), "this ( is not closed: a ) is missing"}});
}

// WITH ('connector' = 'kafka'), as Flink writes it.
void SyntaxRepair::add_option_names(size_t index, std::vector<Candidate>& out) const {
  const auto is_name = [&](size_t i) {
    return i > 0 && i + 1 < lexemes_.size() && lexemes_[i].text[0] == '\'' &&
           lexemes_[i + 1].is("=") && (lexemes_[i - 1].is("(") || lexemes_[i - 1].is(","));
  };
  if (!is_name(index)) return;
  Candidate candidate;
  for (size_t i = index; i < lexemes_.size(); ++i)
    if (is_name(i))
      candidate.edits.push_back(
          {lexemes_[i].begin, lexemes_[i].end(), in_quotes(text_in(lexemes_[i].text))});
  // A name with a point in it can be read without quotes too, but is not written so.
  const std::string name = text_in(lexemes_[index].text);
  candidate.fault = {lexemes_[index].begin,
                     fmt::format("an option's name stands in no single quotes{}",
                                 show_ ? ": write " + printable(sql_identifier(name)) : "")};
  out.push_back(std::move(candidate));
}

// path = data/songs.csv
void SyntaxRepair::add_option_value(size_t index, std::vector<Candidate>& out) const {
  // Back to the sign before the value.
  size_t sign = std::min(index, lexemes_.size());
  while (sign > 0 && !lexemes_[sign - 1].is("=") && !lexemes_[sign - 1].is(",")) --sign;
  if (sign < 3 || !lexemes_[sign - 1].is("=") || lexemes_[sign - 2].kind == TokenKind::other)
    return;
  size_t end = std::min(index, lexemes_.size());
  while (end < lexemes_.size() && !lexemes_[end].is(",") && !lexemes_[end].is(")")) ++end;
  if (end <= sign || end == lexemes_.size()) return;
  const size_t begin = lexemes_[sign].begin;
  const std::string value = statement_.substr(begin, lexemes_[end - 1].end() - begin);
  if (value.find('\'') != std::string::npos) return;
  const std::string option(lexemes_[sign - 2].text);
  out.push_back(
      {.edits = {{begin, lexemes_[end - 1].end(), fmt::format("'{}'", value)}},
       .fault = {begin,
                 show_ && !is_secret(option)
                     ? fmt::format("the value of option {} must stand in single quotes: "
                                   "write {} = '{}'",
                                   option, option, printable(value))
                     : fmt::format("the value of option {} must stand in single quotes", option)}});
}

// FROM 'plays'
void SyntaxRepair::add_text_for_name(size_t index, std::vector<Candidate>& out) const {
  const Lexeme* text = at(index);
  if (text == nullptr || text->text.size() < 3 || text->text[0] != '\'') return;
  const std::string name = text_in(text->text);
  out.push_back(
      {.edits = {{text->begin, text->end(), in_quotes(name)}},
       .fault = {text->begin, "a name is expected here, and a text stands in single quotes" +
                                  (show_ ? ": write " + printable(sql_identifier(name)) : "")},
       .is_structural = true});
}

}  // namespace turntable::sql
