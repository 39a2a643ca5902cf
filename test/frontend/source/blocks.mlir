// RUN: rm -rf %t && weft import %s -o %t/out.weft && FileCheck %s --input-file=%t/out.weft
// Weights named `blocks.0...` and `blocks.1...` are a list; what is equal up to numbers is one model
// with settings, and elements that hand a value on are a loop.

// CHECK: import std.nn: Linear
// CHECK: model Block(inputs: int, outputs: int) {
// CHECK-NEXT: up = Linear(inputs, outputs)
// CHECK: fn (x: f32[N, inputs]) -> f32[N, outputs] {
// CHECK-NEXT: x |> up |> tanh
// CHECK: model Blocks {
// CHECK-NEXT: blocks = [Block(4, 8), Block(8, 16)]
// CHECK: for block in blocks { [[X:.*]] = block([[X]]) }
module {
  weft.parameter param @blocks.0.up.weight : tensor<8x4xf32>
  weft.parameter param @blocks.0.up.bias : tensor<8xf32>
  weft.parameter param @blocks.1.up.weight : tensor<16x8xf32>
  weft.parameter param @blocks.1.up.bias : tensor<16xf32>
  func.func @predict(%w0: tensor<8x4xf32> {weft.parameter = @blocks.0.up.weight}, %b0: tensor<8xf32> {weft.parameter = @blocks.0.up.bias},
                     %w1: tensor<16x8xf32> {weft.parameter = @blocks.1.up.weight}, %b1: tensor<16xf32> {weft.parameter = @blocks.1.up.bias},
                     %x: tensor<?x4xf32, #weft.shape<[N, 4]>> {weft.name = "x"})
      -> (tensor<?x16xf32, #weft.shape<[N, 16]>> {weft.name = "result"}) attributes {weft.export} {
    %0 = weft.contract "ni,oi->no" %x, %w0 : tensor<?x4xf32, #weft.shape<[N, 4]>>, tensor<8x4xf32> -> tensor<?x8xf32, #weft.shape<[N, 8]>> loc("/blocks.0/up/Gemm")
    %1 = weft.broadcast %b0 along [1] : tensor<8xf32> -> tensor<?x8xf32, #weft.shape<[N, 8]>>
    %2 = weft.add %0, %1 : tensor<?x8xf32, #weft.shape<[N, 8]>> loc("/blocks.0/up/Gemm")
    %3 = weft.tanh %2 : tensor<?x8xf32, #weft.shape<[N, 8]>> loc("/blocks.0/act/Tanh")
    %4 = weft.contract "ni,oi->no" %3, %w1 : tensor<?x8xf32, #weft.shape<[N, 8]>>, tensor<16x8xf32> -> tensor<?x16xf32, #weft.shape<[N, 16]>> loc("/blocks.1/up/Gemm")
    %5 = weft.broadcast %b1 along [1] : tensor<16xf32> -> tensor<?x16xf32, #weft.shape<[N, 16]>>
    %6 = weft.add %4, %5 : tensor<?x16xf32, #weft.shape<[N, 16]>> loc("/blocks.1/up/Gemm")
    %7 = weft.tanh %6 : tensor<?x16xf32, #weft.shape<[N, 16]>> loc("/blocks.1/act/Tanh")
    return %7 : tensor<?x16xf32, #weft.shape<[N, 16]>>
  }
}
