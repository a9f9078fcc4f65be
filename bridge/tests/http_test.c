/*
 * The contract of bridge_http.h, seen from a program that publishes and a client that connects: what is shown, to whom,
 * what is refused, and that neither a slow client nor a fault of the library reaches the program.
 */
#include <arpa/inet.h>
#include <bridge_http.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

enum { ANSWER = 1 << 16, RETRIES = 400 };
static const struct timespec kMoment = {.tv_nsec = 10 * 1000 * 1000};
#define TOKEN "0123456789abcdef0123"

static bridge_http* start(bridge_http_options options) {
  bridge_error error = {.code = -1};
  options.version = text("1.2.3");
  bridge_http* server = bridge_http_start(&options, &error);
  CHECK_SAYING(server != NULL, error.message);
  CHECK(error.code == BRIDGE_OK && bridge_http_port(server) != 0);
  return server;
}

static bridge_error start_error(bridge_http_options options) {
  bridge_error error = {.code = -1};
  CHECK(bridge_http_start(&options, &error) == NULL);
  return error;
}

static int connect_to(const bridge_http* server) {
  struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  where.sin_port = htons(bridge_http_port(server));
  const struct timeval patience = {.tv_sec = 20};
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(fd >= 0 && connect(fd, (struct sockaddr*)&where, sizeof where) == 0);
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
  return fd;
}

static void put(int fd, const char* what) {
  CHECK(send(fd, what, strlen(what), MSG_NOSIGNAL) == (ssize_t)strlen(what));
}

/* Reads until the connection ends, or `until` has come. */
static const char* take(int fd, const char* until) {
  static char answer[ANSWER];
  size_t length = 0;
  answer[0] = 0;
  while (length + 1 < sizeof answer && (until == NULL || strstr(answer, until) == NULL)) {
    const ssize_t got = recv(fd, answer + length, sizeof answer - 1 - length, 0);
    CHECK(got >= 0 || errno == ECONNRESET);
    if (got <= 0) break;
    length += (size_t)got;
    answer[length] = 0;
  }
  return answer;
}

/* One request, whose connection ends with the answer. */
static const char* ask_by(const bridge_http* server, const char* method, const char* path, const char* headers) {
  char request[1024];
  snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n", method, path, headers);
  const int fd = connect_to(server);
  put(fd, request);
  const char* answer = take(fd, NULL);
  close(fd);
  return answer;
}

static const char* ask(const bridge_http* server, const char* path, const char* headers) {
  return ask_by(server, "GET", path, headers);
}

#define CHECK_STATUS(answer, status) CHECK_SAYING(strncmp((answer), "HTTP/1.1 " #status " ", 13) == 0, (answer))
#define CHECK_HAS(answer, fragment) CHECK_SAYING(strstr((answer), (fragment)) != NULL, (answer))
#define CHECK_LACKS(answer, fragment) CHECK_SAYING(strstr((answer), (fragment)) == NULL, (answer))

static void publish(const bridge_http* server, const char* path, const char* type, const char* bytes) {
  const bridge_http_body body = {.content_type = text(type), .data = (const uint8_t*)bytes, .length = strlen(bytes)};
  bridge_error error;
  CHECK_SAYING(bridge_http_publish(server, text(path), &body, 1, 0, &error) == 0, error.message);
}

static void wrong_options_are_refused(void) {
  CHECK_ERROR(start_error((bridge_http_options){.address = text("example.org")}), BRIDGE_OTHER, "is not an IP address");
  CHECK_ERROR(start_error((bridge_http_options){.address = text("0.0.0.0")}), BRIDGE_OTHER, "a token is needed");
  CHECK_ERROR(start_error((bridge_http_options){.token = text("short")}), BRIDGE_OTHER, "16 or more");
  CHECK_ERROR(start_error((bridge_http_options){.token = text("0123456789abcdef ")}), BRIDGE_OTHER, "16 or more");
  CHECK_ERROR(start_error((bridge_http_options){.connections = 65000}), BRIDGE_OTHER, "files that may be open");
  CHECK_ERROR(start_error((bridge_http_options){.certificate_file = text("/nowhere"), .key_file = text("/nowhere")}),
              BRIDGE_OTHER, "cannot be used");
  CHECK_ERROR(start_error((bridge_http_options){.address = {"\xff", 1}}), BRIDGE_ARGUMENT, "not valid UTF-8");
  bridge_error error;
  CHECK(bridge_http_start(NULL, &error) == NULL && error.code == BRIDGE_ARGUMENT);
  bridge_http* server = start((bridge_http_options){0});
  CHECK_ERROR(start_error((bridge_http_options){.port = bridge_http_port(server)}), BRIDGE_OTHER, "cannot listen on");
  CHECK(bridge_http_stop(server) == 0);
  CHECK(bridge_http_stop(NULL) == 0 && bridge_http_port(NULL) == 0);
}

