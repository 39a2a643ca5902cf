// RUN: weft-opt %s --weft-verify-graph | FileCheck %s

weft.parameter param @w : tensor<2xf32>

// CHECK-LABEL: func.func @all_rules_hold(
func.func @all_rules_hold(%w: tensor<2xf32> {weft.parameter = @w},
    %x: tensor<?x2xf32, #weft.shape<[N, 2]>> {weft.name = "x"})
    -> (tensor<?x2xf32, #weft.shape<[N, 2]>> {weft.name = "result"}) attributes {weft.export} {
  %b = weft.broadcast %w along [1] : tensor<2xf32> -> tensor<?x2xf32, #weft.shape<[N, 2]>>
  %y = weft.add %x, %b : tensor<?x2xf32, #weft.shape<[N, 2]>>
  return %y : tensor<?x2xf32, #weft.shape<[N, 2]>>
}
