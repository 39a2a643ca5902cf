// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-observe: exports also return what --calibrate wants to see: the inputs of their products
// with weights, and per channel how large the weights are.

#include "passes/Functions.h"
#include "passes/Passes.h"
#include "passes/precision/Products.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

namespace weft {

#define GEN_PASS_DEF_OBSERVEPASS
#include "passes/Passes.h.inc"

using mlir::func::FuncOp;

namespace {

/// What is wanted of the weight of one product, beside its terminator.
struct WeightSizes {
  Value channelMaxima;  ///< Over each channel of the input, in the order of the input's axes.
  Value channelSquares; ///< Sums of squares, the same way.
  Value outputMaxima;   ///< Over what each output sums.
};

/// A value over `weightChannels` in rising order, as a reduction leaves them, in that of the input.
Value inOrderOfInput(GraphBuilder &b, const WeightedProduct &product, Value x) {
  SmallVector<int64_t> sorted(product.weightChannels);
  llvm::sort(sorted);
  SmallVector<int64_t> order = llvm::map_to_vector(product.weightChannels, [&](int64_t axis) {
    return static_cast<int64_t>(llvm::find(sorted, axis) - sorted.begin());
  });
  return llvm::is_sorted(order) ? x : b.transpose(x, order);
}

WeightSizes sizesOf(GraphBuilder &b, const WeightedProduct &product) {
  SmallVector<int64_t> others;
  for (int64_t axis = 0; axis < b.rank(product.weight); ++axis)
    if (!llvm::is_contained(product.weightChannels, axis))
      others.push_back(axis);
  Value magnitude = b.unary<AbsOp>(product.weight);
  Value square = b.mul(product.weight, product.weight);
  return {inOrderOfInput(b, product, b.reduce(ReduceKind::Max, magnitude, others)),
          inOrderOfInput(b, product, b.reduce(ReduceKind::Sum, square, others)),
          b.reduce(ReduceKind::Max, magnitude, product.weightInner())};
}

/// `wanted`, or with a number behind it where a result of the function has that name.
std::string freeName(const llvm::StringSet<> &taken, const std::string &wanted) {
  std::string name = wanted;
  for (unsigned number = 2; taken.contains(name); ++number)
    name = wanted + "_" + std::to_string(number);
  return name;
}

struct Observe final : impl::ObservePassBase<Observe> {
  using ObservePassBase::ObservePassBase;

  void runOnOperation() override {
    for (FuncOp function : exportsOf(getOperation()))
      if (functions.empty() || llvm::is_contained(functions, function.getName()))
        if (failed(observe(function)))
          return signalPassFailure();
  }

private:
  LogicalResult observe(FuncOp function) {
    auto end = cast<mlir::func::ReturnOp>(function.getBody().front().getTerminator());
    OpBuilder ops(end);
    llvm::SetVector<Value> inputs;
    SmallVector<Value> sizes;
    std::vector<WeightedProduct> products = weightedProducts(function);
    for (const WeightedProduct &product : products) {
      inputs.insert(product.input);
      if (product.inputChannels.empty())
        continue;
      GraphBuilder b(ops, product.op->getLoc());
      WeightSizes own = sizesOf(b, product);
      assert(b.isGood() && "weights have the axes that were found in them");
      sizes.append({own.channelMaxima, own.channelSquares, own.outputMaxima});
    }
    numObserved += inputs.size();
    return addResults(function, end, inputs.getArrayRef(), sizes);
  }

  static LogicalResult addResults(FuncOp function, mlir::func::ReturnOp end, ArrayRef<Value> inputs,
                                  ArrayRef<Value> sizes) {
    llvm::StringSet<> taken;
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (auto name = function.getResultAttrOfType<mlir::StringAttr>(i, kNameAttr))
        taken.insert(name.getValue());
    OpBuilder ops(end);
    auto add = [&](Value value, const std::string &name) -> LogicalResult {
      auto named = ops.getNamedAttr(kNameAttr, ops.getStringAttr(freeName(taken, name)));
      unsigned place = function.getNumResults();
      end->insertOperands(end->getNumOperands(), value);
      return function.insertResult(place, value.getType(), ops.getDictionaryAttr(named));
    };
    for (auto [i, value] : llvm::enumerate(inputs))
      if (failed(add(value, "observed_" + std::to_string(i))))
        return failure();
    for (auto [i, value] : llvm::enumerate(sizes))
      if (failed(add(value, "weights_" + std::to_string(i))))
        return failure();
    return success();
  }
};

} // namespace
} // namespace weft
