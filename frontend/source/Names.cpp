// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names by liveness, and lines with names in them.
#include "frontend/source/Names.h"

#include "llvm/ADT/StringExtras.h"

#include <map>

namespace weft::source {

//===- Uses ---------------------------------------------------------------------------------------

void BodyText::collectUses(StringRef text, std::set<unsigned> &used) const {
  visitMarks(text, [&](Mark mark, unsigned number) {
    if (mark == Mark::Variable)
      used.insert(number);
    if (mark == Mark::Block)
      collectBlock(number, used);
  });
}

void BodyText::collectBlock(unsigned block, std::set<unsigned> &used) const {
  for (const Statement &statement : blocks[block].statements)
    collectUses(statement.text, used);
  collectUses(blocks[block].end, used);
}

/// The words that a text holds already: functions, fields, dimensions.
static void collectWords(StringRef text, std::set<std::string> &words) {
  std::string plain = replaceMarks(text, [](Mark, unsigned) { return std::string(" "); });
  std::string word;
  for (char c : plain + " ") {
    if (llvm::isAlnum(c) || c == '_') {
      word += c;
      continue;
    }
    if (!word.empty() && !llvm::isDigit(word[0]))
      words.insert(word);
    word.clear();
  }
}

void BodyText::collectBlockWords(unsigned number, std::set<std::string> &words) const {
  auto collect = [&](StringRef text) {
    collectWords(text, words);
    visitMarks(text, [&](Mark mark, unsigned inner) {
      if (mark == Mark::Block)
        collectBlockWords(inner, words);
    });
  };
  for (const Statement &statement : blocks[number].statements)
    collect(statement.text);
  collect(blocks[number].end);
}

//===- Choosing -----------------------------------------------------------------------------------

std::string BodyText::freeName(const Variable &variable, const std::set<std::string> &taken) const {
  auto isFree = [&](const std::string &name) {
    return !taken.count(name) && !isReservedWord(name);
  };
  if (!variable.hint.empty() && isFree(variable.hint))
    return variable.hint;
  bool isFloat = isa<mlir::FloatType>(variable.element), isBool = variable.element.isInteger(1);
  SmallVector<StringRef> pool = isFloat  ? SmallVector<StringRef>{"x", "y", "z", "u", "v", "w"}
                                : isBool ? SmallVector<StringRef>{"mask", "other"}
                                         : SmallVector<StringRef>{"i", "j", "k", "m", "n"};
  for (StringRef name : pool)
    if (isFree(name.str()))
      return name.str();
  std::string base = variable.hint.empty() ? pool.front().str() : variable.hint;
  for (int number = 2;; ++number)
    if (std::string name = base + std::to_string(number); isFree(name))
      return name;
}

void BodyText::chooseNames(unsigned number, std::set<std::string> taken) {
  const TextBlock &block = blocks[number];
  size_t count = block.statements.size();
  std::vector<std::set<unsigned>> used(count + 1);
  std::map<unsigned, size_t> lastUse;
  collectBlockWords(number, taken);
  for (size_t at = 0; at <= count; ++at) {
    const std::string &text = at < count ? block.statements[at].text : block.end;
    collectUses(text, used[at]);
    for (unsigned variable : used[at])
      lastUse[variable] = at;
  }
  std::map<unsigned, std::string> alive;
  auto give = [&](unsigned variable) {
    std::set<std::string> all = taken;
    for (auto &[other, name] : alive)
      all.insert(name);
    Variable &one = variables[variable];
    // An input keeps its name unless it would hide a function that the body calls.
    one.name = one.isFixed ? one.hint + (taken.count(one.hint) ? "_" : "") : freeName(one, all);
    alive[variable] = one.name;
  };
  for (unsigned parameter : block.parameters)
    give(parameter);
  std::set<std::string> ever;
  for (size_t at = 0; at <= count; ++at) {
    for (auto &[variable, name] : alive)
      ever.insert(name);
    // What is read here for the last time may lend its name to what is made here.
    for (auto entry = alive.begin(); entry != alive.end();)
      entry = !lastUse.count(entry->first) || lastUse[entry->first] <= at ? alive.erase(entry)
                                                                          : std::next(entry);
    if (at < count)
      for (unsigned variable : block.statements[at].defines)
        give(variable);
  }
  // Blocks inside see all names out here.
  ever.insert(taken.begin(), taken.end());
  for (size_t at = 0; at <= count; ++at)
    visitMarks(at < count ? block.statements[at].text : block.end, [&](Mark mark, unsigned inner) {
      if (mark == Mark::Block)
        chooseNames(inner, ever);
    });
}

void BodyText::chooseNames(const std::set<std::string> &taken) { chooseNames(0, taken); }

//===- Lines --------------------------------------------------------------------------------------

std::string BodyText::withNames(StringRef text, size_t indent) const {
  return replaceMarks(text, [&](Mark mark, unsigned number) {
    if (mark == Mark::Variable)
      return variables[number].name;
    if (mark != Mark::Block)
      return marked(mark, number);
    const TextBlock &block = blocks[number];
    return withNames(block.head, indent) + "{\n" + render(number, indent + 2) +
           std::string(indent, ' ') + "}";
  });
}

std::string BodyText::render(unsigned number, size_t indent) const {
  const TextBlock &block = blocks[number];
  std::string blanks(indent, ' '), lines;
  for (const Statement &statement : block.statements) {
    std::string text = withNames(statement.text, indent);
    if (statement.pattern.empty()) {
      lines += blanks + text + "\n";
      continue;
    }
    std::string pattern = withNames(statement.pattern, indent);
    if (pattern != text)
      lines += blanks + "let " + pattern + " = " + text + "\n";
  }
  return lines + blanks + withNames(block.end, indent) + "\n";
}

} // namespace weft::source
