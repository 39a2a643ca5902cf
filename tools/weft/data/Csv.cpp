// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads tables of text.

#include "tools/weft/data/Csv.h"

#include "tools/weft/data/Convert.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace weft {

using llvm::StringRef;

/// One line's fields from `text` on, which moves behind it. Quoted fields may hold commas, line
/// ends, and quotes that stand twice. False where a quote is not closed.
static bool readLine(StringRef &text, std::vector<std::string> &fields, size_t &lineEnds) {
  fields.assign(1, "");
  while (!text.empty()) {
    char c = text.front();
    text = text.drop_front();
    if (c == '"' && fields.back().empty()) {
      while (true) {
        size_t end = text.find('"');
        if (end == StringRef::npos)
          return false;
        fields.back() += text.take_front(end);
        lineEnds += text.take_front(end).count('\n');
        text = text.drop_front(end + 1);
        if (!text.consume_front("\""))
          break;
        fields.back() += '"';
      }
    } else if (c == ',') {
      fields.emplace_back();
    } else if (c == '\n') {
      ++lineEnds;
      return true;
    } else if (c != '\r' || !text.starts_with("\n")) {
      fields.back() += c;
    }
  }
  return true;
}

static bool isNumber(StringRef field) {
  double value = 0;
  return !field.trim().getAsDouble(value);
}

llvm::Expected<CsvTable> CsvTable::parse(StringRef text, StringRef label) {
  CsvTable table;
  table.label = label.str();
  text.consume_front("\xef\xbb\xbf"); // The mark with which some programs begin UTF-8.
  size_t number = 1;
  while (!text.empty()) {
    Line line{number, {}};
    if (!readLine(text, line.fields, number))
      return llvm::createStringError("'" + label + "', line " + llvm::Twine(line.number) +
                                     ": a quote is not closed");
    if (line.fields.size() == 1 && StringRef(line.fields.front()).trim().empty())
      continue;
    if (!table.columnNames.empty() && line.fields.size() != table.columnNames.size())
      return llvm::createStringError("'" + label + "', line " + llvm::Twine(line.number) + ": " +
                                     llvm::Twine(line.fields.size()) + " fields, but " +
                                     llvm::Twine(table.columnNames.size()) + " before");
    bool isFirst = table.columnNames.empty();
    if (isFirst && !llvm::all_of(line.fields, isNumber)) {
      for (StringRef name : line.fields)
        table.columnNames.push_back(name.trim().str());
      continue;
    }
    for (size_t i = 0; isFirst && i < line.fields.size(); ++i)
      table.columnNames.push_back(std::to_string(i + 1));
    table.lines.push_back(std::move(line));
  }
  if (table.columnNames.empty())
    return llvm::createStringError("'" + label + "' is empty");
  return table;
}

llvm::Expected<size_t> CsvTable::column(StringRef name) const {
  name = name.trim();
  auto found = llvm::find(columnNames, name);
  if (found != columnNames.end())
    return static_cast<size_t>(found - columnNames.begin());
  size_t number = 0;
  if (!name.getAsInteger(10, number) && number >= 1 && number <= columnNames.size())
    return number - 1;
  return llvm::createStringError("'" + label + "' has no column '" + name + "': its columns are '" +
                                 llvm::join(columnNames, "', '") + "'");
}

llvm::Expected<llvm::SmallVector<size_t>> CsvTable::select(StringRef columns) const {
  llvm::SmallVector<size_t> result;
  if (columns.empty()) {
    llvm::append_range(result, llvm::seq<size_t>(0, columnNames.size()));
    return result;
  }
  llvm::SmallVector<StringRef> words;
  columns.split(words, ',');
  for (StringRef word : words) {
    auto [firstName, lastName] = word.split("..");
    llvm::Expected<size_t> first = column(firstName);
    if (!first)
      return first.takeError();
    llvm::Expected<size_t> last = column(word.contains("..") ? lastName : firstName);
    if (!last)
      return last.takeError();
    if (*last < *first)
      return llvm::createStringError("'" + label + "': in '" + word +
                                     "' the last column stands before the first");
    llvm::append_range(result, llvm::seq(*first, *last + 1));
  }
  return result;
}

llvm::Expected<Array> CsvTable::array(llvm::ArrayRef<size_t> columns, weft_dtype dtype,
                                      bool isFlat) const {
  if (isFlat && columns.size() != 1)
    return llvm::createStringError("'" + label + "': " + llvm::Twine(columns.size()) +
                                   " columns, but one was expected");
  Array result{dtype, {rows()}, {}};
  if (!isFlat)
    result.dims.push_back(static_cast<int64_t>(columns.size()));
  size_t width = weft_dtype_size(dtype);
  result.bytes.resize(lines.size() * columns.size() * width);
  char *to = result.bytes.data();
  for (const Line &line : lines)
    for (size_t column : columns) {
      StringRef field = StringRef(line.fields[column]).trim();
      if (!parseElement(field, dtype, to))
        return llvm::createStringError("'" + label + "', line " + llvm::Twine(line.number) +
                                       ", column '" + columnNames[column] + "': '" + field +
                                       "' is no " + weft_dtype_name(dtype));
      to += width;
    }
  return result;
}

} // namespace weft
