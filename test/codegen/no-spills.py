# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads the assembly of contraction and convolution: no innermost loop of products spills.

RUN: kernel-object %S/Inputs/tiles.mlir --cpu x86-64-v4 --assembly > %t.v4.s
RUN: kernel-object %S/Inputs/tiles.mlir --cpu x86-64-v3 --assembly > %t.v3.s
RUN: %python %s %t.v4.s 24 | FileCheck %s
RUN: %python %s %t.v3.s 12 | FileCheck %s
RUN: kernel-object %S/Inputs/depthwise.mlir --cpu x86-64-v4 --assembly > %t.deep4.s
RUN: kernel-object %S/Inputs/depthwise.mlir --cpu x86-64-v3 --assembly > %t.deep3.s
RUN: %python %s %t.deep4.s 36 | FileCheck %s
RUN: %python %s %t.deep3.s 36 | FileCheck %s
RUN: kernel-object %S/Inputs/packed.mlir --cpu x86-64-v4 --assembly > %t.packed4.s
RUN: kernel-object %S/Inputs/packed.mlir --cpu x86-64-v3 --assembly > %t.packed3.s
RUN: %python %s %t.packed4.s 96 | FileCheck %s
RUN: %python %s %t.packed3.s 48 | FileCheck %s
RUN: kernel-object %S/Inputs/packed-narrow.mlir --cpu cooperlake --assembly > %t.narrow.s
RUN: %python %s %t.narrow.s 96 | FileCheck %s
RUN: kernel-object %S/Inputs/packed-scaled.mlir --cpu x86-64-v4 --assembly > %t.scaled4.s
RUN: kernel-object %S/Inputs/packed-scaled.mlir --cpu x86-64-v3 --assembly > %t.scaled3.s
RUN: %python %s %t.scaled4.s 32 | FileCheck %s
RUN: %python %s %t.scaled3.s 16 | FileCheck %s
RUN: kernel-object %S/Inputs/depthwise-last.mlir --cpu x86-64-v4 --assembly > %t.last4.s
RUN: kernel-object %S/Inputs/depthwise-last.mlir --cpu x86-64-v3 --assembly > %t.last3.s
RUN: %python %s %t.last4.s 72 | FileCheck %s
RUN: %python %s %t.last3.s 30 | FileCheck %s
RUN: kernel-object %S/Inputs/narrow-groups.mlir --cpu x86-64-v4 --assembly > %t.narrow4.s
RUN: kernel-object %S/Inputs/narrow-groups.mlir --cpu x86-64-v3 --assembly > %t.narrow3.s
RUN: %python %s %t.narrow4.s 144 | FileCheck %s
RUN: %python %s %t.narrow3.s 48 | FileCheck %s
RUN: kernel-object %S/Inputs/eight-channels.mlir --cpu x86-64-v4 --assembly > %t.eight.s
RUN: %python %s %t.eight.s 168 | FileCheck %s
RUN: kernel-object %S/Inputs/attention.mlir --cpu x86-64-v4 --assembly > %t.attention4.s
RUN: kernel-object %S/Inputs/attention.mlir --cpu x86-64-v3 --assembly > %t.attention3.s
RUN: %python %s %t.attention4.s 96 | FileCheck %s
RUN: %python %s %t.attention3.s 48 | FileCheck %s
RUN: not %python %s %S/Inputs/spill.s 1 | FileCheck %s --check-prefix=BAD
RUN: not %python %s %S/Inputs/spill-exp.s 1 | FileCheck %s --check-prefix=BAD-EXP
CHECK: no spills
BAD: 1 spills in the loop at '.L'
BAD-EXP-NOT: '.Loperand'
BAD-EXP: 1 spills in the loop at '.Lstore'
BAD-EXP: 1 spills in the loop at '.Lreload'
"""
import re
import sys


def innermost_loops(lines):
    """Label and instructions of each loop without another jump in it, and whether %rbp is the frame
    of its function there, not one more register."""
    frames, has_frame = [], False
    for line in lines:
        if re.match(r"[^.\s].*:$", line):
            has_frame = False
        has_frame |= re.match(r"\s+movq\s+%rsp, %rbp", line) is not None
        frames.append(has_frame)
    labels = {line[:-1]: number for number, line in enumerate(lines) if line.endswith(":")}
    for number, line in enumerate(lines):
        jump = re.match(r"\s+j\w+\s+(\S+)", line)
        start = labels.get(jump.group(1)) if jump else None
        if start is None or start > number:
            continue
        body = lines[start:number]
        if not any(re.match(r"\s+j", instruction) for instruction in body):
            yield jump.group(1), body, frames[start]


def is_spill(instruction, has_frame, constants_in_memory):
    """A vector moved to or from a fixed place of the stack; tiles there have an index. With
    `constants_in_memory` an operand that an instruction computes with may be read from there."""
    place = r"\(%r[sb]p\)" if has_frame else r"\(%rsp\)"
    if not re.search(r"%[xyz]mm", instruction) or not re.search(place, instruction):
        return False
    is_computed_with = re.search(place + r"(\{1to\d+\})?,", instruction) and "vmov" not in instruction
    return not (constants_in_memory and is_computed_with)


def main(path, widest):
    with open(path) as assembly:
        lines = [line.split("#")[0].rstrip() for line in assembly]
    has_32_registers = any("%zmm" in line for line in lines)
    products, faults = 0, 0
    for label, body, has_frame in innermost_loops(lines):
        count = sum(
            any(name in instruction for name in ("vfmadd", "vdpbf16ps", "vpdpbusd"))
            for instruction in body
        )
        # An exponential, known by its shift into the exponent, has more constants than 16 registers
        # hold. What does not change is read from memory there, by the instruction that uses it:
        # that costs no time and no register. With 32 registers there is no reason for it.
        is_exponential = any("vpslld" in instruction for instruction in body)
        spills = sum(is_spill(instruction, has_frame, is_exponential and not has_32_registers)
                     for instruction in body)
        if not is_exponential:
            products = max(products, count)
        if count and spills:
            faults += 1
            print(f"{spills} spills in the loop at '{label}'")
    if products < widest:
        faults += 1
        print(f"the largest loop has {products} products, {widest} expected")
    print("spills found" if faults else "no spills")
    return bool(faults)


sys.exit(main(sys.argv[1], int(sys.argv[2])))
