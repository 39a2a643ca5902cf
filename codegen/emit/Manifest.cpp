// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes and reads the manifest with Protobuf and LLVM's object readers.

#include "codegen/emit/Manifest.h"

#include "codegen/emit/Manifest.pb.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ELF.h"
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

static void describe(const InterfaceVersion &version, ArrayRef<std::string> symbols,
                     Manifest::Version *result) {
  for (auto [symbol, size] : llvm::zip(symbols, version.sizes))
    if (size)
      result->add_sizes(symbol + " = " + std::to_string(*size));
  for (const Dim &bytes : version.arenaBytes)
    result->add_arena_bytes(bytes.str());
  for (const InterfaceRequirement &requirement : version.requirements)
    result->add_requirements(requirement.text);
}

static void describe(const InterfaceExport &entry, Manifest::Export *result) {
  result->set_name(entry.name);
  result->set_c_name(entry.cName);
  result->set_doc(entry.doc);
  for (const std::string &symbol : entry.symbols)
    result->add_symbols(symbol);
  for (const InterfaceArgument &input : entry.inputs)
    describe(input, result->add_inputs());
  for (const InterfaceArgument &output : entry.outputs)
    describe(output, result->add_outputs());
  for (const std::string &weight : entry.weights)
    result->add_parameters(weight);
  for (const Dim &bytes : entry.arenaBytes)
    result->add_arena_bytes(bytes.str());
  for (const InterfaceRequirement &requirement : entry.requirements)
    result->add_requirements(requirement.text);
  for (const InterfaceVersion &version : entry.versions)
    describe(version, entry.symbols, result->add_versions());
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
  // What the exports say of memory holds for the last.
  if (!facts.cpus.empty())
    manifest.set_cpu(facts.cpus.back());
  if (facts.cpus.size() > 1)
    for (const std::string &cpu : facts.cpus)
      manifest.add_cpus(cpu);
  manifest.set_weights_embedded(facts.weightsEmbedded);
  for (const auto &[symbol, value] : facts.bound) {
    Manifest::Bound *bound = manifest.add_bound();
    bound->set_symbol(symbol);
    bound->set_value(value);
  }
  for (const InterfaceExport &entry : interface.exports)
    describe(entry, manifest.add_exports());
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

/// The section of one ELF file; empty if it has none. The reader that checks each step is used,
/// since the file may be damaged.
static llvm::Expected<std::string> manifestOfElf(StringRef bytes) {
  auto file = object::ELF64LEFile::create(bytes);
  if (!file)
    return file.takeError();
  auto sections = file->sections();
  if (!sections)
    return sections.takeError();
  for (const auto &section : *sections) {
    llvm::Expected<StringRef> name = file->getSectionName(section);
    if (!name)
      return name.takeError();
    if (*name != ".weft.manifest" || section.sh_type == llvm::ELF::SHT_NOBITS)
      continue;
    auto contents = file->getSectionContents(section);
    if (!contents)
      return contents.takeError();
    return std::string(contents->begin(), contents->end());
  }
  return std::string();
}

/// That of the first member that has one.
static llvm::Expected<std::string> manifestOfArchive(llvm::MemoryBufferRef buffer) {
  auto archive = object::Archive::create(buffer);
  if (!archive)
    return archive.takeError();
  std::string found;
  llvm::Error wrong = llvm::Error::success();
  for (const object::Archive::Child &child : (*archive)->children(wrong)) {
    llvm::Expected<StringRef> bytes = child.getBuffer();
    // The size that a member states is not held against the file by LLVM.
    if (bytes && bytes->end() > buffer.getBufferEnd())
      bytes = llvm::createStringError("the archive is cut short inside of a member");
    llvm::Expected<std::string> manifest = bytes ? manifestOfElf(*bytes) : bytes.takeError();
    if (!manifest)
      return llvm::joinErrors(std::move(wrong), manifest.takeError());
    if (found.empty())
      found = std::move(*manifest);
  }
  if (wrong)
    return std::move(wrong);
  return found;
}

llvm::Expected<std::string> readManifest(StringRef path) {
  auto buffer =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::createStringError("cannot read '" + path + "': " + buffer.getError().message());
  StringRef bytes = (*buffer)->getBuffer();
  llvm::Expected<std::string> manifest = std::string();
  if (bytes.starts_with("!<arch>\n"))
    manifest = manifestOfArchive(**buffer);
  else if (bytes.starts_with("\x7f"
                             "ELF"))
    manifest = manifestOfElf(bytes);
  else
    return llvm::createStringError("'" + path +
                                   "' is neither an object nor a library nor a program");
  if (!manifest)
    return llvm::createStringError("'" + path +
                                   "' is damaged: " + llvm::toString(manifest.takeError()));
  if (manifest->empty())
    return llvm::createStringError("'" + path +
                                   "' was not made by weft: it has no section .weft.manifest");
  return manifest;
}

} // namespace weft
