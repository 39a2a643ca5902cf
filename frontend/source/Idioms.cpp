// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One match for each idiom, from its last operation backwards.
#include "frontend/source/Idioms.h"

#include "frontend/source/Spelling.h"
#include "ir/Constants.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <cmath>
#include <numbers>

namespace weft::source {

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

//===- Looking at operands ------------------------------------------------------------------------

/// The number in every place of a value.
static std::optional<double> numberIn(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto constant = dyn_cast<ConstantOp>(op)) {
      std::optional<WideElement> element = splatOf(constant.getValue());
      bool isFloat = isa<mlir::FloatType>(typeOf(value).getElementType());
      if (!element)
        return std::nullopt;
      return isFloat ? element->real : static_cast<double>(element->integer);
    }
    if (!isTransparent(op) || op->getNumOperands() == 0)
      return std::nullopt;
    value = op->getOperand(0);
  }
  return std::nullopt;
}

/// True for a number that is `wanted` in f32.
static bool isNumber(Value value, double wanted) {
  std::optional<double> number = numberIn(value);
  return number && std::abs(*number - wanted) <= 1e-6 * std::abs(wanted);
}

/// The operation that makes a value, through what stretches it, if nothing else reads it.
template <typename Op> static Op madeBy(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!value.hasOneUse())
      return {};
    if (auto made = dyn_cast<Op>(op))
      return made;
    if (!isTransparent(op) || op->getNumOperands() == 0)
      return {};
    value = op->getOperand(0);
  }
  return {};
}

/// The other operand of a commutative operation whose one operand is the number.
template <typename Op> static Value besideNumber(Op op, double number) {
  if (isNumber(op.getRhs(), number))
    return op.getLhs();
  return isNumber(op.getLhs(), number) ? op.getRhs() : Value();
}

//===- Activations --------------------------------------------------------------------------------

/// 1 + erf(x / sqrt(2)): gives x.
static Value gaussOf(Value value) {
  AddOp add = madeBy<AddOp>(value);
  Value inner = add ? besideNumber(add, 1.0) : Value();
  ErfOp erf = inner ? madeBy<ErfOp>(inner) : ErfOp();
  if (!erf)
    return {};
  if (auto div = madeBy<DivOp>(erf.getInput()))
    return isNumber(div.getRhs(), std::numbers::sqrt2) ? div.getLhs() : Value();
  auto mul = madeBy<MulOp>(erf.getInput());
  return mul ? besideNumber(mul, 1 / std::numbers::sqrt2) : Value();
}

/// The three factors x, 0.5 and 1 + erf(x / sqrt(2)), multiplied in any order: gives x.
static Value geluOf(MulOp op) {
  SmallVector<Value> factors;
  for (Value side : {op.getLhs(), op.getRhs()}) {
    auto inner = factors.size() < 2 ? side.getDefiningOp<MulOp>() : MulOp();
    if (inner && side.hasOneUse())
      factors.append({inner.getLhs(), inner.getRhs()});
    else
      factors.push_back(side);
  }
  if (factors.size() != 3)
    return {};
  for (int gauss = 0; gauss < 3; ++gauss) {
    Value x = gaussOf(factors[gauss]);
    Value one = factors[(gauss + 1) % 3], other = factors[(gauss + 2) % 3];
    if (x && ((one == x && isNumber(other, 0.5)) || (other == x && isNumber(one, 0.5))))
      return x;
  }
  return {};
}

/// x * sigmoid(x)
static Value siluOf(MulOp op) {
  for (auto [x, side] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())})
    if (auto sigmoid = madeBy<SigmoidOp>(side); sigmoid && sigmoid.getInput() == x)
      return x;
  return {};
}

/// min(max(x, 0), 6)
static Value relu6Of(MinOp op) {
  Value inner = besideNumber(op, 6.0);
  MaxOp max = inner ? madeBy<MaxOp>(inner) : MaxOp();
  if (!max || !isa<mlir::FloatType>(typeOf(op.getResult()).getElementType()))
    return {};
  for (auto [x, zero] :
       {std::pair(max.getLhs(), max.getRhs()), std::pair(max.getRhs(), max.getLhs())})
    if (numberIn(zero) == 0.0)
      return x;
  return {};
}

/// The function of the standard library that the operation ends, and what it is applied to.
static std::pair<StringRef, Value> activationOf(Operation *op) {
  if (auto mul = dyn_cast<MulOp>(op)) {
    if (Value x = geluOf(mul))
      return {"gelu", x};
    return {"silu", siluOf(mul)};
  }
  if (auto min = dyn_cast<MinOp>(op))
    return {"relu6", relu6Of(min)};
  return {"", Value()};
}

//===- Normalisation ------------------------------------------------------------------------------

