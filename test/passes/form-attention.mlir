// RUN: weft-opt %s --weft-form-attention -split-input-file | FileCheck %s

// The way exporters write it: heads in front, the scale on the scores, a mask added.
// CHECK-LABEL: func.func @scores_scaled_and_biased(
// CHECK-SAME: %[[Q:.*]]: tensor<2x9x3x8xf32>, %[[K:.*]]: tensor<2x7x3x8xf32>, %[[V:.*]]: tensor<2x7x3x5xf32>, %[[M:.*]]: tensor<2x3x9x7xf32>
// CHECK-DAG: %[[QH:.*]] = weft.transpose %[[Q]] [0, 2, 1, 3]
// CHECK-DAG: %[[KH:.*]] = weft.transpose %[[K]] [0, 2, 1, 3]
// CHECK-DAG: %[[VH:.*]] = weft.transpose %[[V]] [0, 2, 1, 3]
// CHECK: %[[Y:.*]] = weft.attention %[[QH]], %[[KH]], %[[VH]] mask %[[M]] : tensor<2x3x9x7xf32> scale 5.000000e-01
// CHECK: %[[R:.*]] = weft.transpose %[[Y]] [0, 2, 1, 3]
// CHECK: return %[[R]]
func.func @scores_scaled_and_biased(%q: tensor<2x9x3x8xf32>, %k: tensor<2x7x3x8xf32>,
    %v: tensor<2x7x3x5xf32>, %m: tensor<2x3x9x7xf32>) -> tensor<2x9x3x5xf32> {
  %c = weft.constant dense<5.0e-01> : tensor<f32>
  %b = weft.broadcast %c along [] : tensor<f32> -> tensor<2x3x9x7xf32>
  %s = weft.contract "blhd,bshd->bhls" %q, %k : tensor<2x9x3x8xf32>, tensor<2x7x3x8xf32> -> tensor<2x3x9x7xf32>
  %x = weft.mul %s, %b : tensor<2x3x9x7xf32>
  %a = weft.add %m, %x : tensor<2x3x9x7xf32>
  %p = weft.softmax %a axis 3 : tensor<2x3x9x7xf32>
  %y = weft.contract "bhls,bshe->blhe" %p, %v : tensor<2x3x9x7xf32>, tensor<2x7x3x5xf32> -> tensor<2x9x3x5xf32>
  return %y : tensor<2x9x3x5xf32>
}

// -----

// A quarter on the query, a division on the key; the values stand on the left; the letters of the
// second contraction mean other things than in the first.
// CHECK-LABEL: func.func @scale_on_both_operands(
// CHECK: weft.attention %{{.*}}, %{{.*}}, %{{.*}} scale 1.250000e-01 : tensor<9x8xf32>, tensor<7x8xf32>, tensor<7x5xf32> -> tensor<9x5xf32>
// CHECK: weft.transpose %{{.*}} [1, 0] : tensor<9x5xf32> -> tensor<5x9xf32>
// CHECK-NOT: weft.contract
func.func @scale_on_both_operands(%q: tensor<9x8xf32>, %k: tensor<7x8xf32>, %v: tensor<7x5xf32>) -> tensor<5x9xf32> {
  %c = weft.constant dense<2.5e-01> : tensor<9x8xf32>
  %two = weft.constant dense<2.0> : tensor<7x8xf32>
  %qs = weft.mul %c, %q : tensor<9x8xf32>
  %ks = weft.div %k, %two : tensor<7x8xf32>
  %s = weft.contract "ab,cb->ca" %qs, %ks : tensor<9x8xf32>, tensor<7x8xf32> -> tensor<7x9xf32>
  %p = weft.softmax %s axis 0 : tensor<7x9xf32>
  %y = weft.contract "bd,bc->dc" %v, %p : tensor<7x5xf32>, tensor<7x9xf32> -> tensor<5x9xf32>
  return %y : tensor<5x9xf32>
}

