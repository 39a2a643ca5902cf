// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Code for one element of a tensor of a kernel, wherever it is wanted: arguments are loaded,
// everything else is recomputed from its operands' elements. A loop nest decides which elements
// are wanted, so one set of rules serves every kernel. (The idea is that of XLA's elemental
// emitter.)

#ifndef WEFT_CODEGEN_CPU_ELEMENTS_H
#define WEFT_CODEGEN_CPU_ELEMENTS_H

#include "codegen/cpu/Scalar.h"
#include "codegen/host/KernelInterface.h"
#include "ir/WeftOps.h"

#include <set>

namespace weft {

class Elements {
public:
  Elements(Code &ownerCode, Scalar &ownerScalar, LoopKernel &ownerKernel,
           mlir::func::FuncOp sourceFunction);

  /// The element of `tensor` at `indices`, in its held type. After an error at the operation at
  /// fault, `hasFailed` is set and some constant is given.
  Value at(Value tensor, ArrayRef<Value> indices);
  /// Computes here what elements of `tensor` need that does not depend on the indices that are null
  /// (not known yet): the loop over those then finds it. LLVM would keep it inside: what stands
  /// behind a branch may not be loaded before it.
  void prepare(Value tensor, ArrayRef<Value> indices);
  /// States the element of `tensor` at `indices` for the code of the current scope.
  void bind(Value tensor, ArrayRef<Value> indices, Value element);

  /// States which input of a concatenation the elements that are asked for next come from.
  void assume(ConcatOp op, size_t input) { knownInputs[op] = input; }
  void forget(ConcatOp op) { knownInputs.erase(op); }

  /// The buffer of an argument as one dimension; null for other values.
  Value flat(Value tensor);
  Value flatOutput(unsigned number);
  bool isArgument(Value tensor) const { return isa<mlir::BlockArgument>(tensor); }

  /// Sizes as indexes, computed at the entry of the function.
  Value size(const Dim &dim);
  SmallVector<Value> sizes(ArrayRef<Dim> dims);
  SmallVector<Value> sizes(Value tensor);

  bool hasFailed = false;

  Code &code;
  Scalar &scalar;

private:
  Value compute(Operation *op, ArrayRef<Value> indices);
  void prepare(Value tensor, ArrayRef<Value> indices, std::set<Code::Key> &seen);
  SmallVector<Value> transposePlaces(TransposeOp op, ArrayRef<Value> indices);
  Value fail(Operation *op, const Twine &what);

  // ElementsIndexing.cpp: operations that rearrange or generate.
  Value indexing(Operation *op, ArrayRef<Value> indices);
  Value constantAt(ConstantOp op, ArrayRef<Value> indices);
  Value broadcastAt(BroadcastOp op, ArrayRef<Value> indices);
  Value reshapeAt(ReshapeOp op, ArrayRef<Value> indices);
  Value transposeAt(TransposeOp op, ArrayRef<Value> indices);
  Value sliceAt(SliceOp op, ArrayRef<Value> indices);
  Value dynamicSliceAt(DynamicSliceOp op, ArrayRef<Value> indices);
  Value padAt(PadOp op, ArrayRef<Value> indices);
  Value concatAt(ConcatOp op, ArrayRef<Value> indices);
  Value gatherAt(GatherOp op, ArrayRef<Value> indices);
  SmallVector<Value> gatheredIndex(GatherOp op, ArrayRef<Value> indices);
  Value randomBitsAt(RandomBitsOp op, ArrayRef<Value> indices);

public:
  /// Where the input of a broadcast or a gather is read for the element at `indices`.
  SmallVector<Value> broadcastPlaces(BroadcastOp op, ArrayRef<Value> indices);
  SmallVector<Value> gatheredPlaces(GatherOp op, ArrayRef<Value> indices);
  /// What `read` gives, of `type`; 0 if the input of the gather has nothing to take.
  Value ifFilled(GatherOp op, Type type, llvm::function_ref<Value()> read);
  /// The corner of a dynamic slice in dimension `dim`: clamped so that `part` fits in `whole`.
  Value corner(Value start, const Dim &whole, const Dim &part);

private:
  Value flatten(Value buffer, ArrayRef<Dim> dims);
  Value globalOf(ConstantOp op);

  LoopKernel &kernel;
  mlir::func::FuncOp source;
  llvm::DenseMap<Value, Value> flats;
  std::vector<std::pair<Dim, Value>> knownSizes;
  llvm::DenseMap<Operation *, size_t> knownInputs;
  unsigned depth = 0;
};

/// True if dimensions `dim` and `dim + 1` of `tensor` may run as one index without a division for
/// each element.
bool mergeable(Value tensor, int64_t dim, unsigned level = 0);

Type elementOf(Value tensor);
SmallVector<Dim> dimsOf(Value tensor);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_ELEMENTS_H
