// Any bytes as a file of CQL statements: statements, or a fault with a place in the text. Each is
// made of tokens that lie one behind another, and stands where it says (in UTF-8, whose characters
// can be counted).
#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "query/cqlsh.h"
#include "query/statements.h"

namespace turntable {
namespace {

// The text from a place on, found by counting lines and characters.
std::string_view text_from(std::string_view text, TextPlace at) {
  for (; at.line > 1; --at.line) {
    const size_t end = text.find('\n');
    CHECK(end != std::string_view::npos);
    text.remove_prefix(end + 1);
  }
  for (; at.column > 1; --at.column) {
    CHECK(!text.empty() && text[0] != '\n');
    do {
      text.remove_prefix(1);
    } while (!text.empty() && (static_cast<unsigned char>(text[0]) & 0xC0) == 0x80);
  }
  return text;
}

void check_statement(const CqlStatement& statement, std::string_view text) {
  CHECK(!statement.text.empty());
  if (is_utf8(text)) {
    const std::string_view there = text_from(text, statement.at);
    CHECK(!there.empty() && there[0] == statement.text[0]);
  }
  size_t end = 0;
  for (const CqlToken& token : tokens_of(statement.text)) {
    CHECK(!token.text.empty() && token.begin >= end);
    end = token.begin + token.text.size();
    CHECK(end <= statement.text.size());
    CHECK(std::string_view(statement.text).substr(token.begin, token.text.size()) == token.text);
    (void)token.name();
    (void)statement.place_of(token.begin);
  }
  // Only a batch has semicolons in it, and it is whole.
  const std::vector<CqlToken> tokens = tokens_of(statement.text);
  if (std::any_of(tokens.begin(), tokens.end(),
                  [](const CqlToken& token) { return token.text == ";"; })) {
    CHECK(tokens.size() > 4 && tokens[0].is("begin"));
    CHECK(tokens[1].is("batch") || tokens[2].is("batch"));
    CHECK(tokens[tokens.size() - 2].is("apply") && tokens.back().is("batch"));
  }
  if (const auto command = shell_command_fault(statement)) CHECK(!command->empty());
  if (const auto shape = shape_of(statement.text)) {
    CHECK(!shape->items.empty() && !shape->from.empty());
    CHECK(statement.text.find(shape->from) != std::string::npos);
  }
}

}  // namespace
}  // namespace turntable

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turntable;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto statements = split_statements(text);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!statements) {
    CHECK(!statements.error().message.empty());
    if (is_utf8(text)) (void)text_from(text, statements.error().at);
    return 0;
  }
  for (const CqlStatement& statement : *statements) check_statement(statement, text);
  return 0;
}
