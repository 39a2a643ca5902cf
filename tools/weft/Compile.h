// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model's journey, driven: from a file to stage `model`, from stage to stage, and to an object.
// The verbs stop where they like and look at the module.

#ifndef WEFT_TOOLS_WEFT_COMPILE_H
#define WEFT_TOOLS_WEFT_COMPILE_H

#include "codegen/cpu/Target.h"
#include "codegen/emit/Interface.h"
#include "frontend/Frontend.h"
#include "passes/Pipelines.h"
#include "tools/weft/Report.h"
#include "tools/weft/TuneCache.h"
#include "tools/weft/TuneProducts.h"
#include "tools/weft/Weights.h"

#include "mlir/Pass/PassManager.h"

#include <array>
#include <optional>
#include <utility>

namespace weft {

/// What was asked for on the command line.
struct CompileRequest {
  std::string input;
  std::string rootModel;                  // empty: the one that the frontend takes by itself
  std::vector<std::string> moduleFolders; // for imports, after the folder of the importing file
  std::vector<std::pair<std::string, int64_t>> dims; // with one size for all
  /// With several, each of which gets code of its own; none is any size.
  std::vector<std::pair<std::string, std::vector<std::optional<int64_t>>>> versions;
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::pair<std::string, std::string>> constants; // inputs fixed while compiling: files
  /// Each gets code of its own; the most demanding first.
  std::vector<std::string> cpus = {"host"};
  bool strict = false; // no Winograd
  Precision precision = Precision::F32;
  int64_t weightBits = 0;  // of --quantize weights-int8 and weights-int4; otherwise 0
  bool explain = false;    // kernels say why they end
  std::string tuneCache;   // a file with choices for products; empty: as counted
  bool tunes = false;      // the file is completed by measurement, and made if it is not there
  int32_t tuneThreads = 0; // that choices are for; 0: all cores to measure with, any to read
  std::optional<uint64_t> memoryLimit; // in bytes, for weights, states and intermediate values
  bool explainMemory = false;          // functions say what is kept for the backward pass
  bool verifyEach = false;
};

/// Gives dimensions of a module their sizes: "N=64".
LogicalResult bindDims(ModuleOp module, ArrayRef<std::string> dims);

/// How a memory limit is kept, and what it costs.
struct MemoryChoice {
  MemoryPrice price;
  uint64_t bytes = 0; ///< Of weights, states and the largest arena.
  size_t numKept = 0, numAgain = 0;
  double addedWork = 0; ///< Of what functions compute, a share.
};

/// The stages, in order.
enum class ModelStage { Model, Graph, Kernels, Plan, Loops, Llvm };
inline constexpr std::array<ModelStage, 6> allStages = {ModelStage::Model,   ModelStage::Graph,
                                                        ModelStage::Kernels, ModelStage::Plan,
                                                        ModelStage::Loops,   ModelStage::Llvm};

StringRef nameOf(ModelStage stage);
/// The stage of that name, if there is one.
std::optional<ModelStage> stageNamed(StringRef name);
/// 'model', 'graph', ...: for messages.
std::string stageNames();

/// A processor of the command line: "host", or one of this machine's family by LLVM's name.
TargetOptions targetNamed(StringRef cpu);

/// One module on its way. All failures are told to the report.
class Compilation {
public:
  Compilation(Report &target, CompileRequest what);
  ~Compilation();

  /// Checks the whole input, also what no export reaches, and says whether there is anything to
  /// load: a file of the library may export nothing.
  FailureOr<bool> checkFile();
  /// Reads the input: the module is at stage `model`.
  LogicalResult load();
  /// Runs the stages up to `stage`; those that lie behind are not run again.
  LogicalResult advanceTo(ModelStage stage);

  ModuleOp module() { return *theModule; }
  ModelStage stage() const { return current.stage; }
  const CompileRequest &options() const { return asked; }
  /// `--dim` as text, one entry a size: N=1, N=*.
  std::vector<std::string> dimTexts() const;
  Report &report() const { return theReport; }

  /// The description of the model at its present stage, which is before `loops`.
  FailureOr<Interface> interface() { return readInterface(module()); }
  /// The same with the sizes of `--dim` in it, before the module itself is bound.
  FailureOr<Interface> boundInterface();

  /// The weights that the model begins with: those of the safetensors file at `path`, or else
  /// those that came with the model, or else what `@weft.init` makes of the seed. Those that came
  /// with the model are handed over, so they can be asked for once.
  llvm::Expected<Weights> takeWeights(StringRef path, const Interface &interface, uint64_t seed);
  /// Tells the weights that came with one model from those of another; empty if none came.
  std::string weightsKey() const;

  /// The module as text.
  std::string text();

  /// The object of a module in stage `llvm`, which may be another than this one's.
  FailureOr<SmallVector<char, 0>> makeObject(ModuleOp llvmModule);
  /// The same in several objects, in less time, or in one. What they need of each other has `name`
  /// before its own.
  FailureOr<std::vector<SmallVector<char, 0>>> makeObjects(ModuleOp llvmModule, StringRef name,
                                                           bool asOne);

  /// What choices hold for with this request and a processor of it. Where they are only read,
  /// `threads` is 0 for any number.
  TuneSetting tuneSetting(StringRef cpu) const;
  /// The choices that stage `kernels` takes.
  TuneCache &tuneCache() { return tuning; }
  /// How many products had one; known at stage `kernels`.
  AppliedChoices appliedChoices() const { return applied; }

  /// Goes on for processor number `index` of those that were asked for: back at stage `graph`, up
  /// to which all are the same. It is the first until then.
  LogicalResult useProcessor(size_t index);
  const std::string &processor() const { return asked.cpus[current.processor]; }
  /// The processor that objects are made for; what is empty is the host's.
  TargetOptions target() const { return targetNamed(processor()); }

private:
  LogicalResult loadMlir();
  LogicalResult loadWeft();
  LogicalResult loadOnnx();
  FrontendOptions frontendOptions() const;
  LogicalResult readTuneCache();
  AppliedChoices applyTuneCache();
  /// Shows what the frontend has to say; fails if there are errors.
  LogicalResult show(const DiagnosticEngine &messages);
  LogicalResult run(ModelStage stage);
  LogicalResult checkWeightBits();
  /// Chooses what is computed again so that `--memory-limit` is kept.
  LogicalResult fitMemory();
  /// What a plan made so would take; the module stays as it is.
  FailureOr<MemoryChoice> planFor(const MemoryPrice &price);
  template <typename Made> FailureOr<Made> orOurFault(llvm::Expected<Made> made);

  Report &theReport;
  CompileRequest asked;
  llvm::SourceMgr sources;
  MLIRContext context;
  std::unique_ptr<DiagnosticReporter> diagnostics;
  OwningOpRef<ModuleOp> theModule;
  std::optional<Weights> importedWeights;
  MemoryChoice memory;
  TuneCache tuning;
  AppliedChoices applied;
  OwningOpRef<ModuleOp> graph; ///< At stage `graph`, where several processors go on from it.
  struct {
    ModelStage stage = ModelStage::Model;
    size_t processor = 0;
  } current;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_COMPILE_H
