/*
 * bridge.h: Cassandra for a C++ program, by way of the scylla driver.
 *
 * Conventions
 *
 *  1. Handles are opaque pointers. A handle, and everything that was got from it, is used by one thread at a time.
 *     Different handles are independent of each other.
 *  2. Nothing calls back. The library has threads of its own; they never run the caller's code, and they block all
 *     signals. Outcomes wait in a queue until bridge_poll() fetches them.
 *  3. Text is UTF-8, given as pointer and length, without a terminating NUL. {NULL, 0} is the empty text, and an empty
 *     option is an option that was not given. Text that comes back belongs to the handle that gave it.
 *  4. What is passed in is copied before the call returns.
 *  5. A call that fails returns NULL or -1 and fills *error, where `error` is not NULL. A call that succeeds sets
 *     error->code to BRIDGE_OK. A message is one sentence without a full stop, for an operator to read.
 *  6. A NULL handle, a NULL pointer to something needed, or text that is not UTF-8 is refused with BRIDGE_ARGUMENT.
 *     Closing NULL does nothing.
 *  7. Rows are cells, one after another: a big-endian int32 length and that many bytes, in the encodings of the CQL
 *     binary protocol v4, section 6. A length of -1 is NULL and has no bytes; -2 leaves the column as it is.
 *  8. A call that waits says so, and names the option that bounds the wait.
 *  9. The first bridge_connect() makes the process ignore SIGPIPE, unless the process has set a handler for it.
 * 10. A fault of the library itself (a panic) aborts the process; it does not unwind into the caller. Once
 *     bridge_connect() has been called, the message on stderr is that of the program's own faults (src/base/check.h).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum bridge_code {
  BRIDGE_OK = 0,
  BRIDGE_TRANSIENT = 1, /* A node is away, slow or overloaded, or a name has no address yet: the same call may succeed later. */
  BRIDGE_AUTH = 2,      /* Credentials, permissions or certificates were refused. */
  BRIDGE_SCHEMA = 3,    /* The statement does not fit the schema: no such table or column, or a fault in the CQL. */
  BRIDGE_ROW = 4,       /* A value of the rows cannot be taken. Other rows are not concerned. */
  BRIDGE_ARGUMENT = 5,  /* An argument breaks the conventions above or an option has no meaning. */
  BRIDGE_OTHER = 6,     /* Anything else; it will happen again. */
  BRIDGE_OVERLOADED = 7 /* As BRIDGE_TRANSIENT: no answer in time, or the nodes say that it is too much; less at once may help. */
};

enum { BRIDGE_MESSAGE_CAPACITY = 512 };

typedef struct bridge_session bridge_session; /* Connections to one cluster, and the threads that serve them. */
typedef struct bridge_query bridge_query;     /* The result of a SELECT, read page by page. */

typedef struct bridge_text {
  const char* data;
  size_t length;
} bridge_text;

typedef struct bridge_error {
  int32_t code;    /* enum bridge_code */
  uint32_t length; /* Of the message, without the NUL that ends it. */
  char message[BRIDGE_MESSAGE_CAPACITY];
} bridge_error;

/* Zero and the empty text stand for the defaults. */
typedef struct bridge_options {
  bridge_text contact_points;  /* "host:port,host:port"; the port may be left out where it is 9042. Required. */
  bridge_text username;        /* With `password`; without them, no authentication is tried. */
  bridge_text password;
  bridge_text ca_file;         /* PEM file of trusted certificates. Turns TLS on. A node's certificate must name its IP address or
                                  the host name of a contact point. */
  bridge_text certificate_file; /* PEM file of the client's certificate, for nodes that ask for one; with `key_file`. */
  bridge_text key_file;         /* PEM file of its private key, not encrypted. */
  bridge_text consistency;     /* "LOCAL_QUORUM" (the default), "ONE", "QUORUM", … */
  bridge_text local_dc;        /* Requests stay in this data centre. */
  uint32_t io_threads;         /* Threads that serve the connections. Default 1. */
  uint32_t request_timeout_ms; /* For one request, with what the driver retries by itself. Default 12000. */
  uint32_t connect_timeout_ms; /* For one connection. Default 5000. */
  bridge_text version;         /* The program's own, for the message of convention 10. The first session's counts. */
} bridge_options;

/* The library's version, "1.2.3". Never freed. */
bridge_text bridge_version(void);

/* Panics, as a fault of the library would: for tests of what is said then. */
void bridge_panic(void);

/*
 * Whether a session could be made with these options, as far as that can be known without connecting: the form of the
 * contact points, the consistency level, and the files, which are read. Returns 0, or -1 and the first fault.
 */
int32_t bridge_check_options(const bridge_options* options, bridge_error* error);

/*
 * Connects to the cluster. Waits up to connect_timeout_ms for each contact point and request_timeout_ms for the rest.
 * Returns NULL where no contact point answers, the credentials are refused or the options are wrong.
 */
