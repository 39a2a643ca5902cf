// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// rearrange, reduce and repeat: "b (h p) c -> b h (p c)". A dimension is taken apart by reshape,
// dimensions are reordered, summed or repeated, and joined by reshape.
#include "frontend/BuiltinsPatterns.h"

#include "llvm/ADT/StringExtras.h"

namespace weft {

namespace {

using Group = SmallVector<std::string>;

/// One call: the pattern's groups of names on both sides, the size of each name.
class Einops {
public:
  explicit Einops(BuiltinCall &theCall) : call(theCall) {}
  Item rearrange() { return run(Kind::Rearrange, ""); }
  Item repeat() { return run(Kind::Repeat, ""); }
  Item reduce();

private:
  enum class Kind { Rearrange, Reduce, Repeat };

  Item run(Kind kind, StringRef how);
  bool parse(StringRef pattern);
  bool parseSide(StringRef side, std::vector<Group> &groups);
  bool spread(std::vector<Group> &groups, size_t count);
  bool bindSizes(ValueId value);
  bool bindGroup(const Group &group, const Dim &dim, ValueId value);
  bool checkNames(Kind kind);
  ValueId reduceMissing(ValueId value, std::vector<std::string> &names, StringRef how);
  ValueId reorder(ValueId value, ArrayRef<std::string> names);
  Dim sizeOf(const Group &group) const;
  bool fail(const llvm::Twine &reason) {
    call.elaborator.report(Diag::Pattern, call.span("pattern"), call.builtin.name, reason);
    return false;
  }

