// Which protocol a server speaks, found out by speaking to it. For messages about an address that
// belongs to another server than the one that was meant: a client's library says in such a case
// only that it did not understand the answer, or that the connection was ended.
#pragma once

#include <string>

#include "base/clock.h"

namespace turntable {

enum class Speaks {
  unknown,  // Nobody listens, or none of the protocols below.
  kafka_broker,
  kafka_controller,
  cassandra,
  http,
  tls,
};

// Connects to "host:port" once for each protocol, sends a question in it, and waits up to `wait`
// for the first answer that is one. The questions change nothing and log nobody in.
[[nodiscard]] Speaks probe_server(const std::string& address, Millis wait = Millis(1'000));

// "a broker of Kafka", "an HTTP server": for messages. Not for `unknown`.
[[nodiscard]] std::string what_speaks(Speaks speaks);

}  // namespace turntable
