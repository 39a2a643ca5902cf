// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From stage `plan` to a loaded library, and calls into it.

#include "Native.h"

#include "codegen/emit/Descriptor.h"
#include "codegen/emit/Link.h"
#include "codegen/Pipelines.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"

#include <dlfcn.h>
#include <mutex>

namespace weft::opmatrix {

using llvm::Error;
using llvm::Expected;
using reference::Tensor;

static LogicalResult lowerToLlvm(ModuleOp module, VectorTarget vectors) {
  mlir::PassManager manager(module.getContext());
  buildLoopsPipeline(manager, vectors);
  buildLlvmPipeline(manager);
  return manager.run(module);
}

/// The object of a module of stage `plan`, with its descriptor.
static Expected<SmallVector<char, 0>> makeObject(ModuleOp module, const std::string &cpu) {
  TargetOptions target;
  target.cpu = cpu;
  Expected<VectorTarget> vectors = vectorTargetOf(target);
  if (!vectors)
    return vectors.takeError();
  FailureOr<Interface> interface = readInterface(module);
  if (failed(interface))
    return llvm::createStringError("the interface cannot be read");
  if (failed(lowerToLlvm(module, *vectors)))
    return llvm::createStringError("lowering to LLVM fails");
  DescriptorOptions description;
  description.compiler = "op-matrix";
  if (failed(addDescriptor(module, *interface, description)))
    return llvm::createStringError("the descriptor cannot be made");
  return emitObject(module, target);
}

/// Writes the object beside the library and links both with the runtime.
static Error linkLibrary(ArrayRef<char> object, const std::string &runtimeArchive,
                         StringRef library) {
  static std::mutex linker; // lld keeps its state in globals.
  std::string objectPath = (library + ".o").str();
  llvm::FileRemover remover(objectPath);
  std::error_code code;
  llvm::raw_fd_ostream file(objectPath, code);
  if (code)
    return llvm::errorCodeToError(code);
  file.write(object.data(), object.size());
  file.close();
  std::lock_guard<std::mutex> guard(linker);
  return linkSharedLibrary({objectPath, runtimeArchive}, "libmatrix.so", library);
}

template <typename Function> Function *Native::symbol(const char *name) const {
  return reinterpret_cast<Function *>(dlsym(library, name));
}

Expected<std::unique_ptr<Native>> Native::compile(ModuleOp module, const NativeOptions &how) {
  Expected<SmallVector<char, 0>> object = makeObject(module, how.cpu);
  if (!object)
    return object.takeError();
  llvm::SmallString<128> path;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("op-matrix", "so", path))
    return llvm::errorCodeToError(code);
  llvm::FileRemover remover(path);
  if (Error error = linkLibrary(*object, how.runtimeArchive, path))
    return error;
  std::unique_ptr<Native> native(new Native);
  native->library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!native->library)
    return llvm::createStringError(dlerror());
  if (Error error = native->reopen(how.threads))
    return error;
  return native;
}

Native::~Native() {
  if (model)
    symbol<decltype(weft_close)>("weft_close")(model);
  if (library)
    dlclose(library);
}

Error Native::reopen(int threads) {
  if (model)
    symbol<decltype(weft_close)>("weft_close")(model);
  model = nullptr;
  weft_options options = {};
  options.threads = threads;
  auto *descriptor = symbol<const weft_descriptor>("matrix_descriptor");
  auto *open = symbol<decltype(weft_open_model)>("weft_open_model");
  if (!descriptor || !open)
    return llvm::createStringError("the library lacks its descriptor or runtime");
  if (open(descriptor, &options, &model) != WEFT_OK)
    return llvm::createStringError(symbol<decltype(weft_message)>("weft_message")());
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

static weft_array describe(const Tensor &tensor, std::string &bytes) {
  weft_array array = {};
  array.dtype = *dtypeOf(tensor.element());
  array.rank = static_cast<int32_t>(tensor.rank());
  array.dims = tensor.shape().data();
  array.data = bytes.data();
  array.size = bytes.size();
  return array;
}

Expected<std::vector<Tensor>> Native::call(const std::string &function, ArrayRef<Tensor> arguments,
                                           ArrayRef<Tensor> results) {
  std::vector<std::string> bytes;
  for (const Tensor &tensor : arguments)
    bytes.push_back(tensor.toBytes());
  for (const Tensor &tensor : results) // What is not written shows as garbage, not as zero.
    bytes.emplace_back(tensor.toBytes().size(), '\x55');
  std::vector<weft_array> arrays;
  for (auto [i, tensor] : llvm::enumerate(arguments))
    arrays.push_back(describe(tensor, bytes[i]));
  for (auto [i, tensor] : llvm::enumerate(results))
    arrays.push_back(describe(tensor, bytes[arguments.size() + i]));

  weft_status status = symbol<decltype(weft_call)>("weft_call")(
      model, function.c_str(), arrays.data(), static_cast<int32_t>(arguments.size()),
      arrays.data() + arguments.size(), static_cast<int32_t>(results.size()));
  if (status != WEFT_OK)
    return llvm::createStringError(symbol<decltype(weft_message)>("weft_message")());

  std::vector<Tensor> values;
  for (auto [i, tensor] : llvm::enumerate(results)) {
    Expected<Tensor> value =
        Tensor::fromBytes(tensor.element(), tensor.shape(), bytes[arguments.size() + i]);
    if (!value)
      return value.takeError();
    values.push_back(std::move(*value));
  }
  return values;
}

} // namespace weft::opmatrix
