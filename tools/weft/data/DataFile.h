// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arrays in files, whatever the format: .npy, .npz, .safetensors, .json, .csv, or JSON in the
// argument.

#ifndef WEFT_TOOLS_WEFT_DATA_DATAFILE_H
#define WEFT_TOOLS_WEFT_DATA_DATAFILE_H

#include "codegen/emit/Output.h"
#include "tools/weft/data/Array.h"

#include "llvm/Support/Error.h"

namespace weft {

/// What a reader may rely on: JSON says neither types nor the sizes of empty lists.
struct ExpectedArray {
  std::string name;
  weft_dtype dtype = WEFT_F32;
  llvm::SmallVector<int64_t> dims; // -1 where the call decides
};

/// Reads `source`: a path, `PATH:MEMBER` for a .npz or .safetensors file, `PATH:COLUMNS` for a .csv
/// file (`a,c..f`), or JSON itself. A member that is not named is the only one of the file, or the
/// one called `expected.name`.
llvm::Expected<Array> readArray(llvm::StringRef source, const ExpectedArray &expected);

/// Whether `source` is a path, and not JSON.
bool isFile(llvm::StringRef source);

/// Adds the file of an array to `files`; the format goes by the extension, and `name` is what the
/// array is called in a format that has names.
llvm::Error writeArray(const Array &array, llvm::StringRef name, llvm::StringRef path,
                       OutputFiles &files);

/// Fails, before anything is computed, where writeArray could not write this type to this path.
llvm::Error checkWritable(weft_dtype dtype, llvm::StringRef path);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_DATA_DATAFILE_H
