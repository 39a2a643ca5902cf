// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Processors by name, as LLVM knows them.

#include "codegen/cpu/Target.h"

#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

namespace weft {

static std::string hostFeatures() {
  std::vector<std::string> features;
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    features.push_back((feature.second ? "+" : "-") + feature.first().str());
  llvm::sort(features);
  return llvm::join(features, ",");
}

TargetOptions TargetOptions::resolved() const {
  TargetOptions full = *this;
  bool isHost = triple.empty();
  if (isHost)
    full.triple = llvm::sys::getDefaultTargetTriple();
  if (isHost && cpu.empty()) {
    full.cpu = llvm::sys::getHostCPUName().str();
    std::string own = hostFeatures();
    full.features = features.empty() ? own : own + "," + features;
  }
  return full;
}

static void initializeTargets() {
  static const bool once = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers(); // Embedded weights come by `.incbin`.
    return true;
  }();
  (void)once;
}

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(const TargetOptions &options) {
  initializeTargets();
  TargetOptions full = options.resolved();
  llvm::Triple triple(llvm::Triple::normalize(full.triple));
  std::string message;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return llvm::createStringError("target '" + full.triple + "' is not known: " + message);
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(target->createMCSubtargetInfo(triple, "", ""));
  if (!full.cpu.empty() && (!subtarget || !subtarget->isCPUStringValid(full.cpu)))
    return llvm::createStringError("processor '" + full.cpu + "' is not known for target '" +
                                   triple.str() + "'");
  llvm::TargetOptions machineOptions;
  machineOptions.FunctionSections = true;
  machineOptions.DataSections = true;
  std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(triple, full.cpu, full.features, machineOptions,
                                  llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Default));
  if (!machine)
    return llvm::createStringError("no code can be made for target '" + triple.str() + "'");
  return machine;
}

/// Elsewhere LLVM calls functions for it that the C library does not have.
static bool convertsHalves(const llvm::Triple &triple, const llvm::MCSubtargetInfo &subtarget) {
  if (triple.isX86())
    return subtarget.checkFeatures("+f16c"); // AVX-512 brings it along.
  if (triple.isRISCV())
    return subtarget.checkFeatures("+zfhmin");
  return triple.isAArch64();
}

llvm::Expected<VectorTarget> vectorTargetOf(const TargetOptions &options) {
  auto machine = createTargetMachine(options);
  if (!machine)
    return machine.takeError();
  const llvm::Triple &triple = (*machine)->getTargetTriple();
  const llvm::MCSubtargetInfo &subtarget = *(*machine)->getMCSubtargetInfo();
  bool halves = convertsHalves(triple, subtarget);
  if (triple.isX86()) {
    if (subtarget.checkFeatures("+avx512f"))
      return VectorTarget{64,
                          32,
                          halves,
                          subtarget.checkFeatures("+avx512bf16"),
                          subtarget.checkFeatures("+avx512vnni"),
                          /*permutes=*/true};
    return VectorTarget{subtarget.checkFeatures("+avx") ? 32 : 16, 16, halves};
  }
  return VectorTarget{16, triple.isAArch64() || triple.isRISCV() ? 32 : 16, halves};
}

llvm::Expected<std::string> requiredFeatures(const TargetOptions &options) {
  auto machine = createTargetMachine(options);
  if (!machine)
    return machine.takeError();
  if (!(*machine)->getTargetTriple().isX86())
    return std::string();
  // Those of which LLVM takes instructions by itself.
  static const char *const names[] = {"sse3",       "ssse3",       "sse4.1",     "sse4.2",
                                      "sse4a",      "popcnt",      "avx",        "f16c",
                                      "fma",        "fma4",        "xop",        "avx2",
                                      "bmi",        "bmi2",        "lzcnt",      "movbe",
                                      "pclmul",     "gfni",        "avx512f",    "avx512cd",
                                      "avx512dq",   "avx512bw",    "avx512vl",   "avx512ifma",
                                      "avx512vbmi", "avx512vbmi2", "avx512vnni", "avx512bitalg",
                                      "avx512bf16", "avx512fp16",  "avxvnni",    "avx512vpopcntdq",
                                      "vpclmulqdq"};
  std::vector<std::string> present;
  for (const char *name : names)
    if ((*machine)->getMCSubtargetInfo()->checkFeatures(("+" + llvm::Twine(name)).str()))
      present.push_back(name);
  return llvm::join(present, ",");
}

} // namespace weft
