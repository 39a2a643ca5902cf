// Composite operations compiled by their rules agree with the evaluator, which has one formula for
// each: masked rows, f16, groups.
//
// RUN: weft run %s attend --in 'q=[[[1, 2, 3, 4], [0, 1, 0, 1], [1, 1, 1, 1]]]' --in 'k=[[[1, 2, 3, 4], [0, 1, 0, 1]]]' | FileCheck %s --check-prefix=CAUSAL
// RUN: weft run %s masked --in 'q=[[1, 2, 3, 4], [0, 1, 0, 1], [1, 1, 1, 1]]' --in 'm=[[true, false, false], [false, false, false], [false, true, true]]' | FileCheck %s --check-prefix=MASK
// RUN: weft run %s masked --in 'q=[[1, 2, 3, 4], [0, 1, 0, 1], [1, 1, 1, 1]]' --in 'm=[[true, false, false], [false, false, false], [false, true, true]]' --reference | FileCheck %s --check-prefix=MASK
// RUN: weft run %s group --in 'x=[[[1, 3], [5, 7], [2, 2], [2, 2]]]' --in 's=[1, 1, 1, 3]' | FileCheck %s --check-prefix=GROUP

module @decompose {

// With one key less than queries, the first query sees nothing and the second only the first key.
// CAUSAL: {"y":{{\[\[\[}}0,0,0,0],[1,2,3,4],[0.982
func.func @attend(%q: tensor<?x3x4xf32, #weft.shape<[B, 3, 4]>> {weft.name = "q"},
    %k: tensor<?x?x4xf32, #weft.shape<[B, S, 4]>> {weft.name = "k"})
    -> (tensor<?x3x4xf32, #weft.shape<[B, 3, 4]>> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.attention %q, %k, %k scale 5.0e-01 causal : tensor<?x3x4xf32, #weft.shape<[B, 3, 4]>>,
      tensor<?x?x4xf32, #weft.shape<[B, S, 4]>>, tensor<?x?x4xf32, #weft.shape<[B, S, 4]>>
      -> tensor<?x3x4xf32, #weft.shape<[B, 3, 4]>>
  return %y : tensor<?x3x4xf32, #weft.shape<[B, 3, 4]>>
}

// The third query mixes (0, 1, 0, 1) and (1, 1, 1, 1) by sigmoid(1) = 0.731, in f16.
// MASK: {"y":{{\[\[}}1,2,3,4],[0,0,0,0],[0.73095703,1,0.73095703,1]]}
func.func @masked(%q: tensor<3x4xf16> {weft.name = "q"}, %m: tensor<3x3xi1> {weft.name = "m"})
    -> (tensor<3x4xf16> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.attention %q, %q, %q mask %m : tensor<3x3xi1> scale 5.0e-01
      : tensor<3x4xf16>, tensor<3x4xf16>, tensor<3x4xf16> -> tensor<3x4xf16>
  return %y : tensor<3x4xf16>
}

// The first group has mean 4 and variance 5, the second variance 0; epsilon 4 makes a root of 3.
// GROUP: {"y":{{\[\[\[}}0,0.66666{{[67]+}}],[1.33333{{[34]+}},2],[1,1],[3,3]]]}
func.func @group(%x: tensor<?x4x2xf32, #weft.shape<[N, 4, 2]>> {weft.name = "x"}, %s: tensor<4xf32> {weft.name = "s"})
    -> (tensor<?x4x2xf32, #weft.shape<[N, 4, 2]>> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.group_norm %x scale %s : tensor<4xf32> shift %s : tensor<4xf32> groups 2 epsilon 4.0
      : tensor<?x4x2xf32, #weft.shape<[N, 4, 2]>>
  return %y : tensor<?x4x2xf32, #weft.shape<[N, 4, 2]>>
}
}
