// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads weights and makes initial ones.

#include "tools/weft/Weights.h"

#include "ir/reference/Evaluator.h"
#include "ir/WeftDialect.h"
#include "runtime/Safetensors.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"

namespace weft {

using llvm::Error;

namespace {
/// A safetensors file as long as it is looked at.
class TensorFile {
public:
  static llvm::Expected<std::unique_ptr<TensorFile>> open(StringRef path) {
    auto result = std::make_unique<TensorFile>();
    result->path = path.str();
    if (weft_safetensors_open(result->path.c_str(), &result->file) != WEFT_OK)
      return llvm::createStringError(Twine(weft_message()));
    result->isOpen = true;
    return result;
  }
  TensorFile() = default;
  TensorFile(const TensorFile &) = delete;
  TensorFile &operator=(const TensorFile &) = delete;
  ~TensorFile() {
    if (isOpen)
      weft_safetensors_close(&file);
  }

  const weft_tensor *find(StringRef name) const {
    return weft_safetensors_find(&file, name.str().c_str());
  }
  ArrayRef<weft_tensor> tensors() const { return {file.tensors, static_cast<size_t>(file.count)}; }
  /// The JSON header, behind the 8 bytes of its length.
  StringRef header() const {
    StringRef bytes(static_cast<const char *>(file.bytes), file.size);
    return bytes.substr(8, llvm::support::endian::read64le(bytes.data()));
  }

