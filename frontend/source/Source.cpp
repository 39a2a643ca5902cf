// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The file: imports, models from the inside out, the root with its export.
#include "frontend/source/Source.h"

#include "frontend/source/Classes.h"
#include "frontend/source/Idioms.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

namespace weft::source {

namespace {

class SourceWriter {
public:
  SourceWriter(ModuleOp theModule, const SourceOptions &theOptions, std::string &theError)
      : module(theModule), options(theOptions), error(theError) {}
  std::optional<WrittenSource> run();

private:
  /// Writes all models; a model whose sizes have no names is dissolved into its caller.
  bool writeClasses(ModuleTree &tree, mlir::func::FuncOp function);
  bool tryClasses(ModuleTree &tree, mlir::func::FuncOp function, Module *&broken);
  void collect(Module &one, SmallVector<Module *> &all) const;
  size_t heightOf(Module &one) const;
  std::string declare(Module &child, SlotTable &slots, std::set<std::string> &standards) const;
  void nameClass(ModelClass &one);
  void addParameters(Module &one, std::vector<WrittenParameter> &parameters) const;
  std::string imports() const;

  ModuleOp module;
  const SourceOptions &options;
  std::string &error;
  std::vector<std::unique_ptr<ModelClass>> classes;
  /// The class of each model, and which of its instances it is.
  llvm::DenseMap<Module *, std::pair<unsigned, size_t>> classOf;
  std::set<std::string> standards, takenNames;
};

} // namespace

void SourceWriter::collect(Module &one, SmallVector<Module *> &all) const {
  for (auto &child : one.children)
    collect(*child, all);
  if (!one.isList && !one.layer)
    all.push_back(&one);
}

size_t SourceWriter::heightOf(Module &one) const {
  size_t height = 0;
  for (auto &child : one.children)
    height = std::max(height, heightOf(*child) + 1);
  return height;
}

/// The text by which a parent makes a child.
std::string SourceWriter::declare(Module &child, SlotTable &slots,
                                  std::set<std::string> &needed) const {
  if (child.layer) {
    needed.insert(child.layer->model.str());
    return child.layer->model.str() + "(" + child.layer->settings(slots) + ")";
  }
  auto [number, instance] = classOf.lookup(&child);
  const ModelClass &one = *classes[number];
  std::string text;
  for (const Setting &setting : one.settings)
    text += (text.empty() ? "" : ", ") + slots.add(setting.values[instance], setting.role);
  return marked(Mark::Model, number) + "(" + text + ")";
}

/// After the field that holds it; a second one of that name after a field that only it has.
void SourceWriter::nameClass(ModelClass &one) {
  Module &first = *one.instances.front();
  std::string field =
      first.isElement() ? singular(withoutNumber(first.parent->name)) : withoutNumber(first.name);
  std::string wanted = camelCase(field), name = wanted;
  if (takenNames.count(name)) {
    const ModelClass *other = nullptr;
    for (auto &made : classes)
      if (made->name == wanted)
        other = made.get();
    for (auto &child : first.children)
      if (other && takenNames.count(name) &&
          llvm::none_of(other->instances.front()->children,
                        [&](auto &theirs) { return theirs->name == child->name; }))
        name = camelCase(child->name) + wanted;
    Module *caller = first.caller();
    if (takenNames.count(name) && caller && caller->parent)
      name = camelCase(caller->isElement() ? singular(withoutNumber(caller->parent->name))
                                           : withoutNumber(caller->name)) +
             wanted;
  }
  std::string base = name;
  for (int number = 2; takenNames.count(name); ++number)
    name = base + std::to_string(number);
  takenNames.insert(name);
  one.name = name;
}

bool SourceWriter::tryClasses(ModuleTree &tree, mlir::func::FuncOp function, Module *&broken) {
  classes.clear();
  classOf.clear();
  takenNames = {options.modelName, "Linear",    "Conv2d",    "Conv1d",  "ConvTranspose2d",
                "BatchNorm",       "LayerNorm", "GroupNorm", "RmsNorm", "Embedding"};
  SmallVector<Module *> all;
  collect(tree.root(), all);
  std::map<size_t, SmallVector<Module *>> byHeight;
  for (Module *one : all)
    byHeight[heightOf(*one)].push_back(one);
  for (auto &[height, modules] : byHeight) {
    llvm::MapVector<std::string, unsigned, std::map<std::string, unsigned>> groups;
    for (Module *one : modules) {
      auto text = writeModel(
          *one, function,
          [&](Module &child, SlotTable &slots, std::set<std::string> &needed) {
            return declare(child, slots, needed);
          },
          error);
      if (!text)
        return false;
      auto [entry, isNew] = groups.insert({classKey(*text), classes.size()});
      if (isNew)
        classes.push_back(std::make_unique<ModelClass>());
      ModelClass &home = *classes[entry->second];
      classOf[one] = {entry->second, home.instances.size()};
      home.instances.push_back(one);
      home.texts.push_back(std::move(*text));
    }
    for (auto &[key, number] : groups) {
      ModelClass &one = *classes[number];
      if (!one.resolve()) {
        broken = one.instances.front();
        return false;
      }
      if (one.instances.front()->parent)
        nameClass(one);
      else
        one.name = options.modelName;
    }
  }
  return true;
}

bool SourceWriter::writeClasses(ModuleTree &tree, mlir::func::FuncOp function) {
  while (true) {
    Module *broken = nullptr;
    if (tryClasses(tree, function, broken))
      return true;
    if (!broken)
      return false;
    tree.dissolve(*broken);
    tree.finish();
  }
}

void SourceWriter::addParameters(Module &one, std::vector<WrittenParameter> &parameters) const {
  std::string path = one.path();
  for (const Weight &weight : one.weights) {
    auto argument = cast<mlir::BlockArgument>(weight.parameter);
    auto function = cast<mlir::func::FuncOp>(argument.getOwner()->getParentOp());
    auto symbol =
        function.getArgAttrOfType<mlir::FlatSymbolRefAttr>(argument.getArgNumber(), kParameterAttr);
    unsigned origin = 0;
    ModuleOp whole = module;
    for (ParameterOp declared : whole.getOps<ParameterOp>()) {
      if (declared.getSymName() == symbol.getValue())
        break;
      ++origin;
    }
    parameters.push_back(
        {path.empty() ? weight.name : path + "." + weight.name, origin, weight.permutation});
  }
  for (auto &child : one.children)
    addParameters(*child, parameters);
}

std::string SourceWriter::imports() const {
  std::set<std::string> names;
  for (auto &one : classes)
    for (const ModelText &text : one->texts)
      names.insert(text.standards.begin(), text.standards.end());
  if (names.empty())
    return "";
  std::string line = "import std.nn: " + llvm::join(names, ", ");
  // An import has no brackets: it goes on after a comma.
  std::string result;
  while (line.size() > 100) {
    size_t cut = StringRef(line).take_front(100).rfind(", ");
    result += line.substr(0, cut + 1) + "\n";
    line = "  " + line.substr(cut + 2);
  }
  return result + line + "\n\n";
}

std::optional<WrittenSource> SourceWriter::run() {
  WrittenSource source;
  std::string models;
  SmallVector<mlir::func::FuncOp> exports;
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (function->hasAttr(kExportAttr))
      exports.push_back(function);
  if (exports.size() != 1) {
    error = "a model with " + std::to_string(exports.size()) +
            " exported functions cannot be written: one is needed";
    return std::nullopt;
  }
  mlir::func::FuncOp function = exports.front();
  gatherIdioms(function);
  ModuleTree tree(function, options.flat);
  if (!writeClasses(tree, function))
    return std::nullopt;
  auto doc = function->getAttrOfType<StringAttr>(kDocAttr);
  for (auto &one : classes) {
    bool isRoot = !one->instances.front()->parent;
    models += (models.empty() ? "" : "\n") +
              one->render(isRoot ? function.getName() : StringRef(),
                          isRoot && doc ? doc.getValue() : StringRef(),
                          [&](unsigned number) { return classes[number]->name; });
  }
  source.text = imports() + models;
  addParameters(tree.root(), source.parameters);
  return source;
}

} // namespace weft::source

namespace weft {

std::optional<WrittenSource> writeSource(ModuleOp module, const SourceOptions &options,
                                         std::string &error) {
  return source::SourceWriter(module, options, error).run();
}

} // namespace weft
