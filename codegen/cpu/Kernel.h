// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One kernel on its way from tensors to loops: what its loop emitters share. A loop emitter decides
// on the chunks, calls begin(), writes loops over chunks, and stores each element of the result
// once.

#ifndef WEFT_CODEGEN_CPU_KERNEL_H
#define WEFT_CODEGEN_CPU_KERNEL_H

#include "codegen/cpu/Elements.h"

namespace weft {

/// What code generation must know of the processor.
struct VectorTarget {
  int64_t bytes = 64;      ///< Of one vector register.
  int64_t registers = 32;  ///< Vector registers that the processor names.
  bool halves = true;      ///< It has instructions between f16 and f32.
  bool bfloatDots = false; ///< One for each sum of two products of bf16, of 64 bytes.
  bool byteDots = false;   ///< One for each sum of four products of u8 and i8, of 64 bytes.
  bool permutes = false;   ///< One that picks lanes of 64 bytes by the numbers in another vector.
};

class Kernel {
public:
  Kernel(mlir::func::FuncOp sourceFunction, VectorTarget vectorTarget);

  /// Creates the loop function. `chunks` is the extent of the parallel range.
  void begin(const Dim &chunks, int64_t grain);
  /// Ends the function and removes the source; fails if code for some element was missing.
  LogicalResult finish();

  mlir::func::FuncOp source;
  VectorTarget target;
  Operation *root = nullptr;  ///< Null in a kernel without one.
  Value result;               ///< The value that the kernel gives; `root`'s, or an epilogue of it.
  bool givesLineSums = false; ///< Of `result`, as second output (passes/LineSums.h).

  Code &code() { return *codeStore; }
  Scalar &scalar() { return *scalarStore; }
  Elements &elements() { return *elementsStore; }

  /// for (chunk = begin; chunk < end; ++chunk)
  void forChunks(Code::Body body);
  /// The same [begin, end), for loops that treat all chunks of a call as one.
  std::pair<Value, Value> chunkRange() const { return {loops.begin, loops.end}; }
  /// Stores the result's element at `indices`.
  void store(ArrayRef<Value> indices);
  /// States the root's element, in its wide type, and stores that of the result which needs it:
  /// at the same indices, or in another order if there are transposes between the two.
  void storeFromRoot(ArrayRef<Value> indices, Value wide);

  /// Scratch memory of `count` elements, allocated at entry.
  Value scratch(int64_t count, Type type);

  /// Number of chunks worth a thread's while when one costs about `work` operations.
  static int64_t grainFor(int64_t work);
  /// About how many operations one element of the result takes, roots apart.
  int64_t workPerElement();

private:
  OpBuilder builder;
  LoopKernel loops;
  SmallVector<int64_t> resultOrder; ///< Dimension i of the result is this one of the root.
  std::optional<Code> codeStore;
  std::optional<Scalar> scalarStore;
  std::optional<Elements> elementsStore;
};

/// How the elements of a shape are divided: rows, and blocks of the innermost run of dimensions.
struct MapPlan {
  SmallVector<SmallVector<Dim>> groups; ///< Dimensions that run as one index.
  SmallVector<Dim> tail;                ///< The last ones, if they are written out.
  Dim rows, inner, blocksPerRow;
  int64_t block = 0; ///< Elements of a block; all of the row if there is one block.

  Dim chunks() const { return rows * blocksPerRow; }
};

/// Divides the elements of `tensor` by what may run as one index.
MapPlan planMap(Value tensor);
/// Loops over the elements of a chunk: `body` gets the indices.
void forElements(Kernel &kernel, const MapPlan &plan, Value chunk,
                 llvm::function_ref<void(ArrayRef<Value>)> body);

/// Combination of elements, in the wide type of `element`.
enum class Combination { Sum, Prod, Max, Min, And, Or };
Combination combinationOf(ReduceKind kind);
Combination combinationOf(CumulativeKind kind);
Value identityOf(Scalar &scalar, Combination kind, Type element);
Value combine(Scalar &scalar, Combination kind, Value lhs, Value rhs, Type element);
/// a * b + sum, for `element`; floats fused, integers in the type of `sum`.
Value multiplyAdd(Scalar &scalar, Value a, Value b, Value sum, Type element);
/// The type in which products of `element` are summed for a result of `resultElement`.
Type sumType(Type element, Type resultElement);
/// An element widened for a sum of type sumType(); an integer for a sum of floats is converted.
Value widenForSum(Scalar &scalar, Value value, Type element, Type sum);
/// Integer number 0 or 1 of those of 4 bits in a byte, or in each of a vector, as i32.
Value nibbleOf(Scalar &scalar, Value bytes, int64_t number);
/// The input channels that share a scale of the filter.
int64_t channelsOfScale(PackedConvOp op);

/// What an element becomes when an update meets it.
Value scatterInto(Scalar &scalar, ScatterKind kind, Value old, Value update, Type element);

/// One element of a root by itself, in the root's wide type: the straight way, for the roots that
/// have no loops of their own and for the shapes that those do not take. Null for other roots.
Value rootElement(Kernel &kernel, ArrayRef<Value> indices);

//===-- Loop emitters -----------------------------------------------------------------------===//
// Each takes a kernel that it can do, calls begin(), and fills the function.

void lowerMap(Kernel &kernel);
/// False if each element was computed by itself.
bool lowerContract(Kernel &kernel, ContractOp op);
bool lowerConv(Kernel &kernel, ConvOp op);
/// One input channel a group; false, with nothing done, where lowerConv's own loops fit better.
bool lowerDepthwise(Kernel &kernel, ConvOp op);
bool lowerConvTranspose(Kernel &kernel, ConvTransposeOp op);
bool lowerPackedConv(Kernel &kernel, PackedConvOp op);
/// Groups that share vectors; false, with nothing done, where each has vectors of its own.
bool lowerNarrowGroups(Kernel &kernel, PackedConvOp op);
bool lowerDepthwiseConv(Kernel &kernel, DepthwiseConvOp op);
void lowerWinogradConv(Kernel &kernel, WinogradConvOp op);
void lowerWinogradPatches(Kernel &kernel, WinogradPatchesOp op);
/// False, element by element, where the window extends along the innermost dimension.
bool lowerPool(Kernel &kernel, PoolOp op);
void lowerReduce(Kernel &kernel, ReduceOp op);
void lowerCumulative(Kernel &kernel, CumulativeOp op);
bool lowerScatter(Kernel &kernel, ScatterOp op);
void lowerArgSort(Kernel &kernel, ArgSortOp op);
void lowerAttention(Kernel &kernel, AttentionOp op);
void lowerSoftmax(Kernel &kernel, Value input, int64_t axis, bool logarithm);
void lowerLayerNorm(Kernel &kernel, LayerNormOp op);
void lowerRmsNorm(Kernel &kernel, RmsNormOp op);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_KERNEL_H
