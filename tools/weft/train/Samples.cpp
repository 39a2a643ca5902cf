// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads data, fits them to functions, and cuts them into batches.

#include "tools/weft/train/Samples.h"

#include "tools/weft/data/Convert.h"
#include "tools/weft/data/Csv.h"
#include "tools/weft/data/DataFile.h"
#include "tools/weft/data/Npy.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

#include <cmath>
#include <cstring>

namespace weft {

using llvm::ArrayRef;
using llvm::Error;
using llvm::StringRef;
using llvm::Twine;

//===-- Reading -----------------------------------------------------------------------------===//

bool isSeed(const InterfaceArgument &input) {
  return input.name == "seed" && input.dims.empty() && input.dtype == WEFT_U64;
}

static const InterfaceArgument *inputNamed(ArrayRef<const InterfaceExport *> functions,
                                           StringRef name) {
  for (const InterfaceExport *function : functions)
    for (const InterfaceArgument &input : function->inputs)
      if (input.name == name)
        return &input;
  return nullptr;
}

Error DataSet::add(StringRef name, llvm::Expected<Array> array) {
  if (!array)
    return array.takeError();
  if (!arrays.try_emplace(name.str(), std::move(*array)).second)
    return llvm::createStringError(given + " gives '" + name + "' twice");
  return Error::success();
}

Error DataSet::addNpz(StringRef path) {
  llvm::Expected<llvm::SmallVector<std::string>> names = listNpz(path);
  if (!names)
    return names.takeError();
  for (const std::string &name : *names) {
    llvm::Expected<Array> array = readNpz(path, name);
    // Archives often hold texts and other things beside: what no input needs is passed over.
    if (!array)
      skipped[name] = llvm::toString(array.takeError());
    else if (Error error = add(name, std::move(array)))
      return error;
  }
  return Error::success();
}

Error DataSet::addFolder(StringRef path) {
  std::error_code reason;
  std::vector<std::string> files;
  for (llvm::sys::fs::directory_iterator at(path, reason), end; at != end && !reason;
       at.increment(reason))
    if (llvm::sys::path::extension(at->path()) == ".npy")
      files.push_back(at->path());
  if (reason)
    return llvm::createStringError("cannot read '" + path + "': " + reason.message());
  if (files.empty())
    return llvm::createStringError(given + ": the folder '" + path + "' holds no .npy files");
  llvm::sort(files);
  for (const std::string &file : files) {
    StringRef name = llvm::sys::path::stem(file);
    if (Error error = add(name, readArray(file, {name.str(), WEFT_F32, {}})))
      return error;
  }
  return Error::success();
}

/// A column is the input of one dimension that has its name; the input of two dimensions that
/// nothing else gives takes the other columns.
Error DataSet::addCsv(StringRef path, ArrayRef<const InterfaceExport *> functions) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return llvm::createStringError("cannot read '" + path + "': " + buffer.getError().message());
  llvm::Expected<CsvTable> table = CsvTable::parse((*buffer)->getBuffer(), path);
  if (!table)
    return table.takeError();
  llvm::SmallVector<size_t> others;
  for (auto [number, name] : llvm::enumerate(table->names())) {
    const InterfaceArgument *input = inputNamed(functions, name);
    if (!input || input->dims.size() != 1) {
      others.push_back(number);
    } else if (Error error = add(name, table->array(number, input->dtype, /*isFlat=*/true))) {
      return error;
    }
  }
  std::vector<const InterfaceArgument *> wide;
  for (const InterfaceExport *function : functions)
    for (const InterfaceArgument &input : function->inputs)
      if (input.dims.size() == 2 && !arrays.count(input.name) &&
          llvm::none_of(wide, [&](const auto *other) { return other->name == input.name; }))
        wide.push_back(&input);
  if (others.empty() || wide.empty())
    return Error::success();
  if (wide.size() > 1)
    return llvm::createStringError(given + " " + path + ": both '" + wide[0]->name + "' and '" +
                                   wide[1]->name +
                                   "' could be the columns that have no input's "
                                   "name: give them as NAME=" +
                                   path + ":COLUMNS");
  return add(wide[0]->name, table->array(others, wide[0]->dtype, /*isFlat=*/false));
}

Error DataSet::addNamed(StringRef source, ArrayRef<const InterfaceExport *> functions) {
  auto [name, file] = source.split('=');
  const InterfaceArgument *input = inputNamed(functions, name);
  if (name.empty() || file.empty())
    return llvm::createStringError(
        given + " takes FILE.npz, FILE.csv, FOLDER or NAME=FILE, but got '" + source + "'");
  if (!input)
    return llvm::createStringError(given + " " + source +
                                   ": no function that is called has an input '" + name + "'");
  ExpectedArray expected{name.str(), input->dtype, {}};
  for (const Dim &dim : input->dims)
    expected.dims.push_back(dim.constant().value_or(-1));
  return add(name, readArray(file, expected));
}

