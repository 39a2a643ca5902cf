// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes objects, libraries and what lies beside them.

#include "tools/weft/Artifacts.h"

#include "codegen/emit/Archive.h"
#include "codegen/emit/Descriptor.h"
#include "codegen/emit/Header.h"
#include "codegen/emit/Link.h"
#include "codegen/emit/Manifest.h"
#include "tools/weft/Embedded.h"
#include "tools/weft/NativeModel.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

namespace weft {

static constexpr llvm::StringLiteral compilerName = "weft " WEFT_VERSION;

LogicalResult Artifacts::fail(llvm::Error error) {
  compilation.report().error(std::move(error));
  return failure();
}

LogicalResult Artifacts::takeWeights(StringRef path, uint64_t seed) {
  FailureOr<Interface> interface = compilation.interface();
  if (failed(interface))
    return failure();
  described = std::move(*interface);
  compilation.report().progress("weights");
  llvm::Expected<Weights> taken = compilation.takeWeights(path, described, seed);
  if (!taken)
    return fail(taken.takeError());
  weights = std::move(*taken);
  return success();
}

/// The facts that the manifest states beside the model's own.
static BuildFacts factsOf(const Compilation &compilation, bool embedWeights) {
  BuildFacts facts;
  facts.compiler = compilerName.str();
  facts.triple = compilation.target().resolved().triple;
  for (const std::string &cpu : compilation.options().cpus)
    facts.cpus.push_back(targetNamed(cpu).resolved().cpu);
  facts.bound = compilation.options().dims;
  facts.weightsEmbedded = embedWeights;
  return facts;
}

/// The mark of weights that were prepared by the functions of a module in stage `kernels`; empty if
/// it has none.
static std::string markOf(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (function.getName().starts_with(kPreparePrefix))
      function.print(os);
  if (text.empty())
    return "";
  auto digest = llvm::SHA256::hash(llvm::arrayRefFromStringRef(compilerName.str() + text));
  return WEFT_PREPARED + llvm::toHex(ArrayRef(digest).take_front(8), /*LowerCase=*/true);
}

static ProductCounts countProducts(ModuleOp module) {
  ProductCounts counts;
  for (auto function : module.getOps<mlir::func::FuncOp>()) {
    if (function.getName().starts_with(kPreparePrefix))
      continue;
    function.walk([&](Operation *op) {
      if (!isa<PackedConvOp, DepthwiseConvOp, WinogradConvOp>(op))
        return;
      ++counts.all;
      counts.inBf16 +=
          cast<RankedTensorType>(op->getOperand(1).getType()).getElementType().isBF16();
    });
  }
  return counts;
}

/// The description of the model as compiled: what a call must fulfil and which weights it needs is
/// seen at `graph`, before operations vanish into kernels; the memory of a call at `plan`.
LogicalResult Artifacts::describe() {
  if (failed(compilation.advanceTo(ModelStage::Graph)))
    return failure();
  FailureOr<Interface> graph = compilation.interface();
  if (failed(graph) || failed(compilation.advanceTo(ModelStage::Kernels)))
    return failure();
  mark = markOf(compilation.module());
  counted = countProducts(compilation.module());
  if (failed(compilation.advanceTo(ModelStage::Plan)))
    return failure();
  FailureOr<Interface> plan = compilation.interface();
  if (failed(plan))
    return failure();
  described = std::move(*plan);
  for (auto [entry, earlier] : llvm::zip(described.exports, graph->exports)) {
    entry.weights = std::move(earlier.weights);
    entry.requirements = std::move(earlier.requirements);
    for (auto [version, earlierVersion] : llvm::zip(entry.versions, earlier.versions))
      version.requirements = std::move(earlierVersion.requirements);
  }
  return success();
}

/// The objects for the processor that the compilation is at.
LogicalResult Artifacts::compileOne(bool embedWeights, bool asOneObject, size_t processor) {
  if (failed(compilation.useProcessor(processor)) || failed(describe()) ||
      failed(compilation.advanceTo(ModelStage::Llvm)))
    return failure();
  BuildFacts facts = factsOf(compilation, embedWeights);
  manifest = makeManifest(described, facts);
  auto features = requiredFeatures(compilation.target());
  if (!features)
    return fail(features.takeError());
  DescriptorOptions options{compilerName.str(), *features, manifest, mark, embedWeights, {}, 0};
  if (facts.cpus.size() > 1) {
    options.processors = std::move(facts.cpus);
    options.processor = processor;
  }
  compilation.report().blameUs(true);
  LogicalResult added = addDescriptor(compilation.module(), described, options);
  compilation.report().blameUs(false);
  if (failed(added))
    return failure();
  compilation.report().progress("object");
  std::string name = described.name + (options.isMain() ? "" : "." + options.processors[processor]);
  auto parts = compilation.makeObjects(compilation.module(), name, asOneObject);
  if (failed(parts))
    return failure();
  for (const auto &[number, part] : llvm::enumerate(*parts))
    objects.emplace_back(name + (number == 0 ? "" : "." + std::to_string(number)) + ".o",
                         std::move(part));
  return success();
}

LogicalResult Artifacts::compile(bool embedWeights, bool asOneObject) {
  size_t processors = compilation.options().cpus.size();
  for (size_t i = 0; i < processors; ++i)
    if (failed(compileOne(embedWeights, asOneObject, i)))
      return failure();
  if (!embedWeights)
    return success();
  // What one processor's code reads, another's does not: each prepares the model's own weights.
  FailureOr<std::string> path = processors > 1 ? plainWeights() : preparedWeights(/*orPlain=*/true);
  if (failed(path))
    return failure();
  FailureOr<SmallVector<char, 0>> made = weightsObjectOf(*path);
  if (failed(made))
    return failure();
  weightsObject = std::move(*made);
  return success();
}

//===-- Weights -----------------------------------------------------------------------------===//

FailureOr<SmallVector<char, 0>> Artifacts::weightsObjectOf(StringRef path) {
  OwningOpRef<ModuleOp> module =
      makeWeightsModule(compilation.module().getContext(), described, path);
  return compilation.makeObject(*module);
}

FailureOr<std::string> Artifacts::plainWeights() {
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  writeSafetensors(namedTensors(described, weights), os);
  llvm::Expected<std::string> path = scratch.write("plain.safetensors", bytes);
  if (!path)
    return fail(path.takeError());
  return *path;
}

/// Opens the model in this process and takes what it made of the weights. Where this processor
/// cannot run the code, `orPlain` leaves preparing to whoever opens the model.
FailureOr<std::string> Artifacts::preparedWeights(bool orPlain) {
  if (!prepared.empty())
    return prepared;
  FailureOr<std::string> plain = plainWeights();
  if (failed(plain) || mark.empty())
    return plain;
  compilation.report().progress("preparing weights");
  // Of an embedding library, whose weights object is not there yet: it gets these.
  FailureOr<SmallVector<char, 0>> own = weightsObjectOf(*plain);
  llvm::Expected<std::string> library = scratch.path("libprepare.so");
  llvm::Expected<std::string> path = scratch.path("prepared.safetensors");
  if (failed(own))
    return failure();
  if (!library)
    return fail(library.takeError());
  if (!path)
    return fail(path.takeError());
  FailureOr<std::string> input = archiveOf(*own);
  if (failed(input))
    return failure();
  llvm::Expected<std::string> inputPath = scratch.write("libprepare.a", *input);
  if (!inputPath)
    return fail(inputPath.takeError());
  if (llvm::Error error = linkSharedLibrary(*inputPath, "libprepare.so", *library))
    return fail(std::move(error));
  NativeModel model;
  if (llvm::Error error = model.open(*library, described.name, *plain, /*threads=*/0)) {
    if (!orPlain)
      return fail(llvm::createStringError("weights are prepared by running the code: " +
                                          llvm::toString(std::move(error))));
    llvm::consumeError(std::move(error));
    return plain;
  }
  std::error_code wrong;
  llvm::raw_fd_ostream os(*path, wrong);
  if (!wrong) {
    writeSafetensors(model.tensors(described, mark), os);
    os.close();
    wrong = os.error();
  }
  if (wrong) {
    os.clear_error();
    return fail(llvm::createStringError("cannot write '" + *path + "': " + wrong.message()));
  }
  return prepared = *path;
}

//===-- Files -------------------------------------------------------------------------------===//

std::vector<std::pair<std::string, StringRef>>
Artifacts::members(ArrayRef<char> weightsBytes) const {
  std::vector<std::pair<std::string, StringRef>> all;
  for (const auto &[name, object] : objects)
    all.emplace_back(name, StringRef(object.data(), object.size()));
  if (!weightsBytes.empty())
    all.emplace_back(described.name + ".weights.o",
                     StringRef(weightsBytes.data(), weightsBytes.size()));
  return all;
}

FailureOr<std::string> Artifacts::archiveOf(ArrayRef<char> weightsBytes) {
  std::vector<std::pair<std::string, StringRef>> named = members(weightsBytes);
  auto views = llvm::map_to_vector(
      named, [](const auto &member) { return ArchiveMember{member.first, member.second}; });
  auto made = makeArchive(views, runtimeArchive());
  if (!made)
    return fail(made.takeError());
  return (*made)->getBuffer().str();
}

FailureOr<std::string> Artifacts::archiveBytes() {
  if (!archive.empty())
    return archive;
  FailureOr<std::string> made = archiveOf(weightsObject);
  if (succeeded(made))
    archive = *made;
  return made;
}

FailureOr<std::string> Artifacts::archivePath() {
  FailureOr<std::string> bytes = archiveBytes();
  if (failed(bytes))
    return failure();
  llvm::Expected<std::string> path = scratch.write("lib" + described.name + ".a", *bytes);
  if (!path)
    return fail(path.takeError());
  return *path;
}

LogicalResult Artifacts::addShared(StringRef path, OutputFiles &outputs) {
  FailureOr<std::string> input = archivePath();
  if (failed(input))
    return failure();
  compilation.report().progress("linking " + path);
  llvm::Expected<std::string> aside =
      outputs.reserve(path, /*executable=*/true, mostLinkedBytes(*input));
  if (!aside)
    return fail(aside.takeError());
  written.push_back(path.str());
  if (llvm::Error error = linkSharedLibrary(*input, llvm::sys::path::filename(path), *aside))
    return fail(std::move(error));
  return success();
}

FailureOr<std::string> Artifacts::libraryToCall() {
  FailureOr<std::string> input = archivePath();
  if (failed(input))
    return failure();
  std::string name = "lib" + described.name + ".so";
  llvm::Expected<std::string> path = scratch.path(name);
  if (!path)
    return fail(path.takeError());
  if (llvm::Error error = linkSharedLibrary(*input, name, *path))
    return fail(std::move(error));
  return *path;
}

LogicalResult Artifacts::addProgram(StringRef path, OutputFiles &outputs) {
  OwningOpRef<ModuleOp> mainModule = makeMainModule(compilation.module().getContext(), described);
  FailureOr<SmallVector<char, 0>> mainObject = compilation.makeObject(*mainModule);
  FailureOr<std::string> library = archivePath();
  if (failed(mainObject) || failed(library))
    return failure();
  compilation.report().progress("linking " + path);
  llvm::Expected<std::string> mainPath =
      scratch.write("main.o", StringRef(mainObject->data(), mainObject->size()));
  if (!mainPath)
    return fail(mainPath.takeError());
  llvm::Expected<std::string> commands = scratch.write("libweft_program.a", programArchive());
  if (!commands)
    return fail(commands.takeError());
  SmallVector<std::string> inputs{*mainPath, *commands, *library};
  llvm::Expected<std::string> aside =
      outputs.reserve(path, /*executable=*/true, mostLinkedBytes(inputs));
  if (!aside)
    return fail(aside.takeError());
  written.push_back(path.str());
  if (llvm::Error error = linkProgram(inputs, *aside))
    return fail(std::move(error));
  return success();
}

LogicalResult Artifacts::addWeights(StringRef path, OutputFiles &outputs) {
  written.push_back(path.str());
  auto write = [&](llvm::raw_ostream &os) {
    writeSafetensors(namedTensors(described, weights), os);
  };
  if (llvm::Error error = outputs.add(path, write))
    return fail(std::move(error));
  return success();
}

LogicalResult Artifacts::addPrepared(StringRef path, OutputFiles &outputs) {
  FailureOr<std::string> made = preparedWeights(/*orPlain=*/false);
  if (failed(made))
    return failure();
  auto bytes = llvm::MemoryBuffer::getFile(*made, /*IsText=*/false,
                                           /*RequiresNullTerminator=*/false);
  if (!bytes)
    return fail(llvm::errorCodeToError(bytes.getError()));
  written.push_back(path.str());
  llvm::Error error = outputs.add(path, (*bytes)->getBuffer());
  return error ? fail(std::move(error)) : success();
}

LogicalResult Artifacts::addKind(StringRef kind, StringRef folder, OutputFiles &outputs) {
  auto in = [&](const Twine &name) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, name);
    return path.str().str();
  };
  auto addText = [&](const std::string &path, StringRef text) -> LogicalResult {
    written.push_back(path);
    llvm::Error error = outputs.add(path, text);
    return error ? fail(std::move(error)) : success();
  };
  if (kind == "object") {
    for (const auto &[name, bytes] : members(weightsObject))
      if (failed(addText(in(name), bytes)))
        return failure();
    return success();
  }
  if (kind == "shared")
    return addShared(in("lib" + described.name + ".so"), outputs);
  if (kind == "weights")
    return addWeights(in(described.name + ".safetensors"), outputs);
  if (kind == "prepared")
    return addPrepared(in(described.name + ".prepared.safetensors"), outputs);
  if (kind == "static") {
    FailureOr<std::string> bytes = archiveBytes();
    return failed(bytes) ? failure() : addText(in("lib" + described.name + ".a"), *bytes);
  }
  if (kind == "manifest") {
    llvm::Expected<std::string> text = manifestAsJson(manifest);
    return text ? addText(in(described.name + ".json"), *text) : fail(text.takeError());
  }
  std::string header;
  llvm::raw_string_ostream os(header);
  writeHeader(described, runtimeHeader(), factsOf(compilation, false).cpus, os);
  return addText(in(described.name + ".h"), header);
}

LogicalResult Artifacts::addFiles(const llvm::StringSet<> &kinds, StringRef folder,
                                  OutputFiles &outputs) {
  for (StringRef kind : artifactKinds)
    if (kinds.contains(kind) && failed(addKind(kind, folder, outputs)))
      return failure();
  return success();
}

} // namespace weft
