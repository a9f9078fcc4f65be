#!/usr/bin/env python3
"""Real Kafka brokers and Cassandra nodes on loopback, for tests, benchmarks and trying things out.

`./dev servers up|down|status|ports` calls this. The servers are plain Java programs from Maven jars (servers/*/pom.xml); all that
they leave behind is under build/servers/: jars/, one folder of data and configuration per server, log/, and run/ with one
file per running server. Only what such a file names, and what still is that very process, is ever ended.

Other programs import this file, to start, kill and restart single servers. TURNTABLE_SERVERS_PORT_SHIFT is added to every port:
./dev sets it to what `ports` prints, so that servers start beside whatever has the usual ports. A second set of servers can run
beside these, with TURNTABLE_SERVERS_DIR set too: its folder.

Standard library only: it runs before any virtual environment exists.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import certificates  # noqa: E402
import probes  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("TURNTABLE_SERVERS_DIR", ROOT / "build" / "servers"))
SHIFT_FILE = HOME / "port_shift"  # Of the servers that run.
JARS = ROOT / "build" / "servers" / "jars"  # One copy for every set of servers.
PORT_SHIFT = int(os.environ.get("TURNTABLE_SERVERS_PORT_SHIFT", "0"))
# What is tried as a shift: for the servers of the tests, and for clusters beside them. Ports stay below those that Linux gives to
# clients.
SHIFTS, SHIFTS_OF_CLUSTERS = range(0, 2800, 400), range(3000, 3400, 50)
# "127.0.1" here: clients are told to find server N at 127.0.1.N, where a proxy in front of it listens. Empty: no proxies.
FRONT = os.environ.get("TURNTABLE_SERVERS_FRONT", "")
DEFINITIONS = ROOT / "servers"
CERTIFICATES = HOME / "certificates"

KAFKA_HEAP = "768m"
CASSANDRA_HEAP = "2g"
CLUSTERED_HEAP = "768m"  # Of each Cassandra node where there are several on this one machine.
SECURED_HEAP = "512m"
START_SECONDS_LIMIT = 300  # A cold, busy two-core machine needs well under a minute.
STOP_SECONDS_LIMIT = 30
POLL_SECONDS = 0.2
LOG_TAIL_LINES = 25
CASSANDRA_PORT = 9042 + PORT_SHIFT
STORAGE_PORT = 7000 + PORT_SHIFT
JMX_PORT = 7199 + PORT_SHIFT  # Of the first node.
# A write holds its thread until it is synced, so there are to be more of them than by default.
SYNC_OF_CLUSTER = "group\ncommitlog_sync_group_window: 5ms\nconcurrent_writes: 256"
# What a single broker listens on besides, and how many ports above its first: servers/kafka/secured.properties.
SECURED_LISTENERS = {"TLS": 4, "MUTUAL": 5, "SASL_TLS": 6, "ELSEWHERE": 7, "EXPIRED": 8}
SASL_USER, SASL_PASSWORD = "listener", "sesame-41d7"
# Cassandra nodes that ask for TLS and a password, the second one for a client's certificate too: where they listen.
SECURED_NODES = {"cassandra-tls": ("127.0.0.11", CASSANDRA_PORT), "cassandra-mtls": ("127.0.0.1", CASSANDRA_PORT + 1)}
CASSANDRA_USER = CASSANDRA_PASSWORD = "cassandra"  # Of Cassandra's first start.
# Brokers of one cluster must be formatted with one id; which one is of no importance.
KAFKA_CLUSTER_ID = "dHVybnRhYmxlLWxvY2FsMA"


class Failure(Exception):
    """Something went wrong that the person at the keyboard should read about; no traceback helps."""


def kafka_port(number: int) -> int:
    return 29092 + PORT_SHIFT + 100 * (number - 1)


# ---------------------------------------------------------------------------------------------------------------- servers


@dataclasses.dataclass(frozen=True)
class Server:
    """One broker or node: number `number` of `count`."""

    kind: str  # "kafka", "cassandra" or one of SECURED_NODES
    number: int
    count: int

    @property
    def title(self) -> str:
        name = {"kafka": "Kafka broker", "cassandra": "Cassandra node"}.get(self.kind, f"Cassandra node with {self.kind[10:]}")
        return name if self.count == 1 else f"{name} {self.number} of {self.count}"

    @property
    def is_secured_node(self) -> bool:
        return self.kind in SECURED_NODES

    @property
    def has_secured_listeners(self) -> bool:
        return self.kind == "kafka" and self.count == 1 and not FRONT

    @property
    def host(self) -> str:
        if self.is_secured_node:
            return SECURED_NODES[self.kind][0]
        return "127.0.0.1" if self.kind == "kafka" else f"127.0.0.{self.number}"

    @property
    def port(self) -> int:
        if self.is_secured_node:
            return SECURED_NODES[self.kind][1]
        return kafka_port(self.number) if self.kind == "kafka" else CASSANDRA_PORT

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def ports(self) -> list[tuple[str, int]]:
        """Every address that the server listens on."""
        if self.kind == "kafka":
            more = list(SECURED_LISTENERS.values()) if self.has_secured_listeners else []
            return [(self.host, self.port + offset) for offset in [*range(4 if FRONT else 3), *more]]
        return [(self.host, self.port), (self.storage_host, STORAGE_PORT), ("127.0.0.1", self.jmx_port)]

    @property
    def storage_host(self) -> str:
        """Where the other nodes of its cluster find a Cassandra node."""
        return f"127.0.0.{11 + list(SECURED_NODES).index(self.kind)}" if self.is_secured_node else self.host

    @property
    def jmx_port(self) -> int:
        return JMX_PORT + (10 + list(SECURED_NODES).index(self.kind) if self.is_secured_node else self.number - 1)

    def listener(self, name: str) -> str:
        """The address of one of a broker's SECURED_LISTENERS."""
        return f"{self.host}:{self.port + SECURED_LISTENERS[name]}"

    @property
    def front(self) -> tuple[str, int]:
        """Where clients look for the server if there is a proxy in front of it."""
        return f"{FRONT}.{self.number}", self.behind[1]

    @property
    def behind(self) -> tuple[str, int]:
        """Where that proxy finds it: a broker has a listener of its own for this, whose advertised address is the front."""
        return self.host, self.port + 3 if self.kind == "kafka" else self.port

    # A server's data fits one size of cluster only: the voters and the ring are written in it.
    @property
    def directory(self) -> Path:
        return HOME / f"{self.kind}-{self.number}of{self.count}"

    @property
    def log(self) -> Path:
        return HOME / "log" / f"{self.kind}-{self.number}.log"

    @property
    def pid_file(self) -> Path:
        return HOME / "run" / f"{self.kind}-{self.number}.json"


