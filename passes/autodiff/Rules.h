// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an operation looks like to differentiation: a rule that pulls gradients of its results back
// to its operands, and one that pushes tangents of its operands forward. Rules stand in one file a
// family and are found through one table, by operation name. They make ordinary operations of the
// dialect, so what they make can be differentiated again.
//
// A null Value stands for a gradient or tangent that is 0 everywhere.

#ifndef WEFT_PASSES_AUTODIFF_RULES_H
#define WEFT_PASSES_AUTODIFF_RULES_H

#include "ir/GraphBuilder.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"

namespace weft::autodiff {

/// Gradients on their way back from the outputs.
class Reverse {
public:
  Reverse(GraphBuilder &graph, const llvm::DenseSet<Value> &onTheWay)
      : b(graph), active(onTheWay) {}

  GraphBuilder &b;

  /// The gradient that has been gathered for a value.
  Value gradient(Value value);
  /// Whether a gradient of `value` is of use to anybody.
  bool wants(Value value) const { return active.contains(original(value)); }
  /// Adds to the gradient of `value`, if it is wanted. Contributions are summed in the order in
  /// which they come, but for those of parts that together are the whole: these are concatenated.
  /// One of another element type is cast.
  void add(Value value, Value contribution);
  /// From here on `copy`, which a rule looks at in the place of `value`, has the gradient of that.
  void repeats(Value copy, Value value) { originals[copy] = original(value); }

private:
  Value original(Value value) const {
    auto found = originals.find(value);
    return found == originals.end() ? value : found->second;
  }

  const llvm::DenseSet<Value> &active;
  llvm::DenseMap<Value, Value> originals;
  llvm::DenseMap<Value, SmallVector<Value, 1>> contributions;
};

/// Tangents on their way forward from the inputs.
class Forward {
public:
  explicit Forward(GraphBuilder &graph) : b(graph) {}

  GraphBuilder &b;

  Value tangent(Value value) const { return tangents.lookup(value); }
  /// The tangent, as zeros where there is none.
  Value tangentOrZero(Value value);
  void set(Value value, Value tangent) { tangents[value] = tangent; }
  /// Adds to the tangent of `value`.
  void add(Value value, Value contribution);

private:
  llvm::DenseMap<Value, Value> tangents;
};

/// The two rules of an operation. They may fail with a message at the operation.
struct Rule {
  LogicalResult (*reverse)(Operation *op, Reverse &pass) = nullptr;
  LogicalResult (*forward)(Operation *op, Forward &pass) = nullptr;
};
using RuleTable = llvm::StringMap<Rule>;

void addElementwiseRules(RuleTable &table);
void addMovementRules(RuleTable &table);
void addIndexingRules(RuleTable &table);
void addReductionRules(RuleTable &table);
void addContractionRules(RuleTable &table);
void addWindowRules(RuleTable &table);
void addNormalisationRules(RuleTable &table);
void addControlRules(RuleTable &table);

/// The rule of `op`, or null where it has none.
const Rule *ruleOf(Operation *op);

/// A tangent goes through an operation that is linear in `operands` by the operation itself, with
/// tangents in their places: `dy = f(dx)` for `y = f(x)`.
LogicalResult pushLinear(Operation *op, Forward &pass, ArrayRef<unsigned> operands);

} // namespace weft::autodiff

#endif // WEFT_PASSES_AUTODIFF_RULES_H