// -----

// CHECK-LABEL: func.func @masked_by_minus_infinity(
// CHECK-SAME: %[[M:[a-z0-9]*]]: tensor<9x7xi1>)
// CHECK: weft.attention %{{.*}} mask %[[M]] : tensor<9x7xi1> scale 1.000000e+00
func.func @masked_by_minus_infinity(%q: tensor<9x8xf32>, %k: tensor<7x8xf32>, %v: tensor<7x5xf32>, %m: tensor<9x7xi1>) -> tensor<9x5xf32> {
  %c = weft.constant dense<0xFF800000> : tensor<9x7xf32>
  %s = weft.contract "ld,sd->ls" %q, %k : tensor<9x8xf32>, tensor<7x8xf32> -> tensor<9x7xf32>
  %x = weft.select %m, %s, %c : tensor<9x7xf32>
  %p = weft.softmax %x axis 1 : tensor<9x7xf32>
  %y = weft.contract "ls,se->le" %p, %v : tensor<9x7xf32>, tensor<7x5xf32> -> tensor<9x5xf32>
  return %y : tensor<9x5xf32>
}

// -----

// A large negative number leaves nothing of a score that it is added to.
// CHECK-LABEL: func.func @masked_where_true_by_a_large_number(
// CHECK: %[[NOT:.*]] = weft.not %{{.*}} : tensor<9x7xi1>
// CHECK: %[[M:.*]] = weft.select %[[NOT]], %{{.*}}, %{{.*}} : tensor<9x7xf32>
// CHECK: weft.attention %{{.*}} mask %[[M]] : tensor<9x7xf32> scale 1.000000e+00
func.func @masked_where_true_by_a_large_number(%q: tensor<9x8xf32>, %k: tensor<7x8xf32>, %v: tensor<7x5xf32>, %m: tensor<9x7xi1>) -> tensor<9x5xf32> {
  %c = weft.constant dense<-3.4e+38> : tensor<9x7xf32>
  %s = weft.contract "ld,sd->ls" %q, %k : tensor<9x8xf32>, tensor<7x8xf32> -> tensor<9x7xf32>
  %x = weft.select %m, %c, %s : tensor<9x7xf32>
  %p = weft.softmax %x axis 1 : tensor<9x7xf32>
  %y = weft.contract "ls,se->le" %p, %v : tensor<9x7xf32>, tensor<7x5xf32> -> tensor<9x5xf32>
  return %y : tensor<9x5xf32>
}

// -----

// What is added before a scale is scaled with it; what is subtracted changes its sign.
// CHECK-LABEL: func.func @bias_before_scale(
// CHECK: weft.constant dense<-4.000000e+00>
// CHECK: %[[M:.*]] = weft.mul %{{.*}}, %{{.*}} : tensor<9x7xf32>
// CHECK: weft.attention %{{.*}} mask %[[M]] : tensor<9x7xf32> scale 4.000000e+00
func.func @bias_before_scale(%q: tensor<9x8xf32>, %k: tensor<7x8xf32>, %v: tensor<7x5xf32>, %m: tensor<9x7xf32>) -> tensor<9x5xf32> {
  %c = weft.constant dense<4.0> : tensor<9x7xf32>
  %s = weft.contract "ld,sd->ls" %q, %k : tensor<9x8xf32>, tensor<7x8xf32> -> tensor<9x7xf32>
  %x = weft.sub %s, %m : tensor<9x7xf32>
  %z = weft.mul %x, %c : tensor<9x7xf32>
  %p = weft.softmax %z axis 1 : tensor<9x7xf32>
  %y = weft.contract "ls,se->le" %p, %v : tensor<9x7xf32>, tensor<7x5xf32> -> tensor<9x5xf32>
  return %y : tensor<9x5xf32>
}

// -----

