// RUN: weft-opt %s --weft-decompose | FileCheck %s

// CHECK-LABEL: func.func @batch_norm_factor_once_a_channel(
// CHECK-SAME: %[[X:.*]]: tensor<?x3x4xf32, #weft.shape<[N, 3, 4]>>, %[[SCALE:[^:]*]]:
// CHECK: %[[R:.*]] = weft.rsqrt %{{.*}} : tensor<3xf32>
// CHECK: %[[F:.*]] = weft.mul %[[SCALE]], %[[R]] : tensor<3xf32>
// CHECK: weft.sub %[[X]]
// CHECK: weft.broadcast %[[F]] along [1]
// CHECK-NOT: weft.cast
// CHECK-NOT: weft.batch_norm
func.func @batch_norm_factor_once_a_channel(%x: tensor<?x3x4xf32, #weft.shape<[N, 3, 4]>>,
    %scale: tensor<3xf32>, %shift: tensor<3xf32>, %mean: tensor<3xf32>, %variance: tensor<3xf32>)
    -> tensor<?x3x4xf32, #weft.shape<[N, 3, 4]>> {
  %y = weft.batch_norm %x, %scale, %shift, %mean, %variance epsilon 1.0e-05
      : tensor<?x3x4xf32, #weft.shape<[N, 3, 4]>>, tensor<3xf32>
  return %y : tensor<?x3x4xf32, #weft.shape<[N, 3, 4]>>
}

// CHECK-LABEL: func.func @batch_norm_of_bf16_in_f32(
// CHECK: weft.rsqrt %{{.*}} : tensor<3xf32>
// CHECK: %[[Y:.*]] = weft.cast %{{.*}} : tensor<2x3xf32> -> tensor<2x3xbf16>
// CHECK: return %[[Y]]
func.func @batch_norm_of_bf16_in_f32(%x: tensor<2x3xbf16>, %p: tensor<3xbf16>) -> tensor<2x3xbf16> {
  %y = weft.batch_norm %x, %p, %p, %p, %p epsilon 1.0e-05 : tensor<2x3xbf16>, tensor<3xbf16>
  return %y : tensor<2x3xbf16>
}

// CHECK-LABEL: func.func @group_norm_is_layer_norm_of_groups(
// CHECK: weft.reshape %{{.*}} : tensor<2x6x5xf32> -> tensor<2x3x2x5xf32>
// CHECK: weft.layer_norm %{{.*}} axis 2 epsilon
// CHECK: weft.reshape %{{.*}} : tensor<6xf32> -> tensor<3x2xf32>
// CHECK: weft.broadcast %{{.*}} along [1, 2]
// CHECK: weft.mul
// CHECK-NOT: weft.add
// CHECK: weft.reshape %{{.*}} : tensor<2x3x2x5xf32> -> tensor<2x6x5xf32>
func.func @group_norm_is_layer_norm_of_groups(%x: tensor<2x6x5xf32>, %scale: tensor<6xf32>)
    -> tensor<2x6x5xf32> {
  %y = weft.group_norm %x scale %scale : tensor<6xf32> groups 3 epsilon 1.0e-05 : tensor<2x6x5xf32>
  return %y : tensor<2x6x5xf32>
}

// CHECK-LABEL: func.func @attention_without_mask_cannot_be_empty(
// CHECK: weft.contract "aLD,aSD->aLS"
// CHECK: weft.mul
// CHECK: weft.softmax %{{.*}} axis 2
// CHECK: %[[Y:.*]] = weft.contract "aLS,aSE->aLE"
// CHECK-NOT: weft.reduce
// CHECK: return %[[Y]]
func.func @attention_without_mask_cannot_be_empty(%q: tensor<2x3x4xf32>, %k: tensor<2x5x4xf32>,
    %v: tensor<2x5x6xf32>) -> tensor<2x3x6xf32> {
  %y = weft.attention %q, %k, %v scale 5.0e-01
      : tensor<2x3x4xf32>, tensor<2x5x4xf32>, tensor<2x5x6xf32> -> tensor<2x3x6xf32>
  return %y : tensor<2x3x6xf32>
}

// CHECK-LABEL: func.func @attention_bool_mask_zeroes_empty_rows(
// CHECK: %[[S:.*]] = weft.select
// CHECK: %[[W:.*]] = weft.softmax %[[S]]
// CHECK: %[[M:.*]] = weft.reduce max %[[S]] axes [1]
// CHECK: weft.compare eq %[[M]]
// CHECK: %[[Z:.*]] = weft.select %{{.*}}, %{{.*}}, %[[W]]
// CHECK: weft.contract "LS,SE->LE" %[[Z]]
func.func @attention_bool_mask_zeroes_empty_rows(%q: tensor<3x4xf32>, %k: tensor<5x4xf32>,
    %v: tensor<5x6xf32>, %mask: tensor<3x5xi1>) -> tensor<3x6xf32> {
  %y = weft.attention %q, %k, %v mask %mask : tensor<3x5xi1> scale 5.0e-01
      : tensor<3x4xf32>, tensor<5x4xf32>, tensor<5x6xf32> -> tensor<3x6xf32>
  return %y : tensor<3x6xf32>
}

