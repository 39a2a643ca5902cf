// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The list of cases, and how they are run: each program in its own module of functions, at every
// stage, against the evaluator at stage `model`.

#ifndef WEFT_TEST_E2E_OPMATRIX_SUITE_H
#define WEFT_TEST_E2E_OPMATRIX_SUITE_H

#include "Compare.h"
#include "Program.h"

#include <functional>
#include <set>

namespace weft::opmatrix {

/// Writes one program in which `n` is the dimension under test.
using Writer = std::function<void(Program &program, Dim n)>;

struct CaseOptions {
  Tolerance tolerance;
  /// Smaller sizes make no sense for the program (a slice from N - 2 on).
  int64_t leastSize = 0;
  /// Larger sizes would take too long (a contraction over N^3).
  int64_t greatestSize = INT64_MAX;
  /// Only one static program of this size, for what has no dimension N.
  bool isFixed = false;
};

/// One function, with the sizes of N that it is run with.
struct Case {
  std::string group, function;
  Program program;
  std::vector<int64_t> sizes;
  Tolerance tolerance;
};

/// The sizes that every case runs with: nothing, one, primes below and above the vectors of the
/// machine, and one above a chunk of work.
class Suite {
public:
  explicit Suite(bool runLong) : isLong(runLong) {}

  /// A program that tests `operation` ("weft.add") on `element`; `label` tells several apart.
  void add(const std::string &operation, const std::string &element, const std::string &label,
           const Writer &writer, const CaseOptions &options = {});

  const std::vector<Case> &cases() const { return list; }
  const std::set<std::string> &operations() const { return covered; }
  bool runsLong() const { return isLong; }

private:
  void addCase(const std::string &group, const std::string &function, const Writer &writer, Dim n,
               std::vector<int64_t> sizes, const CaseOptions &options);

  bool isLong;
  std::vector<Case> list;
  std::set<std::string> covered;
};

void addElementwiseCases(Suite &suite);
void addMovementCases(Suite &suite);
void addIndexingCases(Suite &suite);
void addReductionCases(Suite &suite);
void addContractionCases(Suite &suite);
void addChannelsLastCases(Suite &suite);
void addNormalisationCases(Suite &suite);
void addStructureCases(Suite &suite);
void addFusionCases(Suite &suite);
void addCompositionCases(Suite &suite);
void addShuffleCases(Suite &suite);
/// `count` programs of random operations, made from `seed`.
void addRandomCases(Suite &suite, uint64_t seed, int64_t count);

inline const std::vector<std::string> floats = {"f64", "f32", "f16", "bf16"};
inline const std::vector<std::string> signedIntegers = {"i64", "i32", "i16", "i8"};
inline const std::vector<std::string> unsignedIntegers = {"ui64", "ui32", "ui16", "ui8"};

/// One list of several.
std::vector<std::string> join(std::initializer_list<std::vector<std::string>> lists);
std::vector<std::string> allIntegers();
std::vector<std::string> allNumbers();
std::vector<std::string> allElements();

} // namespace weft::opmatrix

#endif // WEFT_TEST_E2E_OPMATRIX_SUITE_H
