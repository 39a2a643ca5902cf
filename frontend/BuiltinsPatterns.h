// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions whose first word is a pattern: einsum, and rearrange, reduce, repeat in the notation of
// einops (Rogozhnikov, ICLR 2022).
#pragma once

#include "frontend/Builtins.h"

namespace weft {

Item einsum(BuiltinCall &call);

} // namespace weft
