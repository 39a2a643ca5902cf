// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements of arguments and of element-wise operations, buffers as one dimension, sizes, and which
// dimensions may run as one.

#include "codegen/cpu/Elements.h"

#include "passes/KernelRules.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace weft {

/// Chains of operations deeper than this are refused rather than risk the stack.
static constexpr unsigned maxDepth = 2000;

Type elementOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getElementType(); }
SmallVector<Dim> dimsOf(Value tensor) { return dimsOf(cast<RankedTensorType>(tensor.getType())); }

Elements::Elements(Code &ownerCode, Scalar &ownerScalar, LoopKernel &ownerKernel,
                   mlir::func::FuncOp sourceFunction)
    : code(ownerCode), scalar(ownerScalar), kernel(ownerKernel), source(sourceFunction) {}

//===-- Sizes and buffers -------------------------------------------------------------------===//

Value Elements::size(const Dim &dim) {
  if (auto constant = dim.constant())
    return code.index(std::max<int64_t>(0, *constant));
  for (const auto &[known, value] : knownSizes)
    if (known == dim)
      return value;
  Value value = code.atEntry([&] { return kernel.emit(code.builder, code.loc, dim); });
  knownSizes.emplace_back(dim, value);
  return value;
}

SmallVector<Value> Elements::sizes(ArrayRef<Dim> dims) {
  return llvm::map_to_vector(dims, [&](const Dim &dim) { return size(dim); });
}

SmallVector<Value> Elements::sizes(Value tensor) { return sizes(dimsOf(tensor)); }

Value Elements::flatten(Value buffer, ArrayRef<Dim> dims) {
  auto type = cast<mlir::MemRefType>(buffer.getType());
  if (type.getRank() == 1)
    return buffer;
  Dim count = productOf(dims);
  mlir::OpFoldResult length;
  if (auto constant = count.constant())
    length = code.builder.getIndexAttr(*constant);
  else
    length = size(count);
  int64_t fixed = count.constant().value_or(mlir::ShapedType::kDynamic);
  auto flatType = mlir::MemRefType::get({fixed}, type.getElementType());
  mlir::OpFoldResult zero = code.builder.getIndexAttr(0), one = code.builder.getIndexAttr(1);
  return code.atEntry([&] {
    return mlir::memref::ReinterpretCastOp::create(code.builder, code.loc, flatType, buffer, zero,
                                                   ArrayRef<mlir::OpFoldResult>(length),
                                                   ArrayRef<mlir::OpFoldResult>(one))
        .getResult();
  });
}

Value Elements::flat(Value tensor) {
  auto argument = dyn_cast<mlir::BlockArgument>(tensor);
  if (!argument)
    return {};
  Value &known = flats[tensor];
  if (!known)
    known = flatten(kernel.inputs[argument.getArgNumber()], dimsOf(tensor));
  return known;
}

Value Elements::flatOutput(unsigned number) {
  Value buffer = kernel.outputs[number];
  Value &known = flats[buffer];
  if (!known)
    known = flatten(buffer, dimsOf(cast<RankedTensorType>(source.getResultTypes()[number])));
  return known;
}

//===-- Elements ----------------------------------------------------------------------------===//

static Code::Key elementKey(Value tensor, ArrayRef<Value> indices) {
  static const char kind = 0;
  Code::Key key{&kind, tensor.getAsOpaquePointer()};
  for (Value index : indices)
    key.push_back(index.getAsOpaquePointer());
  return key;
}

void Elements::bind(Value tensor, ArrayRef<Value> indices, Value element) {
  code.remember(elementKey(tensor, indices), element);
}

Value Elements::at(Value tensor, ArrayRef<Value> indices) {
  Code::Key key = elementKey(tensor, indices);
  if (Value known = code.recall(key))
    return known;
  Value element;
  if (Value buffer = flat(tensor)) {
    Value place = code.linearize(indices, sizes(tensor));
    element = scalar.load(buffer, place, elementOf(tensor));
  } else if (depth >= maxDepth) {
    return fail(tensor.getDefiningOp(), "kernel is too deep for the CPU");
  } else {
    ++depth;
    element = compute(tensor.getDefiningOp(), indices);
    --depth;
  }
  code.remember(std::move(key), element);
  return element;
}

void Elements::prepare(Value tensor, ArrayRef<Value> indices) {
  std::set<Code::Key> seen;
  prepare(tensor, indices, seen);
}

/// Goes only where an element needs those of its operands whatever their values are.
void Elements::prepare(Value tensor, ArrayRef<Value> indices, std::set<Code::Key> &seen) {
  if (depth >= maxDepth || !seen.insert(elementKey(tensor, indices)).second)
    return;
  Operation *op = tensor.getDefiningOp();
  if (llvm::all_of(indices, [](Value index) { return static_cast<bool>(index); })) {
    at(tensor, indices);
  } else if (op) {
    ++depth;
    if (op->hasTrait<Elementwise>())
      for (Value operand : op->getOperands())
        prepare(operand, indices, seen);
    else if (auto broadcast = dyn_cast<BroadcastOp>(op))
      prepare(broadcast.getInput(), broadcastPlaces(broadcast, indices), seen);
    else if (auto transpose = dyn_cast<TransposeOp>(op))
      prepare(transpose.getInput(), transposePlaces(transpose, indices), seen);
    else if (auto gather = dyn_cast<GatherOp>(op))
      prepare(gather.getIndices(), gatheredIndex(gather, indices), seen);
    --depth;
  }
}

