#include "produce/listeners.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <set>

#include "base/check.h"
#include "base/text.h"

namespace turntable {
namespace {

constexpr std::array kFirstNames{
    "Alice", "Amara", "Andrea", "Anna", "Ben", "Björn", "Carla", "Chen", "Chloe", "Daniel", "Elena", "Emil", "Fatima",
    "Felix", "Grace", "Hana", "Hugo", "Ines", "Ivan", "Jamal", "Jana", "Kofi", "Lars", "Leila", "Luca", "Maria", "Mateo",
    "Mei", "Nadia", "Nikos", "Noah", "Olga", "Omar", "Pablo", "Priya", "Quentin", "Rosa", "Samuel", "Sofia", "Tariq",
    "Théo", "Uma", "Victor", "Wanda", "Xenia", "Yuki", "Zoë"};
constexpr std::array kLastNames{
    "Adams", "Baker", "Becker", "Castillo", "Costa", "Dimitriou", "Dubois", "Eriksen", "Fischer", "Garcia", "Haddad",
    "Ito", "Ivanova", "Jensen", "Kaya", "Kim", "Kowalski", "Larsen", "Lopez", "Mbeki", "Moreau", "Müller", "Nakamura",
    "Novak", "O'Brien", "Okafor", "Papadopoulos", "Patel", "Peters", "Quinn", "Rossi", "Santos", "Schmidt", "Silva",
    "Smith", "Suzuki", "Tanaka", "Usman", "Vega", "Wagner", "Walker", "Xu", "Yilmaz", "Young", "Zhang"};

}  // namespace

std::vector<std::string> make_names(size_t count, const std::string& own, std::mt19937_64& random) {
  std::vector<std::string> names;
  std::set<std::string> taken{own};
  while (names.size() + 1 < count) {
    std::string name = fmt::format("{} {}", kFirstNames[below(random, kFirstNames.size())],
                                   kLastNames[below(random, kLastNames.size())]);
    // There are more people than pairs of names: later ones are numbered.
    if (taken.size() > kFirstNames.size() * kLastNames.size() / 2) name += fmt::format(" {}", names.size());
    if (taken.insert(name).second) names.push_back(std::move(name));
  }
  names.push_back(own);
  return names;
}

Listeners::Listeners(const std::vector<std::string>& names, const std::vector<std::string>& songs, std::mt19937_64 random)
    : names_(names), songs_(songs), random_(random) {
  CHECK(!names_.empty() && !songs_.empty());
  for (const std::string& name : names_) quoted_names_.push_back(json_quote(name));
  for (const std::string& song : songs_) quoted_songs_.push_back(json_quote(song));
}

Listeners::Play Listeners::play(std::string_view time) {
  // Times repeat for whole seconds or minutes of plays.
  if (quoted_time_.empty() || time != last_time_) {
    last_time_ = time;
    quoted_time_ = json_quote(time);
  }
  const uint64_t id = below(random_, 100'000);
  const size_t name = below(random_, names_.size());
  const size_t song = below(random_, songs_.size());
  json_.clear();
  fmt::format_to(std::back_inserter(json_), R"({{"id": {}, "name": {}, "song": {}, "time": {}}})", id,
                 quoted_names_[name], quoted_songs_[song], quoted_time_);
  return {json_, names_[name], songs_[song]};
}

}  // namespace turntable
