"""A server that speaks just enough of Cassandra's native protocol to refuse every password."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

ERROR, STARTUP, AUTHENTICATE, OPTIONS, SUPPORTED, AUTH_RESPONSE = 0x00, 0x01, 0x03, 0x05, 0x06, 0x0F
BAD_CREDENTIALS = 0x0100


def text(value: str) -> bytes:
    return struct.pack(">H", len(value)) + value.encode()


def texts(values: list[str]) -> bytes:
    return struct.pack(">H", len(values)) + b"".join(map(text, values))


class StrictCassandra:
    """Listens on 127.0.0.1:port until close()."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.refused = 0
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, client.makefile("rb") as stream:
            while len(header := stream.read(9)) == 9:
                version, _, request, opcode, size = struct.unpack(">BBhBi", header)
                stream.read(size)
                answer, body = self.answer(opcode)
                client.sendall(struct.pack(">BBhBi", 0x80 | min(version, 4), 0, request, answer, len(body)) + body)

    def answer(self, opcode: int) -> tuple[int, bytes]:
        if opcode == OPTIONS:
            options = [("CQL_VERSION", ["3.4.7"]), ("COMPRESSION", [])]
            return SUPPORTED, struct.pack(">H", len(options)) + b"".join(text(k) + texts(v) for k, v in options)
        if opcode == STARTUP:
            return AUTHENTICATE, text("org.apache.cassandra.auth.PasswordAuthenticator")
        self.refused += opcode == AUTH_RESPONSE
        return ERROR, struct.pack(">i", BAD_CREDENTIALS) + text("Provided username and/or password are incorrect")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
