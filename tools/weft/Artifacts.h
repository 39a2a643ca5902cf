// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a loaded model to the files that the user gets.

#ifndef WEFT_TOOLS_WEFT_ARTIFACTS_H
#define WEFT_TOOLS_WEFT_ARTIFACTS_H

#include "codegen/emit/Output.h"
#include "tools/weft/Compile.h"
#include "tools/weft/Scratch.h"
#include "tools/weft/Weights.h"

#include "llvm/ADT/StringSet.h"

namespace weft {

/// The kinds of file that `--emit` names.
inline constexpr StringRef artifactKinds[] = {"object",  "static",   "shared",  "header",
                                              "weights", "prepared", "manifest"};

/// Products with weights in the exports of a module at stage `kernels`.
struct ProductCounts {
  int64_t all = 0, inBf16 = 0;
};

/// Makes the files of one model. Failures are told to the report of the compilation.
class Artifacts {
public:
  explicit Artifacts(Compilation &what) : compilation(what) {}

  /// Takes the weights to write or embed: those of the file, or initial ones if `path` is empty.
  /// The compilation is at stage `model`.
  LogicalResult takeWeights(StringRef path, uint64_t seed);

  /// Runs the compilation to its end for each processor and makes the objects, or a single one for
  /// each if `asOneObject`; with the weights in another one beside them if `embedWeights`: prepared
  /// if there is but one processor.
  LogicalResult compile(bool embedWeights, bool asOneObject = false);

  /// Adds the files of these kinds to the outputs, under `folder`.
  LogicalResult addFiles(const llvm::StringSet<> &kinds, StringRef folder, OutputFiles &outputs);
  /// Adds one file of a kind that the linker makes.
  LogicalResult addShared(StringRef path, OutputFiles &outputs);
  LogicalResult addProgram(StringRef path, OutputFiles &outputs);
  LogicalResult addWeights(StringRef path, OutputFiles &outputs);
  LogicalResult addPrepared(StringRef path, OutputFiles &outputs);

  const Interface &interface() const { return described; }
  /// Known once the model is compiled.
  ProductCounts products() const { return counted; }

  /// Path of a file in the scratch folder with the weights as the model names them.
  FailureOr<std::string> plainWeights();
  /// Path of a shared library in the scratch folder, to be called by this process. After compile().
  FailureOr<std::string> libraryToCall();

  /// Paths of the files, in the order in which they were added.
  ArrayRef<std::string> paths() const { return written; }

private:
  LogicalResult fail(llvm::Error error);
  LogicalResult describe();
  LogicalResult compileOne(bool embedWeights, bool asOneObject, size_t processor);
  FailureOr<SmallVector<char, 0>> weightsObjectOf(StringRef path);
  /// The plain weights as the exports read them.
  FailureOr<std::string> preparedWeights(bool orPlain);
  /// Path of the static library in the scratch folder, made when first asked for.
  FailureOr<std::string> archivePath();
  FailureOr<std::string> archiveBytes();
  /// The members of an archive: those of the model, and `weightsBytes`, if there are any.
  std::vector<std::pair<std::string, StringRef>> members(ArrayRef<char> weightsBytes) const;
  FailureOr<std::string> archiveOf(ArrayRef<char> weightsBytes);
  LogicalResult addKind(StringRef kind, StringRef folder, OutputFiles &outputs);

  Compilation &compilation;
  Interface described;
  ProductCounts counted;
  Weights weights;
  ScratchFolder scratch;
  /// By file name; those of the main processor are the last.
  std::vector<std::pair<std::string, SmallVector<char, 0>>> objects;
  SmallVector<char, 0> weightsObject;
  std::string manifest, archive;
  std::string mark;     ///< The tensor that marks prepared weights; empty if nothing is derived.
  std::string prepared; ///< Path of the file in the scratch folder, once it is made.
  std::vector<std::string> written;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_ARTIFACTS_H
