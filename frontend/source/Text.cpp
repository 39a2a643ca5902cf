// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Markers in strings, and lines.
#include "frontend/source/Text.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

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

std::string replaceMarks(StringRef text,
                         llvm::function_ref<std::string(Mark, unsigned)> replace) {
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

//===- Lines --------------------------------------------------------------------------------------

/// The last place at which `line` can be broken so that the first part fits; 0 if there is none.
static size_t breakPlace(StringRef line, size_t width) {
  int depth = 0;
  bool inString = false;
  size_t comma = 0, first = 0;
  for (size_t place = 0; place < line.size(); ++place) {
    char c = line[place];
    if (c == '"')
      inString = !inString;
    if (inString)
      continue;
    depth += c == '(' || c == '[';
    depth -= c == ')' || c == ']';
    bool breaks = c == ',' && depth > 0 && line.substr(place + 1).starts_with(" ");
    if (breaks && place + 1 <= width)
      comma = place + 1;
    else if (breaks && !first)
      first = place + 1;
  }
  return comma ? comma : first;
}

std::string wrapLine(StringRef line, size_t indent) {
  std::string flat = line.str();
  std::replace(flat.begin(), flat.end(), softBreak, ' ');
  std::string blanks(indent, ' ');
  if (indent + flat.size() <= lineWidth)
    return blanks + flat + "\n";
  std::string inner(indent + 4, ' ');
  if (line.contains(softBreak)) {
    // Steps are filled into lines.
    SmallVector<StringRef> parts;
    line.split(parts, softBreak);
    std::string result, current = blanks + parts.front().str();
    for (StringRef part : llvm::drop_begin(parts)) {
      if (current.size() + 1 + part.size() > lineWidth) {
        result += wrapLine(StringRef(current).ltrim(), current.size() - StringRef(current).ltrim().size());
        current = inner + part.str();
      } else {
        current += " " + part.str();
      }
    }
    return result + wrapLine(StringRef(current).ltrim(),
                             current.size() - StringRef(current).ltrim().size());
  }
  size_t place = breakPlace(flat, lineWidth - indent);
  if (!place)
    return blanks + flat + "\n";
  std::string result = blanks + flat.substr(0, place) + "\n";
  StringRef rest = StringRef(flat).substr(place).ltrim();
  // Everything that follows stands in the same place.
  while (indent + 4 + rest.size() > lineWidth) {
    int depth = 1;
    size_t cut = 0, next = 0;
    bool inString = false;
    for (size_t at = 0; at < rest.size(); ++at) {
      inString ^= rest[at] == '"';
      if (inString)
        continue;
      depth += rest[at] == '(' || rest[at] == '[';
      depth -= rest[at] == ')' || rest[at] == ']';
      bool breaks = rest[at] == ',' && depth > 0 && rest.substr(at + 1).starts_with(" ");
      if (breaks && at + 1 + indent + 4 <= lineWidth)
        cut = at + 1;
      else if (breaks && !next)
        next = at + 1;
    }
    cut = cut ? cut : next;
    if (!cut)
      break;
    result += inner + rest.take_front(cut).str() + "\n";
    rest = rest.drop_front(cut).ltrim();
  }
  return result + inner + rest.str() + "\n";
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
