// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Widths of panels, and packing.

#include "passes/layouts/Panels.h"

#include "passes/Functions.h"

#include "ir/Winograd.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace weft {

/// Vectors of a panel: with four, a row of a tile is 4 KiB of code for 8 steps of an unrolled loop.
static constexpr int64_t mostVectors = 4;
/// Rows of a tile beyond which the processor cannot keep the sums in flight anyway.
static constexpr int64_t mostRows = 12;
/// Rows of a result whose number is not known.
static constexpr int64_t manyRows = 1 << 12;

/// Rows of a tile that leave registers for the operands: of 32 two stay free for addresses and
/// masks; of 16 none can, and the last operand is read from memory.
static int64_t tileRows(const PanelTarget &target, int64_t vectors) {
  int64_t free = target.registers >= 32 ? target.registers - 2 : target.registers;
  return std::clamp<int64_t>((free - vectors - 1) / vectors, 1, mostRows);
}

/// 24 times the cycles of one step of all tiles. What a tile reads for itself costs a little where
/// it comes from a second-level cache: of tiles that take the same time else, one of 8 rows and 3
/// vectors was 1 to 6 % faster than 6 and 4 or 12 and 2 on products of 768 and 3072.
static int64_t stepCost(int64_t rows, int64_t outputs, int64_t vectors, int64_t lanes,
                        int64_t highest) {
  int64_t panels = static_cast<int64_t>(llvm::divideCeil(outputs, vectors * lanes));
  int64_t tiles = static_cast<int64_t>(llvm::divideCeil(rows, highest));
  int64_t height = static_cast<int64_t>(llvm::divideCeil(rows, tiles));
  int64_t step = 12 * std::max({height * vectors, height + vectors, int64_t(8)});
  return panels * tiles * (step + 6 * vectors + 2 * height);
}

SmallVector<PanelCost> panelCosts(const PanelTarget &target, const PanelProduct &product) {
  int64_t lanes = target.lanes(product.sum);
  int64_t rows = std::max<int64_t>(product.rows.value_or(manyRows), 1);
  int64_t widest = std::clamp<int64_t>(
      static_cast<int64_t>(llvm::divideCeil(std::max<int64_t>(product.outputs, 1), lanes)), 1,
      mostVectors);
  SmallVector<PanelCost> costs;
  for (int64_t vectors = widest; vectors >= 1; --vectors)
    costs.push_back(
        {vectors, stepCost(rows, product.outputs, vectors, lanes, tileRows(target, vectors))});
  llvm::sort(costs, [](const PanelCost &a, const PanelCost &b) {
    return std::pair(a.cost, b.vectors) < std::pair(b.cost, a.vectors);
  });
  return costs;
}

int64_t panelWidth(const PanelTarget &target, const PanelProduct &product,
                   std::optional<int64_t> chosen) {
  int64_t lanes = target.lanes(product.sum);
  SmallVector<PanelCost> costs = panelCosts(target, product);
  int64_t best = costs.front().vectors, least = costs.front().cost;
  if (target.shares && product.rows && *product.rows != manyRows) {
    int64_t usual = panelWidth(target, {product.sum, std::nullopt, product.outputs}, {}) / lanes;
    const auto *same =
        llvm::find_if(costs, [&](const PanelCost &each) { return each.vectors == usual; });
    if (same->cost * 20 <= least * 21)
      best = usual;
  }
  // What is wider than the product would hold columns that there are none of.
  if (chosen && *chosen <= static_cast<int64_t>(costs.size()))
    best = *chosen;
  return best * lanes;
}

int64_t narrowGroups(int64_t lanes, int64_t groups, const GroupShape &group, int64_t together) {
  constexpr int64_t mostWeights = 2048; // Vectors, of 64 bytes at most.
  int64_t packs = group.inputs / together;
  if (group.inputs % together != 0 || packs == 0 || group.outputs == 0 ||
      packs * group.taps > mostWeights)
    return 1;
  return std::max<int64_t>(1, std::min({groups, lanes / group.outputs, 2 * lanes / packs}));
}

//===-- Types -------------------------------------------------------------------------------===//

int64_t PanelTarget::interleave(Type input, Value filter) const {
  Type element = GraphBuilder::element(filter);
  if (!followsFromWeights(filter))
    return 1;
  if (bfloatDots && input.isBF16() && element.isBF16())
    return 2;
  return byteDots && input.isUnsignedInteger(8) && element.isSignlessInteger(8) ? 4 : 1;
}

Type sumElement(Type element, Type result) {
  if (isa<mlir::FloatType>(element))
    return element.isBF16() || element.isF16() ? mlir::Float32Type::get(element.getContext())
                                               : element;
  return result;
}

bool hasPackedTypes(Type input, Type filter, Type result) {
  if (input.isInteger(8) && filter.isInteger(8))
    return result.isSignlessInteger(32) && (input == filter || filter.isSignlessInteger(8));
  if (input != filter)
    return false;
  if (input.isBF16())
    return result.isBF16() || result.isF32();
  return (input.isF32() || input.isF64()) && result == input;
}

