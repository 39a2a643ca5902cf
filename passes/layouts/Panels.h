// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Filters and matrices in the layout of weft.packed_conv: how wide a panel is to be, and the
// operations that bring one there. Packing is ordinary IR, so that weft-hoist-preparation finds it
// like everything else that follows from weights.

#ifndef WEFT_PASSES_LAYOUTS_PANELS_H
#define WEFT_PASSES_LAYOUTS_PANELS_H

#include "ir/GraphBuilder.h"

namespace weft {

/// The vector registers that layouts are chosen for, and instructions that sum several products.
struct PanelTarget {
  int64_t bytes = 64;      ///< Of one register.
  int64_t registers = 32;  ///< That the processor names.
  bool bfloatDots = false; ///< Two of bf16.
  bool byteDots = false;   ///< Four of u8 and i8.
  /// Whether versions of one function read the same weights: best in panels of one width.
  bool shares = false;

  /// Elements of `type` in a register.
  int64_t lanes(Type type) const {
    return std::max<int64_t>(1, bytes * 8 / type.getIntOrFloatBitWidth());
  }
  /// How many input channels of `filter` such an instruction takes at once. A filter that is packed
  /// in each call, which takes longer the more it is mixed, stays with one.
  int64_t interleave(Type input, Value filter) const;
};

/// The type in which products of `element` are summed for a result of `result`.
Type sumElement(Type element, Type result);

/// A product with a weight as its panels see it.
struct PanelProduct {
  Type sum;                    ///< In which terms are summed.
  std::optional<int64_t> rows; ///< Of the result, if they are known.
  int64_t outputs;             ///< Columns, of one group.
};

/// True for element types that products with packed filters have code for.
bool hasPackedTypes(Type input, Type filter, Type result);

/// True for a contraction of a computed value with a weight that weft-pack-contractions packs where
/// it has code for the types.
bool hasPackedForm(ContractOp op);

/// What weft-pack-contractions makes of a contraction; none where it leaves it alone.
std::optional<PanelProduct> panelProductOf(ContractOp op);
/// What weft-channels-last makes of a convolution, transposed or not; none for another operation,
/// and where there are no panels.
std::optional<PanelProduct> panelProductOf(Operation *convolution);

/// The registers of a row of a panel, and what the tiles of a step cost with it.
struct PanelCost {
  int64_t vectors, cost;
};

/// The cheapest first, the widest of those that cost the same. A step of a tile of
/// M rows and V vectors takes max(M * V / 2, (M + V) / 2, 4) cycles: two fused products and two
/// loads a cycle, four cycles from one sum to the next.
SmallVector<PanelCost> panelCosts(const PanelTarget &target, const PanelProduct &product);

/// Output channels of one panel: those of `chosen` registers, or else of the number, at most 4,
/// with which the tiles of the product cost the least. Where versions share, it is the width for
/// many rows, unless that takes a twentieth longer.
int64_t panelWidth(const PanelTarget &target, const PanelProduct &product,
                   std::optional<int64_t> chosen);

/// Channels and taps of one group of a convolution.
struct GroupShape {
  int64_t inputs, outputs, taps;
};

/// How many of `groups` neighbouring groups share a vector of `lanes`: as many as fill it with
/// outputs, whose inputs, of which `together` make up a pack, stand in two vectors. 1 where the
/// outputs of one fill more than half, and for windows whose weights do not fit on the stack.
int64_t narrowGroups(int64_t lanes, int64_t groups, const GroupShape &group, int64_t together);

/// How a panel is written: its columns, and how many input channels of each stand together.
struct PanelForm {
  int64_t width, interleave = 1;
};

/// [O, C / groups, kernel...] as [P, kernel..., C / groups, width], or [P, kernel...,
/// ceil(C / groups / interleave), width, interleave].
Value packFilter(GraphBuilder &b, Value filter, int64_t groups, PanelForm form);

/// [C, O / groups, kernel...] of a transposed convolution as packFilter() gives it.
Value packTransposedFilter(GraphBuilder &b, Value filter, int64_t groups, PanelForm form);

/// [O, C, 3, 3] as [(tile + 2)^2, P, C, width]: the transformed filters of weft.winograd_conv.
Value packWinogradFilter(GraphBuilder &b, Value filter, int64_t tile, int64_t width);

/// [K, O] as [P, K, width], or [P, ceil(K / interleave), width, interleave].
Value packMatrix(GraphBuilder &b, Value matrix, PanelForm form);

/// A transpose; a reshape, which costs nothing, where only dimensions of size 1 change places.
Value permute(GraphBuilder &b, Value x, ArrayRef<int64_t> order);

} // namespace weft

#endif // WEFT_PASSES_LAYOUTS_PANELS_H