bridge_session* bridge_connect(const bridge_options* options, bridge_error* error);

/*
 * Gives the session up. Requests in flight are abandoned: each of them may or may not take effect. Queries must be
 * closed before. Waits up to 2 s for the library's threads.
 */
void bridge_close(bridge_session* session);

/*
 * Runs a statement that returns nothing, DDL for example, and for DDL waits until all nodes agree on the schema.
 * Waits up to request_timeout_ms (DDL: at least 30 s), and as long again for the agreement. Returns 0 or -1.
 */
int32_t bridge_execute(bridge_session* session, bridge_text cql, bridge_error* error);

typedef struct bridge_column {
  bridge_text name;
  bridge_text type; /* As CQL writes it: "float", "list<int>". */
} bridge_column;

/*
 * Prepares a statement and returns its number, which is good for the life of the session, or -1. The statement must be
 * idempotent: the driver may send it twice. Waits up to request_timeout_ms.
 */
int64_t bridge_prepare(bridge_session* session, bridge_text cql, bridge_error* error);

/* How many values a row of the statement has. 0 for a number that bridge_prepare() did not return. */
uint32_t bridge_statement_width(const bridge_session* session, int64_t statement);

/* The column that value `index` of a row is bound to. Empty texts where there is none. The session owns the texts. */
bridge_column bridge_statement_column(const bridge_session* session, int64_t statement, uint32_t index);

typedef struct bridge_rows {
  const uint8_t* cells; /* count × width cells, see convention 7. */
  size_t length;        /* Of the cells, in bytes. */
  uint32_t count;       /* 1 to 65535. */
} bridge_rows;

/*
 * Sends rows: one by itself, several as one UNLOGGED batch, which ought to lie in one partition. Does not wait. There
 * is no limit on what is in flight; the caller keeps one. Returns 0, and the outcome comes as a completion with
 * `token`; or -1, and no completion comes.
 */
int32_t bridge_submit(bridge_session* session, int64_t statement, const bridge_rows* rows, uint64_t token, bridge_error* error);

typedef struct bridge_page {
  const uint8_t* cells; /* See convention 7. Valid until the next call on what gave it: a query, or bridge_poll(). */
  size_t length;
  uint32_t count; /* Of rows, count × width cells; may be 0 although pages follow. Of bridge_ask(): of answers. */
} bridge_page;

/*
 * Runs SELECTs, of few rows each, on every node that has answered for rows since the last question that was answered;
 * on any one where there is none. Does not wait. Returns 0, and a completion with `token` comes within
 * request_timeout_ms: its answer has the answers that differ from each other, one after another; for each statement a
 * cell with the number of its rows as an int32, then the rows. One that has gone is answered for by any other.
 */
int32_t bridge_ask(bridge_session* session, const bridge_text* statements, uint32_t count, uint64_t token, bridge_error* error);

typedef struct bridge_completion {
  uint64_t token;
  bridge_error error; /* code is BRIDGE_OK where the rows are written. Else the outcome is unknown or they are not. */
  bridge_page answer; /* Of bridge_ask(); else empty. */
} bridge_completion;

/*
 * Fetches up to `capacity` outcomes into `completions`, waiting up to `timeout_ms` for the first (0: not at all; -1:
 * without limit). Returns how many; 0 also where a signal ended the wait. -1 where an argument is wrong.
 */
int32_t bridge_poll(bridge_session* session, bridge_completion* completions, uint32_t capacity, int32_t timeout_ms);

/*
 * A descriptor to wait on with poll() or epoll: readable exactly while completions wait. It belongs to the session and
 * must not be read, written or closed. -1 for NULL.
 */
int32_t bridge_wait_fd(const bridge_session* session);

/*
 * Runs a statement and fetches the first page of its rows. Waits up to request_timeout_ms. A statement that returns no
 * rows gives a query without columns and pages. The query is usable until bridge_close() of its session.
 */
bridge_query* bridge_query_open(bridge_session* session, bridge_text cql, uint32_t page_size, bridge_error* error);
void bridge_query_close(bridge_query* query);

uint32_t bridge_query_width(const bridge_query* query);
/* The query owns the texts. Empty texts where there is no such column. */
bridge_column bridge_query_column(const bridge_query* query, uint32_t index);

/*
 * Fetches the next page into *page. Waits up to request_timeout_ms. Returns 1; 0 where all pages have been read; or -1,
 * after which the same page may be asked for again.
 */
int32_t bridge_query_next(bridge_query* query, bridge_page* page, bridge_error* error);

/*
 * What the server has had to say about the statement so far, with the pages that were fetched: each sentence once, in
 * order, up to 100 of them.
 */
uint32_t bridge_query_warnings(const bridge_query* query);
/* Valid until the next page is fetched. The empty text where there is no such warning. */
bridge_text bridge_query_warning(const bridge_query* query, uint32_t index);

#ifdef __cplusplus
}
#endif
