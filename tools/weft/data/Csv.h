// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables as text: comma-separated values, with or without a line of names.
// Source: RFC 4180, "Common Format and MIME Type for Comma-Separated Values (CSV) Files".

#ifndef WEFT_TOOLS_WEFT_DATA_CSV_H
#define WEFT_TOOLS_WEFT_DATA_CSV_H

#include "tools/weft/data/Array.h"

#include "llvm/Support/Error.h"

namespace weft {

/// A table in memory. Its first line holds names if anything in it is no number.
class CsvTable {
public:
  static llvm::Expected<CsvTable> parse(llvm::StringRef text, llvm::StringRef label);

  /// Of the columns; "1", "2" and so on in a table without names.
  llvm::ArrayRef<std::string> names() const { return columnNames; }
  int64_t rows() const { return static_cast<int64_t>(lines.size()); }

  /// The columns of `a,c..f`: names or numbers from 1 on, and ranges of them; all if it is empty.
  llvm::Expected<llvm::SmallVector<size_t>> select(llvm::StringRef columns) const;

  /// The columns as an array of [rows, columns], or [rows] for `isFlat`, which takes one column. A
  /// field that is no number of the type is an error that names its line and column.
  llvm::Expected<Array> array(llvm::ArrayRef<size_t> columns, weft_dtype dtype, bool isFlat) const;

private:
  struct Line {
    size_t number; ///< In the file, from 1 on.
    std::vector<std::string> fields;
  };
  llvm::Expected<size_t> column(llvm::StringRef name) const;

  std::string label;
  std::vector<std::string> columnNames;
  std::vector<Line> lines;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_DATA_CSV_H
