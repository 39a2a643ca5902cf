// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which model each operation belongs to, by names, or by what repeats.
#include "frontend/source/Modules.h"
#include "frontend/source/Repeats.h"
#include "frontend/source/Spelling.h"

#include "llvm/ADT/StringExtras.h"

namespace weft::source {

/// `layer1.0` as the names `layer1` and `0`.
static void appendParts(StringRef text, SmallVector<std::string> &path) {
  SmallVector<StringRef> parts;
  text.split(parts, '.', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts)
    path.push_back(llvm::all_of(part, llvm::isDigit) ? part.str() : identifier(part));
}

/// The name of a node as PyTorch makes it: `/layer1/layer1.0/conv1/Conv` is a convolution in
/// `layer1.0.conv1`, for an element of a list repeats the list's name. Nothing for other names.
static std::optional<SmallVector<std::string>> pathOfNode(StringRef name) {
  if (!name.consume_front("/"))
    return std::nullopt;
  SmallVector<StringRef> parts;
  name.split(parts, '/');
  parts.pop_back();
  SmallVector<std::string> path;
  StringRef last;
  for (StringRef part : parts) {
    StringRef own = part;
    if (!last.empty() && own.consume_front(last) && !own.consume_front("."))
      own = part;
    appendParts(own, path);
    last = part;
  }
  return path;
}

/// The model that a weight's name puts it into.
static SmallVector<std::string> pathOfWeight(StringRef name) {
  SmallVector<std::string> path;
  auto [model, field] = name.rsplit('.');
  if (!field.empty() && !name.contains("::") && !name.contains('/'))
    appendParts(model, path);
  return path;
}

static StringRef parameterName(Value value) {
  auto argument = cast<mlir::BlockArgument>(value);
  auto function = cast<mlir::func::FuncOp>(argument.getOwner()->getParentOp());
  auto symbol =
      function.getArgAttrOfType<mlir::FlatSymbolRefAttr>(argument.getArgNumber(), kParameterAttr);
  return symbol ? symbol.getValue() : StringRef();
}

std::string weightName(Value parameter, StringRef path) {
  StringRef name = parameterName(parameter);
  // PyTorch numbers what it made while exporting: `onnx::Conv_193`.
  if (name.contains("::"))
    return "weight";
  // In a model the last part is enough; the root may hold weights of many places.
  size_t dot = name.rfind('.');
  return identifier(path.empty() || dot == StringRef::npos ? name : name.drop_front(dot + 1));
}

SmallVector<std::string> ModuleTree::ownPath(Operation *op) const {
  SmallVector<std::string> path;
  if (auto location = dyn_cast<mlir::NameLoc>(op->getLoc()))
    if (auto found = pathOfNode(location.getName()))
      path = *found;
  if (!path.empty())
    return path;
  for (Value operand : op->getOperands())
    if (Value base = baseOf(operand); base && path.empty() && isParameter(base))
      path = pathOfWeight(parameterName(base));
  return path;
}

static ArrayRef<std::string> commonPrefix(ArrayRef<std::string> a, ArrayRef<std::string> b) {
  size_t count = 0;
  while (count < a.size() && count < b.size() && a[count] == b[count])
    ++count;
  return a.take_front(count);
}

/// Where no name says anything, blocks that repeat are lists all the same.
static void nameRepeats(ArrayRef<Operation *> ops, SmallVector<SmallVector<std::string>> &paths) {
  for (auto [number, repeat] : llvm::enumerate(findRepeats(ops))) {
    std::string list = number == 0 ? "blocks" : "blocks" + std::to_string(number + 1);
    for (size_t at = 0; at < repeat.count * repeat.period; ++at)
      paths[repeat.first + at] = {list, std::to_string(at / repeat.period)};
  }
}

/// Operations whose names say nothing belong to what those before and after them have in common.
void ModuleTree::assignPaths(bool isFlat) {
  SmallVector<Operation *> all;
  SmallVector<SmallVector<std::string>> paths;
  SmallVector<bool> isKnown;
  for (Operation &op : body.without_terminator()) {
    order[&op] = order.size();
    if (isTransparent(&op))
      continue;
    all.push_back(&op);
    paths.push_back(isFlat ? SmallVector<std::string>() : ownPath(&op));
    auto location = dyn_cast<mlir::NameLoc>(op.getLoc());
    isKnown.push_back(isFlat || !paths.back().empty() ||
                      (location && location.getName().strref().starts_with("/")));
  }
  for (size_t at = 0; at < all.size(); ++at) {
    if (isKnown[at])
      continue;
    size_t next = at;
    while (next < all.size() && !isKnown[next])
      ++next;
    if (at > 0 && next < all.size()) {
      ArrayRef<std::string> prefix = commonPrefix(paths[at - 1], paths[next]);
      for (size_t between = at; between < next; ++between)
        paths[between].assign(prefix.begin(), prefix.end());
    }
    at = next;
  }
  if (!isFlat && llvm::all_of(paths, [](const auto &path) { return path.empty(); }))
    nameRepeats(all, paths);
  for (auto [op, path] : llvm::zip_equal(all, paths))
    place(op, path);
}

} // namespace weft::source