static void what_cannot_be_published_is_refused(void) {
  bridge_http* server = start((bridge_http_options){0});
  bridge_http_body body = {.content_type = text("text/plain"), .data = (const uint8_t*)"x", .length = 1};
  bridge_error error;
  static const char* const paths[] = {"", "x", "//x", "/a b", "/a?b", "/a#b", "/healthz", "/readyz", "/api/live", "/\n"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; ++i) {
    CHECK(bridge_http_publish(server, text(paths[i]), &body, 1, 0, &error) == -1);
    CHECK_ERROR(error, BRIDGE_ARGUMENT, "cannot be the path of a page");
  }
  CHECK(bridge_http_publish(server, text("/x"), &body, 9, 0, &error) == -1);
  CHECK(bridge_http_publish(server, text("/x"), NULL, 1, 0, &error) == -1);
  CHECK(bridge_http_publish(NULL, text("/x"), &body, 1, 0, &error) == -1);
  body.length = (1 << 20) + 1;
  CHECK(bridge_http_publish(server, text("/x"), &body, 1, 0, &error) == -1);
  CHECK_ERROR(error, BRIDGE_ARGUMENT, "more than 1048576 bytes");
  body.length = 1;
  body.content_encoding = text("gzip");
  CHECK(bridge_http_publish(server, text("/x"), &body, 1, 0, &error) == -1);
  CHECK_ERROR(error, BRIDGE_ARGUMENT, "content encoding");
  body.content_encoding = text("");
  body.content_type = text("text/plain\r\nX: y");
  CHECK(bridge_http_publish(server, text("/x"), &body, 1, 0, &error) == -1);
  CHECK_ERROR(error, BRIDGE_ARGUMENT, "odd characters");
  CHECK(bridge_http_publish_event(NULL, text("x"), &error) == -1 && bridge_http_set_ready(NULL, 1, text("")) == -1);
  body.content_type = text("text/plain");
  char path[16];
  for (int i = 0; i < 64; ++i) {
    snprintf(path, sizeof path, "/%d", i);
    CHECK(bridge_http_publish(server, text(path), &body, 1, 0, &error) == 0);
  }
  CHECK(bridge_http_publish(server, text("/x"), &body, 1, 0, &error) == -1);
  CHECK_ERROR(error, BRIDGE_ARGUMENT, "64 pages");
  CHECK(bridge_http_stop(server) == 0);
}

static void a_page_is_what_was_published_last(void) {
  bridge_http* server = start((bridge_http_options){0});
  CHECK_STATUS(ask(server, "/x", ""), 404);
  publish(server, "/x", "application/json", "{\"old\":1}");
  publish(server, "/x", "application/json", "{\"new\":2}");
  const char* answer = ask(server, "/x", "");
  CHECK_STATUS(answer, 200);
  CHECK_HAS(answer, "\r\n\r\n{\"new\":2}");
  CHECK_HAS(answer, "content-type: application/json");
  CHECK_HAS(answer, "content-length: 9");
  CHECK_HAS(answer, "content-security-policy: default-src 'none'; script-src 'self'");
  CHECK_HAS(answer, "x-content-type-options: nosniff");
  CHECK_HAS(answer, "x-frame-options: DENY");
  char tag[64] = "If-None-Match: ";
  CHECK(sscanf(strstr(answer, "etag: "), "etag: %40[^\r]", tag + strlen(tag)) == 1);
  strcat(tag, "\r\n");
  CHECK_STATUS(ask(server, "/x", tag), 304);
  publish(server, "/x", "application/json", "{\"new\":2}"); /* The same bytes keep their tag. */
  CHECK_STATUS(ask(server, "/x", tag), 304);
  publish(server, "/x", "application/json", "{\"new\":3}");
  CHECK_STATUS(ask(server, "/x", tag), 200);
  answer = ask_by(server, "HEAD", "/x", "");
  CHECK_STATUS(answer, 200);
  CHECK_HAS(answer, "content-length: 9");
  CHECK_LACKS(answer, "{\"new\"");
  CHECK_STATUS(ask_by(server, "POST", "/x", "Content-Length: 0\r\n"), 405);
  CHECK(bridge_http_publish(server, text("/x"), NULL, 0, 0, NULL) == 0);
  CHECK_STATUS(ask(server, "/x", ""), 404);
  CHECK(bridge_http_stop(server) == 0);
}

