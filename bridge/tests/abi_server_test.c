/*
 * The contract of bridge.h against a real Cassandra, which TURNTABLE_CASSANDRA names as host:port. Without it the test
 * is skipped (exit code 77). It makes and drops a keyspace of its own.
 */
#include <arpa/inet.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>

#include "check.h"

enum { kSkipped = 77, kLong = 60000 };

static const char* contact_points;

static bridge_session* connect_with(bridge_options options) {
  bridge_error error;
  options.contact_points = text(contact_points);
  bridge_session* session = bridge_connect(&options, &error);
  CHECK_SAYING(session != NULL, error.message);
  CHECK(error.code == BRIDGE_OK && error.length == 0);
  return session;
}

static void execute(bridge_session* session, const char* cql) {
  bridge_error error;
  CHECK_SAYING(bridge_execute(session, text(cql), &error) == 0, error.message);
}

static int64_t prepare(bridge_session* session, const char* cql) {
  bridge_error error;
  const int64_t statement = bridge_prepare(session, text(cql), &error);
  CHECK_SAYING(statement >= 0, error.message);
  return statement;
}

static int readable(const bridge_session* session) {
  struct pollfd interest = {.fd = bridge_wait_fd(session), .events = POLLIN};
  return poll(&interest, 1, 0) == 1;
}

/* ---- Rows ---- */

typedef struct buffer {
  uint8_t* bytes;
  size_t length, capacity;
} buffer;

static void append(buffer* to, const void* bytes, size_t length) {
  if (to->length + length > to->capacity) {
    to->capacity = 2 * (to->length + length);
    to->bytes = realloc(to->bytes, to->capacity);
    CHECK(to->bytes != NULL);
  }
  memcpy(to->bytes + to->length, bytes, length);
  to->length += length;
}

static void append_int(buffer* to, int32_t value) {
  const uint32_t wire = htonl((uint32_t)value);
  append(to, &wire, 4);
}

static void append_text_cell(buffer* to, const char* value) {
  append_int(to, (int32_t)strlen(value));
  append(to, value, strlen(value));
}

static void append_int_cell(buffer* to, int32_t value) {
  append_int(to, 4);
  append_int(to, value);
}

static bridge_rows rows_of(const buffer* cells, uint32_t count) {
  bridge_rows rows = {.cells = cells->bytes, .length = cells->length, .count = count};
  return rows;
}

static bridge_completion submit_and_wait(bridge_session* session, int64_t statement, bridge_rows rows) {
  static uint64_t token = 1000;
  bridge_error error;
  bridge_completion completion;
  CHECK_SAYING(bridge_submit(session, statement, &rows, ++token, &error) == 0, error.message);
  CHECK(bridge_poll(session, &completion, 1, kLong) == 1);
  CHECK(completion.token == token);
  return completion;
}

/* ---- The tests. All use table abi_test.t (name text, at int, note text, PRIMARY KEY (name, at)). ---- */

static const char* const kInsert = "INSERT INTO abi_test.t (name, at, note) VALUES (?, ?, ?)";

static void statements_are_described(bridge_session* session) {
  const int64_t statement = prepare(session, kInsert);
  CHECK(bridge_statement_width(session, statement) == 3 && bridge_statement_width(session, statement + 1) == 0);
  CHECK(same(bridge_statement_column(session, statement, 1).name, "at"));
  CHECK(same(bridge_statement_column(session, statement, 1).type, "int"));
  CHECK(bridge_statement_column(session, statement, 3).name.length == 0);
}

