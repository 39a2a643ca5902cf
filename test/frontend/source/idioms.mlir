// RUN: rm -rf %t && weft import %s -o %t/out.weft && FileCheck %s --input-file=%t/out.weft
// What exporters take apart is one word again, unless somebody reads a part of it.

module {
  func.func @predict(%x: tensor<2x4xf32> {weft.name = "x"})
      -> (tensor<2x4xf32> {weft.name = "a"}, tensor<2x4xf32> {weft.name = "b"}, tensor<2x4xf32> {weft.name = "c"},
          tensor<2x4xf32> {weft.name = "d"}) attributes {weft.export} {
    %root = weft.constant dense<1.41421354> : tensor<2x4xf32>
    %one = weft.constant dense<1.0> : tensor<2x4xf32>
    %half = weft.constant dense<0.5> : tensor<2x4xf32>
    %0 = weft.div %x, %root : tensor<2x4xf32>
    %1 = weft.erf %0 : tensor<2x4xf32>
    %2 = weft.add %1, %one : tensor<2x4xf32>
    %3 = weft.mul %x, %2 : tensor<2x4xf32>
    %a = weft.mul %3, %half : tensor<2x4xf32>
    %4 = weft.sigmoid %x : tensor<2x4xf32>
    %b = weft.mul %x, %4 : tensor<2x4xf32>
    // This sigmoid is read twice.
    // CHECK: let [[S:.*]] = sigmoid(x)
    %c = weft.sigmoid %x : tensor<2x4xf32>
    %d = weft.mul %x, %c : tensor<2x4xf32>
    // CHECK: (gelu(x), silu(x), [[S]], x * [[S]])
    return %a, %b, %c, %d : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
  }
}
