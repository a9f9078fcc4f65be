// Bytes as text and back, and digests:
// https://www.postgresql.org/docs/15/functions-binarystring.html
#include <openssl/evp.h>

#include <array>
#include <string>

#include "sql/functions/characters.h"
#include "sql/functions/text_support.h"
#include "sql/loops.h"

namespace turntable::sql {
namespace {

constexpr Text kHexDigits = "0123456789abcdef";
constexpr Text kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// --- Digests

struct Md5 {
  static const EVP_MD* algorithm() { return EVP_md5(); }
};
struct Sha224 {
  static const EVP_MD* algorithm() { return EVP_sha224(); }
};
struct Sha256 {
  static const EVP_MD* algorithm() { return EVP_sha256(); }
};
struct Sha384 {
  static const EVP_MD* algorithm() { return EVP_sha384(); }
};
struct Sha512 {
  static const EVP_MD* algorithm() { return EVP_sha512(); }
};

// What OpenSSL keeps from digest to digest: to look an algorithm up takes longer than a short text.
struct DigestState final : FunctionState {
  DigestState() : context(EVP_MD_CTX_new()) {}
  ~DigestState() override { EVP_MD_CTX_free(context); }
  DigestState(const DigestState&) = delete;
  DigestState& operator=(const DigestState&) = delete;
  EVP_MD_CTX* context;
  const EVP_MD* begun = nullptr;
};

// Nothing where OpenSSL refuses the algorithm, as MD5 where only approved ones are allowed.
std::optional<Text> digest(DigestState& state, const EVP_MD* algorithm, Text bytes, Arena& arena) {
  // Of one that is begun already only the data are new.
  const EVP_MD* const new_one = state.begun == algorithm ? nullptr : algorithm;
  state.begun = nullptr;
  unsigned int size = 0;
  std::array<unsigned char, EVP_MAX_MD_SIZE> made{};
  if (state.context == nullptr || EVP_DigestInit_ex(state.context, new_one, nullptr) != 1 ||
      EVP_DigestUpdate(state.context, bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(state.context, made.data(), &size) != 1)
    return std::nullopt;
  state.begun = algorithm;
  return arena.copy({reinterpret_cast<const char*>(made.data()), size});
}

Reason no_digest() {
  return bad_value("the cryptographic library of this machine does not compute it");
}

template <class Which>
struct Digest {
  static std::optional<Text> call(DigestState& state, Text bytes, Arena& arena) {
    return digest(state, Which::algorithm(), bytes, arena);
  }
  static Reason why(DigestState&, Text, Arena&) { return no_digest(); }
};

Text in_hex(Text bytes, Arena& arena) {
  TextWriter writer(arena, 2 * bytes.size());
  for (const char c : bytes) {
    writer.put(kHexDigits[static_cast<unsigned char>(c) >> 4]);
    writer.put(kHexDigits[static_cast<unsigned char>(c) & 15]);
  }
  return writer.text();
}

struct Md5Hex {
  static std::optional<Text> call(DigestState& state, Text bytes, Arena& arena) {
    const auto made = digest(state, Md5::algorithm(), bytes, arena);
    return made ? std::optional(in_hex(*made, arena)) : std::nullopt;
  }
  static Reason why(DigestState&, Text, Arena&) { return no_digest(); }
};

// --- Base64, with a newline after each 76 characters, but none behind the = at the end

Text in_base64(Text bytes, Arena& arena) {
  const size_t digits = (bytes.size() + 2) / 3 * 4;
  TextWriter writer(arena, digits + digits / 76);
  size_t on_line = 0;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const auto byte = [&](size_t i) -> uint32_t {
      return at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U;
    };
    const uint32_t three = byte(0) << 16 | byte(1) << 8 | byte(2);
    writer.put(kBase64[three >> 18]);
    writer.put(kBase64[three >> 12 & 63]);
    writer.put(at + 1 < bytes.size() ? kBase64[three >> 6 & 63] : '=');
    writer.put(at + 2 < bytes.size() ? kBase64[three & 63] : '=');
    on_line += 4;
    if (on_line >= 76 && at + 3 <= bytes.size()) {
      writer.put('\n');
      on_line = 0;
    }
  }
  return writer.text();
}

// Nothing, and a sentence, where it is not that.
std::optional<Text> of_base64(Text text, Arena& arena, std::string& error) {
  TextWriter writer(arena, text.size() / 4 * 3 + 3);
  uint32_t gathered = 0;
  int count = 0;
  int end = 0;  // How many bytes the last group has, once a = was met.
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (is_blank(c)) continue;
    uint32_t value = 0;
    if (c == '=') {
      if (end == 0) {
        if (count != 2 && count != 3) {
          error = "an = stands where a base64 digit must";
          return std::nullopt;
        }
        end = count - 1;
      }
    } else {
      const size_t digit = kBase64.find(c);
      if (digit == Text::npos) {
        error =
            fmt::format("'{}' is no base64 digit", printable(text.substr(at, character_bytes(c))));
        return std::nullopt;
      }
      value = static_cast<uint32_t>(digit);
    }
    gathered = gathered << 6 | value;
    if (++count < 4) continue;
    writer.put(static_cast<char>(gathered >> 16 & 255));
    if (end == 0 || end > 1) writer.put(static_cast<char>(gathered >> 8 & 255));
    if (end == 0) writer.put(static_cast<char>(gathered & 255));
    gathered = 0;
    count = 0;
  }
  if (count == 0) return writer.text();
  error = "the base64 text is cut off, or lacks the = at its end";
  return std::nullopt;
}

std::optional<Text> of_hex(Text text, Arena& arena, std::string& error) {
  TextWriter writer(arena, text.size() / 2 + 1);
  for (size_t at = 0; at < text.size();) {
    if (is_blank(text[at])) {
      ++at;
      continue;
    }
    for (size_t i = at; i < std::min(at + 2, text.size()); ++i) {
      if (hex_value(text[i]) >= 0) continue;
      error = fmt::format("'{}' is no hexadecimal digit",
                          printable(text.substr(i, character_bytes(text[i]))));
      return std::nullopt;
    }
    if (at + 1 == text.size()) {
      error = "the number of hexadecimal digits is odd";
      return std::nullopt;
    }
    writer.put(static_cast<char>(hex_value(text[at]) * 16 + hex_value(text[at + 1])));
    at += 2;
  }
  return writer.text();
}

// \ooo for a zero and for bytes beyond ASCII, and \\.
Text in_escape(Text bytes, Arena& arena) {
  TextWriter writer(arena, 4 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0 || byte >= 0x80) {
      writer.put('\\');
      writer.put(static_cast<char>('0' + (byte >> 6)));
      writer.put(static_cast<char>('0' + (byte >> 3 & 7)));
      writer.put(static_cast<char>('0' + (byte & 7)));
    } else {
      if (c == '\\') writer.put(c);
      writer.put(c);
    }
  }
  return writer.text();
}

