// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Optimizer steps of ai.onnx.preview.training. Their inputs are the rate R, the count T of steps
// so far, then all tensors X, all gradients G, and all of what is kept from step to step.

#include "frontend/onnx/OpsCommon.h"

namespace weft {

static constexpr StringRef training = "ai.onnx.preview.training";

namespace {
/// R and T as scalars of the type of a tensor, and T > 0.
struct Step {
  Value rate, count, isLater;
};

/// What one tensor takes part with: X, G, and what is kept of the steps before.
using Slots = SmallVector<Value>;
} // namespace

static Step stepOf(Node &n, Type type) {
  GraphBuilder &b = n.b;
  Value count = b.cast(b.reshape(n.input(1), {}), type);
  return {b.cast(b.reshape(n.input(0), {}), type), count,
          b.compare(ComparePredicate::Gt, count, 0.0)};
}

/// Applies `update` to each tensor by itself. It takes X, G and the kept values, `numSlots` in all,
/// and gives the new X and kept values; inputs and outputs of one kind lie side by side.
static void forEachTensor(Node &n, size_t numSlots,
                          llvm::function_ref<Slots(const Step &, const Slots &)> update) {
  size_t given = n.numInputs() - 2, tensors = given / numSlots;
  if (tensors == 0 || given % numSlots != 0)
    return n.fail("has " + Twine(given) + " tensors, but " + Twine(numSlots) +
                  " for each one that is optimized are expected");
  for (size_t i = 0; i < tensors; ++i) {
    Slots slots;
    for (size_t slot = 0; slot < numSlots; ++slot)
      slots.push_back(n.input(2 + slot * tensors + i));
    if (!n.isGood())
      return;
    if (!n.b.isFloat(slots[0]))
      return n.fail("optimizes " + languageName(n.b.typeOf(slots[0])) +
                    ", but floats are expected");
    for (auto [slot, value] : llvm::enumerate(update(stepOf(n, n.b.element(slots[0])), slots)))
      n.set(slot * tensors + i, value);
  }
}

/// norm_coefficient * X + G
static Value regularized(Node &n, Value x, Value gradient) {
  double coefficient = n.real("norm_coefficient", 0);
  return n.b.add(n.b.binary<MulOp>(x, coefficient), gradient);
}

static Value blend(GraphBuilder &b, double share, Value old, Value now) {
  return b.add(b.binary<MulOp>(old, share), b.binary<MulOp>(now, 1 - share));
}

/// Duchi et al. 2011.
static void adagrad(Node &n) {
  GraphBuilder &b = n.b;
  double decay = n.real("decay_factor", 0), epsilon = n.real("epsilon", 1e-6);
  forEachTensor(n, 3, [&](const Step &step, const Slots &given) {
    Value x = given[0], g = regularized(n, x, given[1]);
    Value rate = b.div(step.rate, b.binary<AddOp>(b.binary<MulOp>(step.count, decay), 1.0));
    Value h = b.add(given[2], b.mul(g, g));
    Value adaptive = b.binary<AddOp>(b.unary<SqrtOp>(h), epsilon);
    return Slots{b.sub(x, b.div(b.mul(rate, g), adaptive)), h};
  });
}

/// Kingma & Ba, arXiv:1412.6980; the correction of the bias begins with the second step.
static void adam(Node &n) {
  GraphBuilder &b = n.b;
  double alpha = n.real("alpha", 0.9), beta = n.real("beta", 0.999);
  double epsilon = n.real("epsilon", 1e-6), after = n.real("norm_coefficient_post", 0);
  forEachTensor(n, 4, [&](const Step &step, const Slots &given) {
    Value x = given[0], g = regularized(n, x, given[1]);
    Value v = blend(b, alpha, given[2], g), h = blend(b, beta, given[3], b.mul(g, g));
    Value root = b.binary<AddOp>(b.unary<SqrtOp>(h), epsilon);
    auto rest = [&](double share) { // 1 - share^T
      Value power = b.binary<PowOp>(b.splatLike(step.count, share), step.count);
      return b.sub(b.splatLike(power, 1), power);
    };
    Value corrected = b.div(b.mul(step.rate, b.unary<SqrtOp>(rest(beta))), rest(alpha));
    Value rate = b.select(step.isLater, corrected, step.rate);
    Value moved = b.sub(x, b.div(b.mul(rate, v), root));
    return Slots{b.binary<MulOp>(moved, 1 - after), v, h};
  });
}

static void momentum(Node &n) {
  GraphBuilder &b = n.b;
  StringRef mode = n.text("mode", "standard");
  double alpha = n.real("alpha", 0), beta = n.real("beta", 0);
  if (!n.needs("alpha") || !n.needs("beta") || !n.needs("norm_coefficient"))
    return;
  if (mode != "standard" && mode != "nesterov")
    return n.fail("the mode is '" + mode + "', but standard or nesterov is expected");
  forEachTensor(n, 3, [&](const Step &step, const Slots &given) {
    Value x = given[0], g = regularized(n, x, given[1]);
    Value share = b.select(step.isLater, b.splatLike(step.rate, beta), b.splatLike(step.rate, 1));
    Value v = b.add(b.binary<MulOp>(given[2], alpha), b.mul(share, g));
    Value direction = mode == "nesterov" ? b.add(g, b.binary<MulOp>(v, alpha)) : v;
    return Slots{b.sub(x, b.mul(step.rate, direction)), v};
  });
}

//===-- The table ---------------------------------------------------------------------------===//

static constexpr OnnxRow rows[] = {
    {"Adagrad", 1, adagrad, OnnxRowKind::Plain, "", training},
    {"Adam", 1, adam, OnnxRowKind::Plain, "", training},
    {"Gradient", 1, nullptr, OnnxRowKind::Plain, "needs differentiation, which is out of scope",
     training},
    {"Momentum", 1, momentum, OnnxRowKind::Plain, "", training},
};

ArrayRef<OnnxRow> onnxTrainingRows() { return rows; }

} // namespace weft
