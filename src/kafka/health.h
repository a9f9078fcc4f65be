// What a client of Kafka says about its brokers: an outage once with its cause, its end once, and
// what cannot heal as an error. librdkafka repeats itself with every attempt to connect; people
// should not have to read that.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace turntable::kafka {

// One thread: the one that polls the client.
class Health {
 public:
  // `client` names it in messages: "consumer of topic test".
  Health(std::string client, const Clock& clock);

  // librdkafka's error number and words, as its error callback gives them.
  void on_error(int code, std::string_view reason);

  // One of librdkafka's log lines. Connection failures are left to on_error; others are said at
  // most every 30 s per facility.
  void on_log(int syslog_level, std::string_view facility, std::string_view text);

  // An error that asks for nothing to be done but to be told, said at most every 30 s per `topic`.
  void warn(const std::string& topic, const std::string& sentence);

  // While quiet, only what failure() tells is noted: somebody else says that brokers are away.
  void set_quiet(bool quiet) { quiet_ = quiet; }

  // True where a broker is away and it is time to look whether it is back (every two seconds).
  [[nodiscard]] bool probe_due();

  // The cluster answered, and listed these brokers ("host:port").
  void on_answer(const std::set<std::string>& listed);

  [[nodiscard]] bool any_away() const { return !away_.empty(); }

  // What no retry can mend: refused credentials, a certificate that does not verify, a fatal state.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  void fail_for_good(Error error);

 private:
  [[nodiscard]] bool may_say(const std::string& topic);
  void on_away(std::string_view reason);

  std::string client_;
  const Clock& clock_;
  struct Outage {
    SteadyTime since;
    SteadyTime last_error;
  };
  std::map<std::string, Outage> away_;      // By broker.
  std::map<std::string, SteadyTime> said_;  // By topic of the message, when last.
  SteadyTime next_probe_{};
  bool quiet_ = false;
  std::optional<Error> failure_;
};

}  // namespace turntable::kafka