std::optional<Text> of_escape(Text text, Arena& arena, std::string& error) {
  TextWriter writer(arena, text.size());
  const auto octal = [&](size_t at, char most) {
    return at < text.size() && text[at] >= '0' && text[at] <= most ? text[at] - '0' : -1;
  };
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      writer.put(text[at]);
    } else if (at + 1 < text.size() && text[at + 1] == '\\') {
      writer.put('\\');
      ++at;
    } else {
      const int a = octal(at + 1, '3');
      const int b = octal(at + 2, '7');
      const int c = octal(at + 3, '7');
      if (a < 0 || b < 0 || c < 0) {
        error = "a backslash stands without \\ or three octal digits behind it";
        return std::nullopt;
      }
      writer.put(static_cast<char>(a * 64 + b * 8 + c));
      at += 3;
    }
  }
  return writer.text();
}

// --- encode and decode

enum class Form : uint8_t { hex, base64, escape };

std::optional<Form> form_of(Text name) {
  const std::string lower = lowercase(name);
  if (lower == "hex") return Form::hex;
  if (lower == "base64") return Form::base64;
  if (lower == "escape") return Form::escape;
  return std::nullopt;
}

std::string no_form(Text name) {
  return fmt::format("there is no form '{}'; there are hex, base64 and escape", printable(name));
}

std::optional<ConstantFault> check_form(ConstantArguments arguments) {
  if (!arguments[1] || form_of(*arguments[1])) return std::nullopt;
  return ConstantFault{1, no_form(*arguments[1])};
}

struct Encode {
  static std::optional<Text> call(Text bytes, Text name, Arena& arena) {
    const auto form = form_of(name);
    if (!form || bytes.size() > kResultBytesLimit / 4) return std::nullopt;
    if (*form == Form::hex) return in_hex(bytes, arena);
    return *form == Form::base64 ? in_base64(bytes, arena) : in_escape(bytes, arena);
  }
  static Reason why(Text, Text name, Arena&) {
    return form_of(name) ? too_long() : bad_value(no_form(name));
  }
};

struct Decode {
  static std::optional<Text> decoded(Text text, Text name, Arena& arena, std::string& error) {
    const auto form = form_of(name);
    if (!form) {
      error = no_form(name);
      return std::nullopt;
    }
    if (*form == Form::hex) return of_hex(text, arena, error);
    return *form == Form::base64 ? of_base64(text, arena, error) : of_escape(text, arena, error);
  }
  static std::optional<Text> call(Text text, Text name, Arena& arena) {
    std::string error;
    return decoded(text, name, arena, error);
  }
  static Reason why(Text text, Text name, Arena& arena) {
    std::string error;
    static_cast<void>(decoded(text, name, arena, error));
    return bad_value(std::move(error));
  }
};

