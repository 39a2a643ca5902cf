// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks an exported function and collects what its dimensions must fulfil.

#include "codegen/emit/Requirements.h"

#include "ir/WeftOps.h"

namespace weft {

namespace {
/// Gathers expressions that must be 0 or more.
class RequirementCollector {
public:
  void addFunction(mlir::func::FuncOp function);
  std::vector<InterfaceRequirement> finish() const;

private:
  void require(const Dim &value);
  void requireDivisors(mlir::AffineExpr expression, ArrayRef<StringAttr> symbols);
  void addType(Type type);
  void addOperation(Operation *op);
  void addSlice(SliceOp op);
  void addBox(Value whole, Value box);

  MLIRContext *context = nullptr;
  SmallVector<Dim> values;
};
} // namespace

/// An expression without rounding that is at most `expression`, where one is easily seen: c * (a /
/// k) for a constant k that divides c is c / k * a for c < 0, and c / k * (a - k + 1) for c > 0.
static mlir::AffineExpr lowerBound(mlir::AffineExpr expression) {
  auto binary = dyn_cast<mlir::AffineBinaryOpExpr>(expression);
  if (!binary)
    return expression;
  if (binary.getKind() == mlir::AffineExprKind::Add)
    return lowerBound(binary.getLHS()) + lowerBound(binary.getRHS());
  auto factor = dyn_cast<mlir::AffineConstantExpr>(binary.getRHS());
  auto quotient = dyn_cast<mlir::AffineBinaryOpExpr>(binary.getLHS());
  if (binary.getKind() != mlir::AffineExprKind::Mul || !factor || !quotient ||
      quotient.getKind() != mlir::AffineExprKind::FloorDiv)
    return expression;
  auto divisor = dyn_cast<mlir::AffineConstantExpr>(quotient.getRHS());
  if (!divisor || divisor.getValue() <= 0 || factor.getValue() % divisor.getValue() != 0)
    return expression;
  mlir::AffineExpr numerator = quotient.getLHS();
  if (factor.getValue() > 0)
    numerator = numerator - (divisor.getValue() - 1);
  return numerator * (factor.getValue() / divisor.getValue());
}

/// The symbols of `value` as attributes.
static SmallVector<StringAttr> symbolsOf(const Dim &value, MLIRContext *context) {
  return llvm::map_to_vector(
      value.symbols(), [&](const std::string &name) { return StringAttr::get(context, name); });
}

/// Whether value >= 0 for all sizes can be shown.
static bool isNeverNegative(const Dim &value, MLIRContext *context) {
  if (Dim(0).provablyAtMost(value))
    return true;
  SmallVector<StringAttr> symbols = symbolsOf(value, context);
  return Dim(0).provablyAtMost(
      Dim::fromAffine(lowerBound(value.toAffine(symbols, context)), symbols));
}

/// Requires value >= 0, unless that holds for all sizes or is required already.
void RequirementCollector::require(const Dim &value) {
  if (!isNeverNegative(value, context) && !llvm::is_contained(values, value))
    values.push_back(value);
}

/// A divisor that depends on dimensions must be 1 or more.
void RequirementCollector::requireDivisors(mlir::AffineExpr expression,
                                           ArrayRef<StringAttr> symbols) {
  expression.walk([&](mlir::AffineExpr part) {
    auto binary = dyn_cast<mlir::AffineBinaryOpExpr>(part);
    if (!binary || binary.getKind() == mlir::AffineExprKind::Add ||
        binary.getKind() == mlir::AffineExprKind::Mul)
      return;
    require(Dim::fromAffine(binary.getRHS(), symbols) - 1);
  });
}

void RequirementCollector::addType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.hasStaticShape())
    return;
  for (const Dim &dim : dimsOf(tensor)) {
    SmallVector<StringAttr> symbols = symbolsOf(dim, context);
    requireDivisors(dim.toAffine(symbols, context), symbols);
    require(dim);
  }
}

/// From the first to the last element of each axis, both lie inside. A slice without elements
/// starts at most where the axis ends, which the same two expressions say.
void RequirementCollector::addSlice(SliceOp op) {
  SmallVector<Dim> whole = dimsOf(op.getInput().getType()), part = dimsOf(op.getResult().getType());
  SmallVector<Dim> starts = op.getStarts().toDims();
  for (auto [axis, stride] : llvm::enumerate(op.getStrides())) {
    Dim last = starts[axis] + (part[axis] - 1) * Dim(stride);
    require(stride > 0 ? starts[axis] : last);
    require(whole[axis] - 1 - (stride > 0 ? last : starts[axis]));
  }
}

/// A box that is placed at run time fits into the whole.
void RequirementCollector::addBox(Value whole, Value box) {
  for (auto [size, part] : llvm::zip(dimsOf(cast<RankedTensorType>(whole.getType())),
                                     dimsOf(cast<RankedTensorType>(box.getType()))))
    require(size - part);
}

void RequirementCollector::addOperation(Operation *op) {
  for (Type type : op->getResultTypes())
    addType(type);
  if (auto slice = dyn_cast<SliceOp>(op))
    return addSlice(slice);
  if (auto slice = dyn_cast<DynamicSliceOp>(op))
    return addBox(slice.getInput(), slice.getResult());
  if (auto update = dyn_cast<UpdateSliceOp>(op))
    return addBox(update.getInput(), update.getUpdate());
  if (auto pad = dyn_cast<PadOp>(op))
    for (ShapeAttr counts : {pad.getLow(), pad.getHigh()})
      for (const Dim &count : counts.toDims())
        require(count);
}

void RequirementCollector::addFunction(mlir::func::FuncOp function) {
  context = function.getContext();
  for (Type type : function.getArgumentTypes())
    addType(type);
  function.walk([&](Operation *op) {
    if (op != function)
      addOperation(op);
  });
}

/// `value >= 0` with the constant on the right: N - 3 is 'N >= 3'.
static std::string textOf(const Dim &value) {
  int64_t constant = value.evaluate([](StringRef) { return 0; }).value_or(0);
  return (value - constant).str() + " >= " + std::to_string(-constant);
}

std::vector<InterfaceRequirement> RequirementCollector::finish() const {
  std::vector<InterfaceRequirement> result;
  for (const Dim &value : values) {
    bool follows = llvm::any_of(
        values, [&](const Dim &other) { return other != value && other.provablyAtMost(value); });
    if (!follows)
      result.push_back({value, textOf(value)});
  }
  return result;
}

std::vector<InterfaceRequirement> requirementsOf(mlir::func::FuncOp function) {
  RequirementCollector collector;
  collector.addFunction(function);
  return collector.finish();
}

} // namespace weft
