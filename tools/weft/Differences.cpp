// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Central differences by the reference evaluator.

#include "tools/weft/Differences.h"

#include "passes/autodiff/Derivative.h"
#include "passes/Functions.h"

#include "mlir/IR/AttrTypeSubElements.h"

#include <cmath>
#include <limits>

namespace weft {

using mlir::func::FuncOp;
using reference::Tensor;

//===-- f64 ---------------------------------------------------------------------------------===//

Tensor widened(const Tensor &value) {
  if (!value.isFloat())
    return value;
  Tensor wide(mlir::Float64Type::get(value.element().getContext()), value.shape());
  wide.reals() = value.reals();
  return wide;
}

static bool isNarrow(Type element) { return isa<mlir::FloatType>(element) && !element.isF64(); }

/// A constant in f64, or null where it is none of floats.
static Attribute widenedConstant(mlir::ElementsAttr constant) {
  if (!isNarrow(constant.getElementType()))
    return {};
  auto f64 = mlir::Float64Type::get(constant.getContext());
  auto type = cast<mlir::ShapedType>(withElementType(constant.getShapedType(), f64));
  llvm::Expected<Tensor> tensor = Tensor::fromAttribute(constant);
  if (!tensor) { // What is no constant of Weft is for the verifier to say.
    llvm::consumeError(tensor.takeError());
    return {};
  }
  return mlir::DenseElementsAttr::get(type, ArrayRef<double>(tensor->reals()));
}

void widenFloats(FuncOp function) {
  mlir::AttrTypeReplacer replacer;
  replacer.addReplacement(
      [](RankedTensorType type) -> std::optional<std::pair<Type, mlir::WalkResult>> {
        if (!isNarrow(type.getElementType()))
          return std::nullopt;
        auto f64 = mlir::Float64Type::get(type.getContext());
        return std::make_pair(Type(withElementType(type, f64)), mlir::WalkResult::skip());
      });
  replacer.addReplacement(
      [](mlir::ElementsAttr constant) -> std::optional<std::pair<Attribute, mlir::WalkResult>> {
        Attribute wide = widenedConstant(constant);
        return std::make_pair(wide ? wide : Attribute(constant), mlir::WalkResult::skip());
      });
  replacer.recursivelyReplaceElementsIn(function, /*replaceAttrs=*/true, /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}

//===-- Making both functions ---------------------------------------------------------------===//

/// Lets `gradient`, a copy of a function, return gradients for its arguments `wrt`: its float
/// results are weighted by new arguments behind the others.
static void returnGradients(FuncOp gradient, ArrayRef<unsigned> wrt) {
  mlir::Block &body = gradient.getBody().front();
  Operation *end = body.getTerminator();
  SmallVector<Value> outputs, factors, inputs;
  llvm::copy_if(end->getOperands(), std::back_inserter(outputs), GraphBuilder::isFloat);
  for (unsigned number : wrt)
    inputs.push_back(gradient.getArgument(number));
  for (Value output : outputs)
    factors.push_back(body.addArgument(output.getType(), gradient.getLoc()));
  OpBuilder builder(end);
  auto pulled = VjpOp::create(builder, gradient.getLoc(), ValueRange(inputs).getTypes(), outputs,
                              factors, inputs);
  end->setOperands(pulled.getResults());
  gradient.removeArgAttrsAttr();
  gradient.removeResAttrsAttr();
  gradient.setType(builder.getFunctionType(body.getArgumentTypes(), end->getOperandTypes()));
}

static Tensor normal(ArrayRef<int64_t> shape, Type element, Differences::Random &random) {
  std::normal_distribution<double> distribution;
  Tensor values(element, shape);
  for (double &number : values.reals())
    number = distribution(random);
  return values;
}

LogicalResult Differences::open(FuncOp function, Random &random) {
  program = ModuleOp::create(function.getLoc());
  OpBuilder builder = OpBuilder::atBlockEnd(program->getBody());
  value = cast<FuncOp>(builder.clone(*function));
  gradient = cast<FuncOp>(builder.clone(*function));
  gradient.setName("gradient");
  floats.clear();
  for (mlir::BlockArgument argument : value.getArguments())
    if (GraphBuilder::isFloat(argument))
      floats.push_back(argument.getArgNumber());
  // One number is a loss as it is.
  weights.clear();
  Type f64 = mlir::Float64Type::get(function.getContext());
  for (Type type : value.getResultTypes())
    if (auto tensor = cast<RankedTensorType>(type); tensor.getElementType().isF64())
      weights.push_back(tensor.getRank() == 0 && value.getNumResults() == 1
                            ? Tensor::scalar(f64, 1.0)
                            : normal(tensor.getShape(), f64, random));
  returnGradients(gradient, floats);
  if (failed(autodiff::expandDerivatives(gradient)))
    return failure();
  autodiff::dropDerivativeForms(gradient);
  eraseUnused(gradient);
  return success();
}

//===-- Evaluation --------------------------------------------------------------------------===//

llvm::Expected<Differences::Sum> Differences::sumAt(const TensorList &point, bool first) {
  reference::EvaluatorOptions options;
  size_t next = 0;
  if (first)
    stopped.clear();
  options.observe = [&](const reference::Step &step) {
    if (!isa<StopGradientOp>(step.op) || step.op.getParentOfType<CustomVjpOp>())
      return llvm::Error::success();
    if (first)
      stopped.push_back(step.results[0]);
    else if (next < stopped.size() && stopped[next]->shape() == step.results[0]->shape())
      step.results[0] = stopped[next++];
    return llvm::Error::success();
  };
  auto results = reference::evaluate(value, point, options);
  if (!results)
    return results.takeError();
  Sum total;
  const Tensor *weight = weights.data();
  for (const Tensor &result : *results) {
    if (!result.isFloat())
      continue;
    for (auto [factor, number] : llvm::zip_equal(weight->reals(), result.reals())) {
      total.value += factor * number;
      total.magnitude += std::abs(factor * number);
    }
    ++weight;
  }
  return total;
}

llvm::Error Differences::moveTo(TensorList point) {
  here = std::move(point);
  auto base = sumAt(here, /*first=*/true);
  if (!base)
    return base.takeError();
  sum = *base;
  TensorList arguments = here;
  llvm::append_range(arguments, weights);
  auto found = reference::evaluate(gradient, arguments);
  if (!found)
    return found.takeError();
  gradients.assign(found->begin(), found->end());
  return llvm::Error::success();
}

/// The root of the mean square, or 1 where all are 0.
static double sizeOf(const Tensor &tensor) {
  double squares = 0;
  for (double number : tensor.reals())
    squares += number * number;
  return squares > 0 ? std::sqrt(squares / static_cast<double>(tensor.size())) : 1;
}

TensorList Differences::direction(ArrayRef<unsigned> along, Random &random) const {
  TensorList result;
  for (unsigned number : floats) {
    const Tensor &argument = here[number];
    Tensor step(argument.element(), argument.shape());
    if (llvm::is_contained(along, number)) {
      step = normal(argument.shape(), argument.element(), random);
      double size = sizeOf(argument);
      for (double &entry : step.reals())
        entry *= size;
    }
    result.push_back(std::move(step));
  }
  return result;
}

static void addTo(Tensor &tensor, const Tensor &step, double factor) {
  for (auto [number, entry] : llvm::zip_equal(tensor.reals(), step.reals()))
    number += factor * entry;
}

TensorList Differences::beside(Random &random) const {
  TensorList point = here;
  for (auto [number, step] : llvm::zip_equal(floats, direction(floats, random)))
    addTo(point[number], step, 1e-3);
  return point;
}

llvm::Expected<double> Differences::sumBeside(const TensorList &directions, double step) {
  TensorList point = here;
  for (auto [number, entry] : llvm::zip_equal(floats, directions))
    addTo(point[number], entry, step);
  auto result = sumAt(point);
  if (!result)
    return result.takeError();
  return result->value;
}

//===-- Comparison --------------------------------------------------------------------------===//

llvm::Expected<Differences::Comparison> Differences::compare(ArrayRef<unsigned> along,
                                                             Random &random) {
  TensorList directions = direction(along, random);
  Comparison best;
  double squares = 0;
  for (auto [found, step] : llvm::zip_equal(gradients, directions))
    for (auto [slope, entry] : llvm::zip_equal(found.reals(), step.reals())) {
      best.derivative += slope * entry;
      squares += slope * entry * slope * entry;
    }
  best.error = std::numeric_limits<double>::infinity();
  best.verdict = Verdict::NotFinite;
  if (!std::isfinite(sum.value) || !std::isfinite(best.derivative))
    return best;
  // Long steps meet curvature and kinks, short ones what sums are rounded to: one of them is good.
  for (double step : {1e-5, 1e-4, 1e-6, 1e-7}) {
    auto ahead = sumBeside(directions, step), behind = sumBeside(directions, -step);
    if (!ahead || !behind)
      return llvm::joinErrors(ahead.takeError(), behind.takeError());
    double difference = (*ahead - *behind) / (2 * step);
    double scale = std::max(std::abs(difference), std::sqrt(squares));
    double rounding = 1e-15 * sum.magnitude / step;
    double distance = std::abs(difference - best.derivative);
    double error = distance > 0 ? distance / scale : 0;
    if (distance <= rounding) // What sums are rounded to says nothing.
      error = std::min(error, tolerance);
    if (std::isfinite(difference) && error < best.error) {
      best.error = error;
      best.difference = difference;
      best.verdict = error <= tolerance ? Verdict::Agrees : Verdict::Departs;
    }
    if (best.verdict == Verdict::Agrees)
      return best;
    double bend = std::abs((*ahead - sum.value) - (sum.value - *behind)) / step;
    // What bends a smooth function over so short a way is less.
    if (step == 1e-7 && bend > 1e-4 * scale + 10 * rounding)
      best.verdict = Verdict::Kink;
  }
  return best;
}

} // namespace weft
