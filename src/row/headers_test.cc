#include "row/headers.h"

#include <gtest/gtest.h>

#include <utility>

namespace turntable {
namespace {

TEST(HeadersJson, HasTextWhereAValueIsUtf8AndElseBase64) {
  HeadersJson json;
  json.add("trace", "a\"b");
  json.add("raw", "\xff");
  json.add("none", std::nullopt);
  EXPECT_EQ(std::move(json).finish(),
            R"({"trace": "a\"b", "raw": {"base64": "/w=="}, "none": null})");
  EXPECT_EQ(HeadersJson().finish(), "{}");
}

TEST(HeadersJson, BoundsTheirNumber) {
  HeadersJson json;
  for (size_t i = 0; i < kHeadersLimit; ++i) json.add("n", "");
  EXPECT_TRUE(HeadersJson(json).finish());
  json.add("n", std::nullopt);
  EXPECT_FALSE(std::move(json).finish());
}

TEST(HeadersJson, BoundsTheirBytes) {
  HeadersJson json;
  json.add("name", std::string(kHeadersBytesLimit - 4, 'x'));
  EXPECT_TRUE(HeadersJson(json).finish());
  json.add("x", std::nullopt);
  EXPECT_FALSE(std::move(json).finish());
}

}  // namespace
}  // namespace turntable
