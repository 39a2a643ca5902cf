// RUN: rm -rf %t && weft import %s -o %t/out.weft && FileCheck %s --input-file=%t/out.weft
// Operators, literals, broadcasting, chains: what is used once stands where it is used.

// CHECK: model Expressions {
// CHECK-NEXT: export fn predict(x: f32[N, 4], shift: f32[4]) -> (a: f32[N, 4], b: f32[N, 4], c: bool[N, 4]) {
module {
  func.func @predict(%x: tensor<?x4xf32, #weft.shape<[N, 4]>> {weft.name = "x"}, %shift: tensor<4xf32> {weft.name = "shift"})
      -> (tensor<?x4xf32, #weft.shape<[N, 4]>> {weft.name = "a"}, tensor<?x4xf32, #weft.shape<[N, 4]>> {weft.name = "b"},
          tensor<?x4xi1, #weft.shape<[N, 4]>> {weft.name = "c"})
      attributes {weft.export} {
    %half = weft.constant dense<0.1> : tensor<f32>
    %zero = weft.constant dense<0.0> : tensor<f32>
    %halves = weft.broadcast %half along [] : tensor<f32> -> tensor<?x4xf32, #weft.shape<[N, 4]>>
    %zeros = weft.broadcast %zero along [] : tensor<f32> -> tensor<?x4xf32, #weft.shape<[N, 4]>>
    %wide = weft.broadcast %shift along [1] : tensor<4xf32> -> tensor<?x4xf32, #weft.shape<[N, 4]>>
    // A sum in a product needs parentheses, a literal is the shortest that is read back.
    %sum = weft.add %x, %wide : tensor<?x4xf32, #weft.shape<[N, 4]>>
    %a = weft.mul %sum, %halves : tensor<?x4xf32, #weft.shape<[N, 4]>>
    %e = weft.exp %x : tensor<?x4xf32, #weft.shape<[N, 4]>>
    %t = weft.tanh %e : tensor<?x4xf32, #weft.shape<[N, 4]>>
    %b = weft.max %t, %zeros : tensor<?x4xf32, #weft.shape<[N, 4]>>
    %c = weft.compare lt %x, %zeros : tensor<?x4xf32, #weft.shape<[N, 4]>>
    // CHECK-NEXT: ((x + shift) * 0.1, relu(tanh(exp(x))), x < 0)
    return %a, %b, %c : tensor<?x4xf32, #weft.shape<[N, 4]>>, tensor<?x4xf32, #weft.shape<[N, 4]>>, tensor<?x4xi1, #weft.shape<[N, 4]>>
  }
}