// CHECK-LABEL: func.func @attention_float_mask_is_added(
// CHECK: %[[M:.*]] = weft.cast %{{.*}} : tensor<3x5xf16> -> tensor<3x5xf32>
// CHECK: weft.add %{{.*}}, %[[M]] : tensor<3x5xf32>
// CHECK: weft.cast %{{.*}} : tensor<3x6xf32> -> tensor<3x6xf16>
func.func @attention_float_mask_is_added(%q: tensor<3x4xf16>, %k: tensor<5x4xf16>,
    %v: tensor<5x6xf16>, %mask: tensor<3x5xf16>) -> tensor<3x6xf16> {
  %y = weft.attention %q, %k, %v mask %mask : tensor<3x5xf16> scale 5.0e-01
      : tensor<3x4xf16>, tensor<5x4xf16>, tensor<5x6xf16> -> tensor<3x6xf16>
  return %y : tensor<3x6xf16>
}

// With as many keys as queries each query sees a key.
// CHECK-LABEL: func.func @causal_square_cannot_be_empty(
// CHECK: weft.iota 0
// CHECK: weft.iota 1
// CHECK: weft.compare le
// CHECK-NOT: weft.reduce
// CHECK: return
func.func @causal_square_cannot_be_empty(%q: tensor<?x4xf64, #weft.shape<[L, 4]>>)
    -> tensor<?x4xf64, #weft.shape<[L, 4]>> {
  %y = weft.attention %q, %q, %q scale 5.0e-01 causal : tensor<?x4xf64, #weft.shape<[L, 4]>>,
      tensor<?x4xf64, #weft.shape<[L, 4]>>, tensor<?x4xf64, #weft.shape<[L, 4]>>
      -> tensor<?x4xf64, #weft.shape<[L, 4]>>
  return %y : tensor<?x4xf64, #weft.shape<[L, 4]>>
}

// CHECK-LABEL: func.func @causal_with_fewer_keys_may_be_empty(
// CHECK: weft.size <[-L + S]>
// CHECK: weft.reduce max
func.func @causal_with_fewer_keys_may_be_empty(%q: tensor<?x4xf64, #weft.shape<[L, 4]>>,
    %k: tensor<?x4xf64, #weft.shape<[S, 4]>>) -> tensor<?x4xf64, #weft.shape<[L, 4]>> {
  %y = weft.attention %q, %k, %k scale 5.0e-01 causal : tensor<?x4xf64, #weft.shape<[L, 4]>>,
      tensor<?x4xf64, #weft.shape<[S, 4]>>, tensor<?x4xf64, #weft.shape<[S, 4]>>
      -> tensor<?x4xf64, #weft.shape<[L, 4]>>
  return %y : tensor<?x4xf64, #weft.shape<[L, 4]>>
}

// One kernel computes it whole.
// CHECK-LABEL: func.func @attention_with_kernel_stays(
// CHECK: weft.attention
func.func @attention_with_kernel_stays(%q: tensor<?x4xf32, #weft.shape<[L, 4]>>)
    -> tensor<?x4xf32, #weft.shape<[L, 4]>> {
  %y = weft.attention %q, %q, %q scale 5.0e-01 causal : tensor<?x4xf32, #weft.shape<[L, 4]>>,
      tensor<?x4xf32, #weft.shape<[L, 4]>>, tensor<?x4xf32, #weft.shape<[L, 4]>>
      -> tensor<?x4xf32, #weft.shape<[L, 4]>>
  return %y : tensor<?x4xf32, #weft.shape<[L, 4]>>
}

// So is the gradient for a filter, but for the groups of a convolution: there each element of the
// kernel is a product of its own.
// CHECK-LABEL: func.func @filter_gradient_with_kernel_stays(
// CHECK: weft.conv_filter_grad
func.func @filter_gradient_with_kernel_stays(%x: tensor<2x4x7xf32>, %d: tensor<2x6x4xf32>)
    -> tensor<6x4x3xf32> {
  %y = weft.conv_filter_grad %x, %d strides [2] pad [1] [1] dilations [1] groups 1
      : tensor<2x4x7xf32>, tensor<2x6x4xf32> -> tensor<6x4x3xf32>
  return %y : tensor<6x4x3xf32>
}

// CHECK-LABEL: func.func @filter_gradient_of_groups(
// CHECK-NOT: weft.conv_filter_grad
// CHECK-COUNT-3: weft.contract "nxgc,nxgo->goc"
// CHECK: return
func.func @filter_gradient_of_groups(%x: tensor<2x4x7xf32>, %d: tensor<2x6x4xf32>)
    -> tensor<6x2x3xf32> {
  %y = weft.conv_filter_grad %x, %d strides [2] pad [1] [1] dilations [1] groups 2
      : tensor<2x4x7xf32>, tensor<2x6x4xf32> -> tensor<6x2x3xf32>
  return %y : tensor<6x2x3xf32>
}

// CHECK-LABEL: func.func @attention_of_wide_heads(
// CHECK-NOT: weft.attention
// CHECK: return
func.func @attention_of_wide_heads(%q: tensor<4x1025xf32>) -> tensor<4x1025xf32> {
  %y = weft.attention %q, %q, %q scale 1.0 : tensor<4x1025xf32>, tensor<4x1025xf32>,
      tensor<4x1025xf32> -> tensor<4x1025xf32>
  return %y : tensor<4x1025xf32>
}
