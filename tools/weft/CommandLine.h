// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the command lines of the verbs share. The verbs read them with llvm::cl.

#ifndef WEFT_TOOLS_WEFT_COMMANDLINE_H
#define WEFT_TOOLS_WEFT_COMMANDLINE_H

#include "tools/weft/Compile.h"

#include "llvm/Support/CommandLine.h"

namespace weft {

/// The one group under which a verb's help lists its options.
llvm::cl::OptionCategory &verbOptions();

/// Options of every verb that compiles. They live as long as the verb's function.
struct CompileFlags {
  llvm::cl::opt<std::string> input{llvm::cl::Positional, llvm::cl::Required,
                                   llvm::cl::desc("<model.weft, .onnx or .mlir>")};
  llvm::cl::list<std::string> dims{
      "dim",
      llvm::cl::desc(
          "Fix a dynamic dimension, as N=1; N=1,8,* makes code for 1, for 8 and for any"),
      llvm::cl::value_desc("NAME=SIZE"), llvm::cl::cat(verbOptions())};
  llvm::cl::list<std::string> moduleFolders{
      "I", llvm::cl::desc("Look for imported modules in this folder too"),
      llvm::cl::value_desc("FOLDER"), llvm::cl::Prefix, llvm::cl::cat(verbOptions())};
  llvm::cl::list<std::string> settings{
      "settings",
      llvm::cl::desc("Change a setting of the model, as width=64 (several: with commas)"),
      llvm::cl::value_desc("NAME=VALUE"), llvm::cl::CommaSeparated, llvm::cl::cat(verbOptions())};
  llvm::cl::list<std::string> constants{
      "constant",
      llvm::cl::desc("Fix an input of an ONNX model that decides shapes: a file, or JSON (i64)"),
      llvm::cl::value_desc("NAME=FILE"), llvm::cl::cat(verbOptions())};
  llvm::cl::opt<std::string> model{
      "model",
      llvm::cl::desc("Model of the file to take (default: the last that exports anything)"),
      llvm::cl::value_desc("NAME"), llvm::cl::cat(verbOptions())};
  llvm::cl::opt<std::string> target{"target",
                                    llvm::cl::desc("Machine to compile for; only 'host' so far"),
                                    llvm::cl::init("host"), llvm::cl::cat(verbOptions())};
  llvm::cl::list<std::string> cpus{
      "cpu",
      llvm::cl::desc("Processor to compile for, as x86-64-v3 (default: this one); of several, with "
                     "commas, the best that a machine can run is taken when a model is opened"),
      llvm::cl::value_desc("NAME"), llvm::cl::CommaSeparated, llvm::cl::cat(verbOptions())};
  llvm::cl::opt<bool> strict{
      "strict", llvm::cl::desc("Sum as the model says: no Winograd for 3x3 convolutions"),
      llvm::cl::cat(verbOptions())};
  llvm::cl::opt<std::string> precision{
      "precision",
      llvm::cl::desc("Numbers that weights are multiplied in: f32, or bf16 with sums in f32, which "
                     "is fast only on processors with AVX512-BF16 (default: f32)"),
      llvm::cl::value_desc("TYPE"), llvm::cl::init("f32"), llvm::cl::cat(verbOptions())};
  llvm::cl::list<std::string> quantize{
      "quantize",
      llvm::cl::desc("Keep weights in small integers: weights-int8 or weights-int4 for products of "
                     "few rows, which are computed in f32; int8, with weft build --calibrate, to "
                     "compute in them"),
      llvm::cl::value_desc("KIND"), llvm::cl::cat(verbOptions())};
  llvm::cl::opt<std::string> memoryLimit{
      "memory-limit",
      llvm::cl::desc(
          "Most memory for weights, states and intermediate values, as 2GiB: more of the "
          "forward pass is computed again until they fit"),
      llvm::cl::value_desc("SIZE"), llvm::cl::cat(verbOptions())};
  llvm::cl::opt<std::string> tuneCache{
      "tune-cache",
      llvm::cl::desc(
          "Compute products as this file of weft build --tune says (default: as counted)"),
      llvm::cl::value_desc("FILE"), llvm::cl::cat(verbOptions())};
  llvm::cl::opt<int> tuneThreads{
      "tune-threads",
      llvm::cl::desc("Threads that products are tuned for (default: every core; those in the file "
                     "where choices are only read)"),
      llvm::cl::init(0), llvm::cl::value_desc("N"), llvm::cl::cat(verbOptions())};
  llvm::cl::opt<bool> json{"json", llvm::cl::desc("Print one JSON object to stdout"),
                           llvm::cl::cat(verbOptions())};
  llvm::cl::opt<bool> verifyEach{"verify-each", llvm::cl::desc("Verify the module after each pass"),
                                 llvm::cl::Hidden, llvm::cl::cat(verbOptions())};

  bool canCalibrate = false; ///< The verb takes `--quantize int8`, and sees to it.

  /// The kind that `--quantize` names; empty without it.
  std::string quantization() const { return quantize.empty() ? "" : quantize.front(); }

  /// What the driver needs of them; values that make no sense are errors in `report`.
  FailureOr<CompileRequest> options(Report &report) const;
};

/// Reads the arguments of a verb into the options that exist now. `help` says what the verb does,
/// `examples` closes its help. A wrong option prints what is wrong and ends the process with exit
/// code 1, and so does --help with 0.
void parseArguments(StringRef verb, llvm::ArrayRef<const char *> arguments, StringRef help,
                    StringRef examples);

/// `name=value` in two; an error in `report` if there is no `=` or no name.
FailureOr<std::pair<std::string, std::string>> splitPair(StringRef option, StringRef text,
                                                         Report &report);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_COMMANDLINE_H
