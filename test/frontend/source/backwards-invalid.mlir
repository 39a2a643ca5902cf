// RUN: rm -rf %t && not weft import %s -o %t/out.weft 2>&1 | FileCheck %s
// A scan in the language goes forward.
// CHECK: the operation 'weft.scan' cannot be said in the language

module {
  func.func @predict(%xs: tensor<5x2xf32> {weft.name = "xs"}) -> (tensor<5x2xf32> {weft.name = "all"}) attributes {weft.export} {
    %zero = weft.constant dense<0.0> : tensor<2xf32>
    %0:2 = weft.scan (%h = %zero : tensor<2xf32>) over (%x = %xs : tensor<5x2xf32>) -> (tensor<2xf32>, tensor<5x2xf32>) attributes {weft.reverse} {
      %s = weft.add %h, %x : tensor<2xf32>
      weft.yield %s, %s : tensor<2xf32>, tensor<2xf32>
    }
    return %0#1 : tensor<5x2xf32>
  }
}
