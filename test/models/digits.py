# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The digits model, compiled: the accuracy of its shipped weights, the same probabilities as
PyTorch, and for each image the same bytes whatever the batch and the number of threads.

REQUIRES: torch
RUN: %python %s %models | FileCheck %s
CHECK: accuracy 0.9{{[7-9]}}
CHECK: digits N=360: relative error
CHECK: N=0: 0 rows
CHECK: N=1, 2, 7, 64: the same bytes for each row
CHECK: 2 and 3 threads: the same bytes
"""
import json
import pathlib
import struct
import sys

import numpy
import torch

from digitnet import TEST_COUNT, DigitNet
from harness import agree, weft_run


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    length, = struct.unpack_from("<Q", data)
    return {name: numpy.frombuffer(data, "<f4", numpy.prod(entry["shape"], dtype=int),
                                   8 + length + entry["data_offsets"][0]).reshape(entry["shape"])
            for name, entry in json.loads(data[8:8 + length]).items()}


def main():
    folder = pathlib.Path(sys.argv[1]) / "digits"
    weights = read_safetensors(folder / "digits.safetensors")
    images = numpy.load(folder / "data" / "image.npy")[-TEST_COUNT:]
    labels = numpy.load(folder / "data" / "label.npy")[-TEST_COUNT:]
    images = images[:, None].astype("f4") / 16

    def predict(batch, *options):
        ours, = weft_run(folder / "digits.weft", "predict", weights, {"image": batch}, ["result"],
                         options)
        return ours

    probability = predict(images)
    print(f"accuracy {(probability.argmax(1) == labels).mean():.4f}")

    net = DigitNet()
    net.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
    with torch.no_grad():
        theirs = net(torch.from_numpy(images)).softmax(1).numpy()
    agree(f"digits N={TEST_COUNT}", probability, theirs, 1e-5)

    print(f"N=0: {len(predict(images[:0]))} rows")
    for batch in (1, 2, 7, 64):
        assert predict(images[:batch]).tobytes() == probability[:batch].tobytes(), batch
    print("N=1, 2, 7, 64: the same bytes for each row")
    for threads in (2, 3):
        assert predict(images, "--threads", str(threads)).tobytes() == probability.tobytes()
    print("2 and 3 threads: the same bytes")


main()