  std::string path;

private:
  weft_safetensors file{};
  bool isOpen = false;
};
} // namespace

/// The name of a parameter in a file of the submodel `part`, if it belongs to that.
static std::optional<StringRef> nameIn(StringRef part, StringRef parameter) {
  if (part.empty() || (parameter.consume_front(part) && parameter.consume_front(".")))
    return parameter;
  return std::nullopt;
}

/// What is wrong with a tensor for `parameter`; good if nothing is.
static Error checkTensor(StringRef path, const InterfaceParameter &parameter,
                         const weft_tensor &tensor) {
  ArrayRef<int64_t> dims(tensor.dims, static_cast<size_t>(tensor.rank));
  if (tensor.dtype == parameter.dtype && dims == ArrayRef<int64_t>(parameter.dims))
    return Error::success();
  return llvm::createStringError("'" + path + "' has '" + tensor.name + "' as " +
                                 typeName(tensor.dtype, dims) + ", but the model's is " +
                                 parameter.type);
}

/// Tensors of the file that are no parameter of the part.
static Error checkKnown(const TensorFile &file, StringRef part, const Interface &interface) {
  Error wrong = Error::success();
  for (const weft_tensor &tensor : file.tensors()) {
    StringRef name = tensor.name;
    if (name.starts_with(WEFT_PREPARED))
      return llvm::joinErrors(
          std::move(wrong),
          llvm::createStringError("'" + file.path +
                                  "' holds weights as one library reads them (--emit=prepared): "
                                  "give those that have the names of the model"));
    if (llvm::none_of(interface.parameters,
                      [&](const InterfaceParameter &p) { return nameIn(part, p.name) == name; }))
      wrong = llvm::joinErrors(std::move(wrong),
                               llvm::createStringError("'" + file.path + "' has a tensor '" + name +
                                                       "' that the model does not have" +
                                                       (part.empty() ? "" : " in '" + part + "'")));
  }
  return wrong;
}

Error readWeightsOver(StringRef path, StringRef part, const Interface &interface,
                      Weights &weights) {
  auto file = TensorFile::open(path);
  if (!file)
    return file.takeError();
  Error wrong = checkKnown(**file, part, interface);
  bool isEmpty = true;
  for (auto [parameter, array] : llvm::zip(interface.parameters, weights)) {
    std::optional<StringRef> name = nameIn(part, parameter.name);
    if (!name)
      continue;
    isEmpty = false;
    const weft_tensor *tensor = (*file)->find(*name);
    if (!tensor && !interface.mayLack(parameter))
      wrong = llvm::joinErrors(std::move(wrong),
                               llvm::createStringError("'" + path + "' lacks the tensor '" + *name +
                                                       "': " + parameter.type));
    if (!tensor)
      continue;
    wrong = llvm::joinErrors(std::move(wrong), checkTensor(path, parameter, *tensor));
    const char *data = static_cast<const char *>(tensor->data);
    array = {parameter.dtype, parameter.dims, {data, data + tensor->size}};
  }
  if (isEmpty && !part.empty())
    return llvm::joinErrors(
        llvm::createStringError("the model has no parameters in a part '" + part + "'"),
        std::move(wrong));
  return wrong;
}

llvm::Expected<Weights> readWeights(StringRef path, const Interface &interface,
                                    llvm::function_ref<llvm::Expected<Weights>()> initial) {
  Weights weights(interface.parameters.size());
  if (Error wrong = readWeightsOver(path, "", interface, weights))
    return std::move(wrong);
  if (!lacksStates(path, interface))
    return weights;
  llvm::Expected<Weights> first = initial();
  if (!first)
    return first.takeError();
  if (Error wrong = readWeightsOver(path, "", interface, *first))
    return std::move(wrong);
  return first;
}

bool lacksStates(StringRef path, const Interface &interface) {
  auto file = TensorFile::open(path);
  if (!file) {
    llvm::consumeError(file.takeError());
    return false;
  }
  return llvm::any_of(interface.parameters,
                      [&](const InterfaceParameter &p) { return !(*file)->find(p.name); });
}

llvm::Expected<std::string> readMetadata(StringRef path, StringRef name) {
  auto file = TensorFile::open(path);
  if (!file)
    return file.takeError();
  llvm::Expected<llvm::json::Value> header = llvm::json::parse((*file)->header());
  if (!header)
    return header.takeError();
  const llvm::json::Object *all = header->getAsObject();
  const llvm::json::Object *texts = all ? all->getObject("__metadata__") : nullptr;
  return texts ? texts->getString(name).value_or("").str() : "";
}

llvm::Expected<Weights> initialWeights(ModuleOp module, const Interface &interface, uint64_t seed) {
  if (interface.parameters.empty())
    return Weights();
  auto init = module.lookupSymbol<mlir::func::FuncOp>(kInitFunction);
  if (!init)
    return llvm::createStringError(
        "the model has parameters, but nothing says how they begin: give --weights");
  if (init.getNumResults() != interface.parameters.size() || init.getNumArguments() != 1)
    return llvm::createStringError("@" + kInitFunction + " takes " + Twine(init.getNumArguments()) +
                                   " arguments and gives " + Twine(init.getNumResults()) +
                                   " results, but the model has " +
                                   Twine(interface.parameters.size()) + " parameters and one seed");
  Type seedType = mlir::IntegerType::get(module.getContext(), 64, mlir::IntegerType::Unsigned);
  auto values =
      reference::evaluate(init, reference::Tensor::scalar(seedType, static_cast<int64_t>(seed)));
  if (!values)
    return values.takeError();
  Weights weights;
  for (auto [value, parameter] : llvm::zip(*values, interface.parameters)) {
    if (value.shape() != ArrayRef<int64_t>(parameter.dims) ||
        *dtypeOf(value.element()) != parameter.dtype)
      return llvm::createStringError("@" + kInitFunction + " gives '" + parameter.name +
                                     "' another type than " + parameter.type);
    weights.push_back({parameter.dtype, parameter.dims, value.toBytes()});
  }
  return weights;
}

SmallVector<NamedTensor> namedTensors(const Interface &interface, const Weights &weights) {
  SmallVector<NamedTensor> result;
  for (auto [parameter, array] : llvm::zip(interface.parameters, weights))
    result.push_back({parameter.name, parameter.dtype, parameter.dims,
                      StringRef(array.bytes.data(), array.bytes.size())});
  return result;
}

} // namespace weft
