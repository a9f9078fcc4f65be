"""Asks a Kafka broker and a Cassandra node the one question that says whether they are there, in their own protocols.

Standard library only: tools/servers.py runs before any virtual environment exists.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct

STARTUP, AUTHENTICATE, QUERY, RESULT, AUTH_RESPONSE, AUTH_SUCCESS, READY = 1, 3, 7, 8, 15, 16, 2


@contextlib.contextmanager
def connected(host: str, port: int, tls: ssl.SSLContext | None = None, name: str = ""):
    """A connection, encrypted where a context is given: then `name` is what the server's certificate has to say."""
    with socket.create_connection((host, port), timeout=5) as connection:
        connection.settimeout(10)
        if tls is None:
            yield connection
            return
        with tls.wrap_socket(connection, server_hostname=name) as encrypted:
            yield encrypted


def read_exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise OSError("connection closed")
        data += piece
    return data


def kafka_brokers(connection: socket.socket) -> int:
    """How many brokers of the cluster a broker knows to be alive: its answer to a Metadata request, version 1."""
    client = b"turntable-dev"
    request = struct.pack(">hhih", 3, 1, 7, len(client)) + client + struct.pack(">i", 0)  # an array of no topics
    connection.sendall(struct.pack(">i", len(request)) + request)
    (size,) = struct.unpack(">i", read_exactly(connection, 4))
    answer = read_exactly(connection, size)
    correlation, brokers = struct.unpack(">ii", answer[:8])
    if correlation != 7:
        raise OSError("not a Kafka broker")
    return brokers


def cassandra_rows(connection: socket.socket, query: str, consistency: int, login: tuple[str, str]) -> bytes:
    """The body of a node's answer to a SELECT, in the native protocol, version 4. OSError if it does not give rows."""

    def ask(opcode: int, body: bytes) -> tuple[int, bytes]:
        connection.sendall(struct.pack(">BBhBi", 4, 0, 0, opcode, len(body)) + body)
        _, _, _, answer, size = struct.unpack(">BBhBi", read_exactly(connection, 9))
        return answer, read_exactly(connection, size)

    def text(value: str) -> bytes:
        return struct.pack(">H", len(value)) + value.encode()

    opcode, _ = ask(STARTUP, struct.pack(">H", 1) + text("CQL_VERSION") + text("3.0.0"))
    if opcode == AUTHENTICATE:
        token = "".join(f"\0{word}" for word in login).encode()
        opcode, _ = ask(AUTH_RESPONSE, struct.pack(">i", len(token)) + token)
    if opcode not in (READY, AUTH_SUCCESS):
        raise OSError("not ready")
    statement = query.encode()
    opcode, body = ask(QUERY, struct.pack(">i", len(statement)) + statement + struct.pack(">HB", consistency, 0))
    if opcode != RESULT or body[:4] != b"\0\0\0\2":  # Of rows.
        raise OSError("not ready")
    return body


def rows_of_one_column(body: bytes) -> int:
    """How many rows such a body has, whose statement selects one column."""
    # After the kind: flags, number of columns, keyspace, table, then the column's name and type, then the number of rows.
    at = 12
    for _ in range(3):
        at += 2 + struct.unpack(">H", body[at : at + 2])[0]
    return struct.unpack(">i", body[at + 2 : at + 6])[0]
