// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The verbs of the command `weft`, one file each. Comes in: the arguments after the verb. Goes out:
// an ExitCode.

#ifndef WEFT_TOOLS_WEFT_VERBS_H
#define WEFT_TOOLS_WEFT_VERBS_H

#include "llvm/ADT/ArrayRef.h"

namespace weft {

using VerbArguments = llvm::ArrayRef<const char *>;

int buildVerb(VerbArguments arguments);
int runVerb(VerbArguments arguments);
int checkVerb(VerbArguments arguments);
int inspectVerb(VerbArguments arguments);
int importVerb(VerbArguments arguments);
int trainVerb(VerbArguments arguments);
int explainVerb(VerbArguments arguments);
int benchVerb(VerbArguments arguments);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_VERBS_H
