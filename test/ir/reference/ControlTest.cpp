// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions, regions, bound dimensions, and the faults that the evaluator reports.

#include "Harness.h"

using namespace weft::reference;

TEST(Control, IfTakesOneRegion) {
  std::string text = R"(func.func @f(%c: tensor<i1>, %x: tensor<2xf32>) -> tensor<2xf32> {
    %r = weft.if %c -> tensor<2xf32> {
      %a = weft.neg %x : tensor<2xf32>
      weft.yield %a : tensor<2xf32>
    } else {
      weft.yield %x : tensor<2xf32>
    }
    return %r : tensor<2xf32>
  })";
  Tensor x = tensor("f32", {2}, {1, 2});
  expectReals(valuesOf(run(text, {tensor("i1", {}, {1}), x})[0]), {-1, -2});
  expectReals(valuesOf(run(text, {tensor("i1", {}, {0}), x})[0]), {1, 2});
}

TEST(Control, WhileCarriesSeveralValues) {
  // Doubles `x` while the counter is below `limit`, which both regions see from outside.
  std::string text = R"(
  func.func @f(%limit: tensor<i32>, %x: tensor<f32>) -> (tensor<i32>, tensor<f32>) {
    %zero = weft.constant dense<0> : tensor<i32>
    %r:2 = weft.while (%i = %zero : tensor<i32>, %v = %x : tensor<f32>) -> (tensor<i32>, tensor<f32>)
    condition {
      %more = weft.compare lt %i, %limit : tensor<i32>
      weft.yield %more : tensor<i1>
    } do {
      %one = weft.constant dense<1> : tensor<i32>
      %next = weft.add %i, %one : tensor<i32>
      %twice = weft.add %v, %v : tensor<f32>
      weft.yield %next, %twice : tensor<i32>, tensor<f32>
    }
    return %r#0, %r#1 : tensor<i32>, tensor<f32>
  })";
  auto results = run(text, {tensor("i32", {}, {5}), tensor("f32", {}, {3})});
  expectReals(valuesOf(results[0]), {5});
  expectReals(valuesOf(results[1]), {96});
  results = run(text, {tensor("i32", {}, {-1}), tensor("f32", {}, {3})});
  expectReals(valuesOf(results[1]), {3});
}

