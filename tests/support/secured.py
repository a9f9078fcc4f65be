"""Servers that let nobody in without the right certificate, the right password or both: where they are and what they want."""

from __future__ import annotations

import contextlib
import os
import ssl
import sys
import threading
import socket
from dataclasses import dataclass

import pytest

from support.program import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import servers  # noqa: E402

USER, PASSWORD = servers.SASL_USER, servers.SASL_PASSWORD
WRONG = "hunter2"
SASL_LISTENER = 2  # Ports above the broker's first.


def certificate(name: str) -> str:
    """The path of a file that tools/certificates.py has made."""
    return str(servers.CERTIFICATES / name)


@dataclass(frozen=True)
class Way:
    """One way into the broker, with the options that open it."""

    name: str
    listener: str
    options: dict[str, str]

    @property
    def bootstrap(self) -> str:
        broker = servers.Server("kafka", 1, 1)
        return f"{broker.host}:{broker.port + SASL_LISTENER}" if self.listener == "SASL" else broker.listener(self.listener)

    def with_options(self, changes: dict[str, str | None]) -> dict[str, str]:
        """All options of Kafka's client, some of them changed or, by None, left out."""
        options = {"bootstrap.servers": self.bootstrap, **self.options, **changes}
        return {name: value for name, value in options.items() if value is not None}


def ways() -> dict[str, Way]:
    trusting = {"ssl.ca.location": certificate("ca.pem")}
    showing = {"ssl.certificate.location": certificate("client.pem"), "ssl.key.location": certificate("client.key")}
    user = {"sasl.username": USER, "sasl.password": PASSWORD}
    found = [
        Way("tls", "TLS", {"security.protocol": "SSL", **trusting}),
        Way("mtls", "MUTUAL", {"security.protocol": "SSL", **trusting, **showing}),
        Way("plain", "SASL", {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", **user}),
        Way("tls_plain", "SASL_TLS", {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", **trusting, **user}),
        Way("tls_scram", "SASL_TLS", {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", **trusting, **user}),
        Way("elsewhere", "ELSEWHERE", {"security.protocol": "SSL", **trusting}),
        Way("expired", "EXPIRED", {"security.protocol": "SSL", **trusting}),
    ]
    return {way.name: way for way in found}


def need_own_broker() -> None:
    """The listeners are those of the broker that tools/servers.py starts."""
    if os.environ.get("TURNTABLE_KAFKA") != servers.Server("kafka", 1, 1).address:
        pytest.skip("TURNTABLE_KAFKA is not the broker of tools/servers.py, whose listeners for TLS and SASL this needs")


class ShowsCertificate:
    """Listens on a port of 127.0.0.1 and gets as far as showing its certificate, which nobody is to take."""

    def __init__(self, name: str) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate(f"{name}.pem"), certificate(f"{name}.key"))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self.listener.getsockname())
        self.taken = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                with contextlib.suppress(OSError), client, self.context.wrap_socket(client, server_side=True):
                    self.taken += 1

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
