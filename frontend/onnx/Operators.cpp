// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Joins the families' rows and finds the one for a version.

#include "frontend/onnx/Operators.h"

#include "llvm/ADT/StringMap.h"

namespace weft {

using RowsByName = llvm::StringMap<SmallVector<const OnnxRow *>>;

static std::string keyOf(StringRef domain, StringRef name) { return (domain + ":" + name).str(); }

static RowsByName makeTable() {
  RowsByName table;
#define WEFT_ROWS_OF_FAMILY(name) onnx##name##Rows(),
  for (ArrayRef<OnnxRow> family : {WEFT_ONNX_FAMILIES(WEFT_ROWS_OF_FAMILY)})
#undef WEFT_ROWS_OF_FAMILY
    for (const OnnxRow &row : family)
      table[keyOf(row.domain, row.name)].push_back(&row);
  for (auto &entry : table)
    llvm::sort(entry.second,
               [](const OnnxRow *a, const OnnxRow *b) { return a->since < b->since; });
  return table;
}

static ArrayRef<const OnnxRow *> rowsOf(StringRef domain, StringRef name) {
  static const RowsByName table = makeTable();
  auto found = table.find(keyOf(domain, name));
  return found == table.end() ? ArrayRef<const OnnxRow *>() : ArrayRef(found->second);
}

const OnnxRow *findOnnxRow(StringRef domain, StringRef name, int64_t opset) {
  const OnnxRow *result = nullptr;
  for (const OnnxRow *row : rowsOf(domain, name))
    if (row->since <= opset)
      result = row;
  return result;
}

std::optional<int64_t> firstOnnxVersion(StringRef domain, StringRef name) {
  ArrayRef<const OnnxRow *> rows = rowsOf(domain, name);
  return rows.empty() ? std::nullopt : std::optional<int64_t>(rows.front()->since);
}

} // namespace weft
