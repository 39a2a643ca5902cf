// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums of products. They are linear in each of two operands: a tangent is the sum of the operation
// with one operand after the other replaced, and the transposes in one operand are again of the
// family. A convolution y = conv(x, w), its adjoint conv_transpose and conv_filter_grad are the
// three ways to read one trilinear sum over x, w and dy.

#include "passes/autodiff/Rules.h"

namespace weft::autodiff {

namespace {

using Graph = GraphBuilder;

/// dy = f(da, b) + f(a, db)
LogicalResult pushBilinear(Operation *op, Forward &pass) {
  for (unsigned operand : {0, 1}) {
    Value tangent = pass.tangent(op->getOperand(operand));
    if (!tangent)
      continue;
    Operation *moved = pass.b.builder.clone(*op);
    moved->setOperand(operand, tangent);
    pass.add(op->getResult(0), moved->getResult(0));
  }
  return success();
}

/// dlhs = contract(dy, rhs), drhs = contract(lhs, dy), with the labels exchanged. Where bf16 is
/// summed in f32, gradients are, too.
LogicalResult pullContract(Operation *op, Reverse &pass) {
  auto contract = cast<ContractOp>(op);
  Graph &g = pass.b;
  auto [lhs, rhs, result] = contract.getLabels();
  Value dy = pass.gradient(contract.getResult());
  auto wide = [&](Value operand) { return g.cast(operand, g.element(dy)); };
  if (pass.wants(contract.getLhs()))
    pass.add(contract.getLhs(),
             g.contract((result + "," + rhs + "->" + lhs).str(), dy, wide(contract.getRhs())));
  if (pass.wants(contract.getRhs()))
    pass.add(contract.getRhs(),
             g.contract((lhs + "," + result + "->" + rhs).str(), wide(contract.getLhs()), dy));
  return success();
}

//===-- Convolutions ------------------------------------------------------------------------===//

template <typename Op> Sliding slidingOf(Op op) {
  return {op.getStrides(), op.getPadLow(), op.getPadHigh(), op.getDilations()};
}

/// [O, C / groups, kernel...] as [C, O / groups, kernel...], every kernel turned by half a turn.
Value turnedFilter(Graph &g, Value filter, int64_t groups) {
  SmallVector<Dim> shape = g.dims(filter), split(shape), result(shape);
  Dim outputs = shape[0].floorDiv(Dim(groups));
  split[0] = outputs;
  split.insert(split.begin(), Dim(groups));
  SmallVector<int64_t> order = {0, 2, 1}, axes;
  for (int64_t axis = 2; axis < g.rank(filter); ++axis) {
    order.push_back(axis + 1);
    axes.push_back(axis);
  }
  result[0] = shape[1] * Dim(groups);
  result[1] = outputs;
  Value turned = g.reverse(filter, axes);
  return g.reshape(g.transpose(g.reshape(turned, split), order), result);
}

/// In steps of 1 the gradient for the input is itself a convolution, with turned filters; null
/// where the padding reaches beyond the kernel.
Value convByTurnedFilter(Graph &g, Value dy, Value filter, const Sliding &sliding, int64_t groups) {
  SmallVector<int64_t> low, high;
  for (size_t s = 0; s < sliding.strides.size(); ++s) {
    int64_t reach = sliding.dilations[s] * (g.typeOf(filter).getDimSize(2 + s) - 1);
    low.push_back(reach - sliding.padLow[s]);
    high.push_back(reach - sliding.padHigh[s]);
    if (sliding.strides[s] != 1 || low.back() < 0 || high.back() < 0)
      return {};
  }
  return g.conv(dy, turnedFilter(g, filter, groups),
                {sliding.strides, low, high, sliding.dilations}, groups);
}

/// The gradient of a convolution for its input of the dimensions `shape`: gradients of places are
/// spread by the filter. What no window reached at the end gets 0.
Value convInputGrad(Graph &g, Value dy, Value filter, ArrayRef<Dim> shape, const Sliding &sliding,
                    int64_t groups) {
  if (Value dx = convByTurnedFilter(g, dy, filter, sliding, groups))
    return dx;
  SmallVector<int64_t> padHigh(sliding.padHigh), extra(padHigh.size(), 0);
  SmallVector<Dim> places = g.dims(dy);
  for (size_t s = 0; s < padHigh.size(); ++s) {
    int64_t kernel = g.typeOf(filter).getDimSize(2 + s);
    Dim spread = (places[2 + s] - Dim(1)) * Dim(sliding.strides[s]) - Dim(sliding.padLow[s]) +
                 Dim(sliding.dilations[s] * (kernel - 1) + 1);
    if (std::optional<int64_t> missing = (shape[2 + s] - spread).constant()) {
      padHigh[s] = std::max<int64_t>(-*missing, 0);
      extra[s] = std::max<int64_t>(*missing, 0);
    } else { // At most stride - 1 elements lie behind the last window; too many are cut off.
      padHigh[s] = 0;
      extra[s] = std::max<int64_t>(sliding.strides[s] - 1 - sliding.padHigh[s], 0);
    }
  }
  Value dx = g.convTranspose(
      dy, filter, {sliding.strides, sliding.padLow, padHigh, sliding.dilations}, extra, groups);
  for (size_t axis = 2; axis < shape.size(); ++axis)
    if (dx && !(g.dims(dx)[axis] == shape[axis]))
      dx = g.sliceAxis(dx, static_cast<int64_t>(axis), Dim(0), shape[axis]);
  return dx;
}

LogicalResult pullConv(Operation *op, Reverse &pass) {
  auto conv = cast<ConvOp>(op);
  Graph &g = pass.b;
  Sliding sliding = slidingOf(conv);
  auto groups = static_cast<int64_t>(conv.getGroups());
  Value x = conv.getInput(), w = conv.getFilter(), dy = pass.gradient(conv.getResult());
  Type type = g.element(dy);
  if (pass.wants(x))
    pass.add(x, convInputGrad(g, dy, g.cast(w, type), g.dims(x), sliding, groups));
  if (pass.wants(w))
    pass.add(w, g.convFilterGrad(g.cast(x, type), dy, g.typeOf(w).getShape(), sliding, groups));
  return success();
}

/// What windows move over when the gradient of a transposed convolution is pulled back: without
/// the output padding that no filter reached, so that there are as many places as x has.
struct Reached {
  Value dy;
  SmallVector<int64_t> padHigh;
};

Reached reachedPart(Graph &g, Value dy, ConvTransposeOp conv) {
  Reached reached{dy, SmallVector<int64_t>(conv.getPadHigh())};
  for (auto [s, extra] : llvm::enumerate(conv.getOutputPadding())) {
    int64_t beyond = std::max<int64_t>(extra - reached.padHigh[s], 0);
    reached.padHigh[s] = std::max<int64_t>(reached.padHigh[s] - extra, 0);
    auto axis = static_cast<int64_t>(2 + s);
    if (beyond > 0)
      reached.dy = g.sliceAxis(reached.dy, axis, Dim(0), g.dims(reached.dy)[axis] - Dim(beyond));
  }
  return reached;
}

/// dx = conv(dy, w); for the filter the roles of x and dy are exchanged.
LogicalResult pullConvTranspose(Operation *op, Reverse &pass) {
  auto conv = cast<ConvTransposeOp>(op);
  Graph &g = pass.b;
  auto groups = static_cast<int64_t>(conv.getGroups());
  Value x = conv.getInput(), w = conv.getFilter();
  auto [dy, padHigh] = reachedPart(g, pass.gradient(conv.getResult()), conv);
  Sliding sliding{conv.getStrides(), conv.getPadLow(), padHigh, conv.getDilations()};
  Type type = g.element(dy);
  if (pass.wants(x))
    pass.add(x, g.conv(dy, g.cast(w, type), sliding, groups));
  if (pass.wants(w))
    pass.add(w, g.convFilterGrad(dy, g.cast(x, type), g.typeOf(w).getShape(), sliding, groups));
  return success();
}

/// y = filter_grad(x, d): dx = spread of d by dy, dd = conv of x with dy.
LogicalResult pullConvFilterGrad(Operation *op, Reverse &pass) {
  auto grad = cast<ConvFilterGradOp>(op);
  Graph &g = pass.b;
  Sliding sliding = slidingOf(grad);
  auto groups = static_cast<int64_t>(grad.getGroups());
  Value x = grad.getInput(), d = grad.getGradient(), t = pass.gradient(grad.getResult());
  if (pass.wants(x))
    pass.add(x, convInputGrad(g, d, t, g.dims(x), sliding, groups));
  if (pass.wants(d))
    pass.add(d, g.conv(x, t, sliding, groups));
  return success();
}

} // namespace

void addContractionRules(RuleTable &table) {
  table["weft.contract"] = {pullContract, pushBilinear};
  table["weft.conv"] = {pullConv, pushBilinear};
  table["weft.conv_transpose"] = {pullConvTranspose, pushBilinear};
  table["weft.conv_filter_grad"] = {pullConvFilterGrad, pushBilinear};
}

} // namespace weft::autodiff
