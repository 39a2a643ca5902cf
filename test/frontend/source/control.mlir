// RUN: rm -rf %t && weft import %s -o %t/out.weft && FileCheck %s --input-file=%t/out.weft
// Regions are branches and lambdas; a scan gives what it emits before what it carries.

module {
  func.func @predict(%c: tensor<i1> {weft.name = "c"}, %xs: tensor<5x2xf32> {weft.name = "xs"})
      -> (tensor<2xf32> {weft.name = "last"}, tensor<5x2xf32> {weft.name = "all"}, tensor<2xf32> {weft.name = "chosen"}) attributes {weft.export} {
    %zero = weft.constant dense<0.0> : tensor<2xf32>
    // CHECK: let (all, last) = scan(xs, from: zeros<f32>([2])) |[[H:.*]], [[X:.*]]| {
    // CHECK: let [[S:.*]] = [[H]] + [[X]]
    // CHECK: emit [[S]], carry [[S]]
    %0:2 = weft.scan (%h = %zero : tensor<2xf32>) over (%x = %xs : tensor<5x2xf32>) -> (tensor<2xf32>, tensor<5x2xf32>) {
      %s = weft.add %h, %x : tensor<2xf32>
      weft.yield %s, %s : tensor<2xf32>, tensor<2xf32>
    }
    // CHECK: let chosen = if c {
    // CHECK-NEXT: exp(last)
    // CHECK-NEXT: } else {
    // CHECK-NEXT: -last
    // CHECK-NEXT: }
    %chosen = weft.if %c -> tensor<2xf32> {
      %e = weft.exp %0#0 : tensor<2xf32>
      weft.yield %e : tensor<2xf32>
    } else {
      %n = weft.neg %0#0 : tensor<2xf32>
      weft.yield %n : tensor<2xf32>
    }
    return %0#0, %0#1, %chosen : tensor<2xf32>, tensor<5x2xf32>, tensor<2xf32>
  }
}
