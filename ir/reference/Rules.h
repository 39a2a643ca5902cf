// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an operation without regions looks like to the evaluator: a rule, which is a function from
// the values of its operands to the value of its result. Rules live in one file per family and
// are found through one table, by operation name.

#ifndef WEFT_IR_REFERENCE_RULES_H
#define WEFT_IR_REFERENCE_RULES_H

#include "ir/reference/Tensor.h"
#include "ir/Shape.h"
#include "llvm/ADT/StringMap.h"

namespace weft::reference {

/// Sizes bound to the dimension names of a function.
using SymbolSizes = llvm::StringMap<int64_t>;

/// The value of `dim`, or an error that names what is not bound.
llvm::Expected<int64_t> valueOf(const Dim &dim, const SymbolSizes &sizes);

/// The value of `dim` as a size: a negative one is an error too.
llvm::Expected<int64_t> sizeOf(const Dim &dim, const SymbolSizes &sizes);

/// The shape of a tensor type under `sizes`.
llvm::Expected<Index> shapeOf(RankedTensorType type, const SymbolSizes &sizes);

/// One operation about to be evaluated. Its operands have the element types that the verifier
/// asked for; that sizes agree is checked by the rules, since sizes are only known now.
struct Call {
  Operation *op;
  ArrayRef<const Tensor *> operands;
  /// The shape of the first result.
  Index resultShape;
  const SymbolSizes &sizes;

  const Tensor &operand(unsigned number) const { return *operands[number]; }
  /// All zeros, of the type of the first result.
  Tensor emptyResult() const;
};

/// The rule of an operation. What it returns is rounded to the result's element type by the caller.
using Rule = llvm::Expected<Tensor> (*)(const Call &call);
using RuleTable = llvm::StringMap<Rule>;

void addElementwiseRules(RuleTable &table);
void addConversionRules(RuleTable &table);
void addMovementRules(RuleTable &table);
void addIndexingRules(RuleTable &table);
void addReductionRules(RuleTable &table);
void addContractionRules(RuleTable &table);
void addWindowRules(RuleTable &table);
void addChannelsLastRules(RuleTable &table);
void addCompositeRules(RuleTable &table);
void addRandomRules(RuleTable &table);

/// Every rule, by operation name.
const RuleTable &allRules();

/// An error at `call`: "'weft.slice': <message>".
llvm::Error fault(const Call &call, const Twine &message);

/// Fails unless `actual` is `expected`; `what` names the tensor in the message.
llvm::Error requireShape(const Call &call, const Twine &what, ArrayRef<int64_t> actual,
                         ArrayRef<int64_t> expected);

/// "[2, 3]", for messages.
std::string printShape(ArrayRef<int64_t> shape);

} // namespace weft::reference

#endif // WEFT_IR_REFERENCE_RULES_H
