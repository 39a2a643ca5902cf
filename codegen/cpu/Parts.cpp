// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM compiles the functions of a module one after the other. Kernels know nothing of each other,
// so that a module of many falls into parts of about equal size.

#include "codegen/cpu/Parts.h"

#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/Cloning.h"

namespace weft {

namespace {

/// Instructions before optimisation for which another part is worth its start: about 50 ms.
constexpr size_t fewestInstructions = 2000;

class Division {
public:
  Division(llvm::Module &whole, StringRef prefix, unsigned most);

  SmallVector<char, 0> bitcodeOf(unsigned part);
  unsigned count() const { return static_cast<unsigned>(sizes.size()); }

private:
  using Unit = SmallVector<llvm::Function *>;

  std::vector<Unit> units();
  void assignFunctions();
  void assignVariables();
  llvm::SmallSetVector<unsigned, 4> usersOf(const llvm::GlobalValue &value) const;
  void share(llvm::GlobalValue &value);

  llvm::Module &module;
  StringRef name;
  SmallVector<size_t> sizes; ///< Of the parts, in instructions.
  llvm::DenseMap<const llvm::GlobalValue *, unsigned> partOf;
};

} // namespace

static size_t sizeOf(ArrayRef<llvm::Function *> functions) {
  size_t size = 0;
  for (llvm::Function *function : functions)
    size += function->getInstructionCount();
  return size;
}

Division::Division(llvm::Module &whole, StringRef prefix, unsigned most)
    : module(whole), name(prefix) {
  size_t size = 0;
  for (llvm::Function &function : module)
    size += function.getInstructionCount();
  sizes.assign(std::clamp<size_t>(size / fewestInstructions, 1, most), 0);
  assignFunctions();
  assignVariables();
  for (llvm::GlobalValue &value : module.global_values())
    if (value.hasLocalLinkage())
      share(value);
}

/// Functions with those that they call, in the order of the module.
std::vector<Division::Unit> Division::units() {
  llvm::EquivalenceClasses<llvm::Function *> classes;
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    classes.insert(&function);
    for (llvm::BasicBlock &block : function)
      for (llvm::Instruction &instruction : block)
        if (auto *call = dyn_cast<llvm::CallBase>(&instruction))
          if (llvm::Function *callee = call->getCalledFunction();
              callee && !callee->isDeclaration())
            classes.unionSets(&function, callee);
  }
  std::vector<Unit> all;
  llvm::DenseMap<llvm::Function *, size_t> numbers;
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    auto [place, isNew] = numbers.try_emplace(classes.getLeaderValue(&function), all.size());
    if (isNew)
      all.emplace_back();
    all[place->second].push_back(&function);
  }
  return all;
}

/// The largest first, each to the part that is the smallest so far.
void Division::assignFunctions() {
  std::vector<Unit> all = units();
  std::vector<size_t> unitSizes, order;
  for (const Unit &unit : all) {
    order.push_back(order.size());
    unitSizes.push_back(sizeOf(unit));
  }
  llvm::sort(order, [&](size_t a, size_t b) {
    return std::make_pair(unitSizes[b], a) < std::make_pair(unitSizes[a], b);
  });
  for (size_t number : order) {
    auto least = std::min_element(sizes.begin(), sizes.end());
    *least += unitSizes[number];
    for (llvm::Function *function : all[number])
      partOf[function] = static_cast<unsigned>(least - sizes.begin());
  }
}

/// What functions of one part alone read goes with them.
void Division::assignVariables() {
  for (llvm::GlobalVariable &variable : module.globals())
    partOf[&variable] = 0;
  for (llvm::GlobalVariable &variable : module.globals()) {
    llvm::SmallSetVector<unsigned, 4> users = usersOf(variable);
    if (variable.hasLocalLinkage() && users.size() == 1)
      partOf[&variable] = users.front();
  }
}

llvm::SmallSetVector<unsigned, 4> Division::usersOf(const llvm::GlobalValue &value) const {
  llvm::SmallSetVector<unsigned, 4> parts;
  llvm::SmallSetVector<const llvm::User *, 8> users(value.user_begin(), value.user_end());
  for (size_t next = 0; next < users.size(); ++next) {
    const llvm::User *user = users[next];
    if (const auto *instruction = dyn_cast<llvm::Instruction>(user))
      parts.insert(partOf.lookup(instruction->getFunction()));
    else if (const auto *variable = dyn_cast<llvm::GlobalVariable>(user))
      parts.insert(partOf.lookup(variable));
    else
      users.insert(user->user_begin(), user->user_end());
  }
  return parts;
}

void Division::share(llvm::GlobalValue &value) {
  llvm::SmallSetVector<unsigned, 4> users = usersOf(value);
  if (llvm::all_of(users, [&](unsigned part) { return part == partOf.lookup(&value); }))
    return;
  value.setLinkage(llvm::GlobalValue::ExternalLinkage);
  value.setVisibility(llvm::GlobalValue::HiddenVisibility);
  value.setName((name + "." + value.getName()).str());
}

SmallVector<char, 0> Division::bitcodeOf(unsigned part) {
  llvm::ValueToValueMapTy mapping;
  std::unique_ptr<llvm::Module> clone =
      llvm::CloneModule(module, mapping, [&](const llvm::GlobalValue *value) {
        return partOf.lookup(value) == part;
      });
  if (part != 0)
    clone->setModuleInlineAsm("");
  auto eraseUnused = [](auto &&values) {
    for (auto &value : llvm::make_early_inc_range(values))
      if (value.isDeclaration() && value.use_empty())
        value.eraseFromParent();
  };
  eraseUnused(clone->globals());
  eraseUnused(clone->functions());
  SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  llvm::WriteBitcodeToFile(*clone, os);
  return bytes;
}

SmallVector<SmallVector<char, 0>> divide(llvm::Module &module, StringRef name, unsigned most) {
  Division division(module, name, most);
  SmallVector<SmallVector<char, 0>> parts;
  for (unsigned part = 0; part < division.count(); ++part)
    parts.push_back(division.bitcodeOf(part));
  return parts;
}

} // namespace weft
