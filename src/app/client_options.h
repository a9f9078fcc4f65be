// The options by which a client finds its servers and is let in, under the same names everywhere:
// in a pipeline, and for the commands that have none, `produce` and `query`, as --set NAME=VALUE.
#pragma once

#include <string>
#include <vector>

#include "app/option_reader.h"
#include "base/result.h"
#include "cassandra/session.h"
#include "kafka/config.h"

namespace turntable {

// All but the contact points: login, TLS, consistency, data centre and timeout.
void read_connection(OptionReader& options, cassandra::Options& connection);

// " Did you mean …?" or nothing, to stand behind the fault's sentence.
[[nodiscard]] std::string near_property(const OptionReader& options,
                                        const kafka::PropertyFault& fault);

// Both read NAME=VALUE, in whose values ${NAME} and, for secrets, 'file:PATH' stand as in a
// pipeline. All faults come in one error of kind usage, a line each.
[[nodiscard]] Result<cassandra::Options> cassandra_client_options(
    const std::vector<std::string>& sets);
[[nodiscard]] Result<kafka::Properties> kafka_client_options(const std::vector<std::string>& sets);

}  // namespace turntable
