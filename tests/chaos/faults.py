"""Brings the plan's faults about, says each as it happens, counts them, and remembers whom it disturbed when.

Every fault undoes itself. Two faults never have one target, so that a fault knows what it finds and leaves.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass

from chaos import songs
from chaos.cluster import Cluster
from chaos.engine import Engine
from chaos.plan import Fault
from chaos.proxy import Link
from chaos.watch import Watch
from support.listening import CATALOGUE

REFUSAL_SECONDS_LIMIT = 20  # It reads the catalogue before it connects to anything.
# A fault goes on to be felt: sessions time out, partitions move, requests that were held arrive.
AFTERSHOCK_SECONDS = 20


class HadNoEffect(Exception):
    """What was to break did not."""


@dataclass
class Disturbance:
    job: str  # Whose engines felt it.
    begun: float
    in_flight: int  # Records that the group had not committed by then: what it may read again.
    ended: float = math.inf


class Faults:
    def __init__(
        self, cluster: Cluster, links: list[Link], engines: list[Engine], watch: Watch, say: Callable[[str], None]
    ) -> None:
        self.cluster, self.links, self.engines, self.watch, self.say = cluster, links, engines, watch, say
        self.done: Counter[str] = Counter()  # Counted after the effect.
        self.owed: dict[str, Fault] = {}  # Of kinds that have not come yet: tried again with each fault that follows.
        self.left_out: Counter[str] = Counter()
        self.kills = 0  # SIGKILLs of engines.
        self.back_seconds: dict[str, list[float]] = {"kafka": [], "cassandra": []}
        self.complaints: list[str] = []  # What an engine did that it must not do, other than with the data.
        self.disturbances: list[Disturbance] = []
        self.faulty_links: set[Link] = set()
        self.full_disks: set[Engine] = set()
        self.tasks: set[asyncio.Task] = set()

    async def run(self, plan: list[Fault], begun: float) -> None:
        for fault in plan:
            await asyncio.sleep(max(0.0, begun + fault.at - time.monotonic()))
            owed = [other for kind, other in self.owed.items() if kind != fault.kind]
            for chosen in [*owed, fault]:
                if work := self.begin(chosen):
                    self.owed.pop(chosen.kind, None)
                    self.tasks.add(asyncio.create_task(self.bring_about(chosen, work)))
                elif chosen is fault:
                    self.leave_out(fault)
        await self.settle()  # Those that go on undo themselves.
        # What has not come, for its targets were always taken, comes now that they are free.
        for kind in [kind for kind in self.owed if not self.done[kind]]:
            if work := self.begin(self.owed[kind]):
                await self.bring_about(self.owed[kind], work)

    async def bring_about(self, fault: Fault, work: Coroutine) -> None:
        try:
            await work
            self.done[fault.kind] += 1
            self.owed.pop(fault.kind, None)
        except HadNoEffect as why:
            self.say(f"left out: {why}")
            self.leave_out(fault)

    def leave_out(self, fault: Fault) -> None:
        self.left_out[fault.kind] += 1
        if not self.done[fault.kind]:
            self.owed.setdefault(fault.kind, fault)

    def never_came(self, kinds: Iterable[str]) -> list[str]:
        return [kind for kind in kinds if not self.done[kind]]

    async def settle(self) -> None:
        for outcome in await asyncio.gather(*self.tasks, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    def begin(self, fault: Fault) -> Coroutine | None:
        """The fault's work, with its targets taken; None if one of them is in the hands of another fault."""
        if fault.kind == "engine_kill_all":
            return self.take(self.engines, self.kill_all(fault))
        if fault.kind.startswith(("engine", "catalogue")):
            engine = self.engines[fault.target % len(self.engines)]
            return self.take([engine], getattr(self, fault.kind)(engine, fault))
        if fault.kind in ("broker_kill", "node_kill"):
            return self.server_kill("kafka" if fault.kind == "broker_kill" else "cassandra", fault)
        if fault.kind == "disk_full":
            with_disk = [engine for engine in self.engines if engine.disk is not None]
            engine = with_disk[fault.target % len(with_disk)]
            return None if engine in self.full_disks else self.disk_full(engine, fault)
        return self.net(fault)

    def take(self, engines: list[Engine], work: Coroutine) -> Coroutine | None:
        if any(engine.busy or not engine.running for engine in engines):
            work.close()
            return None
        for engine in engines:
            engine.busy = True

        async def and_give_back() -> None:
            try:
                with self.disturbing({engine.job.name for engine in engines}):
                    await work
            finally:
                for engine in engines:
                    if not engine.running:
                        await engine.start()
                    engine.busy = False

        return and_give_back()

    @contextlib.contextmanager
    def disturbing(self, jobs: set[str]) -> Iterator[None]:
        groups = {engine.job.name: engine.job.group for engine in self.engines}
        felt = [Disturbance(job, time.monotonic(), self.watch.lag(groups[job])) for job in jobs]
        self.disturbances += felt
        try:
            yield
        finally:
            for disturbance in felt:
                disturbance.ended = time.monotonic() + AFTERSHOCK_SECONDS

    @property
    def jobs(self) -> set[str]:
        return {engine.job.name for engine in self.engines}

    # -------------------------------------------------------------------------------------------------------- of an engine

    async def kill_and_start(self, engine: Engine, away: float) -> None:
        self.kills += 1
        await engine.kill()
        self.watch.killed(engine.job.group, engine.name)
        await asyncio.sleep(away)
        await engine.start()

    async def engine_kill(self, engine: Engine, fault: Fault) -> None:
        self.say(f"SIGKILL of {engine.name}, away for {fault.seconds:.1f} s")
        await self.kill_and_start(engine, fault.seconds)

    async def kill_all(self, fault: Fault) -> None:
        self.say(f"SIGKILL of all engines, away for {fault.seconds:.1f} s")
        await asyncio.gather(*(self.kill_and_start(engine, fault.seconds) for engine in self.engines))

    async def engine_pause(self, engine: Engine, fault: Fault) -> None:
        self.say(f"SIGSTOP of {engine.name} for {fault.seconds:.1f} s")
        engine.send(signal.SIGSTOP)
        await asyncio.sleep(fault.seconds)
        engine.send(signal.SIGCONT)

    async def engine_term(self, engine: Engine, fault: Fault) -> None:
        self.say(f"SIGTERM of {engine.name}, away for {fault.seconds:.1f} s")
        if await engine.terminate(patient=False) is None:
            self.complain(f"{engine.name} did not end after two SIGTERM\n{engine.tail()}")
        await asyncio.sleep(fault.seconds)

    async def catalogue_replace(self, engine: Engine, fault: Fault) -> None:
        self.say(f"{engine.name} restarts (SIGKILL) while its catalogue is replaced by others")
        self.kills += 1
        await engine.kill()
        self.watch.killed(engine.job.group, engine.name)
        starting = asyncio.create_task(engine.start())
        first = int(fault.lot * songs.VERSIONS)
        for number in range(first, first + 10):
            fresh = engine.catalogue.with_suffix(".new")
            fresh.write_bytes(songs.file_of(number % songs.VERSIONS))
            os.replace(fresh, engine.catalogue)
            await asyncio.sleep(0.03)
        await starting

    async def catalogue_truncate(self, engine: Engine, fault: Fault) -> None:
        """A file that ends within a row. The engine must refuse it, in words that name it."""
        await engine.kill()
        self.kills += 1
        whole = CATALOGUE.read_bytes()
        cut = int(len(whole) * (0.01 + 0.98 * fault.lot))
        while whole[cut - 1] in b",\n" or whole[cut] in b"\r\n":
            cut -= 1  # The end of a row, or of a row whose last field is empty, cannot be told from the end of a file.
        self.say(f"{engine.name} restarts (SIGKILL) with its catalogue cut to {cut:,} bytes")
        engine.catalogue.write_bytes(whole[:cut])
        try:
            await engine.start()
            code = await engine.ended(REFUSAL_SECONDS_LIMIT)
            if code is None:
                self.complain(f"{engine.name} did not refuse a catalogue cut to {cut} bytes\n{engine.tail()}")
                await engine.kill()
            elif code == 0 or engine.catalogue.name not in engine.tail(6):
                self.complain(f"{engine.name} ended with {code} on a catalogue cut to {cut} bytes, not naming it\n{engine.tail()}")
            else:
                self.say(f"{engine.name} refused: {engine.last_line()}")
        finally:
            engine.catalogue.write_bytes(whole)
        self.watch.killed(engine.job.group, engine.name)  # What it takes to refuse is no part of a recovery.
        await engine.start()

    async def disk_full(self, engine: Engine, fault: Fault) -> None:
        self.full_disks.add(engine)
        try:
            with self.disturbing({engine.job.name}):
                if not await asyncio.to_thread(engine.disk.fill):
                    raise HadNoEffect(f"the disk of {engine.name} could not be filled")
                self.say(f"the disk of {engine.name} is full for {fault.seconds:.1f} s")
                await asyncio.sleep(fault.seconds)
        finally:
            engine.disk.free()
            self.full_disks.discard(engine)

    # ------------------------------------------------------------------------------------------ of servers and the network

    def server_kill(self, kind: str, fault: Fault) -> Coroutine | None:
        if self.cluster.away[kind] is not None:
            return None
        numbers = sorted(number for of, number in self.cluster.members if of == kind)
        number = numbers[fault.target % len(numbers)]
        self.cluster.away[kind] = number
        return self.kill_server(kind, number, fault)

    async def kill_server(self, kind: str, number: int, fault: Fault) -> None:
        title = self.cluster.members[kind, number].title
        self.say(f"SIGKILL of {title}, away for {fault.seconds:.1f} s")
        # While Cassandra is away its engines wait, and have no reason to write anything twice.
        with self.disturbing(self.jobs if kind == "kafka" else set()):
            await self.cluster.kill(kind, number)
            await asyncio.sleep(fault.seconds)
            seconds = await self.cluster.restart(kind, number)
        self.back_seconds[kind].append(seconds)
        self.say(f"{title} is back and whole after {seconds:.1f} s")

    def net(self, fault: Fault) -> Coroutine | None:
        """Of one link, or of all links to Kafka, or of all to Cassandra: those lose nothing, they only keep waiting."""
        if fault.lot < 0.6:
            links = [self.links[fault.target % len(self.links)]]
        else:
            kind = ("Kafka", "Cassandra")[fault.target % 2]
            links = [link for link in self.links if link.name.startswith(kind)]
        if self.faulty_links & set(links):
            return None
        self.faulty_links |= set(links)
        return self.disturb(links, fault)

    async def disturb(self, links: list[Link], fault: Fault) -> None:
        name = links[0].name if len(links) == 1 else f"all of {links[0].name.split()[0]}"
        self.say(f"network: {fault.kind.removeprefix('net_').replace('_', ' ')} before {name} for {fault.seconds:.1f} s")
        end = time.monotonic() + fault.seconds
        begin = {"net_latency": Link.slow, "net_black_hole": Link.swallow, "net_half_open": Link.half_open, "net_reset": Link.reset}
        try:
            with self.disturbing(self.jobs if name.removeprefix("all of ").startswith("Kafka") else set()):
                for link in links:
                    begin[fault.kind](link)
                while fault.kind == "net_reset" and time.monotonic() < end:
                    await asyncio.sleep(0.2 + fault.lot)
                    for link in links:
                        link.reset()
                await asyncio.sleep(max(0.0, end - time.monotonic()))
        finally:
            for link in links:
                link.heal()
            self.faulty_links -= set(links)

    def complain(self, text: str) -> None:
        self.complaints.append(text)
        self.say(f"COMPLAINT: {text}")
