// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inference that no verifier leans on: operands that are to be broadcast, slices by their ends.
// What verifiers lean on is tested by the `*-invalid.mlir` files.

#include "ir/Infer.h"
#include "ir/WeftDialect.h"

#include "gtest/gtest.h"

namespace weft {
namespace {

const Dim N = Dim::symbol("N"), M = Dim::symbol("M");

mlir::MLIRContext &context() {
  static mlir::MLIRContext shared;
  shared.loadDialect<WeftDialect>();
  return shared;
}

RankedTensorType tensor(ArrayRef<Dim> dims) {
  return tensorType(dims, mlir::Float32Type::get(&context()));
}

using Shape = SmallVector<Dim>;

TEST(Infer, OperandsAlignAtTheLastDimension) {
  std::string why;
  EXPECT_EQ(*broadcastDims({Shape{N, Dim(3)}, Shape{Dim(3)}}, why), (Shape{N, Dim(3)}));
  EXPECT_EQ(*broadcastDims({Shape{Dim(1), M}, Shape{N, Dim(1)}}, why), (Shape{N, M}));
  EXPECT_EQ(*broadcastDims({Shape{}, Shape{N}, Shape{Dim(4), Dim(1)}}, why), (Shape{Dim(4), N}));
  EXPECT_EQ(*broadcastDims({Shape{Dim(1)}, Shape{Dim(0)}}, why), (Shape{Dim(0)}));
  EXPECT_TRUE(broadcastDims({}, why)->empty());
}

TEST(Infer, OperandsThatDoNotAlign) {
  std::string why;
  EXPECT_TRUE(failed(broadcastDims({Shape{N}, Shape{M}}, why)));
  EXPECT_EQ(why, "dimension M meets dimension N, and neither is 1");
  EXPECT_TRUE(failed(broadcastDims({Shape{Dim(2), N}, Shape{Dim(3), Dim(1)}}, why)));
  EXPECT_EQ(why, "dimension 3 meets dimension 2, and neither is 1");
}

TEST(Infer, SizesOfSlices) {
  EXPECT_EQ(sliceSize(Dim(1), Dim(7), 2), Dim(3));
  EXPECT_EQ(sliceSize(Dim(1), Dim(8), 2), Dim(4));
  EXPECT_EQ(sliceSize(N - Dim(1), Dim(-1), -1), N);
  EXPECT_EQ(sliceSize(Dim(0), Dim(2) * N, 2), N);
  EXPECT_EQ(sliceSize(Dim(1), N, 1), N - Dim(1));
}

TEST(Infer, SlicesByTheirEnds) {
  std::string why;
  EXPECT_EQ(*inferSlice(tensor({N, Dim(8)}), {Dim(0), Dim(7)}, {N, Dim(-1)}, {1, -2}, why),
            tensor({N, Dim(4)}));
  EXPECT_EQ(*inferSlice(tensor({Dim(4)}), {Dim(3)}, {Dim(1)}, {1}, why), tensor({Dim(0)}));
  EXPECT_TRUE(failed(inferSlice(tensor({Dim(4)}), {Dim(0)}, {Dim(5)}, {1}, why)));
  EXPECT_EQ(why, "element 4 of dimension 0 lies outside its size 4");
  EXPECT_TRUE(failed(inferSlice(tensor({Dim(4)}), {Dim(0)}, {Dim(4)}, {0}, why)));
  EXPECT_EQ(why, "stride of dimension 0 is 0");
  EXPECT_TRUE(failed(inferSlice(tensor({Dim(4)}), {}, {}, {}, why)));
}

/// A size that comes out negative stands for no elements.
TEST(Infer, WindowsLargerThanTheInput) {
  std::string why;
  SmallVector<int64_t> one = {1}, none = {0}, three = {3};
  Inferred pooled = inferPool(tensor({Dim(5), Dim(1)}), three, {one, none, none, one}, why);
  EXPECT_EQ(*pooled, tensor({Dim(5), Dim(0)}));
}

} // namespace
} // namespace weft