static void rows_go_out_and_come_back_page_by_page(bridge_session* session) {
  const int64_t statement = prepare(session, kInsert);
  bridge_error error;
  bridge_completion completions[4];
  buffer cells = {0};
  CHECK(!readable(session) && bridge_poll(session, completions, 4, 0) == 0);

  /* Three rows as one batch: a note, an empty one, NULL. Then one row alone, its note left unset. */
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 1), append_text_cell(&cells, "caf\xc3\xa9");
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 2), append_text_cell(&cells, "");
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 3), append_int(&cells, -1);
  bridge_rows rows = rows_of(&cells, 3);
  CHECK_SAYING(bridge_submit(session, statement, &rows, 7, &error) == 0, error.message);
  cells.length = 0; /* The rows were copied. */
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 4), append_int(&cells, -2);
  rows = rows_of(&cells, 1);
  CHECK_SAYING(bridge_submit(session, statement, &rows, UINT64_MAX, &error) == 0, error.message);

  /* One completion at a time: the descriptor stays readable until the last one is fetched. */
  uint64_t seen = 0;
  for (int i = 0; i < 2; ++i) {
    struct pollfd interest = {.fd = bridge_wait_fd(session), .events = POLLIN};
    CHECK(poll(&interest, 1, kLong) == 1);
    CHECK(bridge_poll(session, completions, 1, 0) == 1);
    CHECK_SAYING(completions[0].error.code == BRIDGE_OK, completions[0].error.message);
    seen += completions[0].token;
  }
  CHECK(seen == 7 + UINT64_MAX);
  CHECK(!readable(session) && bridge_poll(session, completions, 4, 0) == 0);

  bridge_query* query = bridge_query_open(session, text("SELECT name, at, note FROM abi_test.t WHERE name = 'ann'"), 3, &error);
  CHECK_SAYING(query != NULL, error.message);
  CHECK(bridge_query_width(query) == 3 && same(bridge_query_column(query, 2).name, "note"));
  CHECK(same(bridge_query_column(query, 2).type, "text") && bridge_query_column(query, 3).name.length == 0);
  bridge_page page;
  CHECK(bridge_query_next(query, &page, &error) == 1 && page.count == 3);
  cells.length = 0;
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 1), append_text_cell(&cells, "caf\xc3\xa9");
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 2), append_text_cell(&cells, "");
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 3), append_int(&cells, -1);
  CHECK(page.length == cells.length && memcmp(page.cells, cells.bytes, cells.length) == 0);
  CHECK(bridge_query_next(query, &page, &error) == 1 && page.count == 1);
  CHECK(bridge_query_next(query, &page, &error) == 0 && error.code == BRIDGE_OK);
  CHECK(bridge_query_next(query, &page, &error) == 0);
  bridge_query_close(query);
  free(cells.bytes);
}

static void types_are_named_as_cql_names_them(bridge_session* session) {
  static const char* const types[] = {"text",     "ascii",     "bigint",        "blob",   "boolean",        "date",
                                      "decimal",  "double",    "duration",      "float",  "inet",           "int",
                                      "smallint", "timestamp", "timeuuid",      "time",   "tinyint",        "uuid",
                                      "varint",   "list<int>", "map<int, text>", "set<text>", "tuple<int, text>", "vector<float, 3>"};
  enum { kTypes = sizeof types / sizeof *types };
  char create[2048] = "CREATE TABLE abi_test.types (k int PRIMARY KEY";
  char select[1024] = "SELECT k";
  for (int i = 0; i < kTypes; ++i) {
    snprintf(create + strlen(create), sizeof create - strlen(create), ", c%d %s", i, types[i]);
    snprintf(select + strlen(select), sizeof select - strlen(select), ", c%d", i);
  }
  strcat(create, ")");
  strcat(select, " FROM abi_test.types");
  execute(session, create);
  bridge_error error;
  bridge_page page;
  bridge_query* query = bridge_query_open(session, text(select), 10, &error);
  CHECK_SAYING(query != NULL, error.message);
  for (int i = 0; i < kTypes; ++i) CHECK_SAYING(same(bridge_query_column(query, (uint32_t)i + 1).type, types[i]), types[i]);
  CHECK(bridge_query_next(query, &page, &error) == 1 && page.count == 0);
  CHECK(bridge_query_next(query, &page, &error) == 0);
  bridge_query_close(query);
}

static void a_statement_without_rows_is_an_empty_query(bridge_session* session) {
  bridge_error error;
  bridge_page page;
  bridge_query* query = bridge_query_open(session, text("DELETE FROM abi_test.t WHERE name = 'nobody'"), 10, &error);
  CHECK_SAYING(query != NULL, error.message);
  CHECK(bridge_query_width(query) == 0 && bridge_query_next(query, &page, &error) == 0);
  CHECK(bridge_query_warnings(query) == 0 && bridge_query_warning(query, 0).length == 0);
  bridge_query_close(query);
}

static void what_the_server_warns_of_is_kept_once(bridge_session* session) {
  bridge_error error;
  bridge_page page;
  bridge_query* query = bridge_query_open(session, text("SELECT count(*) FROM abi_test.t"), 1, &error);
  CHECK_SAYING(query != NULL, error.message);
  while (bridge_query_next(query, &page, &error) == 1) continue;
  CHECK(bridge_query_warnings(query) == 1 && bridge_query_warning(query, 1).data == NULL);
  const bridge_text warning = bridge_query_warning(query, 0);
  CHECK(same(warning, "Aggregation query used without partition key"));
  bridge_query_close(query);
}

