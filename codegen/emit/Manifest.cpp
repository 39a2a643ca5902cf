// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes and reads the manifest with Protobuf and LLVM's object readers.

#include "codegen/emit/Manifest.h"

#include "codegen/emit/Manifest.pb.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"

#include <google/protobuf/util/json_util.h>

namespace weft {

namespace object = llvm::object;

static void describe(const InterfaceArgument &argument, Manifest::Argument *result) {
  result->set_name(argument.name);
  result->set_type(argument.type);
  result->set_dtype(nameOf(argument.dtype).str());
  for (const Dim &dim : argument.dims)
    result->add_dims(dim.str());
  result->set_doc(argument.doc);
}

static void describe(const Interface &interface, const InterfaceExport &entry,
                     Manifest::Export *result) {
  result->set_name(entry.name);
  result->set_c_name(entry.cName);
  result->set_doc(entry.doc);
  for (const std::string &symbol : entry.symbols)
    result->add_symbols(symbol);
  for (const InterfaceArgument &input : entry.inputs)
    describe(input, result->add_inputs());
  for (const InterfaceArgument &output : entry.outputs)
    describe(output, result->add_outputs());
  for (int32_t parameter : entry.parameters)
    result->add_parameters(interface.parameters[static_cast<size_t>(parameter)].name);
  for (const Dim &bytes : entry.arenaBytes)
    result->add_arena_bytes(bytes.str());
  for (const InterfaceRequirement &requirement : entry.requirements)
    result->add_requirements(requirement.text);
}

static void describe(const InterfaceParameter &parameter, Manifest::Parameter *result) {
  result->set_name(parameter.name);
  result->set_type(parameter.type);
  result->set_dtype(nameOf(parameter.dtype).str());
  for (int64_t dim : parameter.dims)
    result->add_dims(dim);
  result->set_state(parameter.kind == WEFT_STATE);
  result->set_doc(parameter.doc);
}

std::string makeManifest(const Interface &interface, const BuildFacts &facts) {
  Manifest manifest;
  manifest.set_model(interface.name);
  manifest.set_doc(interface.doc);
  manifest.set_compiler(facts.compiler);
  manifest.set_abi_version(WEFT_ABI_VERSION);
  manifest.set_triple(facts.triple);
  manifest.set_cpu(facts.cpu);
  manifest.set_weights_embedded(facts.weightsEmbedded);
  for (const auto &[symbol, value] : facts.bound) {
    Manifest::Bound *bound = manifest.add_bound();
    bound->set_symbol(symbol);
    bound->set_value(value);
  }
  for (const InterfaceExport &entry : interface.exports)
    describe(interface, entry, manifest.add_exports());
  for (const InterfaceParameter &parameter : interface.parameters)
    describe(parameter, manifest.add_parameters());
  return manifest.SerializeAsString();
}

/// Protobuf writes < and > as escapes, for the web; here they are for people.
static std::string withPlainAngles(StringRef json) {
  std::string result;
  for (size_t i = 0; i < json.size(); ++i) {
    StringRef rest = json.substr(i);
    bool isLess = rest.starts_with("\\u003c"), isEscape = rest.starts_with("\\");
    if (isLess || rest.starts_with("\\u003e")) {
      result += isLess ? '<' : '>';
      i += 5;
      continue;
    }
    result += json[i];
    if (isEscape && i + 1 < json.size())
      result += json[++i];
  }
  return result;
}

llvm::Expected<std::string> manifestAsJson(StringRef bytes) {
  Manifest manifest;
  if (!manifest.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return llvm::createStringError("the manifest is damaged: %zu bytes that are no weft.Manifest",
                                   bytes.size());
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string text;
  auto status = google::protobuf::util::MessageToJsonString(manifest, &text, options);
  if (!status.ok())
    return llvm::createStringError("the manifest has no JSON form: %s", status.ToString().c_str());
  return withPlainAngles(text);
}

/// The section of one object file; empty if it has none.
static llvm::Expected<std::string> manifestOf(const object::ObjectFile &file) {
  for (const object::SectionRef &section : file.sections()) {
    llvm::Expected<StringRef> name = section.getName();
    if (!name)
      return name.takeError();
    if (*name != ".weft.manifest")
      continue;
    llvm::Expected<StringRef> contents = section.getContents();
    if (!contents)
      return contents.takeError();
    return contents->str();
  }
  return std::string();
}

static llvm::Expected<std::string> manifestOf(const object::Archive &archive) {
  std::string found;
  llvm::Error error = llvm::Error::success();
  for (const object::Archive::Child &child : archive.children(error)) {
    llvm::Expected<std::unique_ptr<object::Binary>> binary = child.getAsBinary();
    if (!binary) {
      llvm::consumeError(binary.takeError());
      continue;
    }
    auto *file = dyn_cast<object::ObjectFile>(binary->get());
    llvm::Expected<std::string> manifest = file ? manifestOf(*file) : std::string();
    if (!manifest) {
      llvm::consumeError(std::move(error));
      return manifest;
    }
    if (!manifest->empty()) {
      llvm::consumeError(std::move(error));
      return manifest;
    }
  }
  if (error)
    return std::move(error);
  return found;
}

llvm::Expected<std::string> readManifest(StringRef path) {
  llvm::Expected<object::OwningBinary<object::Binary>> binary = object::createBinary(path);
  if (!binary)
    return llvm::createStringError("cannot read '%s': %s", path.str().c_str(),
                                   llvm::toString(binary.takeError()).c_str());
  llvm::Expected<std::string> manifest = std::string();
  if (auto *archive = dyn_cast<object::Archive>(binary->getBinary()))
    manifest = manifestOf(*archive);
  else if (auto *file = dyn_cast<object::ObjectFile>(binary->getBinary()))
    manifest = manifestOf(*file);
  if (manifest && manifest->empty())
    return llvm::createStringError("'%s' was not made by weft: it has no section .weft.manifest",
                                   path.str().c_str());
  return manifest;
}

} // namespace weft
