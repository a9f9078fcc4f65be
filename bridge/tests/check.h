/* What the tests of the contract share: a CHECK that names what was expected, and texts made of C strings. */
#pragma once

#include <bridge.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the test with the line and, where there is one, the bridge's message. */
#define CHECK_SAYING(condition, said)                                                              \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: CHECK(%s) failed; %s\n", __FILE__, __LINE__, #condition, (said));    \
      exit(1);                                                                                     \
    }                                                                                              \
  } while (0)
#define CHECK(condition) CHECK_SAYING(condition, "")

/* Checks code and message of an error together. */
#define CHECK_ERROR(error, expected_code, fragment)                          \
  do {                                                                       \
    CHECK_SAYING((error).code == (expected_code), (error).message);          \
    CHECK_SAYING(strstr((error).message, (fragment)) != NULL, (error).message); \
    CHECK((error).length == strlen((error).message));                        \
  } while (0)

static inline bridge_text text(const char* string) {
  bridge_text result = {string, strlen(string)};
  return result;
}

static inline int same(bridge_text got, const char* expected) {
  return got.length == strlen(expected) && memcmp(got.data, expected, got.length) == 0;
}
