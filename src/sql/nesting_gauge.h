// How deep the syntax tree of a statement may be, told from its tokens: libpg_query recurses over
// its tree, and must not be given one that exhausts the stack.
//
// The gauge never says less than the depth, but for a small constant. Every token of an expression
// may be a level above all the others, as in `- - - x` and `x :: int :: int`; and what stands in
// parentheses may lie below all of them, as in `(x) + 1 + 1 + 1`. So an expression's depth is its
// tokens and its deepest parenthesis. A comma begins another expression beside the one before it.
// So do AND, OR and the words of CASE, of which libpg_query makes lists of any length. JOIN and
// UNION do not: each is a level above all before it, commas or not.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace turntable::sql {

class NestingGauge {
 public:
  // The statement's next token that is no space.
  void token(std::string_view token);

  [[nodiscard]] size_t depth() const;

 private:
  // What stands in one open parenthesis, bracket or CASE; the first is the statement itself.
  struct Level {
    bool is_case = false;
    bool has_and = false;
    bool has_or = false;
    size_t joins = 0;     // JOIN, UNION and their like.
    size_t betweens = 0;  // Those whose AND has not come yet.
    size_t tokens = 0;    // Of the expression at hand.
    size_t inner = 0;     // The depth of the deepest parenthesis in it.
    size_t deepest = 0;   // Of the expressions before it.
    [[nodiscard]] size_t depth() const;
  };

  void word(std::string_view word);
  void close_parenthesis();
  void close_top();
  void next_expression();

  std::vector<Level> levels_{Level()};
  bool is_label_ = false;  // The token before was AS or a dot, so that this one is no keyword.
};

}  // namespace turntable::sql