llvm::Expected<DataSet> DataSet::read(ArrayRef<std::string> sources, StringRef option,
                                      ArrayRef<const InterfaceExport *> functions) {
  DataSet data;
  data.given = option.str();
  for (StringRef source : sources) {
    StringRef extension = llvm::sys::path::extension(source);
    bool isNamed = source.contains('=');
    Error error = !isNamed && extension == ".npz"                   ? data.addNpz(source)
                  : !isNamed && llvm::sys::fs::is_directory(source) ? data.addFolder(source)
                  : !isNamed && extension == ".csv" ? data.addCsv(source, functions)
                                                    : data.addNamed(source, functions);
    if (error)
      return std::move(error);
  }
  return data;
}

llvm::Expected<const Array *> DataSet::arrayFor(const InterfaceArgument &input) {
  auto found = arrays.find(input.name);
  if (found == arrays.end()) {
    std::string has;
    for (const auto &[name, array] : arrays)
      has += (has.empty() ? "'" : ", '") + name + "'";
    if (auto why = skipped.find(input.name); why != skipped.end())
      return llvm::createStringError(why->second);
    return llvm::createStringError(given + " has no array for the input '" + input.name +
                                   "': " + input.type + "; it has " + (has.empty() ? "none" : has));
  }
  if (found->second.dtype == input.dtype)
    return &found->second;
  auto [place, isNew] = converted.try_emplace({input.name, input.dtype});
  if (isNew) {
    llvm::Expected<Array> array =
        convert(found->second, input.dtype, given + ": '" + input.name + "'");
    if (!array)
      return array.takeError();
    place->second = std::move(*array);
  }
  return &place->second;
}

bool DataSet::feeds(const InterfaceExport &function) const {
  return llvm::all_of(function.inputs, [&](const InterfaceArgument &input) {
    return isSeed(input) || arrays.count(input.name);
  });
}

//===-- Fitting -----------------------------------------------------------------------------===//

/// True if calls may take any number of rows of the inputs whose first dimension has this name: no
/// other dimension of the function depends on it.
static bool countsRows(const InterfaceExport &function, StringRef name) {
  for (const InterfaceArgument &input : function.inputs)
    for (auto [axis, dim] : llvm::enumerate(input.dims)) {
      bool isFirst = axis == 0 && dim.bareSymbol() == name;
      if (!isFirst && llvm::is_contained(dim.symbols(), name))
        return false;
    }
  return true;
}

/// What is wrong with an array for an input; good if nothing is.
static Error misfit(StringRef option, const InterfaceExport &function,
                    const InterfaceArgument &input, const Array &array, bool byRows) {
  bool fits = array.dims.size() == input.dims.size();
  for (size_t axis = byRows ? 1 : 0; fits && axis < input.dims.size(); ++axis) {
    std::optional<int64_t> size = input.dims[axis].constant();
    fits = !size || array.dims[axis] == *size;
  }
  if (fits)
    return Error::success();
  return llvm::createStringError(option + ": '" + input.name + "' is " + array.type() + ", but '" +
                                 function.name + "' takes " + input.type);
}

/// Which inputs are cut into rows, and how many rows there are.
Error Feed::chooseRows(bool whole) {
  std::optional<StringRef> symbol;
  for (Input &input : all) {
    if (!input.array || input.argument->dims.empty() || input.array->dims.empty() || whole)
      continue;
    const Dim &first = input.argument->dims.front();
    std::optional<StringRef> name = first.bareSymbol();
    if (std::optional<int64_t> size = first.constant()) {
      input.byRows = input.array->dims.front() > *size && *size > 0;
    } else if (name && countsRows(*entry, *name)) {
      input.byRows = true;
      if (symbol && *symbol != *name)
        return llvm::createStringError(
            "'" + entry->name + "' has two dimensions that may count samples, '" + *symbol +
            "' and '" + *name + "': with --batch all each step takes all of the data");
      symbol = *name;
    }
  }
  const Input *before = nullptr;
  for (const Input &input : all) {
    if (!input.byRows)
      continue;
    int64_t rows = input.array->dims.front();
    if (before && rows != rowCount)
      return llvm::createStringError(option + ": '" + before->argument->name + "' has " +
                                     Twine(rowCount) + " rows, but '" + input.argument->name +
                                     "' has " + Twine(rows));
    std::optional<int64_t> size = input.argument->dims.front().constant();
    if (before && size != fixed)
      return llvm::createStringError("'" + before->argument->name + "' and '" +
                                     input.argument->name + "' of '" + entry->name +
                                     "' take different numbers of rows");
    fixed = size;
    rowCount = rows;
    before = &input;
  }
  if (rowCount == 0)
    return llvm::createStringError(option + ": '" + before->argument->name + "' has no rows");
  return Error::success();
}

