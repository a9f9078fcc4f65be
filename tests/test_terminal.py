"""What a person at a terminal sees while a run goes on."""

import os
import pty
import subprocess
import time

from support.listening import file_pipeline, play
from support.program import BINARY, environment


def test_a_terminal_shows_one_status_line_that_is_drawn_again(turntable):
    pipeline = file_pipeline(turntable, "-", "null", listening_history__flush_interval="50ms")
    terminal, other_end = pty.openpty()
    running = subprocess.Popen(
        [str(BINARY), "run", str(pipeline.pipeline), *pipeline.sets],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=other_end, env=environment(), cwd=turntable.directory,
    )  # fmt: skip
    os.close(other_end)
    seen = b""
    try:
        running.stdin.write(play() + b"\n")
        running.stdin.flush()
        deadline = time.monotonic() + 30
        while b"written 1, unmatched 0, rejected 0" not in seen and time.monotonic() < deadline:
            seen += os.read(terminal, 4096)
        running.stdin.close()
        assert running.wait(30) == 0
    finally:
        running.kill()
        os.close(terminal)
    assert b"written 1, unmatched 0, rejected 0" in seen
    assert b"\r\x1b[K" in seen and b" records/s, lag " in seen
    assert b"info" not in seen, "no log line beside it"
