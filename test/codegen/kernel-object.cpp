// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Takes kernel functions of stage `plan` down to an object or to assembly, without a host, for
// tests that call or read single kernels:
//
//   kernel-object kernels.mlir [--cpu x86-64-v3] [-o kernels.o] [--assembly] [--llvm]
//
// In the object each kernel k is callable as `_mlir_ciface_k`, with a memory reference descriptor
// for each buffer, then the dimensions, then the range of chunks.

#include "codegen/cpu/Passes.h"
#include "codegen/cpu/Target.h"
#include "ir/WeftDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"

namespace cl = llvm::cl;

static cl::opt<std::string> inputPath(cl::Positional, cl::Required, cl::desc("<module>"));
static cl::opt<std::string> objectPath("o", cl::desc("object to write"));
static cl::opt<std::string> cpuName("cpu", cl::desc("processor; the host's if not given"));
static cl::opt<bool> printAssembly("assembly", cl::desc("print the assembly"));
static cl::opt<bool> printLlvm("llvm", cl::desc("print the LLVM IR"));

static int fail(const llvm::Twine &message) {
  llvm::errs() << "error: " << message << "\n";
  return 1;
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv);
  mlir::DialectRegistry registry;
  registry.insert<weft::WeftDialect, mlir::func::FuncDialect, mlir::arith::ArithDialect,
                  mlir::LLVM::LLVMDialect>();
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(inputPath, &context);
  if (!module)
    return 1;

  weft::TargetOptions target;
  target.cpu = cpuName;
  if (!cpuName.empty())
    target.triple = "x86_64-unknown-linux-gnu";
  auto vectors = weft::vectorTargetOf(target);
  if (!vectors)
    return fail(llvm::toString(vectors.takeError()));

  mlir::PassManager manager(&context);
  manager.addPass(weft::createLowerKernelsPass({.vectorBytes = vectors->bytes,
                                                .vectorRegisters = vectors->registers,
                                                .halves = vectors->halves,
                                                .bfloatDots = vectors->bfloatDots,
                                                .byteDots = vectors->byteDots,
                                                .permutes = vectors->permutes}));
  if (mlir::failed(manager.run(*module)))
    return 1;
  for (auto function : module->getOps<mlir::func::FuncOp>())
    if (weft::isKernelFunction(function)) {
      function.setPublic();
      function->setAttr("llvm.emit_c_interface", mlir::UnitAttr::get(&context));
    }
  mlir::PassManager lowering(&context);
  weft::addLlvmPasses(lowering);
  if (mlir::failed(lowering.run(*module)))
    return 1;

  weft::EmissionText text;
  if (printAssembly)
    text.assembly = &llvm::outs();
  if (printLlvm)
    text.llvmIr = &llvm::outs();
  auto object = weft::emitObject(*module, target, text);
  if (!object)
    return fail(llvm::toString(object.takeError()));
  if (objectPath.empty())
    return 0;
  std::error_code code;
  llvm::raw_fd_ostream file(objectPath, code);
  if (code)
    return fail("cannot write '" + objectPath + "': " + code.message());
  file << llvm::StringRef(object->data(), object->size());
  return 0;
}