// Bytes as UTF-8 text. The encoding is a constant, so that one that is not known is a fault of the
// pipeline.
struct ConvertFrom {
  static std::optional<Text> call(Text bytes) {
    if (!is_utf8(bytes) || bytes.find('\0') != Text::npos) return std::nullopt;
    return bytes;
  }
  static Reason why(Text bytes) {
    return bad_value(fmt::format("'{}' is no UTF-8 text", printable(bytes)));
  }
};

struct ConvertTo {
  static Text call(Text text) { return text; }
};

Result<std::shared_ptr<const Prepared>> prepare_encoding(std::string_view name) {
  const std::string lower = lowercase(name);
  if (lower == "utf8" || lower == "utf-8") return std::make_shared<const Prepared>();
  return fail(ErrorKind::usage,
              fmt::format("the encoding {} is not supported; expected UTF8", printable(name)));
}

// --- unistr

// Reads \XXXX, \+XXXXXX, \uXXXX, \UXXXXXXXX and \\. Nothing where an escape is none of them, or
// names no character.
struct Unistr {
  static std::optional<Text> call(Text text, Arena& arena) {
    TextWriter writer(arena, text.size());
    char32_t high = 0;  // The first half of a pair.
    for (size_t at = 0; at < text.size();) {
      if (text[at] != '\\' || text.substr(at, 2) == "\\\\") {
        if (high != 0) return std::nullopt;
        writer.put(text[at]);
        at += text[at] == '\\' ? 2 : 1;
        continue;
      }
      const Text escape = text.substr(at + 1);
      const char kind = escape.empty() ? ' ' : escape[0];
      const size_t digits = kind == '+' ? 6 : kind == 'U' ? 8 : 4;
      const size_t skipped = kind == '+' || kind == 'u' || kind == 'U' ? 1 : 0;
      if (escape.size() < skipped + digits) return std::nullopt;
      uint32_t value = 0;
      for (size_t i = 0; i < digits; ++i) {
        const int digit = hex_value(escape[skipped + i]);
        if (digit < 0) return std::nullopt;
        value = value << 4 | static_cast<uint32_t>(digit);
      }
      at += 1 + skipped + digits;
      const bool is_low = value >= 0xDC00 && value <= 0xDFFF;
      if ((high != 0) != is_low || value == 0 || value > kLastCharacter) return std::nullopt;
      if (value >= 0xD800 && value <= 0xDBFF) {
        high = value;
        continue;
      }
      if (is_low) value = 0x10000 + ((high - 0xD800) << 10) + (value - 0xDC00);
      high = 0;
      writer.advance(put_character(value, writer.next()));
    }
    if (high != 0) return std::nullopt;
    return writer.text();
  }
  static Reason why(Text text, Arena&) {
    return bad_value(
        fmt::format("'{}' has a Unicode escape that names no character", printable(text)));
  }
};

}  // namespace

std::vector<Function> encoding_functions() {
  constexpr Type text = Type::text;
  constexpr Type bytes = Type::bytes;
  std::vector<Function> all;
  for (const Type type : {text, bytes})
    all.push_back(
        function_of<Md5Hex>({.name = "md5", .arguments = {type}, .result = text, .costly = true}));
  const auto add_digest = [&all]<class Which>(std::type_identity<Which>, Text name) {
    all.push_back(function_of<Digest<Which>>(
        {.name = name, .arguments = {bytes}, .result = bytes, .costly = true}));
  };
  add_digest(std::type_identity<Sha224>(), "sha224");
  add_digest(std::type_identity<Sha256>(), "sha256");
  add_digest(std::type_identity<Sha384>(), "sha384");
  add_digest(std::type_identity<Sha512>(), "sha512");
  all.push_back(function_of<Encode>(
      {.name = "encode", .arguments = {bytes, text}, .result = text, .check = check_form}));
  all.push_back(function_of<Decode>(
      {.name = "decode", .arguments = {text, text}, .result = bytes, .check = check_form}));
  all.push_back(function_of<ConvertFrom>({.name = "convert_from",
                                          .arguments = {bytes, text},
                                          .result = text,
                                          .constant = 1,
                                          .prepare = prepare_encoding}));
  all.push_back(function_of<ConvertTo>({.name = "convert_to",
                                        .arguments = {text, text},
                                        .result = bytes,
                                        .constant = 1,
                                        .prepare = prepare_encoding}));
  all.push_back(function_of<Unistr>({.name = "unistr", .arguments = {text}, .result = text}));
  return all;
}

}  // namespace turntable::sql