  BuiltinCall &call;
  std::vector<Group> left, right;
  llvm::StringMap<Dim> sizes;
};

} // namespace

static std::vector<std::string> namesIn(ArrayRef<Group> groups) {
  std::vector<std::string> names;
  for (const Group &group : groups)
    llvm::append_range(names, group);
  return names;
}

bool Einops::parseSide(StringRef side, std::vector<Group> &groups) {
  bool isOpen = false;
  while (!(side = side.ltrim()).empty()) {
    if (side.consume_front("(")) {
      if (isOpen)
        return fail("a '(' stands inside of another");
      isOpen = true;
      groups.emplace_back();
    } else if (side.consume_front(")")) {
      if (!isOpen)
        return fail("a ')' has no '('");
      isOpen = false;
    } else {
      StringRef word = side.starts_with("...")
                           ? side.take_front(3)
                           : side.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
      if (word.empty())
        return fail("'" + side.take_front(1) + "' has no meaning");
      side = side.drop_front(word.size());
      bool isNumber = llvm::isDigit(word.front());
      if ((isNumber && word != "1") || (isOpen && word == "..."))
        return fail("'" + word + "' cannot stand " + (isNumber ? "for a dimension" : "in '( )'"));
      if (!isOpen)
        groups.emplace_back();
      if (!isNumber)
        groups.back().push_back(word.str());
    }
  }
  return !isOpen || fail("a '(' is never closed");
}

bool Einops::parse(StringRef pattern) {
  auto [from, to] = pattern.split("->");
  if (!pattern.contains("->"))
    return fail("there is no '->'");
  return parseSide(from, left) && parseSide(to, right);
}

/// Puts `count` groups in the place of `...`.
bool Einops::spread(std::vector<Group> &groups, size_t count) {
  std::vector<Group> result;
  for (const Group &group : groups) {
    if (group.size() != 1 || group.front() != "...") {
      result.push_back(group);
      continue;
    }
    for (size_t place = 0; place < count; ++place)
      result.push_back({"..." + std::to_string(place)});
  }
  groups = std::move(result);
  return true;
}

bool Einops::bindGroup(const Group &group, const Dim &dim, ValueId value) {
  Dim known(1);
  const std::string *open = nullptr;
  for (const std::string &name : group) {
    if (auto size = sizes.find(name); size != sizes.end())
      known = known * size->second;
    else if (open)
      return fail("the sizes of '" + *open + "' and '" + name + "' are both open; give one as '" +
                  *open + ": ...'");
    else
      open = &name;
  }
  std::optional<Dim> rest = open ? divideExactly(dim, known) : std::optional<Dim>(known);
  if (open && !rest && call.elaborator.lenient && !(dim.isConstant() && known.isConstant()))
    rest = dim.floorDiv(known);
  if (rest && open)
    sizes[*open] = *rest;
  if (rest && (open || call.elaborator.sameDim(known, dim)))
    return true;
  Diagnostic &message = call.elaborator.report(Diag::PatternSize, call.span(), call.builtin.name,
                                               dim.str(), llvm::join(group, " "), known.str());
  call.elaborator.noteValue(message, value);
  return false;
}

bool Einops::bindSizes(ValueId value) {
  for (const BuiltinCall::Argument &given : call.all("sizes")) {
    auto size = call.elaborator.toDim(given.item, given.span, "'" + given.name + "'");
    if (!size)
      return false;
    if (std::optional<int64_t> known = size->constant(); known && *known < 1)
      return call.fail(Diag::NegativeSize, given.span, *known), false;
    auto names = namesIn(left), others = namesIn(right);
    if (!llvm::is_contained(names, given.name) && !llvm::is_contained(others, given.name))
      return fail("there is no '" + given.name + "' in it");
    sizes[given.name] = *size;
  }
  const Dims dims = call.typeOf(value).dims;
  bool hasSpread = llvm::is_contained(namesIn(left), "...");
  size_t fixed = left.size() - hasSpread;
  if (hasSpread ? dims.size() < fixed : dims.size() != fixed) {
    Diagnostic &message = call.elaborator.report(
        Diag::Rank, call.span(), call.builtin.name,
        (hasSpread ? "at least " : "") + std::to_string(fixed), "x", printType(call.typeOf(value)));
    call.elaborator.noteValue(message, value);
    return false;
  }
  if (!spread(left, dims.size() - fixed) || !spread(right, dims.size() - fixed))
    return false;
  for (auto [group, dim] : llvm::zip_equal(left, dims))
    if (!bindGroup(group, dim, value))
      return false;
  return true;
}

bool Einops::checkNames(Kind kind) {
  std::vector<std::string> from = namesIn(left), to = namesIn(right);
  for (ArrayRef<std::string> side : {ArrayRef(from), ArrayRef(to)})
    for (size_t place = 0; place < side.size(); ++place)
      if (llvm::is_contained(side.drop_front(place + 1), side[place]))
        return fail("'" + side[place] + "' stands twice on one side");
  for (const std::string &name : to)
    if (!llvm::is_contained(from, name) && (kind != Kind::Repeat || !sizes.contains(name)))
      return fail("'" + name + "' of the result is not in what comes in" +
                  (kind == Kind::Repeat ? ", and has no size" : ""));
  for (const std::string &name : from)
    if (!llvm::is_contained(to, name) && kind != Kind::Reduce)
      return fail("'" + name + "' is not in the result; 'reduce' combines dimensions");
  return true;
}

Dim Einops::sizeOf(const Group &group) const {
  Dim size(1);
  for (const std::string &name : group)
    size = size * sizes.lookup(name);
  return size;
}

ValueId Einops::reduceMissing(ValueId value, std::vector<std::string> &names, StringRef how) {
  std::vector<std::string> to = namesIn(right), kept;
  SmallVector<int64_t> axes;
  for (auto [axis, name] : llvm::enumerate(names))
    if (llvm::is_contained(to, name))
      kept.push_back(name);
    else
      axes.push_back(axis);
  names = kept;
  CheckedBuilder &builder = call.builder();
  if (how == "mean")
    return axes.empty() ? value : builder.mean(value, axes);
  return builder.reduce(how, value, axes);
}

/// Brings the dimensions into the order of the result and repeats the ones that are new.
ValueId Einops::reorder(ValueId value, ArrayRef<std::string> names) {
  std::vector<std::string> to = namesIn(right);
  SmallVector<int64_t> permutation, along;
  Dims dims;
  for (auto [place, name] : llvm::enumerate(to)) {
    dims.push_back(sizes.lookup(name));
    auto *from = llvm::find(names, name);
    if (from == names.end())
      continue;
    permutation.push_back(from - names.begin());
    along.push_back(place);
  }
  return call.builder().broadcast(call.builder().transpose(value, permutation), along, dims);
}

Item Einops::run(Kind kind, StringRef how) {
  std::optional<ValueId> value = call.tensor("x");
  std::optional<StringRef> pattern = call.text("pattern");
  if (!value || !pattern || !parse(*pattern) || !bindSizes(*value) || !checkNames(kind))
    return Item::error();
  CheckedBuilder &builder = call.builder();
  builder.span = call.span();
  std::vector<std::string> names = namesIn(left);
  Dims flat, joined;
  for (const std::string &name : names)
    flat.push_back(sizes.lookup(name));
  ValueId result = builder.reshape(*value, flat);
  if (kind == Kind::Reduce)
    result = reduceMissing(result, names, how);
  result = reorder(result, names);
  for (const Group &group : right)
    joined.push_back(sizeOf(group));
  return Item::tensor(builder.reshape(result, joined));
}

Item Einops::reduce() {
  std::optional<StringRef> how = call.text("by");
  if (!how)
    return Item::error();
  if (!llvm::is_contained({"sum", "mean", "max", "min", "prod"}, *how))
    return call.fail(Diag::UnknownChoice, call.span("by"), *how,
                     "'sum', 'mean', 'max', 'min', 'prod'");
  std::optional<ValueId> value = call.tensor("x");
  if (!value)
    return Item::error();
  Type element = call.typeOf(*value).element;
  if (isBoolElement(element) || (*how == "mean" && !isFloatElement(element)))
    return call.fail(Diag::OperandKind, call.span("x"), "reduce",
                     elementName(element) + " tensors");
  return run(Kind::Reduce, *how);
}

ArrayRef<Builtin> patternBuiltins() {
  static const Builtin rows[] = {
      {"einsum", "pattern, *xs", einsum},
      {"rearrange", "x, pattern, **sizes",
       [](BuiltinCall &call) { return Einops(call).rearrange(); }},
      {"repeat", "x, pattern, **sizes", [](BuiltinCall &call) { return Einops(call).repeat(); }},
      {"reduce", "x, pattern, by, **sizes",
       [](BuiltinCall &call) { return Einops(call).reduce(); }},
  };
  return rows;
}

} // namespace weft
