// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights as small integers: the choice, and ordinary operations that make them.

#include "passes/precision/NarrowWeights.h"

#include "passes/Functions.h"
#include "passes/precision/Products.h"

namespace weft {

/// Rows from which the products take longer than to read the weights, in f32, from memory.
static constexpr int64_t mostRows = 8;
/// Rows of a matrix that share a scale in 4 bits: a scale is another bit a weight.
static constexpr int64_t rowsOfScale = 32;

//===-- Choice ------------------------------------------------------------------------------===//

static std::string rowsText(const Dim &rows) {
  return rows == Dim(1) ? "1 row" : rows.str() + " rows";
}

/// The product, if it takes less time to read its weight in fewer bits; otherwise `whyNot` says
/// what speaks against.
static std::optional<ProductForm>
narrowWeightProduct(Operation *op, const llvm::StringSet<> &changing, std::string &whyNot) {
  auto refuse = [&](std::string reason) {
    whyNot = std::move(reason);
    return std::nullopt;
  };
  auto contract = dyn_cast<ContractOp>(op);
  if (!contract)
    return refuse("a convolution");
  bool left = followsFromWeights(contract.getLhs()), right = followsFromWeights(contract.getRhs());
  if (left == right)
    return refuse(left ? "follows from weights, and is computed once"
                       : "both operands are computed");
  std::optional<ProductForm> form = ProductForm::of(contract);
  if (!form)
    return refuse("no product of a matrix with a weight");
  if (reachesState(form->weight, changing))
    return refuse("calls change its weight");
  if (!GraphBuilder::element(form->rows).isF32() ||
      !GraphBuilder::element(op->getResult(0)).isF32())
    return refuse("not in f32");
  Dim rows = form->numRows();
  if (!rows.constant())
    return refuse(rowsText(rows) + ", a number that is not known: --dim makes it so");
  if (*rows.constant() > mostRows)
    return refuse(rowsText(rows) + ": with more than " + std::to_string(mostRows) +
                  " it takes longer to multiply than to read the weights");
  return form;
}

std::vector<NarrowProduct>
narrowWeightProducts(mlir::func::FuncOp function,
                     llvm::function_ref<void(Operation *, const std::string &)> leave) {
  std::vector<NarrowProduct> products;
  llvm::StringSet<> changing = changingStates(function->getParentOfType<ModuleOp>());
  function.walk<mlir::WalkOrder::PreOrder>([&](Operation *op) {
    std::string whyNot;
    if (!isProduct(op))
      return;
    if (std::optional<ProductForm> form = narrowWeightProduct(op, changing, whyNot))
      products.push_back({cast<ContractOp>(op), *form});
    else if (leave)
      leave(op, whyNot);
  });
  return products;
}

//===-- Weights -----------------------------------------------------------------------------===//

/// The number of largest magnitude along the rows of [n, K', O], with its sign, as [n, O].
static Value extremeOf(GraphBuilder &b, Value parts) {
  Value high = b.reduce(ReduceKind::Max, parts, {1}), low = b.reduce(ReduceKind::Min, parts, {1});
  return b.select(b.compare(ComparePredicate::Ge, b.add(high, low), 0.0), high, low);
}

/// In 8 bits scales are such that all lies from -127 to 127; in 4 the extreme becomes -8, so that
/// all 16 numbers are used, and what lies as far on the other side becomes 7.
NarrowMatrix NarrowMatrix::of(GraphBuilder &b, Value matrix, int64_t bits) {
  constexpr double least = 1e-30; // Of a column of zeros: some scale.
  SmallVector<Dim> dims = b.dims(matrix);
  int64_t inputs = *dims[0].constant();
  int64_t each = bits == 8 ? inputs : rowsOfScale;
  int64_t parts = llvm::divideCeil(inputs, each);
  if (Dim missing = Dim(parts * each) - dims[0]; missing != Dim(0))
    matrix = b.pad(matrix, b.scalar(b.f32(), 0), {Dim(0), Dim(0)}, {missing, Dim(0)});
  Value x = b.reshape(matrix, {Dim(parts), Dim(each), dims[1]});
  Value extreme = extremeOf(b, x);
  Value scales =
      bits == 8 ? b.binary<DivOp>(b.unary<AbsOp>(extreme), 127) : b.binary<DivOp>(extreme, -8);
  Value isZero = b.compare(ComparePredicate::Lt, b.unary<AbsOp>(scales), least);
  scales = b.select(isZero, b.scalar(b.f32(), least), scales);
  Value values = b.unary<RoundOp>(b.div(x, b.broadcast(scales, {0, 2}, b.dims(x))));
  if (bits == 4)
    values = b.binary<MinOp>(values, 7);
  return {values, scales};
}

/// Neighbouring rows of [K, O], K being even, as the halves of bytes.
static Value inHalves(GraphBuilder &b, Value rows) {
  SmallVector<Dim> dims = b.dims(rows);
  Dim half = dims[0].floorDiv(Dim(2));
  Value pairs = b.reshape(rows, {half, Dim(2), dims[1]});
  auto number = [&](int64_t i) { return b.sliceAxis(pairs, 1, Dim(i), Dim(i + 1)); };
  Value low = b.binary<AndOp>(number(0), b.scalarInteger(b.element(rows), 15));
  Value high = b.binary<ShiftLeftOp>(number(1), b.scalarInteger(b.element(rows), 4));
  return b.reshape(b.binary<OrOp>(low, high), {half, dims[1]});
}

PackedMatrix NarrowMatrix::packed(GraphBuilder &b, int64_t bits, int64_t width) const {
  SmallVector<Dim> dims = b.dims(values);
  Value bytes = b.cast(b.reshape(values, {dims[0] * dims[1], dims[2]}), b.builder.getI8Type());
  if (bits == 4)
    bytes = inHalves(b, bytes);
  PackedMatrix matrix{packMatrix(b, bytes, {width})};
  matrix.scales = packMatrix(b, scales, {width});
  matrix.nibbles = bits == 4;
  return matrix;
}

std::pair<Value, Value> NarrowMatrix::squares(GraphBuilder &b, Value matrix) const {
  SmallVector<Dim> dims = b.dims(values);
  Value held = b.mul(values, b.broadcast(scales, {0, 2}, dims));
  held = b.reshape(held, {dims[0] * dims[1], dims[2]});
  Value lost = b.sub(matrix, b.sliceAxis(held, 0, Dim(0), b.dims(matrix)[0]));
  auto sum = [&](Value x) { // Row by row: one sum in f32 of so many numbers would lose the last.
    return b.reduce(ReduceKind::Sum, b.reduce(ReduceKind::Sum, b.mul(x, x), {1}), {0});
  };
  return {sum(lost), sum(matrix)};
}

} // namespace weft