static void the_client_chooses_among_the_bodies(void) {
  bridge_http* server = start((bridge_http_options){0});
  const bridge_http_body bodies[] = {
      {.content_type = text("text/plain; version=0.0.4"), .data = (const uint8_t*)"plain", .length = 5},
      {.content_type = text("text/plain; version=0.0.4"), .content_encoding = text("gzip"), .data = (const uint8_t*)"zip", .length = 3},
      {.content_type = text("application/openmetrics-text; version=1.0.0"), .data = (const uint8_t*)"open", .length = 4}};
  CHECK(bridge_http_publish(server, text("/m"), bodies, 3, 0, NULL) == 0);
  CHECK_HAS(ask(server, "/m", ""), "\r\n\r\nplain");
  CHECK_HAS(ask(server, "/m", "Accept-Encoding: gzip\r\n"), "\r\n\r\nzip");
  CHECK_HAS(ask(server, "/m", "Accept-Encoding: gzip;q=0, br\r\n"), "\r\n\r\nplain");
  CHECK_HAS(ask(server, "/m", "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n"), "\r\n\r\nopen");
  CHECK_HAS(ask(server, "/m", "Accept: application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"),
            "\r\n\r\nplain");
  CHECK_HAS(ask(server, "/m", "Accept: image/png\r\n"), "\r\n\r\nplain");
  CHECK(bridge_http_stop(server) == 0);
}

static void readiness_and_health_are_what_was_set(void) {
  bridge_http* server = start((bridge_http_options){.token = text(TOKEN)});
  const char* answer = ask(server, "/readyz", "");
  CHECK_STATUS(answer, 503);
  CHECK_HAS(answer, "starting");
  CHECK_STATUS(ask(server, "/healthz", ""), 200);
  CHECK(bridge_http_set_ready(server, 0, text("waiting for the topic")) == 0);
  CHECK_HAS(ask(server, "/readyz", ""), "waiting for the topic");
  CHECK(bridge_http_set_ready(server, 1, text("")) == 0);
  CHECK_STATUS(ask(server, "/readyz", ""), 200);
  CHECK(bridge_http_set_healthy(server, 0, text("a lane hangs")) == 0);
  CHECK_HAS(ask(server, "/healthz", ""), "a lane hangs");
  CHECK_STATUS(ask(server, "/readyz", ""), 503);
  const int fd = connect_to(server); /* Probes may send no Host. */
  put(fd, "GET /healthz HTTP/1.0\r\n\r\n");
  CHECK_HAS(take(fd, NULL), " 503 ");
  close(fd);
  CHECK(bridge_http_stop(server) == 0);
}

static void a_program_that_says_nothing_is_not_healthy(void) {
  bridge_http* server = start((bridge_http_options){.stale_after_ms = 30});
  for (int i = 0; i < RETRIES && strstr(ask(server, "/healthz", ""), "nothing was published") == NULL; ++i) nanosleep(&kMoment, NULL);
  CHECK_STATUS(ask(server, "/healthz", ""), 503);
  CHECK(bridge_http_stop(server) == 0);
}

static void strangers_are_refused(void) {
  bridge_http* server = start((bridge_http_options){.hosts = text("music.example, other.example")});
  publish(server, "/x", "text/plain", "secret");
  static const struct {
    const char* request;
    const char* status;
  } cases[] = {
      {"GET /x HTTP/1.1\r\nHost: music.example:1\r\n\r\n", " 200 "},
      {"GET /x HTTP/1.1\r\nHost: 10.1.2.3:8080\r\n\r\n", " 200 "},
      {"GET /x HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", " 200 "},
      {"GET /x HTTP/1.1\r\nHost: evil.example\r\n\r\n", " 403 "},
      {"GET /x HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n", " 403 "},
      {"GET /x HTTP/1.1\r\n\r\n", " 400 "},
      {"GET /x HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", " 400 "},
      {"GET http://localhost/x HTTP/1.1\r\nHost: localhost\r\n\r\n", " 400 "},
      {"GET /x HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n", " 403 "},
      {"GET /x HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n\r\n", " 403 "},
      {"GET /x HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\n\r\n", " 403 "},
      {"GET /x HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n\r\n", " 200 "},
      {"GET /x HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n\r\n", " 403 "},
      {"GET /x HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-site\r\n\r\n", " 403 "},
      {"GET /x HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n\r\n", " 200 "},
      {"GET /../x HTTP/1.1\r\nHost: localhost\r\n\r\n", " 404 "},
      {"GET /%78 HTTP/1.1\r\nHost: localhost\r\n\r\n", " 404 "},
      {"TRACE /x HTTP/1.1\r\nHost: localhost\r\n\r\n", " 405 "},
      {"nonsense\r\n\r\n", " 400 "},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    const int fd = connect_to(server);
    put(fd, cases[i].request);
    const char* answer = take(fd, "\r\n\r\n");
    CHECK_SAYING(strstr(answer, cases[i].status) == answer + strlen("HTTP/1.1"), cases[i].request);
    close(fd);
  }
  CHECK(bridge_http_stop(server) == 0);
}

