// RUN: weft-opt %s --weft-bind-dims=dims=N=4 | FileCheck %s
// RUN: weft-opt %s --weft-bind-dims=dims=N=1,M=5 | FileCheck %s --check-prefix=BOTH
// RUN: weft-opt %s --weft-bind-dims=dims=N=*,N=8,N=1,M=5,M=6 | FileCheck %s --check-prefix=VERSIONS

// Each combination once, what is for certain sizes first; a function without M has none for it.
// VERSIONS-LABEL: func.func @product_stays_symbolic.N1.M5(
// VERSIONS-SAME: tensor<1x3xf32>
// VERSIONS-SAME: weft.signature = (tensor<?x3xf32, #weft.shape<[N, 3]>>, tensor<?x?xf32, #weft.shape<[M, N]>>) -> tensor<?xf32, #weft.shape<[M * N]>>
// VERSIONS-SAME: weft.version_of = "product_stays_symbolic", weft.version_sizes = {M = 5 : i64, N = 1 : i64}
// VERSIONS-LABEL: func.func @product_stays_symbolic.N1.M6(
// VERSIONS-LABEL: func.func @product_stays_symbolic.N8.M5(
// VERSIONS-LABEL: func.func @product_stays_symbolic.N8.M6(
// VERSIONS-LABEL: func.func @product_stays_symbolic.M5(
// VERSIONS-SAME: tensor<?x3xf32, #weft.shape<[N, 3]>>
// VERSIONS-LABEL: func.func @product_stays_symbolic.M6(
// VERSIONS-NOT: func.func @product_stays_symbolic(
// VERSIONS-LABEL: func.func @attributes_are_bound_too.N1(
// VERSIONS-LABEL: func.func @attributes_are_bound_too.N8(
// VERSIONS: weft.size <[17]>
// VERSIONS-LABEL: func.func @attributes_are_bound_too.any(
// VERSIONS: weft.size <[2 * N + 1]>

// CHECK-LABEL: func.func @product_stays_symbolic(
// CHECK-SAME: tensor<4x3xf32>
// CHECK-SAME: tensor<?x4xf32, #weft.shape<[M, 4]>>
// CHECK-SAME: -> (tensor<?xf32, #weft.shape<[4 * M]>>
// CHECK: weft.reshape {{.*}} -> tensor<?xf32, #weft.shape<[4 * M]>>
// BOTH-LABEL: func.func @product_stays_symbolic(
// BOTH-SAME: tensor<1x3xf32>
// BOTH-SAME: tensor<5x1xf32>
// BOTH-SAME: -> (tensor<5xf32>
func.func @product_stays_symbolic(%x: tensor<?x3xf32, #weft.shape<[N, 3]>> {weft.name = "x"},
                                  %y: tensor<?x?xf32, #weft.shape<[M, N]>> {weft.name = "y"})
    -> (tensor<?xf32, #weft.shape<[M * N]>> {weft.name = "result"}) attributes {weft.export} {
  %r = weft.reshape %y : tensor<?x?xf32, #weft.shape<[M, N]>> -> tensor<?xf32, #weft.shape<[M * N]>>
  return %r : tensor<?xf32, #weft.shape<[M * N]>>
}

// CHECK-LABEL: func.func @attributes_are_bound_too(
// CHECK: weft.size <[9]>
// CHECK: weft.slice %{{.*}} from <[3]> by [1] : tensor<4xf32> -> tensor<1xf32>
func.func @attributes_are_bound_too(%x: tensor<?xf32, #weft.shape<[N]>> {weft.name = "x"})
    -> (tensor<i64> {weft.name = "size"}, tensor<1xf32> {weft.name = "last"}) attributes {weft.export} {
  %size = weft.size <[2 * N + 1]>
  %last = weft.slice %x from <[N - 1]> by [1] : tensor<?xf32, #weft.shape<[N]>> -> tensor<1xf32>
  return %size, %last : tensor<i64>, tensor<1xf32>
}

// CHECK-LABEL: func.func @regions_are_bound_too(
// CHECK: weft.scan (%{{.*}} = %{{.*}} : tensor<f32>) over (%{{.*}} = %{{.*}} : tensor<4xf32>)
func.func @regions_are_bound_too(%x: tensor<?xf32, #weft.shape<[N]>> {weft.name = "x"},
                                 %zero: tensor<f32> {weft.name = "zero"})
    -> (tensor<f32> {weft.name = "result"}) attributes {weft.export} {
  %sum = weft.scan (%s = %zero : tensor<f32>) over (%e = %x : tensor<?xf32, #weft.shape<[N]>>) -> tensor<f32> {
    %next = weft.add %s, %e : tensor<f32>
    weft.yield %next : tensor<f32>
  }
  return %sum : tensor<f32>
}

// A function that the world does not see keeps its names.
// CHECK-LABEL: func.func private @helper(
// CHECK-SAME: #weft.shape<[N]>
func.func private @helper(%x: tensor<?xf32, #weft.shape<[N]>>) -> tensor<?xf32, #weft.shape<[N]>> {
  return %x : tensor<?xf32, #weft.shape<[N]>>
}
