#include "enrich/nearest_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "catalogue/key_form.h"

namespace turntable {
namespace {

constexpr size_t kShown = 3;
constexpr size_t kMissedLookedAt = 10;

// Without what a person overlooks: the case of ASCII letters, and white space that is doubled, at
// an end, or a no-break space.
std::string plain(std::string_view key) {
  constexpr std::string_view kNoBreakSpace = "\xC2\xA0";
  std::string out;
  bool space = false;
  for (size_t i = 0; i < key.size(); ++i) {
    const bool wide = key.substr(i).starts_with(kNoBreakSpace);
    if (wide || key[i] == ' ' || key[i] == '\t') {
      i += wide ? 1 : 0;
      space = true;
      continue;
    }
    // Behind an opening quote and before a closing one it is at the value's end.
    if (space && key[i] != '\'' && !out.empty() && out.back() != '\'') out += ' ';
    space = false;
    out += key[i] >= 'A' && key[i] <= 'Z' ? static_cast<char>(key[i] - 'A' + 'a') : key[i];
  }
  return out;
}

// The keys of one index, as Enricher writes those that were missed: "name = 'x' and year = '1'".
class KeyTexts {
 public:
  KeyTexts(const EnrichPlan& plan, size_t probe)
      : lookup_(plan.lookups[probe]), keys_(lookup_.index->keys()) {
    for (const sql::JoinKey& key : plan.program.probes[probe].keys)
      types_.push_back(plan.program.nodes[key.probe].type);
  }

  [[nodiscard]] size_t rows() const { return lookup_.catalogue->rows(); }
  // Nothing where the row has none.
  [[nodiscard]] std::optional<std::string> text(size_t row) const {
    if (keys_.state(row) != State::value) return std::nullopt;
    const std::vector<std::string> values = key_texts(types_, keys_, row);
    std::string text;
    for (size_t i = 0; i < values.size(); ++i)
      text += fmt::format("{}{} = '{}'", i == 0 ? "" : " and ", lookup_.key_names[i],
                          printable(values[i]));
    return text.substr(0, MissedKeys::kKeyBytesLimit);
  }

 private:
  const EnrichPlan::Lookup& lookup_;
  const Column& keys_;
  std::vector<Type> types_;
};

struct Near {
  size_t distance = 0;  // Of the plain texts.
  std::string text;
  auto operator<=>(const Near&) const = default;
};

// The nearest of what it is given, a few of them.
class Nearest {
 public:
  explicit Nearest(const std::string& missed)
      : missed_(missed),
        plain_(plain(missed)),
        limit_(std::clamp<size_t>(value_bytes() / 3, 2, 20)) {}

  void look_at(std::string text, bool compare) {
    if (examples_.size() < kShown) examples_.push_back(text);
    const std::string other = plain(text);
    size_t distance = 0;
    if (other != plain_) {
      if (!compare) return;
      distance = edit_distance(plain_, other, limit_);
      if (distance > limit_) return;
    }
    Near near{distance, std::move(text)};
    if (std::find(nearest_.begin(), nearest_.end(), near) != nearest_.end()) return;
    nearest_.insert(std::upper_bound(nearest_.begin(), nearest_.end(), near), near);
    if (nearest_.size() > kShown) nearest_.pop_back();
    limit_ = nearest_.size() == kShown ? nearest_.back().distance : limit_;
  }

  [[nodiscard]] std::string sentence() const {
    if (examples_.empty()) return {};
    if (nearest_.empty())
      return fmt::format("{} was missed, and no key is like it; there are such as {}", missed_,
                         fmt::join(examples_, ", "));
    if (nearest_[0].distance == 0 && nearest_[0].text != missed_)
      return fmt::format("{} was missed; {} differs from it in case or white space only", missed_,
                         nearest_[0].text);
    std::vector<std::string> texts;
    for (const Near& near : nearest_) texts.push_back(near.text);
    return fmt::format("{} was missed; the nearest: {}", missed_, fmt::join(texts, ", "));
  }

 private:
  // About: without the first part's name.
  [[nodiscard]] size_t value_bytes() const {
    return plain_.size() - std::min(plain_.size(), plain_.find('\''));
  }

  const std::string missed_;
  const std::string plain_;
  size_t limit_;
  std::vector<Near> nearest_;
  std::vector<std::string> examples_;
};

}  // namespace

// By Wagner and Fischer, in the diagonal band in which distances within the limit lie (Ukkonen).
size_t edit_distance(std::string_view a, std::string_view b, size_t limit) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > limit) return limit + 1;
  while (!a.empty() && a.front() == b.front()) {
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    const size_t first = i > limit ? i - limit : 1;
    const size_t last = std::min(b.size(), i + limit);
    size_t diagonal = row[first - 1];
    row[first - 1] = first == 1 ? i : limit + 1;
    size_t least = row[first - 1];
    for (size_t j = first; j <= last; ++j) {
      const size_t above = j == i + limit ? limit + 1 : row[j];
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, above + 1, row[j - 1] + 1});
      least = std::min(least, row[j]);
    }
    if (least > limit) return limit + 1;
  }
  return std::min(row[b.size()], limit + 1);
}

std::string nearest_keys(const EnrichPlan& plan, const std::string& lookup,
                         const MissedKeys& missed) {
  const std::vector<MissedKeys::Missed> most = missed.most(kMissedLookedAt);
  const auto shown = std::find_if(most.begin(), most.end(), [](const MissedKeys::Missed& key) {
    return key.key.find(" = NULL") == std::string::npos;
  });
  if (shown == most.end()) return {};
  Nearest nearest(shown->key);
  for (size_t probe = 0; probe < plan.lookups.size(); ++probe) {
    if (plan.program.probes[probe].table != lookup) continue;
    const KeyTexts keys(plan, probe);
    // The key may be another index's.
    if (!shown->key.starts_with(plan.lookups[probe].key_names[0] + " = ")) continue;
    const size_t rows = std::min(keys.rows(), kKeysRead);
    const size_t stride = rows / kKeysCompared + 1;
    for (size_t row = 0; row < rows; ++row)
      if (auto text = keys.text(row)) nearest.look_at(std::move(*text), row % stride == 0);
  }
  return nearest.sentence();
}

}  // namespace turntable