// Two heads of queries for each head of keys: keys and values are repeated along them.
// CHECK-LABEL: func.func @heads_in_groups(
// CHECK: weft.broadcast %{{.*}} along [0, 2, 3] : tensor<3x7x8xf32> -> tensor<3x2x7x8xf32>
// CHECK: weft.broadcast %{{.*}} along [0, 2, 3] : tensor<3x7x5xf32> -> tensor<3x2x7x5xf32>
// CHECK: weft.attention
func.func @heads_in_groups(%q: tensor<3x2x9x8xf32>, %k: tensor<3x7x8xf32>, %v: tensor<3x7x5xf32>) -> tensor<3x2x9x5xf32> {
  %s = weft.contract "grld,gsd->grls" %q, %k : tensor<3x2x9x8xf32>, tensor<3x7x8xf32> -> tensor<3x2x9x7xf32>
  %p = weft.softmax %s axis 3 : tensor<3x2x9x7xf32>
  %y = weft.contract "grls,gse->grle" %p, %v : tensor<3x2x9x7xf32>, tensor<3x7x5xf32> -> tensor<3x2x9x5xf32>
  return %y : tensor<3x2x9x5xf32>
}

// -----

// CHECK-LABEL: func.func @lengths_unknown(
// CHECK: weft.attention %{{.*}} : tensor<?x8xf32, #weft.shape<[L, 8]>>, tensor<?x8xf32, #weft.shape<[S, 8]>>, tensor<?x5xf32, #weft.shape<[S, 5]>> -> tensor<?x5xf32, #weft.shape<[L, 5]>>
func.func @lengths_unknown(%q: tensor<?x8xf32, #weft.shape<[L, 8]>>, %k: tensor<?x8xf32, #weft.shape<[S, 8]>>, %v: tensor<?x5xf32, #weft.shape<[S, 5]>>) -> tensor<?x5xf32, #weft.shape<[L, 5]>> {
  %s = weft.contract "ld,sd->ls" %q, %k : tensor<?x8xf32, #weft.shape<[L, 8]>>, tensor<?x8xf32, #weft.shape<[S, 8]>> -> tensor<?x?xf32, #weft.shape<[L, S]>>
  %p = weft.softmax %s axis 1 : tensor<?x?xf32, #weft.shape<[L, S]>>
  %y = weft.contract "ls,se->le" %p, %v : tensor<?x?xf32, #weft.shape<[L, S]>>, tensor<?x5xf32, #weft.shape<[S, 5]>> -> tensor<?x5xf32, #weft.shape<[L, 5]>>
  return %y : tensor<?x5xf32, #weft.shape<[L, 5]>>
}

// -----

// CHECK-LABEL: func.func @weights_reused(
// CHECK-NOT: weft.attention
func.func @weights_reused(%q: tensor<9x8xf32>, %k: tensor<7x8xf32>, %v: tensor<7x5xf32>) -> (tensor<9x5xf32>, tensor<9x7xf32>) {
  %s = weft.contract "ld,sd->ls" %q, %k : tensor<9x8xf32>, tensor<7x8xf32> -> tensor<9x7xf32>
  %p = weft.softmax %s axis 1 : tensor<9x7xf32>
  %y = weft.contract "ls,se->le" %p, %v : tensor<9x7xf32>, tensor<7x5xf32> -> tensor<9x5xf32>
  return %y, %p : tensor<9x5xf32>, tensor<9x7xf32>
}

// -----

// CHECK-LABEL: func.func @scores_reused(
// CHECK-NOT: weft.attention
func.func @scores_reused(%q: tensor<9x8xf32>, %k: tensor<7x8xf32>, %v: tensor<7x5xf32>) -> (tensor<9x5xf32>, tensor<9x7xf32>) {
  %s = weft.contract "ld,sd->ls" %q, %k : tensor<9x8xf32>, tensor<7x8xf32> -> tensor<9x7xf32>
  %p = weft.softmax %s axis 1 : tensor<9x7xf32>
  %y = weft.contract "ls,se->le" %p, %v : tensor<9x7xf32>, tensor<7x5xf32> -> tensor<9x5xf32>
  return %y, %s : tensor<9x5xf32>, tensor<9x7xf32>
}

