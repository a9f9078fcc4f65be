"""A small disk of its own for one engine, that can be filled: a tmpfs whose size is set to what is used already."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

TRIES = 20


def mounted(path: Path) -> bool:
    return any(line.split()[1] == str(path) for line in Path("/proc/mounts").read_text().splitlines())


class Disk:
    """A folder. `can_fill` is false where mounting is not permitted; then it is a folder like any other."""

    def __init__(self, path: Path, megabytes: int) -> None:
        self.path = path
        self.megabytes = megabytes
        path.mkdir(parents=True)
        self.is_full = False
        self.can_fill = mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)) == ""

    def fill(self) -> bool:
        """Leaves no page free. Whoever writes meanwhile makes the size too small to be set, so it takes some tries."""
        for _ in range(TRIES):
            status = os.statvfs(self.path)
            # A tmpfs of size 0 has no limit, and can be given none any more.
            used = max(1, status.f_blocks - status.f_bfree) * status.f_frsize
            if mount("-o", f"remount,size={used}", str(self.path)) == "":
                self.is_full = True
                return True
        return False

    def free(self) -> None:
        said = mount("-o", f"remount,size={self.megabytes}m", str(self.path))
        if said:
            raise OSError(f"{self.path} cannot be given its size back: {said}")
        self.is_full = False

    def close(self) -> None:
        if self.can_fill:
            unmount(self.path)


def unmount(path: Path) -> None:
    """Also what an earlier run has left, when that was killed."""
    while mounted(path):
        if subprocess.run(["umount", "--lazy", str(path)], check=False).returncode != 0:
            return


def mount(*arguments: str) -> str:
    """What mount has to complain about; empty if nothing."""
    try:
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr.strip() or f"mount ended with {done.returncode}"