static void faults_of_the_schema_are_told_apart(bridge_session* session) {
  bridge_error error;
  CHECK(bridge_execute(session, text("CREATE TABEL x"), &error) == -1);
  CHECK_ERROR(error, BRIDGE_SCHEMA, "TABEL");
  CHECK(bridge_prepare(session, text("INSERT INTO abi_test.nothing (a) VALUES (?)"), &error) == -1);
  CHECK_ERROR(error, BRIDGE_SCHEMA, "nothing");
  CHECK(bridge_prepare(session, text("INSERT INTO abi_test.t (name, at, colour) VALUES (?, ?, ?)"), &error) == -1);
  CHECK_ERROR(error, BRIDGE_SCHEMA, "colour");
  CHECK(bridge_query_open(session, text("SELECT * FROM nowhere.t"), 10, &error) == NULL);
  CHECK_ERROR(error, BRIDGE_SCHEMA, "nowhere");
  CHECK(bridge_query_open(session, text("SELECT * FROM abi_test.t"), 0, &error) == NULL);
  CHECK_ERROR(error, BRIDGE_ARGUMENT, "page size");
}

static void malformed_cells_are_refused_before_they_are_sent(bridge_session* session) {
  const int64_t statement = prepare(session, kInsert);
  bridge_error error;
  bridge_completion completion;
  buffer cells = {0};
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 1), append_text_cell(&cells, "x");
  bridge_rows rows = rows_of(&cells, 1);
  CHECK(bridge_submit(session, 99, &rows, 0, &error) == -1 && error.code == BRIDGE_ARGUMENT);
  CHECK(bridge_submit(session, -1, &rows, 0, &error) == -1 && error.code == BRIDGE_ARGUMENT);
  CHECK(bridge_submit(session, statement, NULL, 0, &error) == -1 && error.code == BRIDGE_ARGUMENT);
  rows.count = 0;
  CHECK(bridge_submit(session, statement, &rows, 0, &error) == -1 && error.code == BRIDGE_ARGUMENT);
  rows.count = 2;
  CHECK(bridge_submit(session, statement, &rows, 0, &error) == -1);
  CHECK_ERROR(error, BRIDGE_ARGUMENT, "cell 0 of row 1");
  for (rows.count = 1, rows.length = 0; rows.length < cells.length; ++rows.length) {
    CHECK(bridge_submit(session, statement, &rows, 0, &error) == -1 && error.code == BRIDGE_ARGUMENT);
  }
  append_int(&cells, -3);
  rows = rows_of(&cells, 1);
  CHECK(bridge_submit(session, statement, &rows, 0, &error) == -1);
  CHECK_ERROR(error, BRIDGE_ARGUMENT, "left over");
  cells.length = 0;
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 1), append_int(&cells, -3);
  rows = rows_of(&cells, 1);
  CHECK(bridge_submit(session, statement, &rows, 0, &error) == -1 && error.code == BRIDGE_ARGUMENT);
  cells.length = 0;
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 1), append_int(&cells, INT32_MAX);
  rows = rows_of(&cells, 1);
  CHECK(bridge_submit(session, statement, &rows, 0, &error) == -1 && error.code == BRIDGE_ARGUMENT);
  CHECK(bridge_poll(session, &completion, 1, 100) == 0);
  free(cells.bytes);
}

static void a_row_that_cannot_be_taken_is_its_own_fault(bridge_session* session) {
  const int64_t statement = prepare(session, kInsert);
  buffer cells = {0};
  append_text_cell(&cells, "ann"), append_int(&cells, 3), append(&cells, "abc", 3), append_text_cell(&cells, "x");
  bridge_completion completion = submit_and_wait(session, statement, rows_of(&cells, 1));
  CHECK_ERROR(completion.error, BRIDGE_ROW, "");
  printf("  %s\n", completion.error.message);

  cells.length = 0;
  append_text_cell(&cells, "ann"), append_int(&cells, -1), append_text_cell(&cells, "x");
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 5), append_text_cell(&cells, "x");
  completion = submit_and_wait(session, statement, rows_of(&cells, 2));
  CHECK_ERROR(completion.error, BRIDGE_ROW, "at");
  printf("  %s\n", completion.error.message);

  /* A partition key may have 65,535 bytes. */
  cells.length = 0;
  static char key[70000];
  memset(key, 'k', sizeof key - 1);
  append_text_cell(&cells, key), append_int_cell(&cells, 5), append_text_cell(&cells, "x");
  completion = submit_and_wait(session, statement, rows_of(&cells, 1));
  CHECK_ERROR(completion.error, BRIDGE_ROW, "");
  printf("  %s\n", completion.error.message);
  free(cells.bytes);
}