static void a_token_is_asked_for(void) {
  bridge_http* server = start((bridge_http_options){.token = text(TOKEN)});
  publish(server, "/x", "text/plain", "secret");
  static const char* const wrong[] = {"", "Authorization: Bearer x\r\n", "Authorization: Bearer " TOKEN "4\r\n", "Authorization: Basic " TOKEN "\r\n",
                                      "Cookie: turntable_1=x\r\n"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
    CHECK_STATUS(ask(server, "/x", wrong[i]), 401);
    CHECK_STATUS(ask(server, "/not/there", wrong[i]), 401); /* Paths cannot be guessed. */
    CHECK_STATUS(ask(server, "/api/live", wrong[i]), 401);
  }
  CHECK_STATUS(ask(server, "/x?token=wrong", ""), 401);
  CHECK_HAS(ask(server, "/x", "Authorization: Bearer " TOKEN "\r\n"), "secret");
  CHECK_STATUS(ask(server, "//evil.example?token=" TOKEN, ""), 401);
  const char* answer = ask(server, "/x?token=" TOKEN, "");
  CHECK_STATUS(answer, 200);
  CHECK_HAS(answer, "refresh: 0;url=/x\r\n");
  CHECK_HAS(answer, "HttpOnly; SameSite=Strict");
  CHECK_LACKS(answer, TOKEN);
  CHECK_LACKS(answer, "secret");
  char cookie[256] = "Cookie: other=1; ";
  CHECK(sscanf(strstr(answer, "set-cookie: "), "set-cookie: %200[^;]", cookie + strlen(cookie)) == 1);
  strcat(cookie, "\r\n");
  CHECK_HAS(ask(server, "/x", cookie), "secret");
  const bridge_http_body body = {.content_type = text("text/plain"), .data = (const uint8_t*)"open to all", .length = 11};
  CHECK(bridge_http_publish(server, text("/open"), &body, 1, BRIDGE_HTTP_PUBLIC, NULL) == 0);
  CHECK_HAS(ask(server, "/open", ""), "open to all");
  CHECK(bridge_http_stop(server) == 0);
}

