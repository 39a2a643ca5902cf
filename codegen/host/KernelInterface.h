// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The agreement between code that computes (codegen/cpu) and code that calls (codegen/host): how
// a kernel function looks at the stages `plan` and `loops`.
//
// At `plan` a kernel is a function on tensors whose symbols are named d0, d1, ...:
//
//   func.func private @k0(%x: tensor<?x10xf32, #weft.shape<[d0, 10]>>) -> tensor<...>
//       attributes {weft.kernel, weft.dims = ["d0"]}
//
// At `loops` it is a function on buffers, made with beginLoopKernel():
//
//   func.func private @k0(%x: memref<?x10xf32> {llvm.noalias, weft.shape = #weft.shape<[d0, 10]>},
//                         %out: memref<...> {...}, %d0: index, %begin: index, %end: index)
//       attributes {weft.kernel, weft.dims = ["d0"], weft.outputs = 1 : i64,
//                   weft.chunks = #weft.shape<[d0]>, weft.grain = 1 : i64}
//
// The host runs the chunks [0, weft.chunks) in any partition, on any number of threads, each
// chunk exactly once; nothing is called when there are no chunks. Buffers are dense and row-major,
// aligned to their element only (a step of a scan reads a slice in place), and overlap an output
// only where `weft.in_place` says so (Storage.h). An output's bytes are undefined before the kernel
// runs.

#ifndef WEFT_CODEGEN_HOST_KERNELINTERFACE_H
#define WEFT_CODEGEN_HOST_KERNELINTERFACE_H

#include "ir/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

namespace weft {

/// Names of the attributes of a kernel function, and of its buffer arguments.
inline constexpr StringRef kernelAttrName = "weft.kernel";
inline constexpr StringRef kernelDimsAttrName = "weft.dims";
inline constexpr StringRef kernelOutputsAttrName = "weft.outputs";
inline constexpr StringRef kernelChunksAttrName = "weft.chunks";
inline constexpr StringRef kernelGrainAttrName = "weft.grain";
inline constexpr StringRef bufferShapeAttrName = "weft.shape";

/// The type of one element in memory: bool is a byte (0 or 1), unsigned integers are signless.
Type storageType(Type element);

/// Bytes of one element in memory.
int64_t storageBytes(Type element);

/// The dense row-major buffer of a tensor.
mlir::MemRefType bufferType(RankedTensorType tensor);

/// Bytes of a whole tensor in memory.
Dim bufferBytes(RankedTensorType tensor);

/// Code for the value of `dim`; `valueOf` gives the value of each symbol, of type index or i64,
/// which is the type of the result. A symbol without a value is our own fault (assert).
Value emitDim(OpBuilder &builder, Location loc, const Dim &dim, Type type,
              llvm::function_ref<Value(StringRef)> valueOf);

/// A kernel function of stage `loops` under construction: its arguments by role.
struct LoopKernel {
  mlir::func::FuncOp function;
  SmallVector<Value> inputs;
  SmallVector<Value> outputs;
  llvm::StringMap<Value> dims; ///< By canonical name, as index.
  Value begin, end;            ///< The range of chunks to compute.

  /// Code for a dimension in this function, as index.
  Value emit(OpBuilder &builder, Location loc, const Dim &dim) const;
};

/// Creates the buffer function that replaces the tensor function `kernel`, directly after it and
/// under the same name, with an empty entry block at whose start `builder` is left. The caller
/// fills it, adds the return, and erases `kernel`.
///
/// `chunks` is the length of the outermost parallel dimension over the symbols of the kernel (1 if
/// there is none); `grain` the number of chunks that is worth a thread's while.
LoopKernel beginLoopKernel(OpBuilder &builder, mlir::func::FuncOp kernel, const Dim &chunks,
                           int64_t grain);

/// What a caller must know of a kernel function at stage `loops`.
struct KernelInterface {
  SmallVector<mlir::MemRefType> buffers; ///< Inputs, then outputs.
  SmallVector<SmallVector<Dim>> shapes;  ///< One a buffer, over `dims`.
  int64_t outputs = 1;
  SmallVector<StringAttr> dims;
  Dim chunks;
  int64_t grain = 1;

  /// Emits an error at the function where it does not have the form above.
  static FailureOr<KernelInterface> of(mlir::func::FuncOp function);
};

/// True for a function that is a kernel, at any stage from `plan` on.
bool isKernelFunction(mlir::func::FuncOp function);

} // namespace weft

#endif // WEFT_CODEGEN_HOST_KERNELINTERFACE_H
