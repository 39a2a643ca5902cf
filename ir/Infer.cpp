// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shape inference of movement, reduction, contraction and attention.

#include "ir/Infer.h"

#include "llvm/ADT/StringExtras.h"

#include <set>

namespace weft {

LogicalResult refuse(std::string &why, const Twine &reason) {
  why = reason.str();
  return failure();
}

bool agree(const Dim &a, const Dim &b) { return a == b || !a.isNamed() || !b.isNamed(); }

bool agree(ArrayRef<Dim> a, ArrayRef<Dim> b) {
  return a.size() == b.size() && llvm::all_of(llvm::zip(a, b), [](auto pair) {
           return agree(std::get<0>(pair), std::get<1>(pair));
         });
}

/// Fails if a list of an attribute does not have one entry for each of `count` dimensions.
static LogicalResult checkCount(size_t entries, size_t count, StringRef list, std::string &why) {
  if (entries == count)
    return success();
  return refuse(why, "'" + list + "' has " + Twine(entries) + " entries for " + Twine(count) +
                         " dimensions");
}

static LogicalResult checkAxis(int64_t axis, int64_t rank, std::string &why) {
  if (axis >= 0 && axis < rank)
    return success();
  return refuse(why, "axis " + Twine(axis) + " outside rank " + Twine(rank));
}

/// Fails unless the entries of `axes` strictly increase and stay in [0, rank).
static LogicalResult checkIncreasing(ArrayRef<int64_t> axes, int64_t rank, StringRef list,
                                     std::string &why) {
  int64_t last = -1;
  for (int64_t axis : axes) {
    if (axis < 0 || axis >= rank)
      return refuse(why, "'" + list + "' names dimension " + Twine(axis) + " outside rank " +
                             Twine(rank));
    if (axis <= last)
      return refuse(why, "'" + list + "' names dimension " + Twine(axis) + " after " + Twine(last) +
                             " and does not increase");
    last = axis;
  }
  return success();
}

/// `dims` without those of `axes`.
static SmallVector<Dim> without(ArrayRef<Dim> dims, ArrayRef<int64_t> axes) {
  SmallVector<Dim> kept;
  for (auto [axis, dim] : llvm::enumerate(dims))
    if (!llvm::is_contained(axes, static_cast<int64_t>(axis)))
      kept.push_back(dim);
  return kept;
}

//===-- Broadcast and transpose -------------------------------------------------------------===//

FailureOr<SmallVector<Dim>> broadcastDims(ArrayRef<SmallVector<Dim>> shapes, std::string &why) {
  SmallVector<Dim> common;
  for (ArrayRef<Dim> shape : shapes) {
    if (shape.size() > common.size())
      common.insert(common.begin(), shape.size() - common.size(), Dim(1));
    for (size_t back = 1; back <= shape.size(); ++back) {
      const Dim &dim = shape[shape.size() - back];
      Dim &so = common[common.size() - back];
      if (so == Dim(1))
        so = dim;
      else if (dim != Dim(1) && !agree(dim, so))
        return refuse(why, "dimension " + dim.str() + " meets dimension " + so.str() +
                               ", and neither is 1");
    }
  }
  return common;
}

LogicalResult checkBroadcast(RankedTensorType input, ArrayRef<int64_t> dims,
                             ArrayRef<Dim> resultDims, std::string &why) {
  if (failed(checkCount(dims.size(), input.getRank(), "dims", why))) // C1
    return failure();
  if (failed(checkIncreasing(dims, static_cast<int64_t>(resultDims.size()), "dims", why))) // C2
    return failure();
  for (auto [axis, dim] : llvm::enumerate(dimsOf(input))) {
    const Dim &target = resultDims[dims[axis]];
    if (dim != Dim(1) && !agree(dim, target)) // C3
      return refuse(why, "dimension " + Twine(axis) + " of size " + dim.str() +
                             " does not stretch to " + target.str());
  }
  return success();
}

Inferred inferTranspose(RankedTensorType input, ArrayRef<int64_t> permutation, std::string &why) {
  int64_t rank = input.getRank();
  if (failed(checkCount(permutation.size(), rank, "permutation", why))) // C1
    return failure();
  SmallVector<Dim> from = dimsOf(input), dims;
  std::set<int64_t> seen;
  for (int64_t axis : permutation) {
    if (failed(checkAxis(axis, rank, why))) // C1
      return failure();
    if (!seen.insert(axis).second) // C1
      return refuse(why, "'permutation' holds axis " + Twine(axis) + " twice");
    dims.push_back(from[axis]);
  }
  return tensorType(dims, input.getElementType());
}

//===-- Slice and pad -----------------------------------------------------------------------===//

Dim sliceSize(const Dim &start, const Dim &end, int64_t stride) {
  return stride > 0 ? (end - start).ceilDiv(stride) : (start - end).ceilDiv(-Dim(stride));
}

/// Fails if the box is known and one of its elements lies outside [0, size of `axis`).
static LogicalResult checkInside(const Dim &from, const Dim &start, int64_t stride, const Dim &size,
                                 size_t axis, std::string &why) {
  std::optional<int64_t> count = size.constant();
  if (!count || *count <= 0)
    return success();
  Dim last = start + Dim(*count - 1) * Dim(stride);
  for (const Dim &place : {start, last})
    for (const Dim &room : {place, from - Dim(1) - place})
      if (room.constant().value_or(0) < 0)
        return refuse(why, "element " + place.str() + " of dimension " + Twine(axis) +
                               " lies outside its size " + from.str());
  return success();
}

LogicalResult checkSlice(RankedTensorType input, ArrayRef<Dim> starts, ArrayRef<int64_t> strides,
                         ArrayRef<Dim> sizes, std::string &why) {
  size_t rank = input.getRank();
  if (sizes.size() != rank) // C1
    return refuse(why, "result of rank " + Twine(sizes.size()) + " from an input of rank " +
                           Twine(rank));
  if (failed(checkCount(starts.size(), rank, "starts", why)) ||
      failed(checkCount(strides.size(), rank, "strides", why))) // C1
    return failure();
  SmallVector<Dim> from = dimsOf(input);
  for (size_t axis = 0; axis < rank; ++axis) {
    if (strides[axis] == 0) // C2
      return refuse(why, "stride of dimension " + Twine(axis) + " is 0");
    if (failed(checkInside(from[axis], starts[axis], strides[axis], sizes[axis], axis, why))) // C3
      return failure();
  }
  return success();
}

Inferred inferSlice(RankedTensorType input, ArrayRef<Dim> starts, ArrayRef<Dim> ends,
                    ArrayRef<int64_t> strides, std::string &why) {
  SmallVector<Dim> sizes;
  for (auto [start, end, stride] : llvm::zip(starts, ends, strides))
    sizes.push_back(stride == 0 ? Dim(0) : sliceSize(start, end, stride));
  if (failed(checkSlice(input, starts, strides, sizes, why)))
    return failure();
  return tensorType(sizes, input.getElementType());
}

Inferred inferPad(RankedTensorType input, ArrayRef<Dim> low, ArrayRef<Dim> high,
                  ArrayRef<int64_t> interior, std::string &why) {
  size_t rank = input.getRank();
  if (failed(checkCount(low.size(), rank, "low", why)) ||
      failed(checkCount(high.size(), rank, "high", why)) ||
      failed(checkCount(interior.size(), rank, "interior", why))) // C1
    return failure();
  SmallVector<Dim> dims = dimsOf(input);
  for (auto [axis, dim] : llvm::enumerate(dims)) {
    for (const Dim &count : {low[axis], high[axis], Dim(interior[axis])})
      if (count.constant().value_or(0) < 0) // C1
        return refuse(why, "padding of dimension " + Twine(axis) + " by " + count.str() +
                               ", less than 0");
    if (interior[axis] != 0 && !dim.isConstant()) // C2
      return refuse(why, "interior padding of dimension " + Twine(axis) + ", whose size " +
                             dim.str() + " is dynamic");
    int64_t gaps = std::max<int64_t>(dim.constant().value_or(1) - 1, 0);
    dim = low[axis] + high[axis] + dim + Dim(interior[axis]) * Dim(gaps); // C2
  }
  return tensorType(dims, input.getElementType());
}

//===-- Concat, gather, scatter -------------------------------------------------------------===//

Inferred inferConcat(ArrayRef<RankedTensorType> inputs, int64_t axis, std::string &why) {
  if (inputs.empty()) // C1
    return refuse(why, "joins no input");
  if (failed(checkAxis(axis, inputs[0].getRank(), why))) // C2
    return failure();
  SmallVector<Dim> dims = dimsOf(inputs[0]);
  for (RankedTensorType input : inputs.drop_front()) {
    SmallVector<Dim> more = dimsOf(input);
    if (!agree(without(more, axis), without(dims, axis)) || more.size() != dims.size()) // C3
      return refuse(why, "joins dimensions " + languageList(more) + " to " +
                             languageList(dimsOf(inputs[0])) + ", which differ beside axis " +
                             Twine(axis));
    dims[axis] = dims[axis] + more[axis]; // C4
  }
  return tensorType(dims, inputs[0].getElementType());
}

Inferred inferGather(RankedTensorType input, RankedTensorType indices, int64_t axis,
                     int64_t batchDims, std::string &why) {
  if (failed(checkAxis(axis, input.getRank(), why))) // C1
    return failure();
  if (batchDims < 0 || batchDims > axis) // C1
    return refuse(why, Twine(batchDims) + " batch dimensions reach beyond axis " + Twine(axis));
  if (batchDims > indices.getRank()) // C1
    return refuse(why, Twine(batchDims) + " batch dimensions of indices of rank " +
                           Twine(indices.getRank()));
  SmallVector<Dim> from = dimsOf(input), at = dimsOf(indices);
  ArrayRef<Dim> fromDims(from), atDims(at);
  if (!agree(fromDims.take_front(batchDims), atDims.take_front(batchDims))) // C2
    return refuse(why, "batch dimensions " + languageList(atDims.take_front(batchDims)) +
                           " of the indices beside " +
                           languageList(fromDims.take_front(batchDims)) + " of the input");
  SmallVector<Dim> dims(fromDims.take_front(axis)); // C3
  llvm::append_range(dims, atDims.drop_front(batchDims));
  llvm::append_range(dims, fromDims.drop_front(axis + 1));
  return tensorType(dims, input.getElementType());
}

Inferred inferScatterUpdates(RankedTensorType input, RankedTensorType indices, int64_t axis,
                             std::string &why) {
  return inferGather(input, indices, axis, /*batchDims=*/0, why); // C1, C2
}

//===-- Reduction ---------------------------------------------------------------------------===//

Inferred inferReduce(RankedTensorType input, ArrayRef<int64_t> axes, std::string &why) {
  if (failed(checkIncreasing(axes, input.getRank(), "axes", why))) // C1
    return failure();
  return tensorType(without(dimsOf(input), axes), input.getElementType()); // C2
}

Inferred inferArg(RankedTensorType input, int64_t axis, std::string &why) {
  if (failed(checkAxis(axis, input.getRank(), why))) // C1
    return failure();
  return tensorType(without(dimsOf(input), axis), input.getElementType()); // C2
}

//===-- Contraction and attention -----------------------------------------------------------===//

namespace {
/// The equation of a contraction with the dimension of each letter.
struct Equation {
  StringRef lhs, rhs, result;
  std::map<char, Dim> sizes;
};
} // namespace

/// C1 and C2: three lists of letters, none twice in one list.
static FailureOr<Equation> splitEquation(StringRef text, std::string &why) {
  auto [operands, result] = text.split("->");
  auto [lhs, rhs] = operands.split(',');
  if (!text.contains("->") || !operands.contains(',')) // C1
    return refuse(why, "equation '" + text + "' is not of the form 'labels,labels->labels'");
  for (StringRef labels : {lhs, rhs, result}) {
    for (auto [place, letter] : llvm::enumerate(labels)) {
      if (!llvm::isAlpha(letter)) // C1
        return refuse(why, "equation '" + text + "' is not of the form 'labels,labels->labels'");
      if (labels.take_front(place).contains(letter)) // C2
        return refuse(why, "label '" + Twine(letter) + "' stands twice in '" + labels + "'");
    }
  }
  return Equation{lhs, rhs, result, {}};
}

/// C1 and C4: the letters of one operand, one for each dimension, with one size each.
static LogicalResult bindLabels(Equation &equation, StringRef labels, RankedTensorType operand,
                                std::string &why) {
  if (static_cast<int64_t>(labels.size()) != operand.getRank()) // C1
    return refuse(why,
                  "labels '" + labels + "' for an operand of rank " + Twine(operand.getRank()));
  for (auto [letter, dim] : llvm::zip(labels, dimsOf(operand))) {
    auto [entry, added] = equation.sizes.try_emplace(letter, dim);
    if (!agree(entry->second, dim)) // C4
      return refuse(why, "label '" + Twine(letter) + "' stands for dimension " +
                             entry->second.str() + " and for dimension " + dim.str());
  }
  return success();
}

Inferred inferContract(StringRef text, RankedTensorType lhs, RankedTensorType rhs,
                       std::string &why) {
  FailureOr<Equation> equation = splitEquation(text, why);
  if (failed(equation) || failed(bindLabels(*equation, equation->lhs, lhs, why)) ||
      failed(bindLabels(*equation, equation->rhs, rhs, why)))
    return failure();
  for (StringRef labels : {equation->lhs, equation->rhs})
    for (char letter : labels)
      if (equation->lhs.contains(letter) != equation->rhs.contains(letter) &&
          !equation->result.contains(letter)) // C3
        return refuse(why,
                      "label '" + Twine(letter) + "' of one operand alone is not in the result");
  SmallVector<Dim> dims;
  for (char letter : equation->result) {
    auto found = equation->sizes.find(letter);
    if (found == equation->sizes.end()) // C3
      return refuse(why, "label '" + Twine(letter) + "' of the result is in no operand");
    dims.push_back(found->second);
  }
  return tensorType(dims, lhs.getElementType());
}

Inferred inferAttention(RankedTensorType query, RankedTensorType key, RankedTensorType value,
                        std::string &why) {
  int64_t rank = query.getRank();
  if (rank < 2 || key.getRank() != rank || value.getRank() != rank) // C1
    return refuse(why, "query, key and value of ranks " + Twine(rank) + ", " +
                           Twine(key.getRank()) + " and " + Twine(value.getRank()) +
                           ", which must be equal and at least 2");
  SmallVector<Dim> q = dimsOf(query), k = dimsOf(key), v = dimsOf(value);
  ArrayRef<Dim> batch = ArrayRef<Dim>(q).drop_back(2);
  if (!agree(batch, ArrayRef<Dim>(k).drop_back(2)) ||
      !agree(batch, ArrayRef<Dim>(v).drop_back(2))) // C2
    return refuse(why, "leading dimensions of query " + languageList(q) + ", key " +
                           languageList(k) + " and value " + languageList(v) + " differ");
  if (!agree(q[rank - 1], k[rank - 1])) // C3
    return refuse(why, "query of depth " + q[rank - 1].str() + " meets keys of depth " +
                           k[rank - 1].str());
  if (!agree(k[rank - 2], v[rank - 2])) // C3
    return refuse(why, k[rank - 2].str() + " keys beside " + v[rank - 2].str() + " values");
  q[rank - 1] = v[rank - 1];
  return tensorType(q, query.getElementType());
}

} // namespace weft
