// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text that is not finished: numbers that may become names of settings or dimensions (slots), names
// of values that are chosen once all of a block is known (variables), blocks inside of expressions,
// and names of models. They stand in a plain string between control characters, so that text can be
// joined freely, and two texts are equal up to numbers if they are equal without their slots.
#pragma once

#include "ir/Shape.h"

#include <functional>
#include <string>
#include <vector>

namespace weft::source {

/// Where a number stands: what may name it depends on that.
enum class Place { Member, Signature, Result, Body };

struct Slot {
  Dim value;
  /// What the number is to its owner: "inputs", "kernel"; empty if nothing special.
  std::string role;
  Place place = Place::Body;
  /// In a signature: the axis and the rank of the tensor.
  int64_t axis = 0, rank = 0;
};

/// The slots of one model, in the order in which its text names them.
struct SlotTable {
  std::vector<Slot> slots;
  Place place = Place::Body;

  /// The text of a number; `isOperand`: in parentheses unless it is a single word.
  std::string add(const Dim &value, llvm::StringRef role = "", bool isOperand = false);
};

/// A marker of one kind round a number.
enum class Mark : char { Slot = 1, OperandSlot, Variable, Block, Model };
inline constexpr char markEnd = 6;
/// `optionalStart` default `optionalMiddle` text `optionalEnd`: the text is left out where its
/// slots all have the default.
inline constexpr char optionalStart = 14, optionalMiddle = 15, optionalEnd = 16;
/// A blank at which a line may be broken, before `|>`.
inline constexpr char softBreak = 17;

std::string marked(Mark mark, unsigned number);
/// Leaves `text` out where the slots in it are `otherwise`.
std::string optional(int64_t otherwise, const std::string &text);

/// Replaces each marker by what `replace` gives for it.
std::string replaceMarks(llvm::StringRef text,
                         llvm::function_ref<std::string(Mark, unsigned)> replace);
/// Calls `visit` for each marker, in order.
void visitMarks(llvm::StringRef text, llvm::function_ref<void(Mark, unsigned)> visit);
/// Decides on optional parts: `value` gives the number in a slot if it is known and one.
std::string resolveOptional(llvm::StringRef text,
                            llvm::function_ref<std::optional<int64_t>(unsigned)> value);
/// The text with the numbers of its slots taken out: equal for two models that differ in them only.
std::string skeleton(llvm::StringRef text);
/// The slots that a text names, in order.
std::vector<unsigned> slotsIn(llvm::StringRef text);
/// `[Block(64), Block(128)]`, or `[Block(64) for _ in 0..2]` if the elements are equal.
std::string listText(llvm::ArrayRef<std::string> elements, const SlotTable &slots);
/// About how wide the text will be.
size_t widthOf(llvm::StringRef text);

/// Breaks a line that is too long: before `|>`, else after a comma in brackets.
std::string wrapLine(llvm::StringRef line, size_t indent);

/// The words of the language, which cannot be names.
bool isReservedWord(llvm::StringRef name);
/// `name` as an identifier of the language.
std::string identifier(llvm::StringRef name);
/// `layer3` -> `layer`.
std::string withoutNumber(llvm::StringRef name);
/// `blocks` -> `block`.
std::string singular(llvm::StringRef name);
/// `layer_norms` -> `LayerNorms`.
std::string camelCase(llvm::StringRef name);

} // namespace weft::source
