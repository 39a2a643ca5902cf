// RUN: weft-opt %s --weft-graph-pipeline=dims=N=2 | FileCheck %s --check-prefix=GRAPH
// RUN: weft-opt %s --weft-graph-pipeline --weft-kernels-pipeline | FileCheck %s --check-prefix=KERNELS

weft.parameter param @w : tensor<4x3xf32>
weft.parameter param @p : tensor<4xf32>

// GRAPH-LABEL: func.func @layer(
// GRAPH-SAME: tensor<2x3xf32> {weft.name = "x"}
// GRAPH: weft.contract "ik,jk->ij"
// GRAPH-NOT: weft.transpose
// GRAPH-NOT: weft.batch_norm

// One kernel; the packed weight and the factors of the normalisation are made before.
// KERNELS-LABEL: func.func @layer(
// KERNELS: weft.kernel
// KERNELS-NOT: weft.rsqrt
// KERNELS: weft.packed_conv
// KERNELS: weft.max
// KERNELS-NOT: weft.kernel
// KERNELS-LABEL: func.func @weft.prepare.0(
// KERNELS: weft.rsqrt
func.func @layer(%w: tensor<4x3xf32> {weft.parameter = @w}, %p: tensor<4xf32> {weft.parameter = @p},
    %x: tensor<?x3xf32, #weft.shape<[N, 3]>> {weft.name = "x"})
    -> (tensor<?x4xf32, #weft.shape<[N, 4]>> {weft.name = "result"}) attributes {weft.export} {
  %t = weft.transpose %w [1, 0] : tensor<4x3xf32> -> tensor<3x4xf32>
  %c = weft.contract "ik,kj->ij" %x, %t : tensor<?x3xf32, #weft.shape<[N, 3]>>, tensor<3x4xf32>
      -> tensor<?x4xf32, #weft.shape<[N, 4]>>
  %n = weft.batch_norm %c, %p, %p, %p, %p epsilon 1.0e-05
      : tensor<?x4xf32, #weft.shape<[N, 4]>>, tensor<4xf32>
  %zero = weft.constant dense<0.0> : tensor<f32>
  %zeros = weft.broadcast %zero along [] : tensor<f32> -> tensor<?x4xf32, #weft.shape<[N, 4]>>
  %r = weft.max %n, %zeros : tensor<?x4xf32, #weft.shape<[N, 4]>>
  return %r : tensor<?x4xf32, #weft.shape<[N, 4]>>
}