def servers_of(brokers: int, nodes: int) -> list[Server]:
    return [Server("kafka", n, brokers) for n in range(1, brokers + 1)] + [
        Server("cassandra", n, nodes) for n in range(1, nodes + 1)
    ]


# -------------------------------------------------------------------------------------------------------------- processes


def start_ticks(pid: int) -> int | None:
    """When the process began, in ticks since boot: with the pid it names one process for ever. None if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else int(fields[19])


def running() -> dict[tuple[str, int], tuple[Server, int]]:
    """The servers that this program started and that still run, with their pids. Files of ended ones are removed."""
    found = {}
    for path in sorted((HOME / "run").glob("*.json")):
        try:
            entry = json.loads(path.read_text())
        except (OSError, ValueError):
            continue
        if start_ticks(entry["pid"]) != entry["start_ticks"]:
            path.unlink(missing_ok=True)
            continue
        server = Server(entry["kind"], entry["number"], entry["count"])
        found[server.kind, server.number] = (server, entry["pid"])
    return found


def command_of(server: Server) -> list[str]:
    return kafka_command(server) if server.kind == "kafka" else cassandra_command(server)


def spawn(server: Server, again: bool = False) -> subprocess.Popen:
    """Starts a server; `again` if it ran before and was killed, so that its log goes on."""
    command = command_of(server)
    for directory in (server.directory, server.log.parent, server.pid_file.parent):
        directory.mkdir(parents=True, exist_ok=True)
    with server.log.open("ab" if again else "wb") as log:
        process = subprocess.Popen(
            command,
            cwd=server.directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # A Ctrl-C in the terminal is for the program in front, not for the servers.
        )
    entry = {
        "kind": server.kind,
        "number": server.number,
        "count": server.count,
        "pid": process.pid,
        "start_ticks": start_ticks(process.pid),
    }
    server.pid_file.write_text(json.dumps(entry) + "\n")
    return process


def stop(server: Server, pid: int) -> None:
    ticks = start_ticks(pid)
    for sign, limit in ((signal.SIGTERM, STOP_SECONDS_LIMIT), (signal.SIGKILL, STOP_SECONDS_LIMIT)):
        if start_ticks(pid) != ticks or ticks is None:
            break
        os.kill(pid, sign)
        deadline = time.monotonic() + limit
        while start_ticks(pid) == ticks and time.monotonic() < deadline:
            reap(pid)
            time.sleep(POLL_SECONDS / 4)
    server.pid_file.unlink(missing_ok=True)


def stop_new(before: set[tuple[str, int]]) -> None:
    """Stops what did not run when the keys of running() were `before`."""
    for key, (server, pid) in sorted(running().items()):
        if key not in before:
            stop(server, pid)


def kill(server: Server, pid: int) -> None:
    """Ends a server as a crash would. spawn(server, again=True) starts it from what it has left on disk."""
    if (ticks := start_ticks(pid)) is not None:
        os.kill(pid, signal.SIGKILL)
        while start_ticks(pid) == ticks:
            time.sleep(POLL_SECONDS / 4)
    reap(pid)
    server.pid_file.unlink(missing_ok=True)


def reap(pid: int) -> None:
    """Collects the process if it is a child of this one; otherwise init does."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


