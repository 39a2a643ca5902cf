// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data to learn from: in, the arrays that the command line names; out, the inputs of one call after
// the other, each of some rows of the data.

#ifndef WEFT_TOOLS_WEFT_TRAIN_SAMPLES_H
#define WEFT_TOOLS_WEFT_TRAIN_SAMPLES_H

#include "tools/weft/NativeModel.h"

#include <map>

namespace weft {

/// Arrays by name, and in each element type that some function asks for.
class DataSet {
public:
  /// Reads `sources`, which are of the forms FILE.npz, FILE.csv, FOLDER (of .npy files) and
  /// NAME=FILE. Only arrays that are inputs of `functions` are taken; `option` begins messages.
  static llvm::Expected<DataSet> read(llvm::ArrayRef<std::string> sources, llvm::StringRef option,
                                      llvm::ArrayRef<const InterfaceExport *> functions);

  /// The array as the input's type, or null if there is none of its name.
  llvm::Expected<const Array *> arrayFor(const InterfaceArgument &input);
  /// Whether each input is there, or made by the command: the seed.
  bool feeds(const InterfaceExport &function) const;
  llvm::StringRef option() const { return given; }

private:
  llvm::Error add(llvm::StringRef name, llvm::Expected<Array> array);
  llvm::Error addNpz(llvm::StringRef path);
  llvm::Error addFolder(llvm::StringRef path);
  llvm::Error addCsv(llvm::StringRef path, llvm::ArrayRef<const InterfaceExport *> functions);
  llvm::Error addNamed(llvm::StringRef source, llvm::ArrayRef<const InterfaceExport *> functions);

  std::string given;
  std::map<std::string, Array> arrays;
  std::map<std::string, std::string> skipped; ///< Members that cannot be read, and why.
  std::map<std::pair<std::string, weft_dtype>, Array> converted;
};

/// The input by which a function's random numbers are chosen.
bool isSeed(const InterfaceArgument &input);

/// How one function is called on the data: some inputs row by row, the others whole.
class Feed {
public:
  /// Fits the data to the function. With `whole`, each call takes all of every array. Refers to
  /// both.
  static llvm::Expected<Feed> make(DataSet &data, const InterfaceExport &function, bool whole);

  const InterfaceExport &function() const { return *entry; }
  /// Rows of the data; 1 if every call takes all.
  int64_t rows() const { return rowCount; }
  /// The number of rows that every call has to have, if the function says one.
  std::optional<int64_t> fixedBatch() const { return fixed; }

  /// Tells these data from others.
  uint64_t digest() const;

  /// Inputs for calls with so many rows, whose contents fill() brings.
  std::vector<NamedArray> inputs(int64_t batch) const;
  /// The rows `numbers` of the data, and the seed.
  void fill(llvm::MutableArrayRef<NamedArray> inputs, llvm::ArrayRef<int64_t> numbers,
            uint64_t seed) const;

  /// Where the rows hold a number that is not finite: "'x' holds nan in row 7"; empty if nowhere.
  std::string nonFiniteAmong(llvm::ArrayRef<int64_t> numbers) const;
  /// Refuses data in which input number `input` is outside of [0, bound).
  llvm::Error checkBelow(size_t input, int64_t bound) const;

private:
  struct Input {
    const InterfaceArgument *argument = nullptr;
    const Array *array = nullptr; ///< Null for the seed.
    bool byRows = false;
  };
  llvm::Error chooseRows(bool whole);

  const InterfaceExport *entry = nullptr;
  llvm::StringRef option;
  std::vector<Input> all;
  int64_t rowCount = 1;
  std::optional<int64_t> fixed;
};

/// The rows 0 to `rows` less 1 in the order of one epoch: a function of its arguments alone, so
/// that a run can go on at any step. Fisher and Yates; the numbers are SplitMix64's (Steele et al.,
/// "Fast splittable pseudorandom number generators", OOPSLA 2014).
std::vector<int64_t> epochOrder(int64_t rows, uint64_t seed, uint64_t epoch);

/// The seed of one step's random numbers.
uint64_t stepSeed(uint64_t seed, uint64_t epoch, uint64_t step);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_TRAIN_SAMPLES_H
