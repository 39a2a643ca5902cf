// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognises products with weights.

#include "passes/precision/Products.h"

#include "passes/Functions.h"

namespace weft {

/// Terms of a sum at one place below which 8 bits do not pay: instructions sum four products at
/// once, and whatever brings an input to 8 bits is shared by too few of them.
static constexpr int64_t fewestTerms = 16;

SmallVector<int64_t> WeightedProduct::weightInner() const {
  SmallVector<int64_t> inner;
  for (int64_t axis = 0; axis < GraphBuilder::rank(weight); ++axis)
    if (!llvm::is_contained(weightOutputs, axis))
      inner.push_back(axis);
  return inner;
}

bool isProduct(Operation *op) { return isa<ContractOp, ConvOp, ConvTransposeOp>(op); }

/// The axes of the channels and of the outputs; none where a letter is in both operands and the
/// result, or an operand has nothing of its own.
static std::optional<WeightedProduct> axesOf(ContractOp op, std::string &whyNot) {
  ContractOp::Labels labels = op.getLabels();
  WeightedProduct product{op, op.getLhs(), op.getRhs(), {}, {}, {}, {}};
  StringRef rows = labels.lhs, columns = labels.rhs;
  if (!followsFromWeights(product.weight)) {
    std::swap(product.input, product.weight);
    std::swap(rows, columns);
  }
  auto place = [](StringRef list, char label) { return static_cast<int64_t>(list.find(label)); };
  for (auto [axis, label] : llvm::enumerate(columns)) {
    if (!labels.result.contains(label))
      continue;
    if (rows.contains(label)) {
      whyNot = "each entry along '" + std::string(1, label) + "' has a weight of its own";
      return std::nullopt;
    }
    product.weightOutputs.push_back(static_cast<int64_t>(axis));
    product.resultOutputs.push_back(place(labels.result, label));
  }
  for (auto [axis, label] : llvm::enumerate(rows))
    if (columns.contains(label)) {
      product.inputChannels.push_back(static_cast<int64_t>(axis));
      product.weightChannels.push_back(place(columns, label));
    }
  return product;
}

static WeightedProduct axesOf(ConvOp op) {
  WeightedProduct product{op, op.getInput(), op.getFilter(), {}, {}, {0}, {1}};
  if (op.getGroups() == 1) {
    product.inputChannels = {1};
    product.weightChannels = {1};
  }
  return product;
}

/// What each place of the result sums over, not counting the window.
static int64_t termsOf(const WeightedProduct &product) {
  auto type = GraphBuilder::typeOf(product.weight);
  if (isa<ConvOp>(product.op))
    return type.getDimSize(1);
  int64_t terms = 1;
  for (int64_t axis : product.weightChannels)
    terms *= type.getDimSize(axis);
  return terms;
}

std::optional<WeightedProduct> weightedProduct(Operation *op, std::string &whyNot) {
  auto refuse = [&](std::string reason) {
    whyNot = std::move(reason);
    return std::nullopt;
  };
  if (isa<ConvTransposeOp>(op))
    return refuse("a transposed convolution");
  bool left = followsFromWeights(op->getOperand(0)), right = followsFromWeights(op->getOperand(1));
  if (isa<ConvOp>(op) ? !right : !left && !right)
    return refuse("both operands are computed");
  if (left && right)
    return refuse("follows from weights, and is computed once");
  if (!GraphBuilder::element(op->getResult(0)).isF32() ||
      !GraphBuilder::element(op->getOperand(0)).isF32())
    return refuse("not in f32");
  if (!isa<mlir::func::FuncOp>(op->getParentOp()))
    return refuse("inside of a loop or branch");
  std::optional<WeightedProduct> product;
  if (auto conv = dyn_cast<ConvOp>(op))
    product = axesOf(conv);
  else
    product = axesOf(cast<ContractOp>(op), whyNot);
  if (!product)
    return std::nullopt;
  auto weight = GraphBuilder::typeOf(product->weight);
  if (!weight.hasStaticShape() || weight.getNumElements() == 0)
    return refuse("a weight of dynamic or no size");
  if (int64_t terms = termsOf(*product); terms < fewestTerms)
    return refuse("sums " + std::to_string(terms) + (terms == 1 ? " channel" : " channels") +
                  " a place: fewer than " + std::to_string(fewestTerms) + " do not pay");
  return product;
}

std::vector<WeightedProduct> weightedProducts(mlir::func::FuncOp function) {
  std::vector<WeightedProduct> products;
  std::string whyNot;
  function.walk<mlir::WalkOrder::PreOrder>([&](Operation *op) {
    if (isProduct(op))
      if (std::optional<WeightedProduct> product = weightedProduct(op, whyNot))
        products.push_back(*product);
  });
  return products;
}

Value spreadOverWeight(GraphBuilder &b, const WeightedProduct &product, Value x) {
  // Axes of a broadcast rise.
  SmallVector<int64_t> order =
      llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(product.weightChannels.size())));
  llvm::sort(order, [&](int64_t i, int64_t j) {
    return product.weightChannels[i] < product.weightChannels[j];
  });
  SmallVector<int64_t> along =
      llvm::map_to_vector(order, [&](int64_t i) { return product.weightChannels[i]; });
  if (!llvm::is_sorted(order))
    x = b.transpose(x, order);
  return b.broadcast(x, along, b.dims(product.weight));
}

} // namespace weft
