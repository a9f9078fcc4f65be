// Changes of a statement that libpg_query cannot read, until it can: see sql/syntax_hint.h.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/syntax_hint.h"
#include "sql/tokens.h"

namespace turntable::sql {

// A token with its place, but for spaces and comments.
struct Lexeme {
  TokenKind kind = TokenKind::other;
  size_t begin = 0;
  std::string_view text;

  [[nodiscard]] size_t end() const { return begin + text.size(); }
  // Not a number, and in no quotes.
  [[nodiscard]] bool is_word() const;
  // A keyword of PostgreSQL that is not in quotes.
  [[nodiscard]] bool is_keyword() const;
  [[nodiscard]] bool is(std::string_view sign_or_word) const;
};

[[nodiscard]] std::vector<Lexeme> lexemes_of(std::string_view statement);

// The token in which the byte is, or before which; as many as there are, behind the last one.
[[nodiscard]] size_t index_at(std::span<const Lexeme> lexemes, size_t byte);

class SyntaxRepair {
 public:
  // All must outlive this. `show`: pieces of the statement may be quoted.
  SyntaxRepair(const std::string& statement, std::span<const Lexeme> lexemes, bool show)
      : statement_(statement), lexemes_(lexemes), show_(show) {}

  // Looks for what libpg_query stopped at. True where the statement can be read with what was
  // found. Otherwise what was found so far is likely, and the rest of the statement has another
  // fault.
  [[nodiscard]] bool finds_all(size_t stopped);

  // True where the statement can be read with one comma more; that is the last of the faults then.
  [[nodiscard]] bool misses_comma();

  // Where libpg_query stops with the changes that were made, and its message; empty where none was.
  [[nodiscard]] size_t stopped() const { return stopped_; }
  [[nodiscard]] size_t stopped_index() const { return index_at(lexemes_, stopped_); }
  [[nodiscard]] const std::string& message() const { return message_; }

  [[nodiscard]] std::vector<SyntaxFault> take_faults() { return std::move(faults_); }

 private:
  // What stands for a piece of the statement.
  struct Edit {
    size_t begin = 0;
    size_t end = 0;
    std::string text;
  };
  struct Candidate {
    std::vector<Edit> edits;
    SyntaxFault fault;
    // The word holds statements together (FROM, SELECT): that it was meant as a name is believed
    // only where the whole statement can be read then.
    bool is_structural = false;
  };
  // Of the statement with changes; where it stops as a byte of the statement as it was written.
  struct Outcome {
    bool readable = false;
    size_t stopped = 0;
    std::string message;
  };

  [[nodiscard]] const Lexeme* at(size_t index) const;
  [[nodiscard]] Outcome read_with(const std::vector<Edit>& more) const;
  bool take_if_readable(const Candidate& candidate);

  [[nodiscard]] std::vector<Candidate> candidates(size_t index) const;
  void add_reserved_words(size_t index, std::vector<Candidate>& out) const;
  void add_brackets(size_t index, std::vector<Candidate>& out) const;
  void add_commas(size_t index, std::vector<Candidate>& out) const;
  void add_semicolon(size_t index, std::vector<Candidate>& out) const;
  void add_conjunctions(size_t index, std::vector<Candidate>& out) const;
  void add_parentheses(size_t index, std::vector<Candidate>& out) const;
  void add_option_names(size_t index, std::vector<Candidate>& out) const;
  void add_option_value(size_t index, std::vector<Candidate>& out) const;
  void add_text_for_name(size_t index, std::vector<Candidate>& out) const;

  const std::string& statement_;
  std::span<const Lexeme> lexemes_;
  bool show_;
  std::vector<Edit> edits_;  // Made so far, in the order of their places.
  std::vector<SyntaxFault> faults_;
  size_t stopped_ = 0;
  std::string message_;
};

}  // namespace turntable::sql
