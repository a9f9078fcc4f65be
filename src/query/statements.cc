#include "query/statements.h"

#include <algorithm>
#include <span>

#include "base/lookalikes.h"
#include "base/text.h"

namespace turntable {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// What begins at a byte and where it ends; `closed` is false where the text ends inside of it.
struct Piece {
  enum class Kind { comment, text, name, other };
  Kind kind = Kind::other;
  size_t end = 0;
  bool closed = true;
};

Piece until(Piece::Kind kind, std::string_view text, size_t from, std::string_view mark) {
  const size_t found = text.find(mark, from);
  if (found == std::string_view::npos) return {kind, text.size(), false};
  return {kind, found + mark.size(), true};
}

// A quote that is doubled stands for itself.
Piece quoted(Piece::Kind kind, std::string_view text, size_t begin) {
  const char quote = text[begin];
  for (size_t i = begin + 1; i < text.size(); ++i) {
    if (text[i] != quote) continue;
    if (i + 1 < text.size() && text[i + 1] == quote) {
      ++i;
      continue;
    }
    return {kind, i + 1, true};
  }
  return {kind, text.size(), false};
}

Piece piece_at(std::string_view text, size_t begin) {
  const std::string_view rest = text.substr(begin);
  if (rest.starts_with("--") || rest.starts_with("//")) {
    // The line break stays outside.
    return {Piece::Kind::comment, std::min(text.find('\n', begin), text.size()), true};
  }
  if (rest.starts_with("/*")) return until(Piece::Kind::comment, text, begin + 2, "*/");
  if (rest.starts_with("$$")) return until(Piece::Kind::text, text, begin + 2, "$$");
  if (rest[0] == '\'') return quoted(Piece::Kind::text, text, begin);
  if (rest[0] == '"') return quoted(Piece::Kind::name, text, begin);
  return {Piece::Kind::other, begin + 1, true};
}

TextPlace advance(TextPlace place, std::string_view over) {
  for (const char c : over) {
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      ++place.column;  // The later bytes of a character do not count.
    }
  }
  return place;
}

std::string_view what(std::string_view piece) {
  if (piece.starts_with("/*")) return "the comment /* is not closed by */";
  if (piece.starts_with("$$")) return "the text $$ is not closed by $$";
  return piece[0] == '"' ? "the name is not closed by \"" : "the text is not closed by '";
}

// Cuts the spaces off both ends, and keeps count of where it begins.
void add_statement(std::vector<CqlStatement>& out, std::string text, TextPlace at) {
  size_t begin = 0;
  while (begin < text.size() && is_space(text[begin])) ++begin;
  at = advance(at, std::string_view(text).substr(0, begin));
  text.erase(0, begin);
  while (!text.empty() && is_space(text.back())) text.pop_back();
  if (!text.empty()) out.push_back({std::move(text), at});
}

// The words that end the list of tables.
bool ends_tables(const CqlToken& token) {
  constexpr std::string_view kEndsTables[] = {"where", "group",  "having",   "window",
                                              "order", "limit",  "allow",    "per",
                                              "union", "except", "intersect"};
  return is_one_of(token, kEndsTables);
}

// a IS DISTINCT FROM b is a comparison.
bool begins_tables(std::span<const CqlToken> tokens, size_t at) {
  return tokens[at].is("from") && (at == 0 || !tokens[at - 1].is("distinct"));
}

SelectShape::Item item_of(std::span<const CqlToken> tokens) {
  SelectShape::Item item;
  const size_t count = tokens.size();
  if (count >= 2 && tokens[count - 2].is("as")) {
    item.renamed = true;
    tokens = tokens.first(count - 2);
  }
  if (tokens.size() != 4 || tokens[1].text != "(" || tokens[3].text != ")") return item;
  const auto function = tokens[0].name();
  const auto argument = tokens[2].name();
  if (!function || (!argument && tokens[2].text != "*" && !is_digit(tokens[2].text[0])))
    return item;
  item.function = *function;
  item.argument = argument.value_or(std::string(tokens[2].text));
  return item;
}

}  // namespace

TextPlace CqlStatement::place_of(size_t byte) const {
  return advance(at, std::string_view(text).substr(0, byte));
}

namespace {

// Follows a batch from semicolon to semicolon.
class BatchGauge {
 public:
  // Takes in what stands before a semicolon, from the one before it on. True where the semicolon
  // ends the statement.
  bool ends(std::string_view piece) {
    const std::vector<CqlToken> tokens = tokens_of(piece);
    if (!open_) {
      const size_t batch = tokens.size() > 1 && is_kind(tokens[1]) ? 2 : 1;
      open_ = tokens.size() > batch && tokens[0].is("begin") && tokens[batch].is("batch");
    }
    if (open_ && tokens.size() >= 2 && tokens[tokens.size() - 2].is("apply") &&
        tokens.back().is("batch"))
      open_ = false;
    return !open_;
  }

 private:
  static bool is_kind(const CqlToken& token) {
    return token.is("unlogged") || token.is("counter") || token.is("logged");
  }
  bool open_ = false;
};

}  // namespace