# ------------------------------------------------------------------------------------------------------------------- jars


def java() -> str:
    # Kafka 4 wants at least 17 and Cassandra 5 at most 17, so Debian's 17 goes before whatever newer one is the default.
    candidates = [str(path) for path in sorted(Path("/usr/lib/jvm").glob("java-17-openjdk-*/bin/java"))]
    if "JAVA_HOME" in os.environ:
        candidates.append(str(Path(os.environ["JAVA_HOME"]) / "bin" / "java"))
    for candidate in [*candidates, "java"]:
        path = shutil.which(candidate)
        if path:
            return path
    raise Failure("java is not installed, and the servers are Java programs. Run ./dev setup --tests first.")


def jars(kind: str) -> Path:
    """The folder with the jars of `kind`, fetched with Maven if servers/KIND/pom.xml has changed since it was filled."""
    pom = DEFINITIONS / kind / "pom.xml"
    target = JARS / kind
    stamp = target / ".complete"
    digest = hashlib.sha256(pom.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text().strip() == digest:
        return target
    if not shutil.which("mvn"):
        raise Failure(f"mvn is not installed, and it fetches the jars of {kind}. Run ./dev setup --tests first.")
    print(f"Fetching the jars of {kind} with Maven …", flush=True)
    fresh = target.with_name(kind + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    result = subprocess.run(
        [*command, f"-DoutputDirectory={fresh}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if result.returncode != 0 or not any(fresh.glob("*.jar")):
        raise Failure(f"Maven could not fetch the jars of {kind}; it said:\n{result.stdout[-3000:]}")
    (fresh / ".complete").write_text(digest + "\n")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    return target


# --------------------------------------------------------------------------------------------------------------- commands


def fill(template: Path, target: Path, values: dict[str, object]) -> Path:
    text = template.read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    target.write_text(text)
    return target


def made_certificates() -> Path:
    try:
        return certificates.make(CERTIFICATES)
    except OSError as error:
        raise Failure(str(error)) from None


def kafka_command(server: Server) -> list[str]:
    folder, directory, replicas = jars("kafka"), server.directory, min(server.count, 3)
    directory.mkdir(parents=True, exist_ok=True)
    secured = "".join(f",{name}://{server.listener(name)}" for name in SECURED_LISTENERS) if server.has_secured_listeners else ""
    voters = ",".join(f"{n}@127.0.0.1:{kafka_port(n) + 1}" for n in range(1, server.count + 1))
    properties = fill(
        DEFINITIONS / "kafka" / "server.properties",
        directory / "server.properties",
        {
            "N": server.number,
            "VOTERS": voters,
            "PORT": server.port,
            "CONTROLLER_PORT": server.port + 1,
            "SASL_PORT": server.port + 2,
            "FRONT_LISTENER": ",FRONT://{}:{}".format(*server.behind) if FRONT else "",
            "FRONT_ADVERTISED": ",FRONT://{}:{}".format(*server.front) if FRONT else "",
            "DIR": directory,
            "REPLICAS": replicas,
            "IN_SYNC": min(replicas, 2),
            "SECURED_LISTENERS": secured,
            "USER": SASL_USER,
            "PASSWORD": SASL_PASSWORD,
        },
    )
    if secured:
        values = {"CERTIFICATES": made_certificates(), "USER": SASL_USER, "PASSWORD": SASL_PASSWORD}
        more = fill(DEFINITIONS / "kafka" / "secured.properties", directory / "secured.properties", values)
        properties.write_text(properties.read_text() + more.read_text())
    classpath = ["-cp", f"{folder}/*"]
    if not (directory / "data" / "meta.properties").exists():
        user = f"SCRAM-SHA-512=[name={SASL_USER},password={SASL_PASSWORD}]"
        result = subprocess.run(
            [
                java(), "-Xmx256m", *classpath, "kafka.tools.StorageTool", "format", "-t", KAFKA_CLUSTER_ID, "-c", str(properties),
                "--add-scram", user,
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        if result.returncode != 0:
            raise Failure(f"Kafka could not format {directory / 'data'}; it said:\n{result.stdout[-3000:]}")
    return [
        java(), f"-Xmx{KAFKA_HEAP}", "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true", *classpath, "kafka.Kafka", str(properties),
    ]  # fmt: skip


def cassandra_command(server: Server) -> list[str]:
    folder, directory = jars("cassandra"), server.directory
    directory.mkdir(parents=True, exist_ok=True)
    heap = SECURED_HEAP if server.is_secured_node else CASSANDRA_HEAP if server.count == 1 else CLUSTERED_HEAP
    values = {
        "ADDRESS": server.host,
        "STORAGE_ADDRESS": server.storage_host,
        "SEED_ADDRESS": server.storage_host if server.is_secured_node else "127.0.0.1",
        "CLIENT_ADDRESS": server.front[0] if FRONT else server.host,
        "PORT": server.port,
        "STORAGE_PORT": STORAGE_PORT,
        "DIR": directory,
        # A node of a cluster may be killed: then what it has acknowledged is on disk.
        "SYNC": "periodic\ncommitlog_sync_period: 10000ms" if server.count == 1 else SYNC_OF_CLUSTER,
    }
    config = fill(DEFINITIONS / "cassandra" / "cassandra.yaml", directory / "cassandra.yaml", values)
    if server.is_secured_node:
        values = {"CERTIFICATES": made_certificates(), "NAME": server.kind, "MUTUAL": str(server.kind == "cassandra-mtls").lower()}
        more = fill(DEFINITIONS / "cassandra" / "secured.yaml", directory / "secured.yaml", values)
        config.write_text(config.read_text() + more.read_text())
    return [
        java(), f"-Xms{heap}", f"-Xmx{heap}", f"@{DEFINITIONS / 'cassandra' / 'jvm.options'}",
        f"-Dcassandra.config=file://{config}", f"-Dcassandra.storagedir={directory}",
        f"-Dlogback.configurationFile=file://{DEFINITIONS / 'cassandra' / 'logback.xml'}",
        f"-Dcassandra.jmx.local.port={server.jmx_port}",
        # How long a node waits for the word of another one at its start; a single node has none to wait for.
        f"-Dcassandra.ring_delay_ms={1 if server.count == 1 else 20_000}",
        # Where there are roles: at once, and with hashes that cost little, for nothing is guarded here.
        "-Dcassandra.superuser_setup_delay_ms=0", "-Dcassandra.auth_bcrypt_gensalt_log2_rounds=4",
        "-cp", f"{folder}/*", "org.apache.cassandra.service.CassandraDaemon",
    ]  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- readiness


def cassandra_connection(server: Server) -> contextlib.AbstractContextManager[socket.socket]:
    if not server.is_secured_node:
        return probes.connected(server.host, server.port)
    context = ssl.create_default_context(cafile=CERTIFICATES / "ca.pem")
    context.load_cert_chain(CERTIFICATES / "client.pem", CERTIFICATES / "client.key")
    return probes.connected(server.host, server.port, context, "localhost" if server.host == "127.0.0.1" else server.host)


def cassandra_rows(server: Server, query: str, consistency: int = 1) -> bytes:
    """The body of a node's answer to a SELECT. OSError if it does not give rows."""
    with cassandra_connection(server) as connection:
        return probes.cassandra_rows(connection, query, consistency, (CASSANDRA_USER, CASSANDRA_PASSWORD))


def seen(server: Server) -> int:
    """How many members of its cluster, itself among them, the server knows; 0 if it does not answer."""
    try:
        if server.kind == "kafka":
            with probes.connected(server.host, server.port) as connection:
                return probes.kafka_brokers(connection)
        return 1 + probes.rows_of_one_column(cassandra_rows(server, "SELECT peer FROM system.peers_v2"))
    except (OSError, struct.error):
        return 0


def ready(server: Server) -> bool:
    """Brokers start together and wait for all; a Cassandra node waits for those that were started before it."""
    return seen(server) >= (server.count if server.kind == "kafka" else server.number)


def tail(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return "    (there is no log)"
    return "\n".join("    " + line for line in lines[-LOG_TAIL_LINES:]) or "    (the log is empty)"


def wait_until_ready(server: Server, pid: int) -> None:
    ticks = start_ticks(pid)
    deadline = time.monotonic() + START_SECONDS_LIMIT
    while not ready(server):
        reap(pid)
        if ticks is None or start_ticks(pid) != ticks:
            raise Failure(f"The {server.title} stopped while it was starting. The end of {server.log}:\n{tail(server.log)}")
        if time.monotonic() > deadline:
            raise Failure(
                f"The {server.title} did not answer at {server.address} within {START_SECONDS_LIMIT} s. "
                f"The end of {server.log}:\n{tail(server.log)}"
            )
        time.sleep(POLL_SECONDS)


def taken(host: str, port: int) -> str:
    """Why nothing can listen there; empty where something can."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return error.strerror
    return ""


def check_ports_are_free(server: Server) -> None:
    for host, port in server.ports:
        if why := taken(host, port):
            raise Failure(
                f"The {server.title} cannot start: {host}:{port} is taken by another program ({why}). "
                f"`ss -ltnp sport = :{port}` shows which."
            )


def shift_to_use(brokers: int = 1, nodes: int = 1) -> int:
    """What is to be added to every port: what the servers that run were started with, or where nobody else listens."""
    if "TURNTABLE_SERVERS_PORT_SHIFT" in os.environ:
        return PORT_SHIFT
    if running():
        with contextlib.suppress(OSError, ValueError):
            return int(SHIFT_FILE.read_text())
    alone = brokers == nodes == 1
    secured = [Server(kind, 1, 1) for kind in SECURED_NODES] if alone else []
    usual = [place for server in [*servers_of(brokers, nodes), *secured] for place in server.ports]
    shifts = SHIFTS if alone else SHIFTS_OF_CLUSTERS
    free = (shift for shift in shifts if not any(taken(host, port + shift) for host, port in usual))
    return next(free, shifts[0])  # Where none is free, the start says which port is taken.


# ------------------------------------------------------------------------------------------------------------ subcommands


@contextlib.contextmanager
def secured_node(kind: str):
    """One of SECURED_NODES, which is started with no data in it and ended at once afterwards, unless it runs already."""
    server = Server(kind, 1, 1)
    if (kind, 1) in running():
        yield server
        return
    check_ports_are_free(server)
    shutil.rmtree(server.directory, ignore_errors=True)
    pid = spawn(server).pid
    try:
        wait_until_ready(server, pid)
        yield server
    finally:
        kill(server, pid)
        shutil.rmtree(server.directory, ignore_errors=True)


def up(brokers: int, nodes: int, fresh: bool) -> None:
    wanted = servers_of(brokers, nodes)
    before = running()
    for server, _ in before.values():
        count = brokers if server.kind == "kafka" else nodes
        if count and server.count != count:
            raise Failure(
                f"A cluster of another size is running ({server.title}; asked for {count}). Run ./dev servers down first."
            )
    missing = [server for server in wanted if (server.kind, server.number) not in before]
    if fresh and missing and before:
        fresh = False  # The data of a cluster that is partly up is not ours to remove.
    for server in missing:
        check_ports_are_free(server)
        jars(server.kind)
    if fresh:
        for server in missing:
            shutil.rmtree(server.directory, ignore_errors=True)
    HOME.mkdir(parents=True, exist_ok=True)
    SHIFT_FILE.write_text(f"{PORT_SHIFT}\n")
    begun = time.monotonic()
    started: list[tuple[Server, int]] = []
    try:
        # All brokers start together, for they wait for each other; Cassandra nodes join one at a time.
        for server in [s for s in missing if s.kind == "kafka"]:
            started.append((server, spawn(server).pid))
        for server in [s for s in missing if s.kind == "cassandra"]:
            pid = spawn(server).pid
            started.append((server, pid))
            if server.count > 1:
                wait_until_ready(server, pid)
        for server, pid in started:
            wait_until_ready(server, pid)
        for server, pid in before.values():
            wait_until_ready(server, pid)
    except (Failure, KeyboardInterrupt):
        for server, pid in reversed(started):
            stop(server, pid)
        raise
    for server in wanted:
        print(f"{server.title}: {server.address}" + ("" if server in missing else " (was running)"))
    if PORT_SHIFT:
        print(f"Their ports are the usual ones plus {PORT_SHIFT}.")
    if missing:
        print(f"Ready after {time.monotonic() - begun:.0f} s. Logs: {HOME / 'log'}. Stop with: ./dev servers down")


def down(wipe: bool) -> None:
    found = running()
    # Cassandra first: it takes longer, and neither needs the other.
    for server, pid in sorted(found.values(), key=lambda entry: entry[0].kind):
        stop(server, pid)
        print(f"{server.title}: stopped")
    if not found:
        print("No server is running that ./dev servers started.")
    if wipe:
        for directory in HOME.glob("*-*of*"):
            shutil.rmtree(directory)
        print("Their data is removed.")


def status() -> bool:
    """Prints what runs; true if there is something and all of it answers."""
    found = running()
    if not found:
        print("No server is running. Start them with: ./dev servers up")
        return False
    good = True
    for server, pid in found.values():
        answers = seen(server) > 0
        good = good and answers
        state = "answers" if answers else f"does NOT answer, see {server.log}"
        print(f"{server.title}: {server.address}, pid {pid}, {state}")
    kinds = {server.kind for server, _ in found.values()}
    for kind in ("kafka", "cassandra"):
        expected = max((server.count for server, _ in found.values() if server.kind == kind), default=1)
        alive = sum(server.kind == kind for server, _ in found.values())
        if kind not in kinds or alive < expected:
            print(f"{kind}: {alive} of {expected} running")
            good = False
    return good


def size(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 9:
        raise argparse.ArgumentTypeError("must be from 0 to 9")
    return value


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev servers", description="Kafka and Cassandra on this machine, without Docker.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="up|down|status|ports")
    start = commands.add_parser("up", help="start what is not running and wait until it answers")
    start.add_argument("--brokers", type=size, default=1, help="Kafka brokers, at 127.0.0.1:29092, :29192, … (default 1)")
    start.add_argument("--nodes", type=size, default=1, help="Cassandra nodes, at 127.0.0.1:9042, 127.0.0.2:9042, … (default 1)")
    start.add_argument("--fresh", action="store_true", help="begin with empty servers, where none is running")
    end = commands.add_parser("down", help="stop what `up` started; the data stays")
    end.add_argument("--wipe", action="store_true", help="remove the data too")
    commands.add_parser("status", help="say what runs; exit 0 if all of it answers, 1 otherwise")
    ports = commands.add_parser("ports", help="print what is added to the usual ports: 0, or what keeps clear of other programs")
    ports.add_argument("--brokers", type=size, default=1, help="of a cluster of so many brokers")
    ports.add_argument("--nodes", type=size, default=1, help="of a cluster of so many nodes")
    arguments = parser.parse_args()
    if arguments.command == "up" and not arguments.brokers and not arguments.nodes:
        parser.error("up: with no broker and no node there is nothing to start")
    try:
        if arguments.command == "up":
            up(arguments.brokers, arguments.nodes, arguments.fresh)
        elif arguments.command == "down":
            down(arguments.wipe)
        elif arguments.command == "ports":
            print(shift_to_use(arguments.brokers, arguments.nodes))
        else:
            return 0 if status() else 1
    except Failure as failure:
        print(f"./dev servers {arguments.command}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
