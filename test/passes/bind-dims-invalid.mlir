// RUN: not weft-opt %s --weft-bind-dims=dims=Q=4 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not weft-opt %s --weft-bind-dims=dims=N=-1 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not weft-opt %s --weft-bind-dims=dims=N 2>&1 | FileCheck %s --check-prefix=NUMBER
// RUN: not weft-opt %s --weft-bind-dims=dims=N=x 2>&1 | FileCheck %s --check-prefix=WORD
// RUN: not weft-opt %s --weft-bind-dims=dims=N=1,N=2,N=1 2>&1 | FileCheck %s --check-prefix=TWICE

// UNKNOWN: error: no exported function has a dimension 'Q': the dimensions are M, N
// NEGATIVE: error: 'N=-1' does not bind a dimension: write a name, '=' and a size from 0 on, as in 'N=1', or '*' for any size
// NUMBER: error: 'N' does not bind a dimension
// WORD: error: 'N=x' does not bind a dimension
// TWICE: error: dimension 'N' has two versions for '1'
func.func @f(%x: tensor<?x?xf32, #weft.shape<[N, M]>> {weft.name = "x"})
    -> (tensor<?x?xf32, #weft.shape<[N, M]>> {weft.name = "result"}) attributes {weft.export} {
  return %x : tensor<?x?xf32, #weft.shape<[N, M]>>
}
