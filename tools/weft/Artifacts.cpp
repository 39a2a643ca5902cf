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

#include "llvm/Support/Path.h"

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
  TargetOptions target = compilation.target().resolved();
  facts.triple = target.triple;
  facts.cpu = target.cpu;
  facts.bound = compilation.options().dims;
  facts.weightsEmbedded = embedWeights;
  return facts;
}

/// The description of the model as compiled: what a call must fulfil and which weights it needs is
/// seen at `graph`, before operations vanish into kernels; the memory of a call at `plan`.
LogicalResult Artifacts::describe() {
  if (failed(compilation.advanceTo(ModelStage::Graph)))
    return failure();
  FailureOr<Interface> graph = compilation.interface();
  if (failed(graph) || failed(compilation.advanceTo(ModelStage::Plan)))
    return failure();
  FailureOr<Interface> plan = compilation.interface();
  if (failed(plan))
    return failure();
  described = std::move(*plan);
  for (auto [entry, earlier] : llvm::zip(described.exports, graph->exports)) {
    entry.weights = std::move(earlier.weights);
    entry.requirements = std::move(earlier.requirements);
  }
  return success();
}

LogicalResult Artifacts::compile(bool embedWeights) {
  if (failed(describe()) || failed(compilation.advanceTo(ModelStage::Llvm)))
    return failure();
  manifest = makeManifest(described, factsOf(compilation, embedWeights));
  auto features = requiredFeatures(compilation.target());
  if (!features)
    return fail(features.takeError());
  DescriptorOptions options{compilerName.str(), *features, manifest, {}, 0};
  if (embedWeights) {
    std::string bytes;
    llvm::raw_string_ostream os(bytes);
    writeSafetensors(namedTensors(described, weights), os);
    llvm::Expected<std::string> path = scratch.write("weights.safetensors", bytes);
    if (!path)
      return fail(path.takeError());
    options.weightsPath = *path;
    options.weightsBytes = bytes.size();
  }
  compilation.report().blameUs(true);
  LogicalResult added = addDescriptor(compilation.module(), described, options);
  compilation.report().blameUs(false);
  if (failed(added))
    return failure();
  compilation.report().progress("object");
  FailureOr<SmallVector<char, 0>> made = compilation.makeObject(compilation.module());
  if (failed(made))
    return failure();
  object = std::move(*made);
  return success();
}

FailureOr<std::string> Artifacts::archiveBytes() {
  if (!archive.empty())
    return archive;
  std::string member = described.name + ".o";
  auto made = makeArchive({{member, StringRef(object.data(), object.size())}}, runtimeArchive());
  if (!made)
    return fail(made.takeError());
  archive = (*made)->getBuffer().str();
  return archive;
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
  if (kind == "object")
    return addText(in(described.name + ".o"), StringRef(object.data(), object.size()));
  if (kind == "shared")
    return addShared(in("lib" + described.name + ".so"), outputs);
  if (kind == "weights")
    return addWeights(in(described.name + ".safetensors"), outputs);
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
  writeHeader(described, runtimeHeader(), os);
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