/// The mean over the last axis: gives what it is of.
static Value lastMeanOf(Value value) {
  DivOp div = madeBy<DivOp>(value);
  ReduceOp sum = div ? madeBy<ReduceOp>(div.getLhs()) : ReduceOp();
  if (!sum || sum.getKind() != ReduceKind::Sum || sum.getAxes().size() != 1)
    return {};
  auto type = typeOf(sum.getInput());
  int64_t last = type.getRank() - 1;
  bool fits = sum.getAxes()[0] == last && !type.isDynamicDim(last) &&
              numberIn(div.getRhs()) == static_cast<double>(type.getDimSize(last));
  return fits ? sum.getInput() : Value();
}

namespace {
struct LayerNormalisation {
  Value input, scale, shift;
  double epsilon = 0;
};
} // namespace

/// A vector along the last axis of what it is stretched to.
static Value lastVector(Value value) {
  if (auto broadcast = value.getDefiningOp<BroadcastOp>()) {
    bool isLast =
        broadcast.getDims().size() == 1 && broadcast.getDims()[0] == typeOf(value).getRank() - 1;
    value = isLast ? broadcast.getInput() : Value();
  }
  return value && typeOf(value).getRank() == 1 && baseOf(value) ? value : Value();
}

/// x - mean(x): gives x.
static Value centred(Value value) {
  auto sub = value.getDefiningOp<SubOp>();
  Value of = sub ? lastMeanOf(sub.getRhs()) : Value();
  return of && of == sub.getLhs() ? of : Value();
}

/// (x - mean) / sqrt(mean((x - mean)^2) + epsilon) * scale + shift
static std::optional<LayerNormalisation> layerNormOf(AddOp op) {
  for (auto [product, shift] :
       {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
    MulOp mul = madeBy<MulOp>(product);
    if (!mul || !lastVector(shift))
      continue;
    Value scale = lastVector(mul.getRhs()) ? mul.getRhs() : mul.getLhs();
    DivOp div = madeBy<DivOp>(scale == mul.getRhs() ? mul.getLhs() : mul.getRhs());
    SqrtOp root = div ? madeBy<SqrtOp>(div.getRhs()) : SqrtOp();
    AddOp add = root ? madeBy<AddOp>(root.getInput()) : AddOp();
    if (!add || !lastVector(scale))
      continue;
    bool isRight = numberIn(add.getRhs()).has_value();
    std::optional<double> epsilon = numberIn(isRight ? add.getRhs() : add.getLhs());
    Value squares = lastMeanOf(isRight ? add.getLhs() : add.getRhs());
    Value x = centred(div.getLhs());
    if (!epsilon || !squares || !x)
      continue;
    auto power = squares.getDefiningOp<PowOp>();
    auto square = squares.getDefiningOp<MulOp>();
    bool isSquare = (power && power.getLhs() == div.getLhs() && isNumber(power.getRhs(), 2)) ||
                    (square && square.getLhs() == div.getLhs() && square.getRhs() == div.getLhs());
    if (isSquare)
      return LayerNormalisation{x, lastVector(scale), lastVector(shift), *epsilon};
  }
  return std::nullopt;
}

//===- Replacing ----------------------------------------------------------------------------------

static Value replacementOf(Operation *op, OpBuilder &builder) {
  auto [name, input] = activationOf(op);
  if (input && input.getType() == op->getResult(0).getType())
    return mlir::func::CallOp::create(builder, op->getLoc(), name, op->getResultTypes(), input)
        .getResult(0);
  auto add = dyn_cast<AddOp>(op);
  std::optional<LayerNormalisation> norm = add ? layerNormOf(add) : std::nullopt;
  if (!norm)
    return {};
  return LayerNormOp::create(builder, op->getLoc(), norm->input.getType(), norm->input, norm->scale,
                             norm->shift, typeOf(norm->input).getRank() - 1,
                             llvm::APFloat(norm->epsilon));
}

static void eraseDead(mlir::Region &region) {
  for (mlir::Block &block : region)
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
      if (mlir::isOpTriviallyDead(&op))
        op.erase();
      else
        for (mlir::Region &inner : op.getRegions())
          eraseDead(inner);
    }
}

void gatherIdioms(mlir::func::FuncOp function) {
  eraseDead(function.getBody());
  SmallVector<Operation *> all;
  function.walk([&](Operation *op) { all.push_back(op); });
  for (Operation *op : all) {
    OpBuilder builder(op);
    Value made = op->getNumResults() == 1 ? replacementOf(op, builder) : Value();
    if (!made)
      continue;
    op->getResult(0).replaceAllUsesWith(made);
  }
  eraseDead(function.getBody());
}

} // namespace weft::source
