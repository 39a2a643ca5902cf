// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-measure-weights: in place of each export a function of its weights alone, which gives what
// weights of 8 or 4 bits would lose.

#include "passes/Functions.h"
#include "passes/Passes.h"
#include "passes/precision/NarrowWeights.h"
#include "passes/precision/Products.h"

#include "mlir/IR/IRMapping.h"

namespace weft {

#define GEN_PASS_DEF_MEASUREWEIGHTSPASS
#include "passes/Passes.h.inc"

using mlir::func::FuncOp;

namespace {

/// The function that takes the place of one export.
class Measurement {
public:
  explicit Measurement(FuncOp measured)
      : source(measured), builder(measured),
        made(FuncOp::create(builder, measured.getLoc(), measured.getName(),
                            builder.getFunctionType({}, {}))) {
    made->setAttr(kExportAttr, builder.getUnitAttr());
    builder.setInsertionPointToEnd(made.addEntryBlock());
  }

  /// The squares of what the weight of a product loses and holds become two results.
  void add(ProductForm form, int64_t bits) {
    form.weight = copyOf(form.weight);
    GraphBuilder b(builder, form.weight.getLoc());
    Value matrix = form.matrix(b);
    auto [lost, held] = NarrowMatrix::of(b, matrix, bits).squares(b, matrix);
    assert(b.isGood() && "a matrix can be measured");
    results.append({lost, held});
  }

  void finish() {
    mlir::Block &body = made.getBody().front();
    mlir::func::ReturnOp::create(builder, made.getLoc(), results);
    made.setFunctionType(builder.getFunctionType(
        body.getArgumentTypes(), mlir::ValueRange(ArrayRef<Value>(results)).getTypes()));
    for (auto [i, name] : llvm::enumerate(parameters))
      made.setArgAttr(static_cast<unsigned>(i), kParameterAttr, name);
    for (unsigned i = 0; i < results.size(); ++i)
      made.setResultAttr(i, kNameAttr, builder.getStringAttr("squares_" + std::to_string(i)));
    source.erase();
  }

private:
  /// The value, which follows from weights, in the function that is made.
  Value copyOf(Value value) {
    if (Value known = copies.lookupOrNull(value))
      return known;
    if (auto argument = dyn_cast<mlir::BlockArgument>(value)) {
      parameters.push_back(source.getArgAttr(argument.getArgNumber(), kParameterAttr));
      Value copy = made.getBody().front().addArgument(value.getType(), value.getLoc());
      copies.map(value, copy);
      return copy;
    }
    for (Value operand : value.getDefiningOp()->getOperands())
      copyOf(operand);
    return builder.clone(*value.getDefiningOp(), copies)->getResult(0);
  }

  FuncOp source;
  OpBuilder builder;
  FuncOp made;
  mlir::IRMapping copies;
  SmallVector<Attribute> parameters;
  SmallVector<Value> results;
};

struct MeasureWeights final : impl::MeasureWeightsPassBase<MeasureWeights> {
  using MeasureWeightsPassBase::MeasureWeightsPassBase;

  void runOnOperation() override {
    // Which products there are depends on all exports, which go one by one.
    std::vector<std::pair<FuncOp, std::vector<NarrowProduct>>> found;
    for (FuncOp function : exportsOf(getOperation()))
      found.emplace_back(function, narrowWeightProducts(function));
    for (auto &[function, products] : found) {
      if (products.empty()) {
        function.erase();
        continue;
      }
      Measurement measurement(function);
      for (const NarrowProduct &product : products)
        measurement.add(product.form, bits);
      measurement.finish();
      numMeasured += products.size();
    }
  }
};

} // namespace
} // namespace weft
