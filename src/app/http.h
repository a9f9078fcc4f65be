// --http: where a run is shown, and to whom.
#pragma once

#include <memory>
#include <string>

#include "app/run.h"
#include "base/result.h"
#include "serve/http_server.h"
#include "serve/reporter.h"

namespace turntable {

// Null where the options do not ask for it. An error of kind usage where they cannot be, and of
// kind failed where the port cannot be listened on.
[[nodiscard]] Result<std::unique_ptr<Reporter>> start_reporter(const RunOptions& options);

// What the options say. `from_environment`: the token in TURNTABLE_HTTP_TOKEN, or empty.
[[nodiscard]] Result<HttpOptions> http_options(const RunOptions& options,
                                               const std::string& from_environment);

}  // namespace turntable
