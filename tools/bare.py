#!/usr/bin/env python3
"""Runs a command of ./dev on a bare Debian: a chroot with nothing installed and every cache empty, made by debootstrap.

    tools/bare.py demo                       # Debian 12
    tools/bare.py --suite trixie build       # Debian 13
    tools/bare.py --commit f8655d9 demo      # another version

It prints what the command took: CPU minutes of all its processes, and minutes of the clock. It needs root, debootstrap and the
network. The host's apt sources, certificates and settings of pip, cargo, npm and Maven are copied in, for a mirror or a proxy may
be named there. Nothing is left behind unless --keep is given.

Standard library only.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Settings that are copied from the host, those that exist there.
SETTINGS = [
    "/etc/apt/apt.conf.d", "/etc/apt/sources.list", "/etc/apt/sources.list.d", "/etc/apt/trusted.gpg.d", "/etc/hosts", "/etc/pip.conf",
    "/etc/resolv.conf", "/etc/ssl/certs", "/root/.cargo/config.toml", "/root/.m2/settings.xml", "/root/.npmrc", "/usr/local/share/ca-certificates",
    "/usr/share/ca-certificates",
]  # fmt: skip
VARIABLES = re.compile(r"(?i).*(_proxy|_ca_bundle|ssl_cert_file|ssl_cert_dir)$|^(cargo|pip|npm|maven)_.*")


def mirror() -> str:
    """Where the host's apt takes Debian from."""
    said = "".join(path.read_text() for path in [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*.sources")] if path.exists())
    found = re.search(r"^(?:URIs:|deb(?: \[.*\])?)\s+(\S+/debian)\b", said, re.MULTILINE)
    return found[1] if found else "http://deb.debian.org/debian"


def copy_in(directory: Path) -> None:
    for name in SETTINGS:
        source, target = Path(name), directory / name.lstrip("/")
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, symlinks=False, ignore_dangling_symlinks=True)
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


@contextlib.contextmanager
def chroot(suite: str, keep: bool) -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix=f"bare-{suite}-"))
    mounted: list[Path] = []
    try:
        subprocess.run(["debootstrap", "--variant=minbase", suite, str(directory), mirror()], check=True, stdout=subprocess.DEVNULL)
        copy_in(directory)
        for path in [directory / "etc/apt/sources.list.d" / "debian.sources", directory / "etc/apt/sources.list"]:
            if path.exists():  # The host's suite is not the chroot's.
                path.write_text(re.sub(r"\b(bookworm|trixie)\b", suite, path.read_text()))
        for kind, name in (("proc", "proc"), ("tmpfs", "dev/shm")):
            (directory / name).mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", "-t", kind, kind, str(directory / name)], check=True)
            mounted.append(directory / name)
        yield directory
    finally:
        for path in reversed(mounted):
            subprocess.run(["umount", "--lazy", str(path)], check=False)
        if keep:
            print(f"kept: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)


def put_sources(directory: Path, commit: str) -> None:
    target = directory / "turntable"
    target.mkdir()
    archive = subprocess.Popen(["git", "archive", commit], cwd=ROOT, stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", str(target)], stdin=archive.stdout, check=True)
    if archive.wait() != 0:
        raise SystemExit(f"tools/bare.py: git archive {commit} failed")


def measured(directory: Path, words: list[str]) -> tuple[int, float, float]:
    """The exit code, seconds of CPU and seconds of the clock."""
    environment = {name: value for name, value in os.environ.items() if VARIABLES.match(name)}
    environment |= {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = ["chroot", str(directory), "sh", "-c", 'cd /turntable && exec ./dev "$@"', "dev", *words]
    code = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return code, cpu, time.monotonic() - begun


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/bare.py", description=__doc__.partition("\n")[0])
    parser.add_argument("--suite", default="bookworm", help="of Debian (default bookworm, which is Debian 12)")
    parser.add_argument("--commit", default="HEAD", help="which version (default HEAD)")
    parser.add_argument("--keep", action="store_true", help="leave the chroot, and say where it is")
    parser.add_argument("words", nargs="+", metavar="WORD", help="of ./dev: demo, or build turntable")
    arguments = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        print("tools/bare.py: it needs root and debootstrap (apt-get install debootstrap)", file=sys.stderr)
        return 2
    with chroot(arguments.suite, arguments.keep) as directory:
        put_sources(directory, arguments.commit)
        code, cpu, wall = measured(directory, arguments.words)
    print(f"./dev {' '.join(arguments.words)} on a bare {arguments.suite}: exit {code}, {cpu / 60:.1f} CPU minutes, {wall / 60:.1f} minutes")
    return code


if __name__ == "__main__":
    sys.exit(main())
