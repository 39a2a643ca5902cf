# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data for train.test and train-invalid.test, and the check that a run that is killed goes on.

train.py FOLDER                  writes the data
train.py FOLDER kill COMMAND...  kills COMMAND at many moments and resumes it until it is through
"""
import pathlib
import random
import subprocess
import sys

import numpy

folder = pathlib.Path(sys.argv[1])


def write():
    folder.mkdir(parents=True)
    numbers = numpy.random.default_rng(1)
    label = numbers.integers(0, 3, 200).astype("int64")
    x = (numbers.normal(size=(200, 4)) + 4 * numpy.eye(3, 4)[label]).astype("float64")
    numpy.savez(folder / "good.npz", x=x, label=label, names=numpy.array(["a", "b"]))
    (folder / "npy").mkdir()
    numpy.save(folder / "npy" / "x.npy", x.astype("float32"))
    numpy.save(folder / "npy" / "label.npy", label.astype("int32"))
    rows = [",".join([str(int(k))] + [repr(float(v)) for v in r]) for k, r in zip(label, x)]
    (folder / "good.csv").write_text('label,"a ""1""",b,c,d\n' + "\n".join(rows) + "\n")
    (folder / "bare.csv").write_text("\r\n".join(rows))
    (folder / "word.csv").write_text("label,a,b,c,d\n0,1,2,3,4\n1,2,three,4,5\n")
    (folder / "short.csv").write_text("label,a,b,c,d\n0,1,2,3,4\n1,2,3\n")
    (folder / "quote.csv").write_text('label,a\n0,"1\n')
    (folder / "none.csv").write_text("\n")
    bad = label.copy()
    bad[7] = 3
    numpy.savez(folder / "label.npz", x=x, label=bad)
    numpy.savez(folder / "float.npz", x=x, label=label.astype("float32"))
    numpy.savez(folder / "rows.npz", x=x[:100], label=label)
    numpy.savez(folder / "shape.npz", x=x[:, :3], label=label)
    numpy.savez(folder / "other.npz", y=x)
    numpy.savez(folder / "empty.npz", x=x[:0], label=label[:0])
    nan = x.copy()
    nan[11, 2] = numpy.nan
    numpy.savez(folder / "nan.npz", x=nan, label=label)
    numpy.savez(folder / "graph.npz", x=x[:5, :2].astype("float32"), **{"from": label[:9].astype("int32")})
    numpy.savez(folder / "four.npz", x=x[:10, :2].astype("float32"))


def kill(command):
    """Kills the command after 10 ms to 0.6 s, again and again; it has to come through by itself."""
    moments = random.Random(5)
    for _ in range(40):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            child.wait(moments.uniform(0.01, 0.6))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            continue
        assert child.returncode == 0, child.returncode
        return
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if len(sys.argv) > 2:
    kill(sys.argv[3:])
else:
    write()
