// RUN: weft-opt %s --weft-verify-loops -split-input-file -verify-diagnostics

func.func @l1_weft_left(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'weft.exp' op is left after lowering to loops}}
  %y = weft.exp %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error @below {{buffer 0 of kernel 'l2_unnamed_size' is dynamic, so it needs 'weft.shape' with one entry for each dimension}}
func.func private @l2_unnamed_size(%x: memref<?xf32>, %o: memref<4xf32>, %d0: index, %begin: index, %end: index)
    attributes {weft.kernel, weft.dims = ["d0"], weft.outputs = 1 : i64,
                weft.chunks = #weft.shape<[d0]>, weft.grain = 1 : i64} {
  return
}

// -----

// expected-error @below {{argument 0 of kernel 'l2_no_buffer' must be a dense buffer}}
func.func private @l2_no_buffer(%x: f32, %o: memref<4xf32>, %begin: index, %end: index)
    attributes {weft.kernel, weft.dims = [], weft.outputs = 1 : i64,
                weft.chunks = #weft.shape<[1]>, weft.grain = 1 : i64} {
  return
}

// -----

// expected-error @below {{kernel 'l2_no_range' needs 3 arguments at least, has 1}}
func.func private @l2_no_range(%o: memref<4xf32>)
    attributes {weft.kernel, weft.dims = [], weft.outputs = 1 : i64,
                weft.chunks = #weft.shape<[1]>, weft.grain = 1 : i64} {
  return
}
