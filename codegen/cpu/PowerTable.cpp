// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of powers of two, and its entries in LLVM IR.

#include "codegen/cpu/PowerTable.h"

#include "llvm/ADT/bit.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

#include <cmath>

namespace weft {

std::array<float, powerTableSize> powerTable() {
  std::array<float, powerTableSize> table;
  for (uint32_t i = 0; i < table.size(); ++i) {
    auto power = static_cast<float>(std::exp2(std::ldexp(i, -powerTableBits)) / powerTableDivisor);
    table[i] = llvm::bit_cast<float>(llvm::bit_cast<uint32_t>(power) - (i << powerTablePosition));
  }
  return table;
}

/// Lanes of the vectors that LLVM may make of a loop: of a register, and of half of one where a
/// loop has wider elements too.
static constexpr unsigned laneCounts[] = {powerTableSize, powerTableSize / 2};

static std::string vectorName(unsigned lanes) {
  return (powerEntryName + "." + llvm::Twine(lanes)).str();
}

void declarePowerEntries(llvm::Module &module) {
  llvm::Function *entry = module.getFunction(powerEntryName);
  if (!entry)
    return;
  auto onlyComputes = [](llvm::Function &function) {
    function.setDoesNotThrow();
    function.setWillReturn();
    function.setDoesNotAccessMemory();
    function.setSpeculatable();
  };
  onlyComputes(*entry);
  llvm::SmallVector<std::string> variants;
  for (unsigned lanes : laneCounts) {
    auto *from = llvm::FixedVectorType::get(llvm::Type::getInt32Ty(module.getContext()), lanes);
    auto *to = llvm::FixedVectorType::get(llvm::Type::getFloatTy(module.getContext()), lanes);
    auto *vector =
        llvm::Function::Create(llvm::FunctionType::get(to, {from}, false),
                               llvm::GlobalValue::ExternalLinkage, vectorName(lanes), module);
    onlyComputes(*vector);
    llvm::appendToCompilerUsed(module, {vector}); // Nothing calls it yet.
    variants.push_back("_ZGV_LLVM_N" + std::to_string(lanes) + "v_" + powerEntryName.str() + "(" +
                       vectorName(lanes) + ")");
  }
  entry->addFnAttr("vector-function-abi-variant", llvm::join(variants, ","));
}

/// The table as it is read one element at a time.
static llvm::GlobalVariable *tableInMemory(llvm::Module &module, llvm::ArrayRef<float> table) {
  llvm::Constant *values = llvm::ConstantDataArray::get(module.getContext(), table);
  auto *variable =
      new llvm::GlobalVariable(module, values->getType(), /*isConstant=*/true,
                               llvm::GlobalValue::PrivateLinkage, values, "weft.power_table");
  variable->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  variable->setAlignment(llvm::Align(powerTableSize * sizeof(float)));
  return variable;
}

static llvm::Value *pick(llvm::IRBuilder<> &builder, llvm::ArrayRef<float> table,
                         llvm::Value *numbers) {
  auto lanes = llvm::cast<llvm::FixedVectorType>(numbers->getType())->getNumElements();
  llvm::SmallVector<int> all(powerTableSize);
  for (int lane = 0; lane < powerTableSize; ++lane)
    all[lane] = lane % static_cast<int>(lanes);
  llvm::Value *entries =
      builder.CreateIntrinsic(llvm::Intrinsic::x86_avx512_permvar_sf_512, {},
                              {llvm::ConstantDataVector::get(builder.getContext(), table),
                               builder.CreateShuffleVector(numbers, all)});
  return builder.CreateShuffleVector(entries, llvm::ArrayRef(all).take_front(lanes));
}

/// Puts what `body` gives for an argument in place of the calls of a function, if it is there.
static void expand(llvm::Module &module, llvm::StringRef name,
                   llvm::function_ref<llvm::Value *(llvm::IRBuilder<> &, llvm::Value *)> body) {
  llvm::Function *function = module.getFunction(name);
  if (!function)
    return;
  function->removeDeadConstantUsers(); // What the list of used functions was.
  for (llvm::User *user : llvm::make_early_inc_range(function->users())) {
    auto *call = llvm::cast<llvm::CallInst>(user);
    llvm::IRBuilder<> builder(call);
    call->replaceAllUsesWith(body(builder, call->getArgOperand(0)));
    call->eraseFromParent();
  }
  function->eraseFromParent();
}

void expandPowerEntries(llvm::Module &module) {
  llvm::removeFromUsedLists(
      module, [](llvm::Constant *value) { return value->getName().starts_with(powerEntryName); });
  std::array<float, powerTableSize> table = powerTable();
  llvm::GlobalVariable *memory = nullptr;
  expand(module, powerEntryName, [&](llvm::IRBuilder<> &builder, llvm::Value *number) {
    if (!memory)
      memory = tableInMemory(module, table);
    llvm::Value *index = builder.CreateAnd(number, powerTableSize - 1);
    llvm::Value *wide = builder.CreateZExt(index, builder.getInt64Ty());
    llvm::Value *place =
        builder.CreateInBoundsGEP(memory->getValueType(), memory, {builder.getInt64(0), wide});
    return builder.CreateLoad(builder.getFloatTy(), place);
  });
  for (unsigned lanes : laneCounts)
    expand(module, vectorName(lanes), [&](llvm::IRBuilder<> &builder, llvm::Value *numbers) {
      return pick(builder, table, numbers);
    });
}

} // namespace weft
