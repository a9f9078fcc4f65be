/*
 * bridge_http.h: an HTTP/1.1 server that shows what the program has published, and nothing else.
 *
 * The conventions of bridge.h hold, and beside them:
 *
 *  1. Publish-only. The program hands over finished bytes; the server answers from copies of them on one thread of its
 *     own. Nothing calls back. No call but bridge_http_start() and bridge_http_stop() takes a lock that a request can
 *     hold, waits, or makes a system call.
 *  2. Several threads may use a handle at a time, but not during or after bridge_http_stop().
 *  3. The server's thread is called "http" and blocks all signals.
 *  4. A panic on the server's thread ends one connection and is said on stderr; on any other thread of the library it
 *     ends the process.
 */
#pragma once

#include "bridge.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bridge_http bridge_http;

/* Zero and the empty text stand for the defaults. */
typedef struct bridge_http_options {
  bridge_text address;        /* IP address to listen on. Default "127.0.0.1". */
  bridge_text token;          /* 16 or more of A-Z a-z 0-9 - . _ ~. Required where `address` is not a loopback address. */
  bridge_text hosts;          /* "name,name": what else clients may call this host, besides "localhost" and IP addresses. */
  bridge_text certificate_file; /* PEM, with `key_file`: turns TLS on. */
  bridge_text key_file;
  bridge_text version;        /* The program's, for the message of a fault (bridge.h, convention 10). */
  bridge_text panic_path;     /* For tests only: a request for this path panics. */
  uint16_t port;              /* 0: any that is free, see bridge_http_port(). */
  uint16_t connections;       /* At most this many at a time. Default 256. */
  uint16_t reserve;           /* Connections beyond these that get answers from /healthz and /readyz only. Default 8. */
  uint16_t live_clients;      /* Of /api/live, within `connections`. Default 64. */
  uint32_t header_timeout_ms; /* For a whole request header, from connecting or from the last answer. Default 5000. */
  uint32_t write_timeout_ms;  /* How long a client may leave its receive window shut. Default 10000. */
  uint32_t heartbeat_ms;      /* A comment is sent on /api/live after this long without an event. Default 15000. */
  uint32_t stale_after_ms;    /* /healthz fails after this long without a call that publishes or sets. 0: never. */
  int32_t nice;               /* Added to the nice value of the server's thread. */
} bridge_http_options;

/* Binds the address and starts the thread. Does no more than local work. */
bridge_http* bridge_http_start(const bridge_http_options* options, bridge_error* error);

/* The port that is listened on. */
uint16_t bridge_http_port(const bridge_http* server);

typedef struct bridge_http_body {
  bridge_text content_type;     /* "text/plain; version=0.0.4; charset=utf-8". */
  bridge_text content_encoding; /* Empty or "gzip": the bytes are compressed already. */
  const uint8_t* data;
  size_t length;                /* At most 1 MiB. */
} bridge_http_body;

enum { BRIDGE_HTTP_PUBLIC = 1 }; /* Is shown without a token. */

/*
 * Puts a page at `path` in place of what was there, whole: a request sees the old or the new. One to eight bodies are
 * representations of the same thing, from which the request's Accept and Accept-Encoding choose; the first is the
 * default and has no content encoding. None takes the page away. Bytes that are equal to what is there keep their ETag.
 * /healthz, /readyz and /api/live are taken; there is room for 64 pages. Returns 0 or -1.
 */
int32_t bridge_http_publish(const bridge_http* server, bridge_text path, const bridge_http_body* bodies, uint32_t count,
                            uint32_t flags, bridge_error* error);

/*
 * Replaces the event `status` that GET /api/live (text/event-stream) sends. The latest wins: a client that is slow misses
 * some, so each must be a whole state. `text` is UTF-8, in one line or several. Returns 0 or -1.
 */
int32_t bridge_http_publish_event(const bridge_http* server, bridge_text text, bridge_error* error);

/* What /readyz says, to anybody: keep secrets out of `reason`. Not ready before the first call. Returns 0 or -1. */
int32_t bridge_http_set_ready(const bridge_http* server, int32_t ready, bridge_text reason);

/* The same of /healthz, which is healthy before the first call. */
int32_t bridge_http_set_healthy(const bridge_http* server, int32_t healthy, bridge_text reason);

typedef struct bridge_http_counts {
  uint64_t connections;  /* Accepted, ever. */
  uint64_t open;         /* Now, the reserve included. */
  uint64_t evicted;      /* Closed without having shown a token, to make room. */
  uint64_t reserved;     /* Put into the reserve. */
  uint64_t requests;
  uint64_t refused;      /* Answered with 4xx or 503. */
  uint64_t panics;       /* Connections that a fault of the library ended. */
  uint64_t live;         /* Clients of /api/live now. */
  uint64_t live_dropped; /* Closed as the slowest, to make room. */
} bridge_http_counts;

void bridge_http_counters(const bridge_http* server, bridge_http_counts* counts);

/*
 * Closes the port, lets answers in progress end for a second, then cuts them. Frees the handle. Returns 0, or -1 where
 * the server's thread did not end within 3 s and was left behind. Waits up to 3 s.
 */
int32_t bridge_http_stop(bridge_http* server);

#ifdef __cplusplus
}
#endif
