#include "produce/listeners.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>

#include "base/check.h"
#include "base/text.h"

namespace turntable {

namespace {

// All behind the report's Dimitris in the alphabet, so that a sample of a table that is ordered by
// name begins with him.
constexpr std::array<std::string_view, 64> kFirstNames{
    "Elena", "Elias", "Emily", "Emma",   "Eric",   "Eva",    "Fatima",  "Felix",
    "Freya", "Gita",  "Grace", "Hanna",  "Helen",  "Hugo",   "Ibrahim", "Ines",
    "Irene", "Isaac", "Ivan",  "Jacob",  "James",  "Jana",   "Jason",   "Joan",
    "Julia", "Karen", "Kenji", "Kofi",   "Laura",  "Lena",   "Leo",     "Linda",
    "Lucas", "Luis",  "Marco", "Maria",  "Mark",   "Maya",   "Mei",     "Michael",
    "Mina",  "Nadia", "Nikos", "Noah",   "Nora",   "Olga",   "Omar",    "Oscar",
    "Paula", "Peter", "Priya", "Rachel", "Ravi",   "Robert", "Rosa",    "Samuel",
    "Sarah", "Simon", "Sofia", "Tara",   "Thomas", "Victor", "Yusuf",   "Zoe"};

constexpr std::array<std::string_view, 64> kLastNames{
    "Adams",    "Ahmed",   "Allen",    "Andersen", "Baker",   "Becker",  "Bell",   "Brown",
    "Campbell", "Carter",  "Chen",     "Clark",    "Costa",   "Davis",   "Diaz",   "Dubois",
    "Evans",    "Fischer", "Garcia",   "Gomez",    "Green",   "Hall",    "Hansen", "Harris",
    "Hughes",   "Ivanov",  "Jackson",  "Jensen",   "Johnson", "Jones",   "Kaya",   "Khan",
    "Kim",      "King",    "Kowalski", "Larsen",   "Lee",     "Lopez",   "Martin", "Meyer",
    "Miller",   "Moore",   "Moreau",   "Mueller",  "Nguyen",  "Novak",   "Okafor", "Olsen",
    "Papadaki", "Patel",   "Pereira",  "Petrov",   "Ramirez", "Roberts", "Rossi",  "Santos",
    "Schmidt",  "Silva",   "Singh",    "Smith",    "Tanaka",  "Taylor",  "Walker", "Young"};

}  // namespace

uint64_t SeededRandom::below(uint64_t bound) {
  CHECK(bound > 0);
  // Lemire's multiplication; its bias of bound/2^64 is left in, so that every call takes one
  // number.
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>((static_cast<Wide>(engine_()) * bound) >> 64);
}

std::vector<std::string> people_names(size_t count, const std::string& last, SeededRandom& random) {
  std::vector<std::string> names;
  // How often each pair of names was drawn. There are 4096 pairs; in a larger crowd people are
  // numbered.
  std::map<std::string, size_t> drawn{{last, 1}};
  while (names.size() + 1 < count) {
    // One after the other: which of two arguments is computed first, compilers choose.
    const auto& family = kLastNames[random.below(kLastNames.size())];
    const auto& given = kFirstNames[random.below(kFirstNames.size())];
    std::string name = fmt::format("{} {}", given, family);
    const size_t times = ++drawn[name];
    if (times > 1) name += fmt::format(" {}", times);
    if (name != last) names.push_back(std::move(name));
  }
  names.push_back(last);
  return names;
}

Result<int64_t> parse_civil_time(std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorKind::usage,
                fmt::format("'{}' is no time of the form YYYY-MM-DD HH:MI", printable(text)));
  };
  // Year, month, day, hour, minute, second, and what stands behind each of them.
  std::array<int, 6> parts{};
  constexpr std::array<std::string_view, 5> kSeparators{"-", "-", " T", ":", ":"};
  constexpr std::array<ptrdiff_t, 6> kDigits{4, 2, 2, 2, 2, 2};
  const char* at = text.data();
  const char* end = text.data() + text.size();
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto [rest, fault] = std::from_chars(at, end, parts[i]);
    if (fault != std::errc() || rest - at != kDigits[i] || *at == '-') return wrong();
    at = rest;
    if (at == end && i >= 4) break;
    if (i == 5 || at == end || kSeparators[i].find(*at) == std::string_view::npos) return wrong();
    ++at;
  }
  if (at != end) return wrong();
  std::tm civil{};
  civil.tm_year = parts[0] - 1900;
  civil.tm_mon = parts[1] - 1;
  civil.tm_mday = parts[2];
  civil.tm_hour = parts[3];
  civil.tm_min = parts[4];
  civil.tm_sec = parts[5];
  std::tm normal = civil;
  const time_t seconds = timegm(&normal);
  // timegm takes a 31 June for a 1 July, and an hour 24 for a new day; we do not.
  if (normal.tm_mon != civil.tm_mon || normal.tm_mday != civil.tm_mday ||
      normal.tm_hour != civil.tm_hour || normal.tm_min != civil.tm_min ||
      normal.tm_sec != civil.tm_sec) {
    return wrong();
  }
  return static_cast<int64_t>(seconds);
}

Listeners::Listeners(Options options, SeededRandom random, const Clock& clock)
    : options_(std::move(options)), random_(random), clock_(clock) {
  CHECK(!options_.people.empty() && !options_.songs.empty());
  for (const std::string& person : options_.people) quoted_people_.push_back(json_quote(person));
  for (const std::string& song : options_.songs) quoted_songs_.push_back(json_quote(song));
}

Listeners::Play Listeners::next() {
  const uint64_t id = random_.below(100'000);
  const size_t person = random_.below(options_.people.size());
  const size_t song = random_.below(options_.songs.size());
  set_time();
  std::array<char, 8> digits{};
  char* digits_end = std::to_chars(digits.data(), digits.data() + digits.size(), id).ptr;
  json_.assign("{\"id\": ");
  json_.append(digits.data(), static_cast<size_t>(digits_end - digits.data()));
  json_.append(", \"name\": ").append(quoted_people_[person]);
  json_.append(", \"song\": ").append(quoted_songs_[song]);
  json_.append(", \"time\": ").append(quoted_time_);
  json_.push_back('}');
  ++plays_;
  return {options_.people[person], options_.songs[song], json_};
}

std::string Listeners::time_text(const std::string& format, const std::tm& parts) {
  std::array<char, 256> text{};
// The format is the user's. Unlike printf's, strftime()'s can ask for nothing but the time, and
// what it writes is bounded.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  return {text.data(), std::strftime(text.data(), text.size(), format.c_str(), &parts)};
#pragma GCC diagnostic pop
}

// The text is made once a second.
void Listeners::set_time() {
  const bool own_clock = options_.start_time.has_value();
  const int64_t seconds =
      own_clock
          ? *options_.start_time + plays_
          : std::chrono::floor<std::chrono::seconds>(clock_.wall()).time_since_epoch().count();
  if (seconds == time_of_text_) return;
  time_of_text_ = seconds;
  const auto time = static_cast<time_t>(seconds);
  std::tm parts{};
  own_clock ? gmtime_r(&time, &parts) : localtime_r(&time, &parts);
  quoted_time_ = json_quote(time_text(options_.time_format, parts));
}

}  // namespace turntable