static const char *const runningSum = R"(
  func.func @f(%init: tensor<2xf32>, %xs: tensor<?x2xf32, #weft.shape<[T, 2]>>)
      -> (tensor<2xf32>, tensor<?x2xf32, #weft.shape<[T, 2]>>) {
    %r:2 = weft.scan (%c = %init : tensor<2xf32>) over (%x = %xs : tensor<?x2xf32, #weft.shape<[T, 2]>>)
        -> (tensor<2xf32>, tensor<?x2xf32, #weft.shape<[T, 2]>>) {
      %s = weft.add %c, %x : tensor<2xf32>
      %twice = weft.add %s, %s : tensor<2xf32>
      weft.yield %s, %twice : tensor<2xf32>, tensor<2xf32>
    }
    return %r#0, %r#1 : tensor<2xf32>, tensor<?x2xf32, #weft.shape<[T, 2]>>
  })";

TEST(Control, ScanStacksWhatItEmits) {
  auto results =
      run(runningSum, {tensor("f32", {2}, {10, 20}), tensor("f32", {3, 2}, {1, 2, 3, 4, 5, 6})});
  expectReals(valuesOf(results[0]), {19, 32});
  expectReals(valuesOf(results[1]), {22, 44, 28, 52, 38, 64});
}

TEST(Control, ScanOfNoSteps) {
  auto results = run(runningSum, {tensor("f32", {2}, {10, 20}), tensor("f32", {0, 2}, {})});
  expectReals(valuesOf(results[0]), {10, 20});
  EXPECT_EQ(results[1].shape(), llvm::ArrayRef<int64_t>({0, 2}));
}

TEST(Control, KernelSeesTheNamesOfDimensions) {
  std::string text = R"(
  func.func @f(%x: tensor<?xf32, #weft.shape<[N]>>) -> tensor<?xf32, #weft.shape<[2 * N]>> {
    %r = weft.kernel (%a = %x : tensor<?xf32, #weft.shape<[N]>>) -> tensor<?xf32, #weft.shape<[2 * N]>> {
      %y = weft.concat 0 %a, %a : (tensor<?xf32, #weft.shape<[N]>>, tensor<?xf32, #weft.shape<[N]>>)
          -> tensor<?xf32, #weft.shape<[2 * N]>>
      weft.yield %y : tensor<?xf32, #weft.shape<[2 * N]>>
    }
    return %r : tensor<?xf32, #weft.shape<[2 * N]>>
  })";
  expectReals(valuesOf(run(text, tensor("f32", {2}, {1, 2}))[0]), {1, 2, 1, 2});
}

TEST(Control, LaunchRenamesDimensions) {
  std::string text = R"(
  func.func private @k0(%a: tensor<?xf32, #weft.shape<[d0]>>) -> tensor<?xf32, #weft.shape<[d0]>>
      attributes {weft.kernel} {
    %y = weft.neg %a : tensor<?xf32, #weft.shape<[d0]>>
    return %y : tensor<?xf32, #weft.shape<[d0]>>
  }
  func.func @f(%x: tensor<?xf32, #weft.shape<[N]>>) -> tensor<?xf32, #weft.shape<[N]>> {
    %r = weft.launch @k0 symbols #weft.shape<[N]> (%x) at [#weft.slot<output at <[0]>>]
        : (tensor<?xf32, #weft.shape<[N]>>) -> tensor<?xf32, #weft.shape<[N]>>
    return %r : tensor<?xf32, #weft.shape<[N]>>
  })";
  expectReals(valuesOf(run(text, tensor("f32", {2}, {1, 2}))[0]), {-1, -2});
}

TEST(Control, CallsBindDimensionsAndEnd) {
  std::string text = R"(
  func.func private @g(%a: tensor<?xf32, #weft.shape<[N]>>) -> tensor<i64> {
    %y = weft.size #weft.shape<[N]> : tensor<i64>
    return %y : tensor<i64>
  }
  func.func @f(%x: tensor<?xf32, #weft.shape<[N]>>) -> tensor<i64> {
    %r = func.call @g(%x) : (tensor<?xf32, #weft.shape<[N]>>) -> tensor<i64>
    return %r : tensor<i64>
  })";
  EXPECT_EQ(run(text, tensor("f32", {2}, {1, 2}))[0].integers(), Integers({2}));
  std::string recursive = R"(func.func @f(%x: tensor<f32>) -> tensor<f32> {
    %r = func.call @f(%x) : (tensor<f32>) -> tensor<f32>
    return %r : tensor<f32>
  })";
  EXPECT_EQ(faultOf(recursive, tensor("f32", {}, {1})), "function 'f' calls itself");
}

//===----------------------------------------------------------------------===//
// Faults
//===----------------------------------------------------------------------===//

static const char *const rows = R"(
  func.func @f(%x: tensor<?x4xf32, #weft.shape<[N, 4]>> {weft.name = "image"},
               %y: tensor<?xf32, #weft.shape<[2 * N]>>) -> tensor<?x4xf32, #weft.shape<[N, 4]>> {
    %r = weft.neg %x : tensor<?x4xf32, #weft.shape<[N, 4]>>
    return %r : tensor<?x4xf32, #weft.shape<[N, 4]>>
  })";

static Tensor zeros(const std::string &element, llvm::ArrayRef<int64_t> shape) {
  return Tensor(elementType(element), shape);
}

