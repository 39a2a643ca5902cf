# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# chain.py COUNT: a module with one function of COUNT operations, each on the one before, for tests
# of how passes scale.
import sys

T = "tensor<?x64xf32, #weft.shape<[N, 64]>>"
W = "tensor<64x64xf32>"


def operation(i):
    x, older = f"%v{i - 1}", f"%v{max(0, i - 7)}"
    return [
        f'weft.contract "ik,kj->ij" {x}, %t{i} : {T}, {W} -> {T}',
        f"weft.tanh {x} : {T}",
        f"weft.add {x}, {older} : {T}",
        f"weft.softmax {x} axis 1 : {T}",
        f"weft.mul {x}, {older} : {T}",
    ][i % 5]


def main():
    count = int(sys.argv[1])
    print(f'func.func @chain(%v0: {T} {{weft.name = "x"}}, %w: {W} {{weft.name = "w"}})')
    print(f'    -> ({T} {{weft.name = "result"}}) attributes {{weft.export}} {{')
    for i in range(1, count):
        if i % 5 == 0:
            print(f"  %t{i} = weft.transpose %w [1, 0] : {W} -> {W}")
        print(f"  %v{i} = {operation(i)}")
    print(f"  return %v{count - 1} : {T}\n}}")


main()
