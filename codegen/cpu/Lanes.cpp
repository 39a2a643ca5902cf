// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Vectors of elements along the last dimensions of a tensor.

#include "codegen/cpu/Lanes.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace weft {

namespace vector = mlir::vector;

bool hasVectorCode(Operation *op, Type element) {
  if (isa<AddOp, SubOp, MulOp, DivOp, NegOp, AbsOp, SignOp, MaxOp, MinOp, SqrtOp, RsqrtOp, FloorOp,
          CeilOp, RoundOp, TruncOp, CompareOp, SelectOp>(op))
    return true;
  // In double precision these call the C library.
  return element.isF32() &&
         isa<ExpOp, Expm1Op, LogOp, Log1pOp, SinOp, CosOp, TanhOp, ErfOp, SigmoidOp>(op);
}

/// How a broadcast looks along the last `running` dimensions of its result.
enum class Repeat { All, None, Some };

static Repeat repeatOf(BroadcastOp op, size_t running) {
  ArrayRef<int64_t> dims = op.getDims();
  SmallVector<Dim> in = dimsOf(op.getInput()), out = dimsOf(op.getResult());
  size_t kept = 0, repeated = 0;
  for (size_t d = out.size() - running; d < out.size(); ++d) {
    auto place = llvm::find(dims, static_cast<int64_t>(d));
    bool isKept = place != dims.end() && in[place - dims.begin()] == out[d];
    bool isRepeated = place == dims.end() || in[place - dims.begin()] == Dim(1);
    kept += isKept;
    repeated += isRepeated;
  }
  if (repeated == running)
    return Repeat::All;
  return kept == running ? Repeat::None : Repeat::Some;
}

static bool canGather(GatherOp op, size_t running) {
  SmallVector<Dim> in = dimsOf(op.getInput());
  return op.getAxis() + running < in.size();
}

bool Lanes::canGive(Value tensor, Type element, size_t running) {
  if (isa<mlir::BlockArgument>(tensor))
    return elementOf(tensor) == element;
  Operation *op = tensor.getDefiningOp();
  auto allGive = [&](ValueRange operands) {
    return llvm::all_of(operands, [&](Value each) { return canGive(each, element, running); });
  };
  if (op->hasTrait<Elementwise>())
    return hasVectorCode(op, element) && (elementOf(tensor) == element || isa<CompareOp>(op)) &&
           allGive(op->getOperands());
  if (elementOf(tensor) != element)
    return false;
  if (auto constant = dyn_cast<ConstantOp>(op))
    return isa<mlir::SplatElementsAttr>(constant.getValue());
  if (auto broadcast = dyn_cast<BroadcastOp>(op)) {
    Repeat repeat = repeatOf(broadcast, running);
    return repeat == Repeat::All || (repeat == Repeat::None && allGive(op->getOperands()));
  }
  auto gather = dyn_cast<GatherOp>(op);
  return gather && canGather(gather, running) && allGive(gather.getInput());
}

Code::Key vectorKey(Value tensor, ArrayRef<Value> indices, Value mask, int64_t lanes) {
  // One address for each number of lanes.
  static const char kinds[256] = {};
  assert(lanes < static_cast<int64_t>(std::size(kinds)) && "vectors of a processor");
  Code::Key key{&kinds[lanes], tensor.getAsOpaquePointer(), mask.getAsOpaquePointer()};
  for (Value index : indices)
    key.push_back(index.getAsOpaquePointer());
  return key;
}

Value loadLanes(Scalar &scalar, mlir::VectorType type, Value buffer, Value place, Value mask) {
  OpBuilder &b = scalar.code.builder;
  Location loc = scalar.code.loc;
  if (!mask)
    return vector::LoadOp::create(b, loc, type, buffer, mlir::ValueRange(place));
  return vector::MaskedLoadOp::create(b, loc, type, buffer, mlir::ValueRange(place), mask,
                                      scalar.constant(type, 0.0));
}

void Lanes::store(Value vector, Value buffer, Value place, Value mask) {
  OpBuilder &b = kernel.code().builder;
  Location loc = kernel.code().loc;
  if (mask)
    vector::MaskedStoreOp::create(b, loc, buffer, mlir::ValueRange(place), mask, vector);
  else
    vector::StoreOp::create(b, loc, vector, buffer, mlir::ValueRange(place));
}

Value Lanes::at(Value tensor, ArrayRef<Value> indices, Value mask) {
  Code::Key key = vectorKey(tensor, indices, mask, count);
  if (Value known = kernel.code().recall(key))
    return known;
  Value value = compute(tensor, indices, mask);
  kernel.code().remember(std::move(key), value);
  return value;
}

Value Lanes::spread(Value tensor, ArrayRef<Value> indices) {
  Value each = kernel.elements().at(tensor, indices);
  return vector::BroadcastOp::create(kernel.code().builder, kernel.code().loc,
                                     vectorOf(each.getType()), each);
}

Value Lanes::compute(Value tensor, ArrayRef<Value> indices, Value mask) {
  Elements &elements = kernel.elements();
  if (Value buffer = elements.flat(tensor))
    return load(buffer, kernel.code().linearize(indices, elements.sizes(tensor)), mask);
  Operation *op = tensor.getDefiningOp();
  if (isa<ConstantOp>(op))
    return spread(tensor, indices);
  if (auto broadcast = dyn_cast<BroadcastOp>(op)) {
    if (repeatOf(broadcast, running) == Repeat::All)
      return spread(tensor, indices);
    return at(broadcast.getInput(), elements.broadcastPlaces(broadcast, indices), mask);
  }
  if (auto gather = dyn_cast<GatherOp>(op))
    return elements.ifFilled(gather, vectorOf(element), [&] {
      return at(gather.getInput(), elements.gatheredPlaces(gather, indices), mask);
    });
  SmallVector<Value> operands = llvm::map_to_vector(
      op->getOperands(), [&](Value operand) { return at(operand, indices, mask); });
  return kernel.scalar().elementwise(op, operands);
}

} // namespace weft
