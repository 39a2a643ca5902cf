// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A changed copy of a model at stage `graph`, compiled in f32 for this machine: what it computes is
// looked at while the model itself is compiled.

#ifndef WEFT_TOOLS_WEFT_VARIANT_H
#define WEFT_TOOLS_WEFT_VARIANT_H

#include "tools/weft/Artifacts.h"
#include "tools/weft/Loaded.h"

namespace weft {

class Variant {
public:
  /// Of the model of `what`; the artifacts have taken the weights.
  Variant(Compilation &what, Artifacts &made) : compilation(what), artifacts(made) {}

  /// Compiles `module` and opens it with the weights of the model. Failures are told to the report.
  /// The command line's options are reset by it: it links.
  LogicalResult open(ModuleOp module);
  NativeModel &native() { return loaded->native(); }

private:
  Compilation &compilation;
  Artifacts &artifacts;
  ScratchFolder scratch;
  std::optional<Compilation> own;
  std::optional<LoadedModel> loaded;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_VARIANT_H
