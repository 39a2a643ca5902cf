// RUN: weft-opt %s --weft-outline-kernels -split-input-file | FileCheck %s

// The names of dimensions do not make a difference, and neither does where a kernel stands.
// CHECK-LABEL: func.func @equal_up_to_names(
// CHECK: weft.launch @k0 symbols <[N]> (%arg0)
// CHECK: weft.launch @k0 symbols <[M]> (%arg1)
// CHECK: func.func private @k0(%{{.*}}: tensor<?x3xf32, #weft.shape<[d0, 3]>>)
// CHECK-SAME: attributes {weft.dims = ["d0"], weft.kernel}
// CHECK-NEXT: weft.exp
// CHECK-NEXT: return
// CHECK-NOT: func.func
func.func @equal_up_to_names(%x: tensor<?x3xf32, #weft.shape<[N, 3]>> {weft.name = "x"},
    %y: tensor<?x3xf32, #weft.shape<[M, 3]>> {weft.name = "y"})
    -> (tensor<?x3xf32, #weft.shape<[N, 3]>> {weft.name = "result0"},
        tensor<?x3xf32, #weft.shape<[M, 3]>> {weft.name = "result1"}) attributes {weft.export} {
  %a = weft.kernel (%k = %x : tensor<?x3xf32, #weft.shape<[N, 3]>>) -> tensor<?x3xf32, #weft.shape<[N, 3]>> {
    %e = weft.exp %k : tensor<?x3xf32, #weft.shape<[N, 3]>>
    weft.yield %e : tensor<?x3xf32, #weft.shape<[N, 3]>>
  }
  %b = weft.kernel (%k = %y : tensor<?x3xf32, #weft.shape<[M, 3]>>) -> tensor<?x3xf32, #weft.shape<[M, 3]>> {
    %e = weft.exp %k : tensor<?x3xf32, #weft.shape<[M, 3]>>
    weft.yield %e : tensor<?x3xf32, #weft.shape<[M, 3]>>
  }
  return %a, %b : tensor<?x3xf32, #weft.shape<[N, 3]>>, tensor<?x3xf32, #weft.shape<[M, 3]>>
}

// -----

// CHECK-LABEL: func.func @attributes_make_a_difference(
// CHECK: weft.launch @k0
// CHECK: weft.launch @k1
// CHECK: func.func private @k0(
// CHECK: weft.reduce sum
// CHECK: func.func private @k1(
// CHECK: weft.reduce max
func.func @attributes_make_a_difference(%x: tensor<2x3xf32> {weft.name = "x"})
    -> (tensor<2xf32> {weft.name = "result0"}, tensor<2xf32> {weft.name = "result1"})
    attributes {weft.export} {
  %a = weft.kernel (%k = %x : tensor<2x3xf32>) -> tensor<2xf32> {
    %r = weft.reduce sum %k axes [1] : tensor<2x3xf32> -> tensor<2xf32>
    weft.yield %r : tensor<2xf32>
  }
  %b = weft.kernel (%k = %x : tensor<2x3xf32>) -> tensor<2xf32> {
    %r = weft.reduce max %k axes [1] : tensor<2x3xf32> -> tensor<2xf32>
    weft.yield %r : tensor<2xf32>
  }
  return %a, %b : tensor<2xf32>, tensor<2xf32>
}

// -----

// Two dimensions that are one name here and two names there are different kernels.
// CHECK-LABEL: func.func @which_names_agree_makes_a_difference(
// CHECK: weft.launch @k0 symbols <[N, M]>
// CHECK: weft.launch @k1 symbols <[N]>
func.func @which_names_agree_makes_a_difference(
    %x: tensor<?x?xf32, #weft.shape<[N, M]>> {weft.name = "x"},
    %y: tensor<?x?xf32, #weft.shape<[N, N]>> {weft.name = "y"})
    -> (tensor<?x?xf32, #weft.shape<[N, M]>> {weft.name = "result0"},
        tensor<?x?xf32, #weft.shape<[N, N]>> {weft.name = "result1"}) attributes {weft.export} {
  %a = weft.kernel (%k = %x : tensor<?x?xf32, #weft.shape<[N, M]>>) -> tensor<?x?xf32, #weft.shape<[N, M]>> {
    %e = weft.exp %k : tensor<?x?xf32, #weft.shape<[N, M]>>
    weft.yield %e : tensor<?x?xf32, #weft.shape<[N, M]>>
  }
  %b = weft.kernel (%k = %y : tensor<?x?xf32, #weft.shape<[N, N]>>) -> tensor<?x?xf32, #weft.shape<[N, N]>> {
    %e = weft.exp %k : tensor<?x?xf32, #weft.shape<[N, N]>>
    weft.yield %e : tensor<?x?xf32, #weft.shape<[N, N]>>
  }
  return %a, %b : tensor<?x?xf32, #weft.shape<[N, M]>>, tensor<?x?xf32, #weft.shape<[N, N]>>
}

// -----

// CHECK-LABEL: func.func @k0(
// CHECK: weft.launch @k1
// CHECK: func.func private @k1(
func.func @k0(%x: tensor<2xf32> {weft.name = "x"}) -> (tensor<2xf32> {weft.name = "result"})
    attributes {weft.export} {
  %a = weft.kernel (%k = %x : tensor<2xf32>) -> tensor<2xf32> {
    %e = weft.exp %k : tensor<2xf32>
    weft.yield %e : tensor<2xf32>
  }
  return %a : tensor<2xf32>
}

// -----

// Carried values that change places go through a copy: the loop overwrites one, then the other.
// CHECK-LABEL: func.func @swapped_carries(
// CHECK: weft.scan (%[[A:.*]] = %{{.*}}, %[[B:.*]] = %{{.*}}) over
// CHECK-DAG: %[[CB:.*]] = weft.launch @k0 symbols <[]> (%[[B]])
// CHECK-DAG: %[[CA:.*]] = weft.launch @k0 symbols <[]> (%[[A]])
// CHECK: weft.yield %[[CB]], %[[CA]]
func.func @swapped_carries(%x: tensor<5xf32> {weft.name = "x"}, %p: tensor<f32> {weft.name = "p"},
    %q: tensor<f32> {weft.name = "q"})
    -> (tensor<f32> {weft.name = "result0"}, tensor<f32> {weft.name = "result1"}) attributes {weft.export} {
  %r:2 = weft.scan (%a = %p : tensor<f32>, %b = %q : tensor<f32>) over (%e = %x : tensor<5xf32>)
      -> (tensor<f32>, tensor<f32>) {
    weft.yield %b, %a : tensor<f32>, tensor<f32>
  }
  return %r#0, %r#1 : tensor<f32>, tensor<f32>
}
