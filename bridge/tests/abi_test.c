/*
 * The contract of bridge.h where no server is needed: refused arguments, nodes that are not there, nodes that do not
 * answer, and a server played by this test that refuses the login.
 */
#include <arpa/inet.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/* System headers of an older librdkafka must not win silently. */
_Static_assert(RD_KAFKA_VERSION >= 0x020c0000, "the headers are not those of the librdkafka that is linked");

static double now_seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A socket that listens on a free port of the loopback address. */
static int listen_somewhere(char* address, size_t capacity) {
  struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof where;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(fd >= 0 && bind(fd, (struct sockaddr*)&where, length) == 0 && listen(fd, 8) == 0);
  CHECK(getsockname(fd, (struct sockaddr*)&where, &length) == 0);
  snprintf(address, capacity, "127.0.0.1:%d", ntohs(where.sin_port));
  return fd;
}

static bridge_error connect_error(const bridge_options* options) {
  bridge_error error = {.code = -1};
  CHECK(bridge_connect(options, &error) == NULL);
  return error;
}

static void versions_are_known(void) {
  const bridge_text version = bridge_version();
  CHECK(version.length >= 5 && memchr(version.data, '.', version.length) != NULL);
  CHECK(rd_kafka_version() == RD_KAFKA_VERSION);
}

/* librdkafka's build leaves a codec out, without a word, where its header is missing. */
static void librdkafka_has_all_codecs(void) {
  static const char* const features[] = {"gzip", "snappy", "ssl", "sasl_plain", "sasl_scram", "lz4", "zstd"};
  char value[512] = ",";
  size_t size = sizeof value - 2;
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  CHECK(rd_kafka_conf_get(conf, "builtin.features", value + 1, &size) == RD_KAFKA_CONF_OK);
  strcat(value, ",");
  for (size_t i = 0; i < sizeof features / sizeof *features; ++i) {
    char wanted[32];
    snprintf(wanted, sizeof wanted, ",%s,", features[i]);
    CHECK_SAYING(strstr(value, wanted) != NULL, features[i]);
  }
  rd_kafka_conf_destroy(conf);
}

static void the_mock_cluster_is_in_the_archive(void) {
  char errstr[256];
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), errstr, sizeof errstr);
  CHECK_SAYING(client != NULL, errstr);
  rd_kafka_mock_cluster_t* cluster = rd_kafka_mock_cluster_new(client, 1);
  CHECK(cluster != NULL && strchr(rd_kafka_mock_cluster_bootstraps(cluster), ':') != NULL);
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(client);
}

static void null_is_refused(void) {
  bridge_error error = {.code = -1};
  bridge_completion completion;
  bridge_page page;
  bridge_rows rows = {.cells = NULL};
  CHECK(bridge_connect(NULL, &error) == NULL);
  CHECK_ERROR(error, BRIDGE_ARGUMENT, "options");
  CHECK(bridge_connect(NULL, NULL) == NULL);
  CHECK(bridge_execute(NULL, text("SELECT"), &error) == -1 && error.code == BRIDGE_ARGUMENT);
  CHECK(bridge_prepare(NULL, text("SELECT"), &error) == -1 && error.code == BRIDGE_ARGUMENT);
  CHECK(bridge_submit(NULL, 0, &rows, 0, &error) == -1 && error.code == BRIDGE_ARGUMENT);
  CHECK(bridge_query_open(NULL, text("SELECT"), 10, &error) == NULL && error.code == BRIDGE_ARGUMENT);
  CHECK(bridge_query_next(NULL, &page, &error) == -1 && error.code == BRIDGE_ARGUMENT);
  CHECK(bridge_poll(NULL, &completion, 1, 0) == -1);
  CHECK(bridge_wait_fd(NULL) == -1);
  CHECK(bridge_statement_width(NULL, 0) == 0 && bridge_query_width(NULL) == 0);
  CHECK(bridge_statement_column(NULL, 0, 0).name.data == NULL && bridge_query_column(NULL, 0).type.length == 0);
  CHECK(bridge_query_warnings(NULL) == 0 && bridge_query_warning(NULL, 0).data == NULL);
  CHECK(bridge_check_options(NULL, &error) == -1 && error.code == BRIDGE_ARGUMENT);
  bridge_close(NULL);
  bridge_query_close(NULL);
}

static void options_without_meaning_are_refused(void) {
  bridge_options options = {.contact_points = {NULL, 0}};
  CHECK_ERROR(connect_error(&options), BRIDGE_ARGUMENT, "no contact point");
  options.contact_points = text(" , ");
  CHECK_ERROR(connect_error(&options), BRIDGE_ARGUMENT, "no contact point");
  options.contact_points = text("localhost:port");
  CHECK_ERROR(connect_error(&options), BRIDGE_ARGUMENT, "'localhost:port'");
  bridge_error error;
  CHECK(bridge_check_options(&options, &error) == -1);
  CHECK_ERROR(error, BRIDGE_ARGUMENT, "'localhost:port'");
  options.contact_points = text("localhost:99999");
  CHECK_ERROR(connect_error(&options), BRIDGE_ARGUMENT, "host:port");
  options.contact_points = (bridge_text){NULL, 3};
  CHECK_ERROR(connect_error(&options), BRIDGE_ARGUMENT, "NULL");
  options.contact_points = text("\xff\xfe:9042");
  CHECK_ERROR(connect_error(&options), BRIDGE_ARGUMENT, "UTF-8");
  options.contact_points = text("localhost:9042");
  options.consistency = text("MOST");
  CHECK_ERROR(connect_error(&options), BRIDGE_ARGUMENT, "'MOST'");
  options.consistency = text("quorum");
  options.key_file = text("/nowhere/client.key");
  CHECK_ERROR(connect_error(&options), BRIDGE_ARGUMENT, "without certificate_file");
  options.certificate_file = text("/nowhere/client.pem");
  CHECK_ERROR(connect_error(&options), BRIDGE_ARGUMENT, "needs ca_file");
  options.ca_file = text("/nowhere/ca.pem");
  CHECK_ERROR(connect_error(&options), BRIDGE_ARGUMENT, "'/nowhere/ca.pem'");
  options.key_file = text("");
  CHECK_ERROR(connect_error(&options), BRIDGE_ARGUMENT, "without key_file");
}

