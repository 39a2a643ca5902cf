// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the LLVM dialect to the bytes of an object: translation, target, optimisation, emission.

#include "codegen/cpu/Parts.h"
#include "codegen/cpu/PowerTable.h"
#include "codegen/cpu/Target.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/Cloning.h"

namespace weft {

/// Gives the functions of the C library's mathematics their names, and says that they only compute.
static void nameLibm(llvm::Module &module) {
  SmallVector<llvm::Function *> functions;
  for (llvm::Function &function : module)
    if (function.getName().starts_with(libmPrefix))
      functions.push_back(&function);
  for (llvm::Function *function : functions) {
    std::string name = function->getName().drop_front(libmPrefix.size()).str();
    llvm::Function *existing = module.getFunction(name);
    if (existing && existing->getFunctionType() == function->getFunctionType()) {
      function->replaceAllUsesWith(existing);
      function->eraseFromParent();
      function = existing;
    } else {
      function->setName(name);
    }
    function->setDoesNotThrow();
    function->setWillReturn();
    function->setDoesNotAccessMemory();
  }
}

/// Without triple and data layout, copies become loops over bytes and vectors stay unused.
static void aimAt(llvm::Module &module, llvm::TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  module.setPICLevel(llvm::PICLevel::BigPIC);
  bool wide =
      machine.getTargetTriple().isX86() && machine.getMCSubtargetInfo()->checkFeatures("+avx512f");
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("target-features", machine.getTargetFeatureString());
    if (wide)
      function.addFnAttr("prefer-vector-width", "512");
    function.setDoesNotThrow();
  }
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  declarePowerEntries(module);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
  expandPowerEntries(module);
}

static llvm::Error emitFile(llvm::Module &module, llvm::TargetMachine &machine,
                            llvm::raw_pwrite_stream &out, llvm::CodeGenFileType kind) {
  llvm::legacy::PassManager manager;
  if (machine.addPassesToEmitFile(manager, out, nullptr, kind))
    return llvm::createStringError("target '" + machine.getTargetTriple().str() +
                                   "' cannot write this kind of file");
  manager.run(module);
  return llvm::Error::success();
}

namespace {
/// A module as LLVM IR, and the machine that it is aimed at.
struct Translation {
  std::unique_ptr<llvm::TargetMachine> machine;
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;

  llvm::Error translate(ModuleOp source, const TargetOptions &options);
};
} // namespace

llvm::Error Translation::translate(ModuleOp source, const TargetOptions &options) {
  if (llvm::Error error = createTargetMachine(options).moveInto(machine))
    return error;
  mlir::registerBuiltinDialectTranslation(*source.getContext());
  mlir::registerLLVMDialectTranslation(*source.getContext());
  module = mlir::translateModuleToLLVMIR(source, context, source.getName().value_or("weft"));
  if (!module)
    return llvm::createStringError("the module could not be translated to LLVM IR");
  nameLibm(*module);
  aimAt(*module, *machine);
  return llvm::Error::success();
}

llvm::Expected<SmallVector<char, 0>> emitObject(ModuleOp module, const TargetOptions &options,
                                                const EmissionText &text) {
  Translation whole;
  if (llvm::Error error = whole.translate(module, options))
    return error;
  optimize(*whole.module, *whole.machine);
  if (text.llvmIr)
    whole.module->print(*text.llvmIr, nullptr);
  if (text.assembly) {
    std::unique_ptr<llvm::Module> copy = llvm::CloneModule(*whole.module);
    SmallVector<char, 0> buffer;
    llvm::raw_svector_ostream stream(buffer);
    if (llvm::Error error =
            emitFile(*copy, *whole.machine, stream, llvm::CodeGenFileType::AssemblyFile))
      return error;
    *text.assembly << StringRef(buffer.data(), buffer.size());
  }
  SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  if (llvm::Error error =
          emitFile(*whole.module, *whole.machine, stream, llvm::CodeGenFileType::ObjectFile))
    return error;
  return object;
}

//===-- Side by side ------------------------------------------------------------------------===//

/// The object of one part, in a context of its own.
static llvm::Error emitPart(ArrayRef<char> bitcode, const TargetOptions &options,
                            SmallVector<char, 0> &object) {
  auto machine = createTargetMachine(options);
  if (!machine)
    return machine.takeError();
  llvm::LLVMContext context;
  auto part = llvm::parseBitcodeFile(
      llvm::MemoryBufferRef(StringRef(bitcode.data(), bitcode.size()), "part"), context);
  if (!part)
    return part.takeError();
  optimize(**part, **machine);
  llvm::raw_svector_ostream stream(object);
  return emitFile(**part, **machine, stream, llvm::CodeGenFileType::ObjectFile);
}

llvm::Expected<std::vector<SmallVector<char, 0>>>
emitObjects(ModuleOp module, const TargetOptions &options, StringRef name, unsigned most) {
  Translation whole;
  if (llvm::Error error = whole.translate(module, options))
    return error;
  SmallVector<SmallVector<char, 0>> parts = divide(*whole.module, name, most);
  std::vector<SmallVector<char, 0>> objects(parts.size());
  std::vector<llvm::Error> errors;
  for (size_t i = 0; i < parts.size(); ++i)
    errors.push_back(llvm::Error::success());
  {
    llvm::DefaultThreadPool pool(llvm::hardware_concurrency(static_cast<unsigned>(parts.size())));
    for (size_t i = 0; i < parts.size(); ++i)
      pool.async([&, i] { errors[i] = emitPart(parts[i], options, objects[i]); });
    pool.wait();
  }
  llvm::Error error = llvm::Error::success();
  for (llvm::Error &one : errors)
    error = llvm::joinErrors(std::move(error), std::move(one));
  if (error)
    return error;
  return objects;
}

} // namespace weft
