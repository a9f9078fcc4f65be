#include "app/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace turntable {
namespace {

using testing::HasSubstr;

std::string refusal(const RunOptions& options, const std::string& environment = "") {
  const Result<HttpOptions> http = http_options(options, environment);
  return http ? "" : http.error().message;
}

TEST(HttpOptionsTest, APlaceIsAPortOrAnAddressAndAPort) {
  const auto place = [](const std::string& text) {
    const Result<HttpOptions> http = http_options({.http = text}, "0123456789abcdef");
    return http ? http->address + " " + std::to_string(http->port) : "refused";
  };
  EXPECT_EQ(place("8080"), "127.0.0.1 8080");
  EXPECT_EQ(place("0"), "127.0.0.1 0");
  EXPECT_EQ(place("0.0.0.0:80"), "0.0.0.0 80");
  EXPECT_EQ(place("[::1]:65535"), "::1 65535");
  EXPECT_EQ(place("localhost:1"), "127.0.0.1 1");
  for (const char* wrong :
       {"", "x", "65536", "-1", "1.2.3:80", "example.org:80", "127.0.0.1:", ":", "[]:1"})
    EXPECT_EQ(place(wrong), "refused") << wrong;
}

TEST(HttpOptionsTest, OtherMachinesNeedAToken) {
  EXPECT_EQ(refusal({.http = "127.0.0.1:0"}), "");
  EXPECT_EQ(refusal({.http = "[::1]:0"}), "");
  for (const char* open : {"0.0.0.0:0", "[::]:0", "10.0.0.1:0"}) {
    EXPECT_THAT(refusal({.http = open}), HasSubstr("a token is needed")) << open;
    EXPECT_EQ(refusal({.http = open}, "0123456789abcdef"), "") << open;
  }
}

TEST(HttpOptionsTest, ATokenIsReadFromAFileAndNeverFromTheCommandLine) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("turntable_token_" + std::to_string(::getpid()));
  std::ofstream(path) << "0123456789abcdef\n";
  const Result<HttpOptions> http =
      http_options({.http = "0", .http_token = "file:" + path}, "other");
  ASSERT_TRUE(http);
  EXPECT_EQ(http->token, "0123456789abcdef");
  std::ofstream(path) << "\n";
  EXPECT_THAT(refusal({.http = "0", .http_token = "file:" + path}), HasSubstr("is empty"));
  std::ofstream(path) << std::string(5'000, 'x');
  EXPECT_THAT(refusal({.http = "0", .http_token = "file:" + path}), HasSubstr("cannot read"));
  std::filesystem::remove(path);
  EXPECT_THAT(refusal({.http = "0", .http_token = "file:" + path}), HasSubstr("cannot read"));
  const std::string refused = refusal({.http = "0", .http_token = "0123456789abcdef"});
  EXPECT_THAT(refused, HasSubstr("file:PATH"));
  EXPECT_THAT(refused, testing::Not(HasSubstr("0123456789abcdef")));
}

TEST(HttpOptionsTest, WhatCountsOnlyWithAnotherIsRefusedWithoutIt) {
  EXPECT_THAT(refusal({.http = "0", .http_certificate = "x"}), HasSubstr("needed together"));
  EXPECT_THAT(refusal({.http = "0", .http_key = "x"}), HasSubstr("needed together"));
  const auto reporter = start_reporter({.http_key = "x"});
  ASSERT_FALSE(reporter);
  EXPECT_THAT(reporter.error().message, HasSubstr("only with --http"));
}

}  // namespace
}  // namespace turntable
