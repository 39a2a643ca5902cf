// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Markers in strings, and lines.
#include "frontend/source/Text.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <climits>

namespace weft::source {

static constexpr size_t lineWidth = 100;

//===- Markers ------------------------------------------------------------------------------------

std::string marked(Mark mark, unsigned number) {
  return std::string(1, static_cast<char>(mark)) + std::to_string(number) + markEnd;
}

std::string SlotTable::add(const Dim &value, StringRef role, bool isOperand) {
  slots.push_back({value, role.str(), place, 0, 0});
  return marked(isOperand ? Mark::OperandSlot : Mark::Slot, slots.size() - 1);
}

std::string optional(int64_t otherwise, const std::string &text) {
  return optionalStart + std::to_string(otherwise) + optionalMiddle + text + optionalEnd;
}

static bool isMark(char c) {
  return c >= static_cast<char>(Mark::Slot) && c <= static_cast<char>(Mark::Model);
}

std::string replaceMarks(StringRef text, llvm::function_ref<std::string(Mark, unsigned)> replace) {
  std::string result;
  for (size_t place = 0; place < text.size(); ++place) {
    if (!isMark(text[place])) {
      result += text[place];
      continue;
    }
    size_t end = text.find(markEnd, place);
    unsigned number = 0;
    text.slice(place + 1, end).getAsInteger(10, number);
    result += replace(static_cast<Mark>(text[place]), number);
    place = end;
  }
  return result;
}

void visitMarks(StringRef text, llvm::function_ref<void(Mark, unsigned)> visit) {
  replaceMarks(text, [&](Mark mark, unsigned number) {
    visit(mark, number);
    return std::string();
  });
}

std::vector<unsigned> slotsIn(StringRef text) {
  std::vector<unsigned> result;
  visitMarks(text, [&](Mark mark, unsigned number) {
    if (mark == Mark::Slot || mark == Mark::OperandSlot)
      result.push_back(number);
  });
  return result;
}

std::string resolveOptional(StringRef text,
                            llvm::function_ref<std::optional<int64_t>(unsigned)> value) {
  std::string result;
  while (true) {
    size_t start = text.find(optionalStart);
    result += text.take_front(start);
    if (start == StringRef::npos)
      return result;
    size_t middle = text.find(optionalMiddle, start), end = text.find(optionalEnd, middle);
    int64_t otherwise = 0;
    text.slice(start + 1, middle).getAsInteger(10, otherwise);
    StringRef part = text.slice(middle + 1, end);
    if (!llvm::all_of(slotsIn(part), [&](unsigned slot) { return value(slot) == otherwise; }))
      result += part;
    text = text.drop_front(end + 1);
  }
}

std::string skeleton(StringRef text) {
  return replaceMarks(text, [](Mark mark, unsigned number) {
    bool isSlot = mark == Mark::Slot || mark == Mark::OperandSlot;
    return isSlot ? std::string(1, static_cast<char>(mark)) : marked(mark, number);
  });
}

size_t widthOf(StringRef text) {
  size_t width = 0;
  std::string plain = replaceMarks(text, [](Mark, unsigned) { return std::string("xx"); });
  for (char c : plain)
    width += c >= ' ';
  return width;
}

std::string listText(ArrayRef<std::string> elements, const SlotTable &slots) {
  auto values = [&](StringRef element) {
    return replaceMarks(element, [&](Mark mark, unsigned number) {
      bool isSlot = mark == Mark::Slot || mark == Mark::OperandSlot;
      return isSlot ? slots.slots[number].value.str() : marked(mark, number);
    });
  };
  bool areEqual = llvm::all_of(elements, [&](const std::string &element) {
    return values(element) == values(elements.front());
  });
  if (areEqual)
    return "[" + elements.front() + " for _ in 0.." + std::to_string(elements.size()) + "]";
  return "[" + llvm::join(elements, ", ") + "]";
}

//===- Lines --------------------------------------------------------------------------------------

/// The last place of the least depth at which `line` can be broken so that the first part fits;
/// `depth` is that of its start. 0 if there is none.
static size_t breakPlace(StringRef line, size_t width, int depth) {
  bool inString = false;
  size_t best = 0, first = 0;
  int bestDepth = INT_MAX;
  for (size_t place = 0; place < line.size(); ++place) {
    char c = line[place];
    inString ^= c == '"';
    if (inString)
      continue;
    depth += c == '(' || c == '[';
    depth -= c == ')' || c == ']';
    if (c != ',' || depth <= 0 || !line.substr(place + 1).starts_with(" "))
      continue;
    if (place + 1 <= width && depth <= bestDepth) {
      best = place + 1;
      bestDepth = depth;
    }
    first = first ? first : place + 1;
  }
  return best ? best : first;
}

/// Brackets that are open at the end of a text that begins with `depth` of them.
static int depthAfter(StringRef text, int depth) {
  bool inString = false;
  for (char c : text) {
    inString ^= c == '"';
    if (!inString)
      depth += (c == '(' || c == '[') - (c == ')' || c == ']');
  }
  return depth;
}

/// Fills lines with what stands between commas in brackets.
static std::string wrapBrackets(StringRef text, size_t indent) {
  std::string result;
  int depth = 0;
  size_t blanks = indent;
  while (blanks + text.size() > lineWidth) {
    size_t place = breakPlace(text, lineWidth - blanks, depth);
    if (!place)
      break;
    depth = depthAfter(text.take_front(place), depth);
    result += std::string(blanks, ' ') + text.take_front(place).str() + "\n";
    text = text.drop_front(place).ltrim();
    blanks = indent + 4;
  }
  return result + std::string(blanks, ' ') + text.str() + "\n";
}

std::string wrapLine(StringRef line, size_t indent) {
  std::string flat = line.str();
  std::replace(flat.begin(), flat.end(), softBreak, ' ');
  if (indent + flat.size() <= lineWidth || !line.contains(softBreak))
    return wrapBrackets(flat, indent);
  // The steps of a chain are filled into lines.
  SmallVector<StringRef> parts;
  line.split(parts, softBreak);
  std::string result, current = parts.front().str();
  size_t blanks = indent;
  for (StringRef part : llvm::drop_begin(parts)) {
    if (blanks + current.size() + 1 + part.size() <= lineWidth) {
      current += " " + part.str();
      continue;
    }
    result += wrapBrackets(current, blanks);
    current = part.str();
    blanks = indent + 4;
  }
  return result + wrapBrackets(current, blanks);
}

//===- Names --------------------------------------------------------------------------------------

bool isReservedWord(StringRef name) {
  return llvm::StringSwitch<bool>(name)
      .Cases({"carry", "const", "else", "emit", "export", "false", "fn", "for"}, true)
      .Cases({"if", "import", "in", "let", "new", "true", "_"}, true)
      // Words that mean something in their places, and would read oddly.
      .Cases({"model", "param", "state", "vjp", "training", "checkpoint", "as"}, true)
      .Default(false);
}

std::string identifier(StringRef name) {
  std::string result;
  for (char c : name)
    result += llvm::isAlnum(c) ? c : '_';
  if (result.empty() || llvm::isDigit(result[0]))
    result.insert(result.begin(), '_');
  return isReservedWord(result) ? result + "_" : result;
}

std::string withoutNumber(StringRef name) {
  StringRef stem = name.rtrim("0123456789").rtrim('_');
  return stem.empty() ? name.str() : stem.str();
}

std::string singular(StringRef name) {
  if (name.size() > 3 && name.ends_with("s") && !name.ends_with("ss"))
    name = name.drop_back();
  return name.str();
}

std::string camelCase(StringRef name) {
  std::string result;
  bool isStart = true;
  for (char c : name) {
    if (llvm::isAlnum(c))
      result += isStart ? llvm::toUpper(c) : c;
    isStart = !llvm::isAlnum(c);
  }
  if (result.empty() || llvm::isDigit(result[0]))
    result.insert(0, "Model");
  return result;
}

} // namespace weft::source
