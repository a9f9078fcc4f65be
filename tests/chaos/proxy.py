"""A TCP proxy in front of every server, for the engines only: what the network does is decided here.

In front of server N it listens at 127.0.1.N, and the servers tell their clients those addresses (FRONT in tools/servers.py),
so that what a client discovers leads through a proxy too. Everything runs in one asyncio loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from dataclasses import dataclass, field

PIECE = 1 << 16
LATENCY_SECONDS = (0.02, 0.3)


@dataclass(eq=False)
class Pair:
    """One connection: the client's half and the server's half."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    dead: bool = False  # Half open: the server's half is gone, and the client was not told.

    def reset(self) -> None:
        """RST to both: nothing that is still buffered arrives."""
        for half in (self.client, self.server):
            if half is None or (connection := half.get_extra_info("socket")) is None:
                continue
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            half.transport.abort()


@dataclass(eq=False)
class Link:
    """The way to one server. `mode` is open, latency, black_hole (bytes wait, connections stay) or half_open."""

    name: str
    front: tuple[str, int]
    behind: tuple[str, int]
    chance: random.Random
    mode: str = "open"
    pairs: set[Pair] = field(default_factory=set)
    passing: asyncio.Event = field(default_factory=asyncio.Event)
    listener: asyncio.Server | None = None

    async def open(self) -> None:
        self.passing.set()
        self.listener = await asyncio.start_server(self.serve, *self.front)

    async def close(self) -> None:
        if self.listener is not None:
            self.listener.close()
        self.reset()

    # What can be done to it.

    def slow(self) -> None:
        self.mode = "latency"

    def swallow(self) -> None:
        self.mode = "black_hole"
        self.passing.clear()

    def half_open(self) -> None:
        """The server's halves end; the clients' stay open, silent, and so do connections that are made from now on."""
        self.mode = "half_open"
        for pair in self.pairs:
            pair.dead = True
            if pair.server is not None:
                pair.server.transport.abort()

    def reset(self) -> None:
        for pair in list(self.pairs):
            pair.reset()

    def heal(self) -> None:
        """Held bytes go on; a half-open client is answered with RST, as by a peer that has come back without a memory."""
        self.mode = "open"
        self.passing.set()
        for pair in [pair for pair in self.pairs if pair.dead]:
            pair.reset()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pair = Pair(writer)
        self.pairs.add(pair)
        try:
            if self.mode == "half_open":
                pair.dead = True
            else:
                await self.passing.wait()
                from_server, pair.server = await asyncio.open_connection(*self.behind)
                answers = asyncio.create_task(self.copy(pair, from_server, writer))
                await self.copy(pair, reader, pair.server)
                if not pair.dead:
                    pair.server.close()
                await answers
            while pair.dead and await reader.read(PIECE):  # Taken, and never answered.
                pass
        except OSError:
            pair.reset()
        except asyncio.CancelledError:
            pair.reset()
        finally:
            self.pairs.discard(pair)
            writer.close()
            if pair.server is not None:
                pair.server.close()

    async def copy(self, pair: Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(PIECE):
                await self.passing.wait()
                if self.mode == "latency":
                    await asyncio.sleep(self.chance.uniform(*LATENCY_SECONDS))
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        if not pair.dead and not writer.is_closing():
            with contextlib.suppress(OSError):
                writer.close()