llvm::Expected<Feed> Feed::make(DataSet &data, const InterfaceExport &function, bool whole) {
  Feed feed;
  feed.entry = &function;
  feed.option = data.option();
  for (const InterfaceArgument &input : function.inputs) {
    llvm::Expected<const Array *> array = nullptr;
    if (!isSeed(input))
      array = data.arrayFor(input);
    if (!array)
      return array.takeError();
    feed.all.push_back({&input, *array, false});
  }
  if (Error error = feed.chooseRows(whole))
    return std::move(error);
  for (const Input &input : feed.all)
    if (input.array)
      if (Error error = misfit(feed.option, function, *input.argument, *input.array, input.byRows))
        return std::move(error);
  return feed;
}

uint64_t Feed::digest() const {
  std::string text = entry->name;
  for (const Input &input : all)
    if (input.array)
      text += " " + input.argument->name + input.array->type() +
              llvm::utohexstr(llvm::xxh3_64bits(
                  StringRef(input.array->bytes.data(), input.array->bytes.size())));
  return llvm::xxh3_64bits(text);
}

//===-- Cutting -----------------------------------------------------------------------------===//

static size_t rowBytes(const Array &array) {
  return array.bytes.size() / static_cast<size_t>(array.dims.front());
}

std::vector<NamedArray> Feed::inputs(int64_t batch) const {
  std::vector<NamedArray> result;
  for (const Input &input : all) {
    if (!input.array) {
      result.push_back({input.argument->name, {WEFT_U64, {}, std::string(8, char(0))}});
    } else if (!input.byRows) {
      result.push_back({input.argument->name, *input.array});
    } else {
      Array part{input.array->dtype, input.array->dims, {}};
      part.dims.front() = batch;
      part.bytes.resize(static_cast<size_t>(batch) * rowBytes(*input.array));
      result.push_back({input.argument->name, std::move(part)});
    }
  }
  return result;
}

void Feed::fill(llvm::MutableArrayRef<NamedArray> inputs, ArrayRef<int64_t> numbers,
                uint64_t seed) const {
  for (auto [input, named] : llvm::zip(all, inputs)) {
    char *to = named.array.bytes.data();
    if (!input.array)
      std::memcpy(to, &seed, sizeof seed);
    if (!input.byRows)
      continue;
    size_t width = rowBytes(*input.array);
    for (int64_t number : numbers) {
      std::memcpy(to, input.array->bytes.data() + static_cast<size_t>(number) * width, width);
      to += width;
    }
  }
}

std::string Feed::nonFiniteAmong(ArrayRef<int64_t> numbers) const {
  for (const Input &input : all) {
    if (!input.array || !isFloat(input.array->dtype) || input.array->bytes.empty())
      continue;
    std::string name = "'" + input.argument->name + "' holds ";
    if (!input.byRows) {
      if (std::optional<size_t> at = firstNonFinite(*input.array))
        return name + nameOfNonFinite(realAt(*input.array, *at)).str();
      continue;
    }
    size_t width = rowBytes(*input.array) / weft_dtype_size(input.array->dtype);
    for (int64_t number : numbers)
      for (size_t at = static_cast<size_t>(number) * width, end = at + width; at < end; ++at)
        if (double value = realAt(*input.array, at); !std::isfinite(value))
          return name + nameOfNonFinite(value).str() + " in row " + std::to_string(number);
  }
  return "";
}

Error Feed::checkBelow(size_t number, int64_t bound) const {
  const Input &input = all[number];
  if (!input.array || isFloat(input.array->dtype))
    return Error::success();
  size_t count = input.array->bytes.size() / weft_dtype_size(input.array->dtype);
  for (size_t at = 0; at < count; ++at) {
    std::optional<int64_t> value = integerAt(*input.array, at);
    if (value && *value >= 0 && *value < bound)
      continue;
    size_t row = input.array->dims.empty()
                     ? 0
                     : at / (count / static_cast<size_t>(input.array->dims.front()));
    return llvm::createStringError(
        option + ": '" + input.argument->name + "' holds " +
        (value ? Twine(*value) : Twine("a number above the largest i64")) + " in row " +
        Twine(row) + ", but '" + entry->name + "' knows 0 to " + Twine(bound - 1));
  }
  return Error::success();
}

static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static constexpr uint64_t goldenGamma = 0x9e3779b97f4a7c15u;

std::vector<int64_t> epochOrder(int64_t rows, uint64_t seed, uint64_t epoch) {
  std::vector<int64_t> order(static_cast<size_t>(rows));
  for (int64_t i = 0; i < rows; ++i)
    order[static_cast<size_t>(i)] = i;
  uint64_t state = mix(mix(seed + goldenGamma) + epoch);
  for (size_t left = order.size(); left > 1; --left)
    std::swap(order[left - 1], order[mix(state += goldenGamma) % left]);
  return order;
}

uint64_t stepSeed(uint64_t seed, uint64_t epoch, uint64_t step) {
  return mix(mix(mix(seed + goldenGamma) + epoch) + step);
}

} // namespace weft
