# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times PyTorch, eager and frozen by torch.jit, whichever is faster.

    python3 test/bench/workers/pytorch.py NETWORK BATCH THREADS [SET]
"""
import pathlib
import sys
import time
import warnings

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "networks"))

import common  # noqa: E402
import zoo  # noqa: E402


def seconds_of(call):
    call()
    call()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@torch.no_grad()
def main(name, batch, threads, which="full"):
    torch.set_num_threads(int(threads))
    network = zoo.SETS[which][name]
    net, inputs = zoo.make(network), tuple(network.inputs(int(batch)).values())

    def open_model():
        calls = [lambda: net(*inputs)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                frozen = torch.jit.freeze(torch.jit.trace(net, inputs))
                calls.append(lambda: frozen(*inputs))
            except RuntimeError:
                pass  # what cannot be traced runs as it is
        return min(calls, key=seconds_of)

    common.serve(open_model)


main(*sys.argv[1:])
