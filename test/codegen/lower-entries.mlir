// RUN: weft-opt %s --weft-lower-entries --weft-verify-loops | FileCheck %s

// A launch stores addresses and dimensions in one block of words and names the kernel's body.
// CHECK-LABEL: func.func @weft_entry_f(
// CHECK-SAME: %[[CONTEXT:[^:]*]]: !llvm.ptr, %[[PARAMETERS:[^:]*]]: !llvm.ptr, %[[ARGUMENTS:[^:]*]]: !llvm.ptr,
// CHECK-SAME: %[[SYMBOLS:[^:]*]]: !llvm.ptr, %[[ARENA:[^:]*]]: !llvm.ptr) attributes {weft.entry = "f"}
// CHECK: %[[WORDS:.*]] = llvm.alloca
// CHECK: %[[N:.*]] = llvm.load %[[SYMBOLS]] : !llvm.ptr -> i64
// CHECK: %[[W:.*]] = llvm.load %[[PARAMETERS]] : !llvm.ptr -> !llvm.ptr
// CHECK: %[[X:.*]] = llvm.load %[[ARGUMENTS]] : !llvm.ptr -> !llvm.ptr
// CHECK: %[[PLACE:.*]] = llvm.getelementptr %[[ARGUMENTS]][1]
// CHECK: %[[OUT:.*]] = llvm.load %[[PLACE]] : !llvm.ptr -> !llvm.ptr
// CHECK: %[[A:.*]] = llvm.getelementptr %[[ARENA]][%{{.*}}] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK: llvm.store %[[X]], %[[WORDS]]
// CHECK: llvm.store %[[W]],
// CHECK: llvm.store %[[A]],
// CHECK: llvm.store %[[N]],
// CHECK: %[[CHUNKS:.*]] = arith.muli %{{.*}}, %{{.*}} : i64
// CHECK: %[[BODY:.*]] = constant @k0_body
// CHECK: %[[FUNCTION:.*]] = builtin.unrealized_conversion_cast %[[BODY]]
// CHECK: %[[GRAIN:.*]] = arith.constant 8 : i64
// CHECK: call @weft_parallel_for(%[[CONTEXT]], %[[FUNCTION]], %[[WORDS]], %[[CHUNKS]], %[[GRAIN]])
// CHECK: llvm.store %[[A]], %[[WORDS]]
// CHECK: llvm.store %[[OUT]],
// CHECK: call @weft_parallel_for
// CHECK-NOT: memcpy
// CHECK: return

weft.parameter param @w : tensor<4xf32>

func.func @f(%w: tensor<4xf32> {weft.parameter = @w}, %x: tensor<?x4xf32, #weft.shape<[N, 4]>> {weft.name = "x"})
    -> (tensor<?x4xf32, #weft.shape<[N, 4]>> {weft.name = "result"})
    attributes {weft.export, weft.arena = #weft.shape<[64 * N + 64]>} {
  %a = weft.launch @k0 symbols <[N]> (%x, %w) at [#weft.slot<arena at <[64]>>]
      : (tensor<?x4xf32, #weft.shape<[N, 4]>>, tensor<4xf32>) -> tensor<?x4xf32, #weft.shape<[N, 4]>>
  %b = weft.launch @k0 symbols <[N]> (%a, %w) at [#weft.slot<output at <[0]>>]
      : (tensor<?x4xf32, #weft.shape<[N, 4]>>, tensor<4xf32>) -> tensor<?x4xf32, #weft.shape<[N, 4]>>
  return %b : tensor<?x4xf32, #weft.shape<[N, 4]>>
}

// What the world does not call is gone.
// CHECK-NOT: weft.parameter
// CHECK-NOT: weft.init
func.func private @weft.init(%seed: tensor<ui64>) -> tensor<4xf32> {
  %c = weft.constant dense<0.0> : tensor<4xf32>
  return %c : tensor<4xf32>
}

// A large constant is data; an input that is returned is copied.
// CHECK-LABEL: func.func @weft_entry_constant(
// CHECK: %[[DATA:.*]] = llvm.mlir.addressof @weft_constant_0
// CHECK-DAG: "llvm.intr.memcpy"(%{{.*}}, %[[DATA]], %{{.*}})
// CHECK-DAG: "llvm.intr.memcpy"
func.func @constant(%x: tensor<3xi1> {weft.name = "x"})
    -> (tensor<3xi1> {weft.name = "result0"}, tensor<3xi1> {weft.name = "result1"})
    attributes {weft.export, weft.arena = #weft.shape<[0]>} {
  %c = weft.constant dense<[true, false, true]> : tensor<3xi1>
  return %c, %x : tensor<3xi1>, tensor<3xi1>
}

// CHECK: func.func private @k0_body(%[[WORDS:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64)
// CHECK: %[[X:.*]] = llvm.load %[[WORDS]] : !llvm.ptr -> !llvm.ptr
// CHECK: builtin.unrealized_conversion_cast %[[X]] : !llvm.ptr to memref<?x4xf32>
// CHECK: call @k0(
func.func private @k0(%x: memref<?x4xf32> {llvm.noalias, weft.shape = #weft.shape<[d0, 4]>},
    %w: memref<4xf32> {llvm.noalias}, %o: memref<?x4xf32> {llvm.noalias, weft.shape = #weft.shape<[d0, 4]>},
    %d0: index, %begin: index, %end: index)
    attributes {weft.kernel, weft.dims = ["d0"], weft.outputs = 1 : i64,
                weft.chunks = #weft.shape<[4 * d0]>, weft.grain = 8 : i64} {
  return
}
