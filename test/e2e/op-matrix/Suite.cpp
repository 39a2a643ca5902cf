// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How one description becomes a dynamic and several static functions.

#include "Suite.h"

namespace weft::opmatrix {

std::vector<std::string> join(std::initializer_list<std::vector<std::string>> lists) {
  std::vector<std::string> all;
  for (const std::vector<std::string> &list : lists)
    all.insert(all.end(), list.begin(), list.end());
  return all;
}

std::vector<std::string> allIntegers() { return join({signedIntegers, unsignedIntegers}); }
std::vector<std::string> allNumbers() { return join({floats, allIntegers()}); }
std::vector<std::string> allElements() { return join({allNumbers(), {"i1"}}); }

/// Nothing, one, primes around the vectors of any machine (2 to 64 elements), above 64, and one
/// above any chunk of work.
static const std::vector<int64_t> dynamicSizes = {0, 1, 2, 3, 7, 13, 17, 37, 67, 1031};
static const std::vector<int64_t> staticSizes = {0, 1, 7, 37};
static const std::vector<int64_t> moreStaticSizes = {0, 1, 2, 3, 7, 13, 17, 37, 67, 1031};

static std::vector<int64_t> within(const std::vector<int64_t> &sizes, const CaseOptions &options) {
  std::vector<int64_t> kept;
  for (int64_t size : sizes)
    if (size >= options.leastSize && size <= options.greatestSize)
      kept.push_back(size);
  return kept;
}

void Suite::addCase(const std::string &group, const std::string &function, const Writer &writer,
                    Dim n, std::vector<int64_t> sizes, const CaseOptions &options) {
  Case made{group, function, {}, std::move(sizes), options.tolerance};
  writer(made.program, std::move(n));
  list.push_back(std::move(made));
}

void Suite::add(const std::string &operation, const std::string &element, const std::string &label,
                const Writer &writer, const CaseOptions &options) {
  covered.insert(operation);
  std::string name = operation.substr(operation.find('.') + 1) + "_" + element;
  name += (label.empty() ? "" : "_" + label);
  if (options.isFixed)
    return addCase(operation, name, writer, 0, {0}, options);
  addCase(operation, name + "_dynamic", writer, Dim::symbol("N"), within(dynamicSizes, options),
          options);
  for (int64_t size : within(isLong ? moreStaticSizes : staticSizes, options))
    addCase(operation, name + "_" + std::to_string(size), writer, size, {size}, options);
}

} // namespace weft::opmatrix
