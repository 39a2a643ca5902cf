// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft import: writes a model as source in the language, its weights beside it.

#include "codegen/emit/Output.h"
#include "frontend/source/Source.h"
#include "frontend/source/Text.h"
#include "tools/weft/CommandLine.h"
#include "tools/weft/Scratch.h"
#include "tools/weft/Verbs.h"
#include "tools/weft/Weights.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

namespace cl = llvm::cl;

namespace weft {

namespace {
/// The command line of `weft import`.
struct ImportFlags : CompileFlags {
  cl::opt<std::string> output{
      "o", cl::desc("The source to write; its weights go beside it (default: here)"),
      cl::value_desc("FILE.weft"), cl::cat(verbOptions())};
  cl::opt<bool> flat{"flat", cl::desc("One function without layers and blocks"),
                     cl::cat(verbOptions())};
};

/// What is written, and where.
struct ImportedModel {
  WrittenSource source;
  Weights weights;
  SmallVector<InterfaceParameter> parameters;
  std::string path;
};
} // namespace

static constexpr llvm::StringLiteral examples =
    "  weft import resnet18.onnx -o resnet18.weft     resnet18.weft, resnet18.safetensors\n"
    "  weft import resnet18.onnx -o resnet18.weft --dim N=1\n"
    "  weft run resnet18.weft predict --weights resnet18.safetensors --in image=x.npy\n";

/// Where the source goes: a file whose name ends in .weft.
static FailureOr<std::string> outputPath(const ImportFlags &flags, Report &report) {
  StringRef wanted = flags.output;
  std::string name = (llvm::sys::path::stem(flags.input) + ".weft").str();
  if (wanted.empty())
    return name;
  if (wanted.ends_with("/") || llvm::sys::fs::is_directory(wanted)) {
    llvm::SmallString<128> path(wanted);
    llvm::sys::path::append(path, name);
    return path.str().str();
  }
  if (llvm::sys::path::extension(wanted) == ".weft")
    return wanted.str();
  report.error("-o " + wanted + ": the name of a source ends in .weft");
  return failure();
}

/// The elements of `array` with its dimensions taken in another order.
static std::string permuted(const Array &array, ArrayRef<int64_t> permutation) {
  size_t rank = array.dims.size(), count = 1;
  for (int64_t size : array.dims)
    count *= static_cast<size_t>(size);
  size_t width = count == 0 ? 0 : array.bytes.size() / count;
  SmallVector<size_t> strides(rank, width), place(rank, 0);
  for (size_t axis = rank; axis-- > 1;)
    strides[axis - 1] = strides[axis] * static_cast<size_t>(array.dims[axis]);
  std::string result;
  result.reserve(array.bytes.size());
  for (size_t element = 0; element < count; ++element) {
    size_t from = 0;
    for (size_t axis = 0; axis < rank; ++axis)
      from += place[axis] * strides[permutation[axis]];
    result.insert(result.end(), array.bytes.begin() + from, array.bytes.begin() + from + width);
    for (size_t axis = rank; axis-- > 0;) {
      if (++place[axis] < static_cast<size_t>(array.dims[permutation[axis]]))
        break;
      place[axis] = 0;
    }
  }
  return result;
}

/// The weights under the names of the written model, in its order of dimensions.
static void arrangeWeights(ImportedModel &model, const Interface &interface,
                           const Weights &weights) {
  for (const WrittenParameter &written : model.source.parameters) {
    InterfaceParameter parameter = interface.parameters[written.origin];
    Array array = weights[written.origin];
    if (!written.permutation.empty()) {
      std::string bytes = permuted(array, written.permutation);
      SmallVector<int64_t> dims =
          llvm::map_to_vector(written.permutation, [&](int64_t axis) { return array.dims[axis]; });
      array = {array.dtype, dims, std::move(bytes)};
      parameter.dims.assign(dims.begin(), dims.end());
    }
    parameter.name = written.path;
    model.parameters.push_back(std::move(parameter));
    model.weights.push_back(std::move(array));
  }
}

/// Reads the text back: it must compile, with these weights.
static LogicalResult checkWritten(const ImportedModel &model, Report &report) {
  ScratchFolder scratch;
  llvm::Expected<std::string> path = scratch.path("model.weft");
  if (!path) {
    report.error(path.takeError());
    return failure();
  }
  OutputFiles files;
  llvm::Error error = files.add(*path, model.source.text);
  if (!error)
    error = files.commit();
  if (error) {
    report.error(std::move(error));
    return failure();
  }
  // What does not compile is our text, not the user's.
  report.blameUs(true);
  CompileRequest request;
  request.input = *path;
  Compilation written(report, request);
  LogicalResult good = written.load();
  if (succeeded(good)) {
    FailureOr<Interface> interface = written.interface();
    good = success(succeeded(interface));
    if (succeeded(good) && interface->parameters.size() != model.source.parameters.size()) {
      report.error("the written source has " + Twine(interface->parameters.size()) +
                   " parameters, but the model " + Twine(model.source.parameters.size()));
      good = failure();
    }
  }
  report.blameUs(false);
  return good;
}

static LogicalResult writeFiles(const ImportedModel &model, Report &report) {
  llvm::SmallString<128> weightsPath(model.path);
  llvm::sys::path::replace_extension(weightsPath, ".safetensors");
  OutputFiles files;
  llvm::Error error = files.add(model.path, model.source.text);
  SmallVector<NamedTensor> tensors;
  for (auto [parameter, array] : llvm::zip_equal(model.parameters, model.weights))
    tensors.push_back({parameter.name, parameter.dtype,
                       SmallVector<int64_t>(parameter.dims.begin(), parameter.dims.end()),
                       StringRef(array.bytes.data(), array.bytes.size())});
  if (!error && !tensors.empty())
    error = files.add(weightsPath, [&](llvm::raw_ostream &os) { writeSafetensors(tensors, os); });
  if (!error)
    error = files.commit();
  if (error) {
    report.error(std::move(error));
    return failure();
  }
  llvm::json::Array paths{model.path};
  if (!tensors.empty())
    paths.push_back(weightsPath.str());
  report.set("files", std::move(paths));
  return success();
}

static LogicalResult import(const ImportFlags &flags, Compilation &compilation) {
  Report &report = compilation.report();
  FailureOr<std::string> path = outputPath(flags, report);
  if (failed(path) || failed(compilation.load()))
    return failure();
  FailureOr<Interface> interface = compilation.interface();
  if (failed(interface))
    return failure();
  // A module in MLIR's form may have no weights; its source is written alone.
  bool hasWeights = llvm::sys::path::extension(flags.input) == ".onnx" ||
                    compilation.module().lookupSymbol(kInitFunction);
  llvm::Expected<Weights> weights =
      hasWeights ? compilation.takeWeights("", *interface, /*seed=*/0) : Weights();
  if (!weights) {
    report.error(weights.takeError());
    return failure();
  }
  std::string error;
  SourceOptions options{source::camelCase(llvm::sys::path::stem(flags.input)), flags.flat};
  std::optional<WrittenSource> written = writeSource(compilation.module(), options, error);
  if (!written) {
    report.error("'" + Twine(flags.input) + "' cannot be written as source: " + error);
    return failure();
  }
  ImportedModel model{std::move(*written), {}, {}, *path};
  if (hasWeights)
    arrangeWeights(model, *interface, *weights);
  if (failed(checkWritten(model, report)) || failed(writeFiles(model, report)))
    return failure();
  report.finishProgress();
  return success();
}

int importVerb(VerbArguments arguments) {
  ImportFlags flags;
  parseArguments("import", arguments,
                 "Writes a model, such as an ONNX file, as source in the language, with its "
                 "weights beside it.",
                 examples);
  Report report("import", flags.json);
  FailureOr<CompileRequest> options = flags.options(report);
  if (succeeded(options) && options->memoryLimit)
    report.error("--memory-limit: weft import plans no memory");
  if (failed(options) || report.hasErrors())
    return report.finish();
  Compilation compilation(report, *options);
  if (failed(import(flags, compilation)) && !report.hasErrors())
    report.error("the import failed without saying why");
  return report.finish();
}

} // namespace weft