static void live_clients_get_the_latest_event(void) {
  bridge_http* server = start((bridge_http_options){.live_clients = 2, .heartbeat_ms = 50});
  CHECK_STATUS(ask_by(server, "HEAD", "/api/live", ""), 200);
  const int one = connect_to(server);
  put(one, "GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK_HAS(take(one, "retry: 2000\n\n"), "content-type: text/event-stream");
  CHECK_HAS(take(one, ":\n\n"), ":\n\n"); /* A heartbeat. */
  CHECK(bridge_http_publish_event(server, text("first\nsecond"), NULL) == 0);
  const char* event = take(one, "data: second\n\n");
  CHECK_HAS(event, "event: status\n");
  CHECK_HAS(event, "data: first\ndata: second\n\n");
  const int two = connect_to(server);
  put(two, "GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK_HAS(take(two, "data: second\n\n"), "data: first\n"); /* Who comes later has it too. */
  CHECK_STATUS(ask(server, "/api/live", ""), 503);
  bridge_http_counts counts;
  bridge_http_counters(server, &counts);
  CHECK(counts.live == 2 && counts.refused == 1 && counts.connections >= 4);
  CHECK(bridge_http_stop(server) == 0); /* Ends both streams well: */
  CHECK_HAS(take(one, NULL), "0\r\n\r\n");
  close(one);
  close(two);
}

static void slow_clients_make_room_and_health_is_told_all_the_same(void) {
  bridge_http* server = start((bridge_http_options){.token = text(TOKEN), .connections = 4, .reserve = 2, .header_timeout_ms = 10000});
  int slow[12];
  for (size_t i = 0; i < 12; ++i) {
    slow[i] = connect_to(server);
    put(slow[i], "GET /x HTTP/1.1\r\nHo");
  }
  CHECK_STATUS(ask(server, "/healthz", ""), 200);
  CHECK(take(slow[0], NULL)[0] == 0); /* Was closed without a word. */
  bridge_http_counts counts;
  for (int i = 0; i < 500; ++i) { /* The server's thread counts them when it comes to it. */
    bridge_http_counters(server, &counts);
    if (counts.evicted >= 8 && counts.open <= 6) break;
    usleep(10000);
  }
  CHECK(counts.evicted >= 8 && counts.open <= 6);
  for (size_t i = 0; i < 12; ++i) close(slow[i]);
  /* Those who have shown the token are not closed for others; what is left answers for health only. */
  for (size_t i = 0; i < 4; ++i) {
    slow[i] = connect_to(server);
    put(slow[i], "GET /x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " TOKEN "\r\n\r\n");
    CHECK_HAS(take(slow[i], "\r\n\r\n"), " 404 ");
  }
  CHECK_STATUS(ask(server, "/healthz", ""), 200);
  CHECK_STATUS(ask(server, "/x", "Authorization: Bearer " TOKEN "\r\n"), 503);
  for (size_t i = 0; i < 4; ++i) close(slow[i]);
  CHECK(bridge_http_stop(server) == 0);
}

static void slow_and_large_headers_are_ended(void) {
  bridge_http* server = start((bridge_http_options){.header_timeout_ms = 100});
  const int slow = connect_to(server);
  put(slow, "GET / HTTP/1.1\r\nHost");
  take(slow, NULL); /* Ends by itself, or the test hangs. */
  close(slow);
  char large[20000];
  memset(large, 'x', sizeof large - 1);
  large[sizeof large - 1] = 0;
  memcpy(large, "GET /", 5);
  const int fd = connect_to(server);
  put(fd, large);
  CHECK_HAS(take(fd, "\r\n\r\n"), "HTTP/1.1 4");
  close(fd);
  const int many = connect_to(server);
  put(many, "GET / HTTP/1.1\r\nHost: localhost\r\n");
  for (int i = 0; i < 65; ++i) put(many, "X: y\r\n");
  put(many, "\r\n");
  CHECK_HAS(take(many, "\r\n\r\n"), "HTTP/1.1 431 ");
  close(many);
  CHECK(bridge_http_stop(server) == 0);
}

static void a_panic_ends_one_connection_only(void) {
  bridge_http* server = start((bridge_http_options){.panic_path = text("/panic")});
  publish(server, "/x", "text/plain", "still there");
  CHECK(ask(server, "/panic", "")[0] == 0);
  CHECK_HAS(ask(server, "/x", ""), "still there");
  bridge_http_counts counts = {0};
  for (int i = 0; i < RETRIES && counts.panics == 0; ++i) {
    nanosleep(&kMoment, NULL);
    bridge_http_counters(server, &counts);
  }
  CHECK(counts.panics == 1);
  CHECK(bridge_http_stop(server) == 0);
}

static void the_servers_thread_takes_no_signals(void) {
  bridge_http* server = start((bridge_http_options){.nice = 5});
  CHECK_STATUS(ask(server, "/healthz", ""), 200);
  int found = 0;
  char path[64], line[256];
  for (int id = getpid(); id < getpid() + 200 && !found; ++id) { /* Threads are numbered near their process. */
    snprintf(path, sizeof path, "/proc/self/task/%d/status", id);
    FILE* file = fopen(path, "r");
    if (file == NULL) continue;
    int ours = 0;
    while (fgets(line, sizeof line, file) != NULL) {
      if (strcmp(line, "Name:\thttp\n") == 0) ours = 1;
      if (ours && strncmp(line, "SigBlk:", 7) == 0) {
        const unsigned long long blocked = strtoull(line + 7, NULL, 16);
        CHECK((blocked & (1ULL << (SIGTERM - 1))) != 0 && (blocked & (1ULL << (SIGINT - 1))) != 0);
        CHECK(getpriority(PRIO_PROCESS, (id_t)id) == getpriority(PRIO_PROCESS, 0) + 5 || getpriority(PRIO_PROCESS, (id_t)id) == 19);
        found = 1;
      }
    }
    fclose(file);
  }
  CHECK(found);
  CHECK(bridge_http_stop(server) == 0);
}

int main(void) {
  wrong_options_are_refused();
  what_cannot_be_published_is_refused();
  a_page_is_what_was_published_last();
  the_client_chooses_among_the_bodies();
  readiness_and_health_are_what_was_set();
  a_program_that_says_nothing_is_not_healthy();
  strangers_are_refused();
  a_token_is_asked_for();
  live_clients_get_the_latest_event();
  slow_clients_make_room_and_health_is_told_all_the_same();
  slow_and_large_headers_are_ended();
  a_panic_ends_one_connection_only();
  the_servers_thread_takes_no_signals();
  puts("the contract of the HTTP server holds");
  return 0;
}
