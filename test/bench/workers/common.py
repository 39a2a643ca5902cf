# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the workers in Python share: taking turns, and the memory of the process."""
import json
import sys
import time


def resident(field):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {field}")


class Memory:
    """Growth of the resident memory from here on; the kernel's high mark is set back first."""

    def __init__(self):
        with open("/proc/self/clear_refs", "w") as refs:
            refs.write("5")
        self.before = resident("VmRSS")

    def growth(self):
        return resident("VmHWM") - self.before


def serve(open_model):
    """`open_model()` gives what is called and timed."""
    memory = Memory()
    start = time.perf_counter()
    call = open_model()
    say({"open_ms": (time.perf_counter() - start) * 1e3})
    for line in sys.stdin:
        seconds, times = float(line), []
        start = time.perf_counter()
        while True:
            before = time.perf_counter()
            call()
            after = time.perf_counter()
            times.append((after - before) * 1e3)
            if after - start >= seconds:
                break
        say({"times_ms": times, "peak_bytes": memory.growth()})


def say(message):
    print(json.dumps(message), flush=True)
