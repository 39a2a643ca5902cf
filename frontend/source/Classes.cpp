// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One column for each number of the text, one entry for each instance.
#include "frontend/source/Classes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

namespace weft::source {

std::string wholeText(const ModelText &text) {
  std::string all;
  for (const std::string &member : text.members)
    all += member + "\n";
  return all + text.parameters + "\n" + text.result + "\n" + text.body;
}

std::string classKey(const ModelText &text) { return skeleton(wholeText(text)); }

namespace {

using Column = std::vector<Dim>;

/// The names of one class: numbers that stay, settings, dimensions.
class Resolver {
public:
  explicit Resolver(ModelClass &theModel);
  bool run();

private:
  std::string keyOf(const Column &column) const {
    return llvm::join(llvm::map_range(column, [](const Dim &dim) { return dim.str(); }), ";");
  }
  bool isConstant(const Column &column) const {
    return column.front().isConstant() && llvm::all_equal(column);
  }
  bool isInteger(const Column &column) const {
    return llvm::all_of(column, [](const Dim &dim) { return dim.isConstant(); });
  }
  const Slot &slot(size_t place) const { return model.texts[0].slots.slots[places[0][place]]; }
  std::string freeName(std::string wanted);
  std::string settingName(const std::string &key);
  std::string dimensionName(size_t place);
  void addSetting(size_t place);
  std::optional<std::string> derived(const Column &column) const;
  std::optional<std::string> bodyWord(const Column &column) const;