/* Cassandra refuses requests above 16 MiB; the connection and other rows are not concerned. */
static void an_oversized_row_is_its_own_fault(bridge_session* session) {
  const int64_t statement = prepare(session, kInsert);
  const size_t size = 17 << 20;
  buffer cells = {0};
  char* note = calloc(1, size + 1);
  CHECK(note != NULL);
  memset(note, 'n', size);
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 6), append_text_cell(&cells, note);
  bridge_completion completion = submit_and_wait(session, statement, rows_of(&cells, 1));
  CHECK_ERROR(completion.error, BRIDGE_ROW, "too big");
  cells.length = 0;
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 6), append_text_cell(&cells, "small");
  completion = submit_and_wait(session, statement, rows_of(&cells, 1));
  CHECK_SAYING(completion.error.code == BRIDGE_OK, completion.error.message);
  free(note);
  free(cells.bytes);
}

static void too_few_replicas_are_transient(void) {
  bridge_session* session = connect_with((bridge_options){.consistency = text("two")});
  const int64_t statement = prepare(session, kInsert);
  buffer cells = {0};
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 1), append_text_cell(&cells, "x");
  const bridge_completion completion = submit_and_wait(session, statement, rows_of(&cells, 1));
  CHECK_ERROR(completion.error, BRIDGE_TRANSIENT, "Not enough nodes");
  printf("  %s\n", completion.error.message);
  free(cells.bytes);
  bridge_close(session);
}

static void a_data_centre_without_nodes_is_refused(void) {
  bridge_error error;
  const bridge_options options = {.contact_points = text(contact_points), .local_dc = text("atlantis")};
  CHECK(bridge_connect(&options, &error) == NULL);
  CHECK_ERROR(error, BRIDGE_ARGUMENT, "'atlantis'");
  printf("  %s\n", error.message);
}

static void a_table_that_goes_away_is_a_fault_of_the_schema(bridge_session* session) {
  const int64_t statement = prepare(session, kInsert);
  execute(session, "DROP TABLE abi_test.t");
  buffer cells = {0};
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 1), append_text_cell(&cells, "x");
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 2), append_text_cell(&cells, "x");
  const bridge_completion completion = submit_and_wait(session, statement, rows_of(&cells, 2));
  CHECK_ERROR(completion.error, BRIDGE_SCHEMA, "t");
  printf("  %s\n", completion.error.message);
  free(cells.bytes);
}

static void closing_abandons_what_is_in_flight(void) {
  bridge_session* session = connect_with((bridge_options){.io_threads = 2});
  const int64_t statement = prepare(session, kInsert);
  bridge_error error;
  buffer cells = {0};
  append_text_cell(&cells, "ann"), append_int_cell(&cells, 1), append_text_cell(&cells, "x");
  for (uint64_t token = 0; token < 500; ++token) {
    const bridge_rows rows = rows_of(&cells, 1);
    CHECK(bridge_submit(session, statement, &rows, token, &error) == 0);
  }
  bridge_close(session);
  free(cells.bytes);
}

int main(void) {
  contact_points = getenv("TURNTABLE_CASSANDRA");
  if (contact_points == NULL || *contact_points == '\0') {
    puts("SKIPPED: TURNTABLE_CASSANDRA names no server");
    return kSkipped;
  }
  bridge_session* session = connect_with((bridge_options){0});
  execute(session, "DROP KEYSPACE IF EXISTS abi_test");
  execute(session, "CREATE KEYSPACE abi_test WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  execute(session, "CREATE TABLE abi_test.t (name text, at int, note text, PRIMARY KEY (name, at))");
  statements_are_described(session);
  rows_go_out_and_come_back_page_by_page(session);
  types_are_named_as_cql_names_them(session);
  a_statement_without_rows_is_an_empty_query(session);
  what_the_server_warns_of_is_kept_once(session);
  faults_of_the_schema_are_told_apart(session);
  malformed_cells_are_refused_before_they_are_sent(session);
  a_row_that_cannot_be_taken_is_its_own_fault(session);
  an_oversized_row_is_its_own_fault(session);
  too_few_replicas_are_transient();
  a_data_centre_without_nodes_is_refused();
  closing_abandons_what_is_in_flight();
  a_table_that_goes_away_is_a_fault_of_the_schema(session);
  execute(session, "DROP KEYSPACE abi_test");
  bridge_close(session);
  puts("the contract holds against a server");
  return 0;
}
