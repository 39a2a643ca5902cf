// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which values of a block keep their channels last. Values that must have one layout (the operands
// and the result of an element-wise operation, say) form groups; a group with a convolution in it
// turns as a whole, and so does one that is tied to it by an operation that leaves channels among
// channels: a reshape that splits them, a transpose or a sum of the parts.

#ifndef WEFT_PASSES_LAYOUTS_LAYOUTGROUPS_H
#define WEFT_PASSES_LAYOUTS_LAYOUTGROUPS_H

#include "ir/WeftOps.h"

#include "llvm/ADT/EquivalenceClasses.h"

namespace weft {

/// How the dimensions of a value go from [N, channels..., places...] to [N, places...,
/// channels...]. Channels that are split into parts take several.
struct ChannelOrder {
  int64_t rank, channels = 1;

  int64_t places() const { return rank - 1 - channels; }
  bool isChannel(int64_t axis) const { return axis > 0 && axis <= channels; }
  /// Dimension i of the value with channels last is this one of the value.
  SmallVector<int64_t> toLast() const;
  SmallVector<int64_t> toFirst() const;
  /// Where dimension `axis` of the value stands with channels last.
  int64_t placeInLast(int64_t axis) const;
};

/// True for a value that may have a batch, channels and places.
bool hasChannels(Value value);
/// A convolution whose packed form the back end has.
bool isConvolution(Operation *op);
/// Operands that have the layout of the result; none for an operation that has no say.
SmallVector<Value> sharedOperands(Operation *op);

class LayoutGroups {
public:
  explicit LayoutGroups(mlir::Block &block);

  /// None for a value that stays as it is.
  std::optional<ChannelOrder> orderOf(Value value) const;
  bool isTurned(Value value) const { return channelsOf(value) != 0; }
  /// True if the operation leaves channels among channels, its operand and result both turned.
  bool isTie(Operation *op) const;
  /// Has `copy` be of the group of `value`.
  void replace(Value value, Value copy) { classes.unionSets(leaderOf(value), copy); }

private:
  Value leaderOf(Value value) const;
  int64_t channelsOf(Value value) const { return channels.lookup(leaderOf(value)); }
  bool extend(Operation *tie, Value from, Value to);
  bool leadsOn(Value group) const;
  void join(mlir::Block &block);
  void spread();
  void prune();

  llvm::EquivalenceClasses<Value> classes;
  llvm::DenseMap<Value, int64_t> channels; ///< Of the leaders of turned groups.
  llvm::DenseSet<Value> seeds;             ///< Leaders of the groups with a convolution.
  llvm::DenseSet<Value> unsplit;           ///< Leaders of groups that must have one.
  SmallVector<Operation *> ties;
};

} // namespace weft

#endif // WEFT_PASSES_LAYOUTS_LAYOUTGROUPS_H