static void a_refused_connection_names_node_and_cause(void) {
  char address[64];
  const int fd = listen_somewhere(address, sizeof address);
  close(fd); /* The port is free again, and nobody listens. */
  bridge_options options = {.contact_points = text(address)};
  const bridge_error error = connect_error(&options);
  CHECK_ERROR(error, BRIDGE_TRANSIENT, address);
  CHECK_ERROR(error, BRIDGE_TRANSIENT, "Connection refused");
  CHECK_SAYING(strpbrk(error.message, "{}\n") == NULL && strstr(error.message, "os error") == NULL, error.message);
  printf("  %s\n", error.message);
}

static void a_name_without_an_address_is_transient(void) {
  bridge_options options = {.contact_points = text("cassandra.invalid:9042")};
  CHECK_ERROR(connect_error(&options), BRIDGE_TRANSIENT, "cassandra.invalid:9042");
}

static void a_silent_server_is_given_up_in_time(void) {
  char address[64];
  const int fd = listen_somewhere(address, sizeof address);
  bridge_options options = {.contact_points = text(address), .request_timeout_ms = 400, .connect_timeout_ms = 200};
  const double start = now_seconds();
  CHECK_ERROR(connect_error(&options), BRIDGE_TRANSIENT, "did not answer within");
  CHECK(now_seconds() - start < 3);
  close(fd);
}

/* ---- A server that gets as far as the login. Frames are those of the CQL binary protocol v4. ---- */

enum { kHeader = 9, kError = 0x00, kStartup = 0x01, kAuthenticate = 0x03, kOptions = 0x05, kSupported = 0x06, kAuthResponse = 0x0f };

static int read_all(int fd, uint8_t* to, size_t size) {
  while (size > 0) {
    const ssize_t got = read(fd, to, size);
    if (got <= 0) return 0;
    to += got;
    size -= (size_t)got;
  }
  return 1;
}

static void answer(int fd, const uint8_t* request, uint8_t opcode, const void* body, uint32_t size) {
  uint8_t frame[256] = {0x84, 0, request[2], request[3], opcode};
  const uint32_t length = htonl(size);
  CHECK(kHeader + size <= sizeof frame);
  memcpy(frame + 5, &length, 4);
  memcpy(frame + kHeader, body, size);
  CHECK(write(fd, frame, kHeader + size) == (ssize_t)(kHeader + size));
}

static void* refuse_logins(void* listener) {
  static const char authenticator[] = "\0\x2forg.apache.cassandra.auth.PasswordAuthenticator";
  static const char refusal[] = "\0\0\x01\0\0\x1eProvided password is incorrect";
  for (;;) {
    const int fd = accept(*(int*)listener, NULL, NULL);
    if (fd < 0) return NULL;
    uint8_t header[kHeader], body[4096];
    while (read_all(fd, header, kHeader)) {
      uint32_t size;
      memcpy(&size, header + 5, 4);
      size = ntohl(size);
      if (size > sizeof body || !read_all(fd, body, size)) break;
      if (header[4] == kOptions) answer(fd, header, kSupported, "\0\0", 2);
      if (header[4] == kStartup) answer(fd, header, kAuthenticate, authenticator, 2 + 0x2f);
      if (header[4] == kAuthResponse) answer(fd, header, kError, refusal, 6 + 0x1e);
    }
    close(fd);
  }
}

static void a_refused_login_is_no_transient_error(void) {
  char address[64];
  int listener = listen_somewhere(address, sizeof address);
  pthread_t server;
  CHECK(pthread_create(&server, NULL, refuse_logins, &listener) == 0);
  bridge_options options = {.contact_points = text(address)};
  CHECK_ERROR(connect_error(&options), BRIDGE_AUTH, "none are given");
  options.username = text("someone");
  options.password = text("wrong");
  const bridge_error error = connect_error(&options);
  CHECK_ERROR(error, BRIDGE_AUTH, "Provided password is incorrect");
  CHECK_ERROR(error, BRIDGE_AUTH, address);
  printf("  %s\n", error.message);
  shutdown(listener, SHUT_RDWR);
  pthread_join(server, NULL);
  close(listener);
}

static void sigpipe_is_ignored(void) {
  struct sigaction action;
  CHECK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
}

int main(void) {
  versions_are_known();
  librdkafka_has_all_codecs();
  the_mock_cluster_is_in_the_archive();
  null_is_refused();
  options_without_meaning_are_refused();
  a_refused_connection_names_node_and_cause();
  a_name_without_an_address_is_transient();
  a_silent_server_is_given_up_in_time();
  a_refused_login_is_no_transient_error();
  sigpipe_is_ignored();
  puts("the contract holds without a server");
  return 0;
}