//===-- Packing -----------------------------------------------------------------------------===//

using Dims = SmallVector<Dim>;
using Integers = SmallVector<int64_t>;

/// Fills dimension `axis` up to `size` with zeros.
static Value fillUp(GraphBuilder &b, Value x, int64_t axis, int64_t size) {
  Dims low(b.rank(x), Dim(0)), high = low;
  high[axis] = Dim(size) - b.dims(x)[axis];
  return high[axis] == Dim(0) ? x : b.pad(x, b.scalar(b.element(x), 0), low, high);
}

/// Panels of `width` that hold `outputs` channels.
static int64_t panelsFor(const Dim &outputs, int64_t width) {
  return static_cast<int64_t>(
      llvm::divideCeil(outputs.constant().value_or(0), static_cast<uint64_t>(width)));
}

/// Dimension `axis`, filled up, as two: how many times `count` of it, and `count`.
static Value parted(GraphBuilder &b, Value x, int64_t axis, int64_t count) {
  int64_t parts = panelsFor(b.dims(x)[axis], count);
  x = fillUp(b, x, axis, parts * count);
  Dims dims = b.dims(x);
  dims[axis] = Dim(parts);
  dims.insert(dims.begin() + axis + 1, Dim(count));
  return b.reshape(x, dims);
}

Value packFilter(GraphBuilder &b, Value filter, int64_t groups, PanelForm form) {
  Dims dims = b.dims(filter), grouped{Dim(groups), dims[0].floorDiv(Dim(groups))};
  llvm::append_range(grouped, ArrayRef(dims).drop_front());
  Value x = parted(b, b.reshape(filter, grouped), 1, form.width);
  // The panels of all groups in one dimension.
  dims = b.dims(x);
  dims[1] = dims[0] * dims[1];
  dims.erase(dims.begin());
  x = b.reshape(x, dims);
  bool isMixed = form.interleave > 1;
  if (isMixed)
    x = parted(b, x, 2, form.interleave);
  // [P, W, C, (I,) kernel...] to [P, kernel..., C, W(, I)].
  Integers order{0};
  for (int64_t k = isMixed ? 4 : 3; k < b.rank(x); ++k)
    order.push_back(k);
  order.append({2, 1});
  if (isMixed)
    order.push_back(3);
  return b.transpose(x, order);
}

Value packTransposedFilter(GraphBuilder &b, Value filter, int64_t groups, PanelForm form) {
  Dims dims = b.dims(filter), grouped{Dim(groups), dims[0].floorDiv(Dim(groups))};
  llvm::append_range(grouped, ArrayRef(dims).drop_front());
  Value x = parted(b, b.reshape(filter, grouped), 2, form.width);
  bool isMixed = form.interleave > 1;
  if (isMixed)
    x = parted(b, x, 1, form.interleave);
  // [G, C, (I,) P, W, kernel...] to [G, P, kernel..., C, W(, I)].
  int64_t panel = isMixed ? 3 : 2;
  Integers order{0, panel};
  for (int64_t k = panel + 2; k < b.rank(x); ++k)
    order.push_back(k);
  order.append({1, panel + 1});
  if (isMixed)
    order.push_back(2);
  x = b.transpose(x, order);
  dims = b.dims(x);
  dims[1] = dims[0] * dims[1];
  dims.erase(dims.begin());
  return b.reshape(x, dims);
}

Value packWinogradFilter(GraphBuilder &b, Value filter, int64_t tile, int64_t width) {
  WinogradTransforms transforms = winogradTransforms(tile);
  Value g =
      b.reshape(b.reals(transforms.filter, b.element(filter)), {Dim(transforms.size), Dim(3)});
  // Output channels go last first: both products then run along them.
  Value x = b.contract("ijco,ai->ajco", b.transpose(filter, {2, 3, 1, 0}), g);
  x = b.contract("ajco,bj->abco", x, g);
  Dims dims = b.dims(x);
  int64_t panels = panelsFor(dims[3], width);
  x = fillUp(b, x, 3, panels * width);
  x = b.reshape(x, {Dim(transforms.size * transforms.size), dims[2], Dim(panels), Dim(width)});
  return b.transpose(x, {0, 2, 1, 3});
}

Value packMatrix(GraphBuilder &b, Value matrix, PanelForm form) {
  Value x = parted(b, matrix, 1, form.width);
  if (form.interleave == 1)
    return b.transpose(x, {1, 0, 2});
  // [K, I, P, W] to [P, K, W, I].
  return b.transpose(parted(b, x, 0, form.interleave), {2, 0, 3, 1});
}

Value permute(GraphBuilder &b, Value x, ArrayRef<int64_t> order) {
  Dims dims = b.dims(x), result;
  int64_t last = -1;
  bool moves = false;
  for (int64_t axis : order) {
    result.push_back(dims[axis]);
    if (dims[axis] == Dim(1))
      continue;
    moves |= axis < last;
    last = axis;
  }
  return moves ? b.transpose(x, order) : b.reshape(x, result);
}

} // namespace weft