// -----

// CHECK-LABEL: func.func @scaled_scores_reused(
// CHECK-NOT: weft.attention
func.func @scaled_scores_reused(%q: tensor<9x8xf32>, %k: tensor<7x8xf32>, %v: tensor<7x5xf32>) -> (tensor<9x5xf32>, tensor<9x7xf32>) {
  %c = weft.constant dense<4.0> : tensor<9x7xf32>
  %s = weft.contract "ld,sd->ls" %q, %k : tensor<9x8xf32>, tensor<7x8xf32> -> tensor<9x7xf32>
  %z = weft.mul %s, %c : tensor<9x7xf32>
  %p = weft.softmax %z axis 1 : tensor<9x7xf32>
  %y = weft.contract "ls,se->le" %p, %v : tensor<9x7xf32>, tensor<7x5xf32> -> tensor<9x5xf32>
  return %y, %z : tensor<9x5xf32>, tensor<9x7xf32>
}

// -----

// The scaled query is wanted elsewhere too, so it stays as it is.
// CHECK-LABEL: func.func @scaled_query_reused(
// CHECK: %[[QS:.*]] = weft.mul
// CHECK: weft.attention %[[QS]], %{{.*}} scale 1.000000e+00
func.func @scaled_query_reused(%q: tensor<9x8xf32>, %k: tensor<7x8xf32>, %v: tensor<7x5xf32>) -> (tensor<9x5xf32>, tensor<9x8xf32>) {
  %c = weft.constant dense<4.0> : tensor<9x8xf32>
  %z = weft.mul %q, %c : tensor<9x8xf32>
  %s = weft.contract "ld,sd->ls" %z, %k : tensor<9x8xf32>, tensor<7x8xf32> -> tensor<9x7xf32>
  %p = weft.softmax %s axis 1 : tensor<9x7xf32>
  %y = weft.contract "ls,se->le" %p, %v : tensor<9x7xf32>, tensor<7x5xf32> -> tensor<9x5xf32>
  return %y, %z : tensor<9x5xf32>, tensor<9x8xf32>
}

// -----

// CHECK-LABEL: func.func @scale_that_is_no_number(
// CHECK-NOT: weft.attention
func.func @scale_that_is_no_number(%q: tensor<9x8xf32>, %k: tensor<7x8xf32>, %v: tensor<7x5xf32>, %c: tensor<9x7xf32>) -> tensor<9x5xf32> {
  %s = weft.contract "ld,sd->ls" %q, %k : tensor<9x8xf32>, tensor<7x8xf32> -> tensor<9x7xf32>
  %z = weft.mul %s, %c : tensor<9x7xf32>
  %p = weft.softmax %z axis 1 : tensor<9x7xf32>
  %y = weft.contract "ls,se->le" %p, %v : tensor<9x7xf32>, tensor<7x5xf32> -> tensor<9x5xf32>
  return %y : tensor<9x5xf32>
}

// -----

// Scores below -10000 would show: no mask for all values of the scores.
// CHECK-LABEL: func.func @masked_by_a_moderate_number(
// CHECK-NOT: weft.attention
func.func @masked_by_a_moderate_number(%q: tensor<9x8xf32>, %k: tensor<7x8xf32>, %v: tensor<7x5xf32>, %m: tensor<9x7xi1>) -> tensor<9x5xf32> {
  %c = weft.constant dense<-10000.0> : tensor<9x7xf32>
  %s = weft.contract "ld,sd->ls" %q, %k : tensor<9x8xf32>, tensor<7x8xf32> -> tensor<9x7xf32>
  %x = weft.select %m, %s, %c : tensor<9x7xf32>
  %p = weft.softmax %x axis 1 : tensor<9x7xf32>
  %y = weft.contract "ls,se->le" %p, %v : tensor<9x7xf32>, tensor<7x5xf32> -> tensor<9x5xf32>
  return %y : tensor<9x5xf32>
}