Value Elements::fail(Operation *op, const Twine &what) {
  if (!hasFailed)
    op->emitError() << what;
  hasFailed = true;
  return scalar.constant(Scalar::heldType(elementOf(op->getResult(0))), 0.0);
}

Value Elements::compute(Operation *op, ArrayRef<Value> indices) {
  if (op->hasTrait<Indexing>())
    return indexing(op, indices);
  if (!op->hasTrait<Elementwise>())
    return fail(op, "'" + op->getName().getStringRef() +
                        "' stands where its elements cannot be computed one by one");
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(at(operand, indices));
  Value element = scalar.elementwise(op, operands);
  if (element)
    return element;
  hasFailed = true;
  return scalar.constant(Scalar::heldType(elementOf(op->getResult(0))), 0.0);
}

//===-- Dimensions that run as one ----------------------------------------------------------===//

static bool mergeableBroadcast(BroadcastOp op, int64_t dim, unsigned depth) {
  ArrayRef<int64_t> dims = op.getDims();
  auto first = llvm::find(dims, dim), second = llvm::find(dims, dim + 1);
  if (first == dims.end() && second == dims.end())
    return true;
  if (first == dims.end() || second == dims.end())
    return false;
  int64_t place = first - dims.begin();
  SmallVector<Dim> in = dimsOf(op.getInput()), out = dimsOf(op.getResult());
  bool keepsFirst = in[place] == out[dim], keepsSecond = in[place + 1] == out[dim + 1];
  if (!keepsFirst && !keepsSecond)
    return true;
  return keepsFirst && keepsSecond && mergeable(op.getInput(), place, depth);
}

static bool mergeableSlice(SliceOp op, int64_t dim, unsigned depth) {
  SmallVector<Dim> in = dimsOf(op.getInput()), out = dimsOf(op.getResult());
  for (int64_t d : {dim, dim + 1})
    if (in[d] != out[d] || op.getStrides()[d] != 1 || op.getStarts().toDims()[d] != Dim(0))
      return false;
  return mergeable(op.getInput(), dim, depth);
}

static bool mergeablePad(PadOp op, int64_t dim, unsigned depth) {
  SmallVector<Dim> in = dimsOf(op.getInput()), out = dimsOf(op.getResult());
  return in[dim] == out[dim] && in[dim + 1] == out[dim + 1] && mergeable(op.getInput(), dim, depth);
}

static bool mergeableGather(GatherOp op, int64_t dim, unsigned depth) {
  int64_t axis = op.getAxis(), batch = op.getBatchDims();
  int64_t indexRank = cast<RankedTensorType>(op.getIndices().getType()).getRank() - batch;
  if (dim + 1 < axis)
    return dim >= batch && mergeable(op.getInput(), dim, depth);
  if (dim >= axis + indexRank)
    return mergeable(op.getInput(), dim - indexRank + 1, depth);
  return dim >= axis && dim + 1 < axis + indexRank &&
         mergeable(op.getIndices(), batch + dim - axis, depth);
}

bool mergeable(Value tensor, int64_t dim, unsigned level) {
  Operation *op = tensor.getDefiningOp();
  if (!op || isa<ConstantOp, ReshapeOp, RandomBitsOp>(op))
    return true;
  if (level > maxDepth)
    return false;
  if (op->hasTrait<Elementwise>())
    return llvm::all_of(op->getOperands(),
                        [&](Value operand) { return mergeable(operand, dim, level + 1); });
  if (auto iota = dyn_cast<IotaOp>(op)) {
    int64_t axis = iota.getAxis();
    return axis != dim && axis != dim + 1;
  }
  if (auto broadcast = dyn_cast<BroadcastOp>(op))
    return mergeableBroadcast(broadcast, dim, level + 1);
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    ArrayRef<int64_t> permutation = transpose.getPermutation();
    return permutation[dim + 1] == permutation[dim] + 1 &&
           mergeable(transpose.getInput(), permutation[dim], level + 1);
  }
  if (auto slice = dyn_cast<SliceOp>(op))
    return mergeableSlice(slice, dim, level + 1);
  if (auto pad = dyn_cast<PadOp>(op))
    return mergeablePad(pad, dim, level + 1);
  if (auto gather = dyn_cast<GatherOp>(op))
    return mergeableGather(gather, dim, level + 1);
  if (auto concat = dyn_cast<ConcatOp>(op)) {
    int64_t axis = concat.getAxis();
    return axis != dim && axis != dim + 1 && llvm::all_of(concat.getInputs(), [&](Value input) {
             return mergeable(input, dim, level + 1);
           });
  }
  // A root has its elements bound at the same index.
  return isRoot(op);
}

} // namespace weft
