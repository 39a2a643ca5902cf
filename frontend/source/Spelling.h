// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations of the dialect as expressions of the language: one row each.
#pragma once

#include "frontend/source/Expr.h"
#include "ir/WeftOps.h"

namespace weft::source {

/// What a speller asks of the text that it writes for.
class Reader {
public:
  virtual ~Reader() = default;
  /// The expression of a value; each call is one use of it in the text.
  virtual Expr read(Value value) = 0;
  /// True if the value is used once in the text, in this block.
  virtual bool isUsedOnce(Value value) = 0;
  virtual SlotTable &slots() = 0;
  /// The name of a function or model of std.nn, which will be imported.
  virtual std::string standard(StringRef name) = 0;
};

/// What an operation only says about the shape of another value, or a number: it is written where
/// it is used, as often as that is.
bool isTransparent(Operation *op);
/// The value that is named in the text where `value` is used; null for numbers.
Value baseOf(Value value);
/// If `to` is `from` with dimensions of 1 put in: the places of the dimensions of `from`.
std::optional<SmallVector<int64_t>> insertedUnits(ArrayRef<Dim> from, ArrayRef<Dim> to);

class Speller {
public:
  explicit Speller(Reader &theReader) : reader(theReader) {}

  /// The expression of an operation without regions and with one result; nothing if the language
  /// has none.
  std::optional<Expr> spell(Operation *op);
  /// A transparent operation where its value itself is wanted.
  Expr spellTransparent(Operation *op);
  /// `f32[N, 64]`
  std::string typeText(RankedTensorType type);
  std::string dimsText(ArrayRef<Dim> dims, StringRef role = "");

private:
  std::string slot(const Dim &dim, StringRef role = "", bool isOperand = false) {
    return reader.slots().add(dim, role, isOperand);
  }
  std::optional<Expr> number(Value value);
  SmallVector<Expr> broadcastOperands(Operation *op, unsigned first = 0);
  Expr aligned(Value value);
  Expr withUnits(Value base, ArrayRef<int64_t> along, int64_t rank, bool dropLeading);

  std::optional<Expr> binary(Operation *op);
  std::optional<Expr> logic(Operation *op, StringRef sign, StringRef function);
  std::optional<Expr> negate(Operation *op, StringRef sign);
  std::optional<Expr> known(Operation *op);
  std::optional<Expr> meanOf(DivOp op);
  Expr select(SelectOp op);
  Expr reshape(ReshapeOp op);
  std::optional<Expr> dropUnits(ReshapeOp op);
  Expr transpose(TransposeOp op);
  Expr slice(SliceOp op);
  std::optional<std::string> sliceItem(const Dim &size, const Dim &start, int64_t stride,
                                       const Dim &count);
  Expr window(Value input, std::string update, ValueRange starts, std::string sizes,
              StringRef name);
  Expr pad(PadOp op);
  Expr concat(ConcatOp op);
  Expr gather(GatherOp op);
  Expr scatter(ScatterOp op);
  Expr reduce(ReduceOp op);
  Expr arg(ArgOp op);
  Expr argSort(ArgSortOp op);
  Expr cumulative(CumulativeOp op);
  Expr pool(PoolOp op);
  Expr contract(ContractOp op);
  std::string geometry(ArrayRef<int64_t> strides, ArrayRef<int64_t> low, ArrayRef<int64_t> high,
                       ArrayRef<int64_t> dilations, bool alwaysStride);
  std::string perDimension(ArrayRef<int64_t> values, StringRef role);
  Expr conv(ConvOp op);
  Expr convTranspose(ConvTransposeOp op);
  std::optional<Expr> normalise(Operation *op);
  Expr attention(AttentionOp op);

  Reader &reader;
};

} // namespace weft::source
