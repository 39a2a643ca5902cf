// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writing loop code: index arithmetic that folds constants and never computes one thing twice in
// a scope, and loops whose bodies are such scopes. Everything else in codegen/cpu writes its code
// through this class.

#ifndef WEFT_CODEGEN_CPU_CODE_H
#define WEFT_CODEGEN_CPU_CODE_H

#include "ir/Mlir.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <map>
#include <vector>

namespace weft {

class Code {
public:
  /// `entry` is the entry block of a function: constants and loop-independent values go to its
  /// start, everything else to the insertion point of `opBuilder`.
  Code(OpBuilder &opBuilder, Location location, mlir::Block *entryBlock)
      : builder(opBuilder), loc(location), entry(entryBlock) {
    scopes.emplace_back();
  }

  OpBuilder &builder;
  Location loc;

  /// The module of the function. The insertion block cannot tell: while its body is written, a
  /// loop stands in no block yet.
  ModuleOp module() const { return entry->getParentOp()->getParentOfType<ModuleOp>(); }

  //===-- Index arithmetic ------------------------------------------------------------------===//
  // Operands are indexes that are not negative, unless said otherwise.

  Value index(int64_t value);
  Value add(Value lhs, Value rhs);
  Value sub(Value lhs, Value rhs);
  Value mul(Value lhs, Value rhs);
  /// The caller guarantees a divisor above 0 wherever this code runs.
  Value div(Value lhs, Value rhs);
  Value rem(Value lhs, Value rhs);
  Value ceilDiv(Value lhs, Value rhs);
  /// Signed.
  Value min(Value lhs, Value rhs);
  Value max(Value lhs, Value rhs);
  /// Signed comparison; i1.
  Value compare(mlir::arith::CmpIPredicate predicate, Value lhs, Value rhs);
  Value both(Value lhs, Value rhs);
  Value product(ArrayRef<Value> factors);

  /// The place of `indices` in row-major order over `sizes`.
  Value linearize(ArrayRef<Value> indices, ArrayRef<Value> sizes);
  /// The inverse: one index for each size. The first needs no division.
  SmallVector<Value> delinearize(Value linear, ArrayRef<Value> sizes);

  //===-- Control ---------------------------------------------------------------------------===//

  using Body = llvm::function_ref<void(Value)>;
  using CarryBody = llvm::function_ref<SmallVector<Value>(Value, ValueRange)>;

  /// for (iv = low; iv < high; iv += step)
  void loop(Value low, Value high, int64_t step, Body body);
  /// The same with values carried from one iteration to the next; gives the last ones.
  SmallVector<Value> loop(Value low, Value high, int64_t step, ArrayRef<Value> initial,
                          CarryBody body);
  /// A nest of loops from 0 to each of `sizes`, the last innermost, carrying values.
  SmallVector<Value> nest(ArrayRef<Value> sizes, ArrayRef<Value> initial,
                          llvm::function_ref<SmallVector<Value>(ArrayRef<Value>, ValueRange)> body);
  /// Both branches give one value of `type`.
  Value ifElse(Value condition, Type type, llvm::function_ref<Value()> onTrue,
               llvm::function_ref<Value()> onFalse);
  void ifThen(Value condition, llvm::function_ref<void()> onTrue);
  /// Writes only the side that is taken if that is known; `onFalse` may be null.
  void branch(Value condition, llvm::function_ref<void()> onTrue,
              llvm::function_ref<void()> onFalse);

  //===-- Memory of what exists -------------------------------------------------------------===//

  using Key = std::vector<const void *>;
  /// The value remembered under `key` in this scope or an outer one; null if there is none.
  Value recall(const Key &key) const;
  void remember(Key key, Value value) { scopes.back()[std::move(key)] = value; }

  /// Runs `create` with the insertion point in the entry block, after earlier such code.
  Value atEntry(llvm::function_ref<Value()> create);

  /// Opens a scope: what is remembered in it is forgotten at its end.
  struct Scope {
    explicit Scope(Code &owner) : code(owner) { code.scopes.emplace_back(); }
    ~Scope() { code.scopes.pop_back(); }
    Code &code;
  };

private:
  template <typename OpT> Value binary(Value lhs, Value rhs, bool commutes);

  mlir::Block *entry;
  Operation *lastEntryOp = nullptr;
  std::vector<std::map<Key, Value>> scopes;
};

} // namespace weft

#endif // WEFT_CODEGEN_CPU_CODE_H
