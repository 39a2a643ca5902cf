// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What --tune has measured, in a file of JSON: for each setting, by product, the choice and its
// times. People may read it, keep it in a repository and edit it.

#ifndef WEFT_TOOLS_WEFT_TUNECACHE_H
#define WEFT_TOOLS_WEFT_TUNECACHE_H

#include "passes/layouts/Choice.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <map>
#include <string>

namespace weft {

/// What choices were measured with, and hold for.
struct TuneSetting {
  std::string weft; ///< Version of the compiler.
  std::string cpu;
  int64_t threads = 0;   ///< 0, in a request alone: any number.
  std::string precision; ///< f32 or bf16.
  bool strict = false;

  auto operator<=>(const TuneSetting &) const = default;
  /// "znver5, 2 threads, f32, weft 0.1"
  std::string text() const;
};

/// One product: the choice, which is empty where the counts were right, and the times of a call.
struct TunedProduct {
  Choice choice;
  int64_t nanoseconds = 0, countedNanoseconds = 0; ///< With the choice, and as the counts have it.
  int64_t tried = 0; ///< Candidates that were measured, the counts' own among them.
};

class TuneCache {
public:
  using Products = std::map<std::string, TunedProduct>; // by TunableProduct::key

  /// Damage, another format and choices that make no sense are errors that name file and place.
  static llvm::Expected<TuneCache> read(StringRef path);
  /// The contents of the file; the same for equal caches.
  std::string text() const;
  /// The file comes whole, by renaming.
  llvm::Error write(StringRef path) const;

  /// The products of one setting; null if there are none.
  const Products *find(const TuneSetting &setting) const;
  Products &at(const TuneSetting &setting) { return settings[setting]; }
  /// The settings that fit one without a number of threads, or with it.
  SmallVector<TuneSetting> matching(const TuneSetting &wanted) const;
  /// Drops what another version of the compiler measured with this setting.
  void dropOldOf(const TuneSetting &setting);
  /// The settings there are.
  const std::map<TuneSetting, Products> &all() const { return settings; }

private:
  std::map<TuneSetting, Products> settings;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_TUNECACHE_H
