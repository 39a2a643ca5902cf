// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// NumPy's `.npy` format and its archives `.npz`.
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

#ifndef WEFT_TOOLS_WEFT_DATA_NPY_H
#define WEFT_TOOLS_WEFT_DATA_NPY_H

#include "tools/weft/data/Array.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace weft {

/// Reads the bytes of a `.npy` file. `label` begins messages. Arrays in Fortran's order are
/// reordered; other byte orders than little-endian and types that Weft does not have are errors.
llvm::Expected<Array> parseNpy(llvm::StringRef bytes, llvm::StringRef label);

/// Writes a `.npy` file. Fails on bf16, for which NumPy has no type.
llvm::Error writeNpy(const Array &array, llvm::StringRef label, llvm::raw_ostream &os);

/// Reads one member of a `.npz` archive, with or without its `.npy`. An empty name takes the only
/// member; where there are several the error lists them.
llvm::Expected<Array> readNpz(llvm::StringRef path, llvm::StringRef member);

/// The names of the arrays in a `.npz` archive.
llvm::Expected<llvm::SmallVector<std::string>> listNpz(llvm::StringRef path);

/// The bytes of a `.npz` archive of named arrays, uncompressed and without times.
llvm::Expected<std::string> makeNpz(llvm::ArrayRef<std::pair<std::string, const Array *>> members,
                                    llvm::StringRef label);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_DATA_NPY_H
