// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands between a gradient and the step by it: sums over several calls, and a scale that
// keeps gradients of few bits from vanishing. Both make steps that are not taken in every call.
#include "frontend/Elaborate.h"

namespace weft {

/// Finite steps in a row after which the scale doubles: the default of PyTorch's GradScaler.
static constexpr int64_t stepsToGrow = 2000;

/// A scalar in the place of each element.
static ValueId everywhere(CheckedBuilder &builder, ValueId scalar, ValueId like) {
  return builder.broadcastTo(scalar, Dims(builder.dimsOf(like)));
}

static ValueId choose(CheckedBuilder &builder, ValueId condition, ValueId yes, ValueId no) {
  return builder.select(everywhere(builder, condition, yes), yes, no);
}

/// Whether all elements of all gradients are finite: NaN passes through a maximum.
ValueId Elaborator::areFinite(ArrayRef<ValueId> gradients) {
  Type f32 = mlir::Float32Type::get(context);
  std::optional<ValueId> most;
  for (ValueId gradient : gradients) {
    SmallVector<int64_t> axes =
        llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(typeOf(gradient).rank())));
    ValueId size = current->cast(current->unary("abs", gradient), f32);
    ValueId largest = axes.empty() ? size : current->reduce("max", size, axes);
    most = most ? current->binary("max", *most, largest) : largest;
  }
  ValueId infinity = current->constant(f32, std::numeric_limits<double>::infinity());
  return current->compare("lt", *most, infinity);
}

/// The gradients become the means of those of `every` calls, where it is time for a step: what is
/// given back. Their sums begin anew behind it.
ValueId Elaborator::accumulate(SmallVector<ValueId> &gradients, ArrayRef<unsigned> parameters,
                               const StepPlan &plan) {
  Type i64 = mlir::IntegerType::get(context, 64);
  unsigned counter = ownState(plan.prefix + ".calls", {i64, {}}, plan.span);
  ValueId calls =
      current->binary("add", valueOfState(counter, plan.span), current->constantInteger(i64, 1));
  ValueId isTime = current->compare("eq", calls, current->constantInteger(i64, plan.every));
  update(counter, current->select(isTime, current->constantInteger(i64, 0), calls), plan.span);
  for (auto [gradient, parameter] : llvm::zip_equal(gradients, parameters)) {
    const ValueType type = typeOf(gradient);
    unsigned place =
        ownState(plan.prefix + ".sum." + checked.parameters[parameter].path, type, plan.span);
    ValueId sum = current->binary("add", valueOfState(place, plan.span), gradient);
    ValueId zero = current->splat(type.element, 0, type.dims);
    update(place, choose(*current, isTime, zero, sum), plan.span);
    ValueId share = current->splat(type.element, 1 / static_cast<double>(plan.every), type.dims);
    gradient = current->binary("mul", sum, share);
  }
  return isTime;
}

/// Half of the scale after gradients that were not finite, twice the scale after many that were:
/// Micikevicius et al., arXiv:1710.03740, section 3.2.
void Elaborator::adjustScale(unsigned place, ValueId isFinite, const StepPlan &plan) {
  Type i64 = mlir::IntegerType::get(context, 64), f32 = mlir::Float32Type::get(context);
  unsigned counter = ownState(plan.prefix + ".finite_steps", {i64, {}}, plan.span);
  ValueId none = current->constantInteger(i64, 0);
  ValueId steps =
      current->binary("add", valueOfState(counter, plan.span), current->constantInteger(i64, 1));
  ValueId grows = current->compare("eq", steps, current->constantInteger(i64, stepsToGrow));
  ValueId scale = valueOfState(place, plan.span);
  ValueId twice = current->binary("mul", scale, current->constant(f32, 2));
  ValueId half = current->binary("mul", scale, current->constant(f32, 0.5));
  update(place, current->select(isFinite, current->select(grows, twice, scale), half), plan.span);
  ValueId counted = current->select(grows, none, steps);
  update(counter, current->select(isFinite, counted, none), plan.span);
}

/// The gradients of a step by `plan`, and, in the plan, whether the step is taken in this call.
SmallVector<ValueId> Elaborator::gradientsFor(ValueId loss, ArrayRef<unsigned> parameters,
                                              StepPlan &plan) {
  SmallVector<ValueId> values =
      llvm::map_to_vector(parameters, [&](unsigned parameter) { return currentValue(parameter); });
  ValueId seed = current->constant(typeOf(loss).element, 1);
  std::optional<unsigned> scalePlace;
  if (plan.lossScale) {
    ValueType f32{mlir::Float32Type::get(context), {}};
    scalePlace = ownState(plan.prefix + ".loss_scale", f32, plan.span, *plan.lossScale);
    seed = current->cast(valueOfState(*scalePlace, plan.span), typeOf(loss).element);
  }
  SmallVector<ValueId> gradients = current->vjp(loss, seed, values);
  if (scalePlace)
    for (ValueId &gradient : gradients) {
      ValueId scale = current->cast(valueOfState(*scalePlace, plan.span), typeOf(gradient).element);
      gradient = current->binary("div", gradient, everywhere(*current, scale, gradient));
    }
  if (plan.every > 1)
    plan.applies = accumulate(gradients, parameters, plan);
  if (!scalePlace)
    return gradients;
  ValueId isFinite = areFinite(gradients);
  auto summed = current->graph.updates;
  adjustScale(*scalePlace, isFinite, plan);
  if (plan.applies)
    keepUnless(*plan.applies, summed);
  plan.applies = plan.applies ? current->select(*plan.applies, isFinite, *plan.applies) : isFinite;
  return gradients;
}

/// What has changed since `before` changes where `condition` is true, and is as it was elsewhere.
void Elaborator::keepUnless(ValueId condition, const llvm::MapVector<unsigned, ValueId> &before) {
  for (auto &[parameter, value] : current->graph.updates) {
    auto known = before.find(parameter);
    ValueId old = known != before.end() ? known->second : current->graph.parameters[parameter];
    if (value != old)
      value = choose(*current, condition, value, old);
  }
}

} // namespace weft