TEST(Fault, Arguments) {
  EXPECT_EQ(faultOf(rows, {zeros("f32", {2, 4})}), "'f' takes 2 arguments, not 1");
  EXPECT_EQ(faultOf(rows, {zeros("f32", {2, 5}), zeros("f32", {4})}),
            "argument 0 ('image') of 'f' has size 5 in dimension 1, expected 4");
  EXPECT_EQ(faultOf(rows, {zeros("f32", {2, 4}), zeros("f32", {5})}),
            "argument 1 of 'f' has size 5 in dimension 0, expected 2 * N = 4");
  EXPECT_EQ(faultOf(rows, {zeros("i32", {2, 4}), zeros("f32", {4})}),
            "argument 0 ('image') of 'f' is i32[2, 4], expected "
            "tensor<?x4xf32, #weft.shape<[N, 4]>>");
  EXPECT_EQ(faultOf(rows, {zeros("f32", {2, 4}), zeros("f32", {4})}), "");
}

TEST(Fault, MemoryLimit) {
  std::string text = R"(func.func @f(%x: tensor<f32>) -> tensor<1000000000000xf32> {
    %r = weft.broadcast %x along [] : tensor<f32> -> tensor<1000000000000xf32>
    return %r : tensor<1000000000000xf32>
  })";
  EXPECT_NE(faultOf(text, tensor("f32", {}, {1}))
                .find("exceeds the memory limit of 8192 MiB of the reference evaluator"),
            std::string::npos);
}

TEST(Fault, EmptyTensorsOfHugeDimensionsAreNoWork) {
  std::string type = "tensor<1099511627776x1099511627776x0xf32>";
  for (const char *op : {"weft.softmax %x axis 2", "weft.cumulative sum %x axis 2"})
    EXPECT_EQ(faultOf("func.func @f(%x: " + type + ") -> " + type + " {\n  %r = " + op + " : " +
                          type + "\n  return %r : " + type + "\n}",
                      zeros("f32", {int64_t(1) << 40, int64_t(1) << 40, 0})),
              "");
}

TEST(Fault, MemoryOfDeadValuesIsFree) {
  // 64 negations of 1 MiB each fit 3 MiB, since each input dies at its use.
  std::string text = "func.func @f(%x: tensor<131072xf64>) -> tensor<131072xf64> {\n"
                     "  %0 = weft.neg %x : tensor<131072xf64>\n";
  for (int i = 0; i < 63; ++i)
    text += "  %" + std::to_string(i + 1) + " = weft.neg %" + std::to_string(i) +
            " : tensor<131072xf64>\n";
  text += "  return %63 : tensor<131072xf64>\n}";
  EvaluatorOptions options;
  options.memoryLimitBytes = 3 << 20;
  EXPECT_EQ(faultOf(text, zeros("f64", {131072}), options), "");
}

TEST(Fault, NamesThePlaceAndTheOperation) {
  std::string text = R"(
  func.func @f(%x: tensor<?xf32, #weft.shape<[N]>>) -> tensor<2xf32> {
    %r = weft.slice %x from #weft.shape<[0]> by [1]
        : tensor<?xf32, #weft.shape<[N]>> -> tensor<2xf32> loc("net.weft":3:7)
    return %r : tensor<2xf32>
  })";
  EXPECT_EQ(faultOf(text, zeros("f32", {1})),
            "net.weft:3:7: 'weft.slice': elements 0 to 1 of dimension 0 lie outside its size 1");
}

TEST(Fault, UnknownOperation) {
  std::string text = R"(func.func @f(%x: tensor<f32>) -> tensor<f32> {
    %r = builtin.unrealized_conversion_cast %x : tensor<f32> to tensor<f32> loc("net.weft":1:1)
    return %r : tensor<f32>
  })";
  EXPECT_EQ(faultOf(text, zeros("f32", {})),
            "net.weft:1:1: the reference evaluator has no rule for "
            "'builtin.unrealized_conversion_cast'");
}

TEST(Rules, EveryOperationOfTheDialectHasOne) {
  for (mlir::RegisteredOperationName name : context().getRegisteredOperations())
    if (name.getDialectNamespace() == "weft")
      EXPECT_TRUE(hasRule(name.getStringRef())) << name.getStringRef().str();
}
