// What is wrong with a session's options, found without connecting.
#pragma once

#include <string>
#include <vector>

#include "cassandra/session.h"

namespace turntable::cassandra {

struct OptionFault {
  std::string option;  // As a pipeline names it.
  std::string text;
};

// All faults: of the contact points, where there are any, of the consistency level, and of the
// files for TLS, which are read; without `with_files` they are not looked at.
[[nodiscard]] std::vector<OptionFault> option_faults(const Options& options,
                                                     bool with_files = true);

}  // namespace turntable::cassandra