tl::expected<std::vector<CqlStatement>, SplitFault> split_statements(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<CqlStatement> statements;
  std::string statement;
  BatchGauge batch;
  size_t piece_begin = 0;  // In `statement`, behind its last semicolon.
  TextPlace begin;
  TextPlace here;
  for (size_t i = 0; i < text.size();) {
    const Piece piece = piece_at(text, i);
    const std::string_view bytes = text.substr(i, piece.end - i);
    if (!piece.closed) return tl::unexpected(SplitFault{here, std::string(what(bytes))});
    if (piece.kind == Piece::Kind::other && static_cast<unsigned char>(text[i]) >= 0x80)
      if (const auto lookalike = lookalike_at(text.substr(i)))
        return tl::unexpected(SplitFault{here, lookalike->fault});
    here = advance(here, bytes);
    if (piece.kind == Piece::Kind::other && bytes == ";") {
      if (batch.ends(std::string_view(statement).substr(piece_begin))) {
        add_statement(statements, std::move(statement), begin);
        statement.clear();
        begin = here;
      } else {
        statement += bytes;
      }
      piece_begin = statement.size();
    } else if (piece.kind == Piece::Kind::comment) {
      // One space for each character, and every line break, so that places stay.
      for (const char c : bytes) {
        if (c == '\n')
          statement.push_back('\n');
        else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80)
          statement.push_back(' ');
      }
    } else {
      statement += bytes;
    }
    i = piece.end;
  }
  const bool ends = batch.ends(std::string_view(statement).substr(piece_begin));
  add_statement(statements, std::move(statement), begin);
  if (!ends)
    return tl::unexpected(
        SplitFault{statements.back().at, "the batch is not closed by APPLY BATCH"});
  return statements;
}

bool CqlToken::is(std::string_view word) const {
  return lowercase(text) == word;
}

std::optional<std::string> CqlToken::name() const {
  if (text[0] == '"') {
    std::string out;
    for (size_t i = 1; i + 1 < text.size(); ++i) {
      out.push_back(text[i]);
      if (text[i] == '"') ++i;
    }
    return out;
  }
  if (!is_word(text[0]) || is_digit(text[0])) return std::nullopt;
  return lowercase(text);
}

bool is_one_of(const CqlToken& token, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&token](std::string_view word) { return token.is(word); });
}

std::vector<CqlToken> tokens_of(std::string_view statement) {
  std::vector<CqlToken> tokens;
  for (size_t i = 0; i < statement.size();) {
    const Piece piece = piece_at(statement, i);
    size_t end = piece.end;
    if (piece.kind == Piece::Kind::other && is_word(statement[i])) {
      while (end < statement.size() && is_word(statement[end])) ++end;
    }
    if (piece.kind != Piece::Kind::comment && !is_space(statement[i]))
      tokens.push_back({statement.substr(i, end - i), i});
    i = end;
  }
  return tokens;
}

std::span<const CqlToken> tables_of(std::span<const CqlToken> tokens, size_t select) {
  int depth = 0;
  std::optional<size_t> begin;
  size_t i = select + 1;
  for (; i < tokens.size(); ++i) {
    if (tokens[i].text == "(") ++depth;
    if (tokens[i].text == ")" && --depth < 0) break;
    if (depth > 0) continue;
    if (ends_tables(tokens[i])) break;
    if (!begin && begins_tables(tokens, i)) begin = i + 1;
  }
  return begin ? tokens.subspan(*begin, i - *begin) : std::span<const CqlToken>();
}

std::string_view text_of(std::string_view statement, std::span<const CqlToken> tokens) {
  if (tokens.empty()) return {};
  const CqlToken& last = tokens.back();
  return statement.substr(tokens.front().begin,
                          last.begin + last.text.size() - tokens.front().begin);
}

std::optional<SelectShape> shape_of(std::string_view statement) {
  const std::vector<CqlToken> tokens = tokens_of(statement);
  if (tokens.empty() || !tokens[0].is("select")) return std::nullopt;
  SelectShape shape;
  size_t begin = 1;
  int depth = 0;
  size_t i = 1;
  for (; i < tokens.size(); ++i) {
    if (tokens[i].text == "(") ++depth;
    if (tokens[i].text == ")") --depth;
    const bool from = depth == 0 && begins_tables(tokens, i);
    if (!from && (depth > 0 || tokens[i].text != ",")) continue;
    const auto item = std::span(tokens).subspan(begin, i - begin);
    if (item.size() == 1 && item[0].text == "*") shape.all = true;
    shape.items.push_back(item_of(item));
    begin = i + 1;
    if (from) break;
  }
  const auto tables = tables_of(tokens, 0);
  if (tables.empty() || !tables[0].name()) return std::nullopt;
  // More than one table is more than this understands.
  for (const CqlToken& token : tables)
    if (token.text == "," || token.is("join")) return std::nullopt;
  const bool qualified = tables.size() > 2 && tables[1].text == "." && tables[2].name();
  shape.from = text_of(statement, tables.first(qualified ? 3 : 1));
  if (shape.all && shape.items.size() != 1) return std::nullopt;
  return shape;
}

}  // namespace turntable
