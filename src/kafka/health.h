// What a client of Kafka says about its brokers: an outage once with its cause, its end once, and
// what cannot heal as an error. librdkafka repeats itself with every attempt to connect; people
// should not have to read that.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace turntable::kafka {

// Tells whether an address is no broker's at all, which librdkafka's words do not.
struct Judge {
  // What "host:port" is, from "it is …" on to what is to be set instead. Empty where it may be a
  // broker.
  std::function<std::string(const std::string& broker)> what_is_wrong = nullptr;
  bool only_address = true;  // Of several, another one may be right.
};

// One thread: the one that polls the client.
class Health {
 public:
  // `client` names it in messages: "consumer of topic test".
  Health(std::string client, const Clock& clock, Judge judge = {});

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

  // A cluster has answered: nobody's address is judged any more.
  void on_cluster() { judge_.what_is_wrong = nullptr; }

  // Has an address judged, once. True where it is no broker's: then that is said, and is failure()
  // where there is no other address.
  bool is_no_broker(const std::string& address);

  [[nodiscard]] bool any_away() const { return !away_.empty(); }

  // What no retry can mend: refused credentials, a certificate that does not verify, a fatal state.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  void fail_for_good(Error error);

 private:
  [[nodiscard]] bool may_say(const std::string& topic);
  void on_away(std::string_view reason);

  std::string client_;
  const Clock& clock_;
  Judge judge_;
  std::map<std::string, std::string> judged_;  // By address: what is wrong with it.
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
