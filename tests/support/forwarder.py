"""A TCP forwarder in front of a server, so that a test decides when the server can be reached."""

from __future__ import annotations

import contextlib
import socket
import threading


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


class Forwarder:
    """Listens on a port of `on`, a loopback address, from open() on. Between cut() and restore() it ends every connection at once."""

    def __init__(self, target: str, on: str = "127.0.0.1") -> None:
        host, _, port = target.rpartition(":")
        self.target = (host, int(port))
        self.on = on
        self.port = free_port(on)
        self.refused = 0  # Connections that were ended at once because of cut().
        self.is_cut = False
        self.listener: socket.socket | None = None
        self.pairs: set[socket.socket] = set()
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"{self.on}:{self.port}"

    def open(self) -> None:
        self.listener = socket.create_server((self.on, self.port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.is_cut:
                self.refused += 1
                client.close()
                continue
            try:
                server = socket.create_connection(self.target, timeout=10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self.lock:
                self.pairs |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self.copy, args=(source, sink), daemon=True).start()

    def copy(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        self.is_cut = True
        with self.lock:
            pairs, self.pairs = self.pairs, set()
        for end in pairs:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def restore(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        self.cut()
        if self.listener is not None:
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
