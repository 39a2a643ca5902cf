// RUN: weft-opt %s --weft-hoist-preparation --split-input-file --verify-each | FileCheck %s

// A weight in another order is computed once.
// CHECK: weft.parameter param @w : tensor<3x2xf32>
// CHECK-NEXT: weft.parameter derived @w.prepared : tensor<2x3xf32>
weft.parameter param @w : tensor<3x2xf32>

// CHECK-LABEL: func.func @transposed_weight(
// CHECK-SAME: %[[X:.*]]: tensor<4x2xf32>
// CHECK-SAME: %[[W:[a-z0-9]+]]: tensor<2x3xf32> {weft.parameter = @w.prepared}
// CHECK-NEXT: %[[Y:.*]] = weft.contract "ik,kj->ij" %[[X]], %[[W]]
// CHECK-NEXT: return %[[Y]]
func.func @transposed_weight(%x: tensor<4x2xf32> {weft.name = "x"},
                             %w: tensor<3x2xf32> {weft.parameter = @w})
    -> (tensor<4x3xf32> {weft.name = "y"}) attributes {weft.export} {
  %t = weft.transpose %w [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  %y = weft.contract "ik,kj->ij" %x, %t : tensor<4x2xf32>, tensor<2x3xf32> -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}
// CHECK-LABEL: func.func @weft.prepare.0(
// CHECK-SAME: %[[P:.*]]: tensor<3x2xf32> {weft.parameter = @w})
// CHECK-SAME: -> (tensor<2x3xf32> {weft.name = "w.prepared"}) attributes {weft.export}
// CHECK-NEXT: %[[T:.*]] = weft.transpose %[[P]] [1, 0]
// CHECK-NEXT: return %[[T]]

// -----

// Two exports that need the same share it.
// CHECK-COUNT-1: weft.parameter derived
weft.parameter param @s : tensor<3xf32>

// CHECK-LABEL: func.func @first(
// CHECK-SAME: {weft.parameter = @s.prepared}
func.func @first(%x: tensor<3xf32> {weft.name = "x"}, %s: tensor<3xf32> {weft.parameter = @s})
    -> (tensor<3xf32> {weft.name = "y"}) attributes {weft.export} {
  %e = weft.exp %s : tensor<3xf32>
  %y = weft.mul %x, %e : tensor<3xf32>
  return %y : tensor<3xf32>
}
// CHECK-LABEL: func.func @second(
// CHECK-SAME: {weft.parameter = @s.prepared}
// CHECK-NOT: weft.exp %
// CHECK: weft.add
func.func @second(%s: tensor<3xf32> {weft.parameter = @s}, %x: tensor<3xf32> {weft.name = "x"})
    -> (tensor<3xf32> {weft.name = "y"}) attributes {weft.export} {
  %e = weft.exp %s : tensor<3xf32>
  %y = weft.add %x, %e : tensor<3xf32>
  return %y : tensor<3xf32>
}
// CHECK-LABEL: func.func @weft.prepare.0(
// CHECK-COUNT-1: weft.exp %
// CHECK: return %{{[0-9a-z]+}} : tensor<3xf32>

// -----

// What only repeats or renames a weight is done where it is needed.
// CHECK-NOT: derived
weft.parameter param @b : tensor<3xf32>

// CHECK-LABEL: func.func @broadcast_stays(
// CHECK: weft.broadcast
// CHECK: weft.slice
func.func @broadcast_stays(%x: tensor<4x3xf32> {weft.name = "x"},
                           %z: tensor<2xf32> {weft.name = "z"},
                           %b: tensor<3xf32> {weft.parameter = @b})
    -> (tensor<4x3xf32> {weft.name = "y"}, tensor<2xf32> {weft.name = "v"}) attributes {weft.export} {
  %w = weft.broadcast %b along [1] : tensor<3xf32> -> tensor<4x3xf32>
  %y = weft.add %x, %w : tensor<4x3xf32>
  %s = weft.slice %b from <[1]> by [1] : tensor<3xf32> -> tensor<2xf32>
  %v = weft.add %z, %s : tensor<2xf32>
  return %y, %v : tensor<4x3xf32>, tensor<2xf32>
}
// CHECK-NOT: weft.prepare

// -----

// A state that some export changes is no weight.
// CHECK-NOT: derived
weft.parameter state @mean : tensor<3xf32>

// CHECK-LABEL: func.func @reads_state(
// CHECK: weft.exp
func.func @reads_state(%x: tensor<3xf32> {weft.name = "x"}, %m: tensor<3xf32> {weft.parameter = @mean})
    -> (tensor<3xf32> {weft.name = "y"}) attributes {weft.export} {
  %e = weft.exp %m : tensor<3xf32>
  %y = weft.mul %x, %e : tensor<3xf32>
  return %y : tensor<3xf32>
}
func.func @changes_state(%x: tensor<3xf32> {weft.name = "x"},
                         %m: tensor<3xf32> {weft.parameter = @mean})
    -> (tensor<3xf32> {weft.name = "y"}, tensor<3xf32> {weft.state = @mean}) attributes {weft.export} {
  %n = weft.add %x, %m : tensor<3xf32>
  return %x, %n : tensor<3xf32>, tensor<3xf32>
}

// -----

// A table that is much larger than what it is made of is not kept.
// CHECK-NOT: derived
weft.parameter param @row : tensor<300xf32>
weft.parameter param @column : tensor<300xf32>

// CHECK-LABEL: func.func @too_large(
// CHECK: weft.contract "i,j->ij"
func.func @too_large(%x: tensor<300x300xf32> {weft.name = "x"},
                     %r: tensor<300xf32> {weft.parameter = @row},
                     %c: tensor<300xf32> {weft.parameter = @column})
    -> (tensor<300x300xf32> {weft.name = "y"}) attributes {weft.export} {
  %t = weft.contract "i,j->ij" %r, %c : tensor<300xf32>, tensor<300xf32> -> tensor<300x300xf32>
  %y = weft.add %x, %t : tensor<300x300xf32>
  return %y : tensor<300x300xf32>
}

// -----

// In a loop, too, and in pieces.
// CHECK: weft.parameter derived @u.prepared
weft.parameter param @u : tensor<2x2xf32>

// CHECK-LABEL: func.func @inside_of_scan(
// CHECK-SAME: %[[W:[a-z0-9]+]]: tensor<2x2xf32> {weft.parameter = @u.prepared}
// CHECK: weft.scan
// CHECK: weft.contract "k,kj->j" %{{.*}}, %[[W]]
func.func @inside_of_scan(%xs: tensor<5x2xf32> {weft.name = "xs"}, %h: tensor<2xf32> {weft.name = "h"},
                          %u: tensor<2x2xf32> {weft.parameter = @u})
    -> (tensor<2xf32> {weft.name = "y"}) attributes {weft.export} {
  %last = weft.scan (%a = %h : tensor<2xf32>) over (%x = %xs : tensor<5x2xf32>) -> (tensor<2xf32>) {
    %t = weft.transpose %u [1, 0] : tensor<2x2xf32> -> tensor<2x2xf32>
    %p = weft.contract "k,kj->j" %a, %t : tensor<2xf32>, tensor<2x2xf32> -> tensor<2xf32>
    %n = weft.add %p, %x : tensor<2xf32>
    weft.yield %n : tensor<2xf32>
  }
  return %last : tensor<2xf32>
}
