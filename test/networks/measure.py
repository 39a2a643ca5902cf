# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a command costs: time, and memory of itself or of its largest child."""
import dataclasses
import os
import subprocess
import tempfile
import time


@dataclasses.dataclass(frozen=True)
class Cost:
    wall_s: float
    cpu_s: float  # user and system, children included
    peak_bytes: int  # resident
    status: int
    errors: str  # what it wrote to stderr


def measure(command, environment=None):
    """Runs the command. This process should be small: its own memory counts until the command starts."""
    with tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        child = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=errors,
                                 env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        text = errors.read().decode(errors="replace")
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, child.returncode, text)