  ModelClass &model;
  std::vector<std::vector<unsigned>> places; // of each instance, the slots in order
  std::vector<Column> columns;
  std::map<std::string, std::set<std::string>> roles;
  std::map<std::string, std::string> names;
  std::vector<std::pair<Column, std::string>> bound;
  /// Names of dimensions by axis and rank too, so that equal sizes may be H and W.
  std::map<std::tuple<std::string, int64_t, int64_t>, std::string> byAxis;
  std::set<std::string> taken;
};

} // namespace

Resolver::Resolver(ModelClass &theModel) : model(theModel) {
  for (const ModelText &text : model.texts)
    places.push_back(slotsIn(wholeText(text)));
  columns.resize(places[0].size());
  for (size_t place = 0; place < columns.size(); ++place) {
    for (size_t instance = 0; instance < places.size(); ++instance)
      columns[place].push_back(model.texts[instance].slots.slots[places[instance][place]].value);
    roles[keyOf(columns[place])].insert(slot(place).role);
  }
  std::string plain =
      replaceMarks(wholeText(model.texts[0]), [](Mark, unsigned) { return std::string(" "); });
  std::string word;
  for (char c : plain + " ") {
    if (llvm::isAlnum(c) || c == '_') {
      word += c;
      continue;
    }
    taken.insert(word);
    word.clear();
  }
}

std::string Resolver::freeName(std::string wanted) {
  std::string name = wanted;
  for (int number = 2; taken.count(name) || isReservedWord(name); ++number)
    name = wanted + std::to_string(number);
  taken.insert(name);
  return name;
}

/// A number that is the inputs of one layer and the outputs of another is a width.
std::string Resolver::settingName(const std::string &key) {
  const std::set<std::string> &all = roles[key];
  bool areChannels =
      all.count("channels.inputs") || all.count("channels.outputs") || all.count("channels");
  bool isInput = all.count("channels.inputs") || all.count("inputs");
  bool isOutput = all.count("channels.outputs") || all.count("outputs");
  if (isInput && isOutput)
    return areChannels ? "channels" : "width";
  if (isInput || isOutput)
    return isInput ? "inputs" : "outputs";
  for (const std::string &role : all)
    if (!role.empty())
      return role;
  return "size";
}

void Resolver::addSetting(size_t place) {
  std::string key = keyOf(columns[place]);
  if (names.count(key))
    return;
  std::string name = freeName(settingName(key));
  names[key] = name;
  bound.push_back({columns[place], name});
  std::string role = slot(place).role;
  model.settings.push_back({name, role, columns[place]});
}

std::string Resolver::dimensionName(size_t place) {
  const Column &column = columns[place];
  if (llvm::all_equal(column))
    if (std::optional<StringRef> symbol = column.front().bareSymbol())
      return freeName(symbol->str());
  static const StringRef pools[] = {"N", "N", "NC", "NLC", "NCHW", "NCDHW"};
  int64_t rank = slot(place).rank, axis = slot(place).axis;
  if (rank < 6 && axis < int64_t(pools[rank].size()))
    return freeName(std::string(1, pools[rank][axis]));
  return freeName("D");
}

/// A product, quotient or difference of what has a name.
std::optional<std::string> Resolver::derived(const Column &column) const {
  auto fits = [&](llvm::function_ref<Dim(size_t)> value) {
    for (size_t place = 0; place < column.size(); ++place)
      if (value(place) != column[place])
        return false;
    return true;
  };
  for (auto &[a, name] : bound) {
    for (auto &[b, other] : bound)
      if (fits([&](size_t i) { return a[i] * b[i]; }))
        return name + " * " + other;
    if (isInteger(column) && isInteger(a)) {
      int64_t x = *a[0].constant(), y = *column[0].constant();
      if (x > 0 && y % x == 0 && fits([&](size_t i) { return a[i] * Dim(y / x); }))
        return std::to_string(y / x) + " * " + name;
      if (y > 0 && x % y == 0 && fits([&](size_t i) { return a[i].floorDiv(Dim(x / y)); }))
        return name + " / " + std::to_string(x / y);
    }
    std::optional<int64_t> more = (column[0] - a[0]).constant();
    if (more && *more != 0 && fits([&](size_t i) { return a[i] + Dim(*more); }))
      return name + (*more > 0 ? " + " : " - ") + std::to_string(std::abs(*more));
  }
  return std::nullopt;
}

/// The word for a number in the body: a literal, a name, or an expression in names.
std::optional<std::string> Resolver::bodyWord(const Column &column) const {
  if (isConstant(column))
    return column.front().str();
  if (auto found = names.find(keyOf(column)); found != names.end())
    return found->second;
  if (llvm::all_equal(column) && !column.front().isConstant()) {
    // Every symbol is bound as itself.
    bool isKnown = llvm::all_of(column.front().symbols(), [&](const std::string &symbol) {
      auto found = names.find(keyOf(Column(column.size(), Dim::symbol(symbol))));
      return found != names.end() && found->second == symbol;
    });
    if (isKnown)
      return column.front().str();
  }
  return derived(column);
}

bool Resolver::run() {
  model.words.assign(model.texts[0].slots.slots.size(), "");
  bool isRoot = !model.instances[0]->parent;
  if (isRoot) {
    for (unsigned number : places[0])
      model.words[number] = model.texts[0].slots.slots[number].value.str();
    return true;
  }
  for (size_t place = 0; place < columns.size(); ++place)
    if (slot(place).place == Place::Member && !isConstant(columns[place]))
      addSetting(place);
  for (size_t place = 0; place < columns.size(); ++place) {
    std::string key = keyOf(columns[place]);
    auto axis = std::tuple(key, slot(place).axis, slot(place).rank);
    if (slot(place).place != Place::Signature || isConstant(columns[place]) || byAxis.count(axis))
      continue;
    bool isSetting = names.count(key) && llvm::any_of(model.settings, [&](const Setting &one) {
                       return one.name == names[key];
                     });
    bool isNamed =
        names.count(key) && columns[place].front().bareSymbol() && llvm::all_equal(columns[place]);
    if (isSetting || isNamed)
      continue;
    byAxis[axis] = dimensionName(place);
    if (names.try_emplace(key, byAxis[axis]).second)
      bound.push_back({columns[place], byAxis[axis]});
  }
  for (size_t place = 0; place < columns.size(); ++place) {
    std::optional<std::string> word = bodyWord(columns[place]);
    if (auto found = byAxis.find({keyOf(columns[place]), slot(place).axis, slot(place).rank});
        found != byAxis.end() && slot(place).rank > 0)
      word = found->second;
    if (!word && slot(place).place == Place::Body && isInteger(columns[place])) {
      addSetting(place);
      word = bodyWord(columns[place]);
    }
    if (!word && slot(place).place == Place::Body)
      return false;
    model.hasResult &= word.has_value();
    model.words[places[0][place]] = word.value_or("");
  }
  return true;
}

bool ModelClass::resolve() { return Resolver(*this).run(); }

std::string ModelClass::render(StringRef function, StringRef doc,
                               llvm::function_ref<std::string(unsigned)> modelName) const {
  const ModelText &text = texts.front();
  auto value = [&](unsigned slot) -> std::optional<int64_t> {
    int64_t number;
    if (StringRef(words[slot]).getAsInteger(10, number))
      return std::nullopt;
    return number;
  };
  auto finished = [&](StringRef part) {
    return replaceMarks(resolveOptional(part, value), [&](Mark mark, unsigned number) {
      if (mark == Mark::Model)
        return modelName(number);
      const std::string &word = words[number];
      bool needsParentheses = mark == Mark::OperandSlot && StringRef(word).contains(' ');
      return needsParentheses ? "(" + word + ")" : word;
    });
  };
  std::string result = "model " + name;
  if (!settings.empty())
    result +=
        "(" +
        llvm::join(llvm::map_range(settings, [](const Setting &s) { return s.name + ": int"; }),
                   ", ") +
        ")";
  result += " {\n";
  for (const std::string &member : text.members)
    result += wrapLine(finished(member), 2);
  if (!text.members.empty())
    result += "\n";
  SmallVector<StringRef> docLines;
  doc.split(docLines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : docLines)
    result += "  /// " + line.trim().str() + "\n";
  std::string head = function.empty() ? "fn " : "export fn " + function.str();
  head += "(" + finished(text.parameters) + ")";
  if (hasResult)
    head += " -> " + finished(text.result);
  result += wrapLine(head + " {", 2);
  SmallVector<StringRef> lines;
  std::string body = finished(text.body);
  StringRef(body).split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : lines) {
    StringRef rest = line.ltrim(' ');
    result += wrapLine(rest, line.size() - rest.size());
  }
  return result + "  }\n}\n";
}

} // namespace weft::source