// -----

// CHECK-LABEL: func.func @another_function_between(
// CHECK-NOT: weft.attention
func.func @another_function_between(%q: tensor<9x8xf32>, %k: tensor<7x8xf32>, %v: tensor<7x5xf32>) -> tensor<9x5xf32> {
  %s = weft.contract "ld,sd->ls" %q, %k : tensor<9x8xf32>, tensor<7x8xf32> -> tensor<9x7xf32>
  %x = weft.tanh %s : tensor<9x7xf32>
  %p = weft.softmax %x axis 1 : tensor<9x7xf32>
  %y = weft.contract "ls,se->le" %p, %v : tensor<9x7xf32>, tensor<7x5xf32> -> tensor<9x5xf32>
  return %y : tensor<9x5xf32>
}

// -----

// The weights are mixed over the queries that were not normalised over.
// CHECK-LABEL: func.func @sum_over_another_dimension(
// CHECK-NOT: weft.attention
func.func @sum_over_another_dimension(%q: tensor<9x8xf32>, %k: tensor<7x8xf32>, %v: tensor<9x5xf32>) -> tensor<7x5xf32> {
  %s = weft.contract "ld,sd->ls" %q, %k : tensor<9x8xf32>, tensor<7x8xf32> -> tensor<9x7xf32>
  %p = weft.softmax %s axis 1 : tensor<9x7xf32>
  %y = weft.contract "ls,le->se" %p, %v : tensor<9x7xf32>, tensor<9x5xf32> -> tensor<7x5xf32>
  return %y : tensor<7x5xf32>
}

// -----

// CHECK-LABEL: func.func @values_of_each_query(
// CHECK-NOT: weft.attention
func.func @values_of_each_query(%q: tensor<9x8xf32>, %k: tensor<7x8xf32>, %v: tensor<9x7x5xf32>) -> tensor<9x5xf32> {
  %s = weft.contract "ld,sd->ls" %q, %k : tensor<9x8xf32>, tensor<7x8xf32> -> tensor<9x7xf32>
  %p = weft.softmax %s axis 1 : tensor<9x7xf32>
  %y = weft.contract "ls,lse->le" %p, %v : tensor<9x7xf32>, tensor<9x7x5xf32> -> tensor<9x5xf32>
  return %y : tensor<9x5xf32>
}

// -----

// No kernel computes either: sums in f64, and a single query.
// CHECK-LABEL: func.func @double_precision(
// CHECK-NOT: weft.attention
func.func @double_precision(%q: tensor<9x8xf64>, %k: tensor<7x8xf64>, %v: tensor<7x5xf64>) -> tensor<9x5xf64> {
  %s = weft.contract "ld,sd->ls" %q, %k : tensor<9x8xf64>, tensor<7x8xf64> -> tensor<9x7xf64>
  %p = weft.softmax %s axis 1 : tensor<9x7xf64>
  %y = weft.contract "ls,se->le" %p, %v : tensor<9x7xf64>, tensor<7x5xf64> -> tensor<9x5xf64>
  return %y : tensor<9x5xf64>
}

// -----

// CHECK-LABEL: func.func @one_query(
// CHECK-NOT: weft.attention
func.func @one_query(%q: tensor<1x8xf32>, %k: tensor<7x8xf32>, %v: tensor<7x5xf32>) -> tensor<1x5xf32> {
  %s = weft.contract "ld,sd->ls" %q, %k : tensor<1x8xf32>, tensor<7x8xf32> -> tensor<1x7xf32>
  %p = weft.softmax %s axis 1 : tensor<1x7xf32>
  %y = weft.contract "ls,se->le" %p, %v : tensor<1x7xf32>, tensor<7x5xf32> -> tensor<1x5xf32>
  return %y : tensor<1x5xf32>
}
