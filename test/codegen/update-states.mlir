// RUN: weft-opt %s --weft-update-states --weft-outline-kernels --weft-plan-memory --weft-verify-plan --verify-each -split-input-file | FileCheck %s

weft.parameter state @s : tensor<8xf32>

// The kernel that adds is the last that reads the state: it writes it, through the output's pointer.
// CHECK-LABEL: func.func @element_by_element(
// CHECK-SAME: tensor<8xf32> {weft.in_place, weft.state = @s}
// CHECK: weft.launch @k0 {{.*}}at [#weft.slot<output at <[1]>>]
// CHECK: func.func private @k0(%{{.*}}: tensor<8xf32> {weft.in_place = 0 : i64}, %{{.*}}: tensor<8xf32>)
func.func @element_by_element(%s: tensor<8xf32> {weft.parameter = @s}, %x: tensor<8xf32> {weft.name = "x"})
    -> (tensor<8xf32> {weft.name = "y"}, tensor<8xf32> {weft.state = @s}) attributes {weft.export} {
  %a = weft.kernel (%k = %s : tensor<8xf32>, %l = %x : tensor<8xf32>) -> tensor<8xf32> {
    %t = weft.add %k, %l : tensor<8xf32>
    weft.yield %t : tensor<8xf32>
  }
  return %x, %a : tensor<8xf32>, tensor<8xf32>
}

// -----

weft.parameter state @s : tensor<4x4xf32>

// An element of the new state needs another of the old one: it is copied at the end.
// CHECK-LABEL: func.func @other_elements(
// CHECK-NOT: weft.in_place
// CHECK: weft.launch @k0 {{.*}}at [#weft.slot<arena at <[0]>>]
func.func @other_elements(%s: tensor<4x4xf32> {weft.parameter = @s}, %x: tensor<4x4xf32> {weft.name = "x"})
    -> (tensor<4x4xf32> {weft.state = @s}) attributes {weft.export} {
  %a = weft.kernel (%k = %s : tensor<4x4xf32>, %l = %x : tensor<4x4xf32>) -> tensor<4x4xf32> {
    %t = weft.transpose %k [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
    %u = weft.add %t, %l : tensor<4x4xf32>
    weft.yield %u : tensor<4x4xf32>
  }
  return %a : tensor<4x4xf32>
}

// -----

weft.parameter state @s : tensor<8xf32>

// The old state is returned, which is copied when all else is done.
// CHECK-LABEL: func.func @returned_as_it_was(
// CHECK-NOT: weft.in_place
// CHECK: weft.launch @k0 {{.*}}at [#weft.slot<arena at <[0]>>]
func.func @returned_as_it_was(%s: tensor<8xf32> {weft.parameter = @s}, %x: tensor<8xf32> {weft.name = "x"})
    -> (tensor<8xf32> {weft.name = "y"}, tensor<8xf32> {weft.state = @s}) attributes {weft.export} {
  %a = weft.kernel (%k = %s : tensor<8xf32>, %l = %x : tensor<8xf32>) -> tensor<8xf32> {
    %t = weft.add %k, %l : tensor<8xf32>
    weft.yield %t : tensor<8xf32>
  }
  return %s, %a : tensor<8xf32>, tensor<8xf32>
}

// -----

weft.parameter state @s : tensor<8xf32>
weft.parameter state @u : tensor<8xf32>

// The update of @s stands behind the kernel that reads its old value, and goes up to there; that of @u
// reads the new value of @s. With them goes the number that both need.
// CHECK-LABEL: func.func @moved_up(
// CHECK: %[[OLD:.*]] = weft.launch @[[EXP:k[0-9]+]] {{.*}} (%arg0)
// CHECK: %[[ROOT:.*]] = weft.launch @[[SQRT:k[0-9]+]] {{.*}} (%arg2)
// CHECK: %[[S:.*]] = weft.launch @[[SCALE:k[0-9]+]] {{.*}} (%arg0, %[[ROOT]]) at [#weft.slot<output at <[1]>>]
// CHECK: %[[U:.*]] = weft.launch @[[ADD:k[0-9]+]] {{.*}} (%arg1, %[[S]]) at [#weft.slot<output at <[2]>>]
// CHECK: weft.launch @[[EXP]] {{.*}} (%[[OLD]])
func.func @moved_up(%s: tensor<8xf32> {weft.parameter = @s}, %u: tensor<8xf32> {weft.parameter = @u},
    %x: tensor<f32> {weft.name = "x"})
    -> (tensor<8xf32> {weft.name = "y"}, tensor<8xf32> {weft.state = @s}, tensor<8xf32> {weft.state = @u})
    attributes {weft.export} {
  %old = weft.kernel (%k = %s : tensor<8xf32>) -> tensor<8xf32> {
    %t = weft.exp %k : tensor<8xf32>
    weft.yield %t : tensor<8xf32>
  }
  %y = weft.kernel (%k = %old : tensor<8xf32>) -> tensor<8xf32> {
    %t = weft.exp %k : tensor<8xf32>
    weft.yield %t : tensor<8xf32>
  }
  %root = weft.kernel (%k = %x : tensor<f32>) -> tensor<f32> {
    %t = weft.sqrt %k : tensor<f32>
    weft.yield %t : tensor<f32>
  }
  %a = weft.kernel (%k = %s : tensor<8xf32>, %l = %root : tensor<f32>) -> tensor<8xf32> {
    %b = weft.broadcast %l along [] : tensor<f32> -> tensor<8xf32>
    %t = weft.mul %k, %b : tensor<8xf32>
    weft.yield %t : tensor<8xf32>
  }
  %c = weft.kernel (%k = %u : tensor<8xf32>, %l = %a : tensor<8xf32>) -> tensor<8xf32> {
    %t = weft.add %k, %l : tensor<8xf32>
    weft.yield %t : tensor<8xf32>
  }
  return %y, %a, %c : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// -----

weft.parameter state @s : tensor<8xf32>
weft.parameter state @u : tensor<8xf32>

// Exchanged states go through copies: the last one writes the state that no copy reads any more.
// CHECK-LABEL: func.func @exchanged(
// CHECK-SAME: -> (tensor<8xf32> {weft.state = @s}, tensor<8xf32> {weft.in_place, weft.state = @u})
// CHECK: weft.launch @k0 {{.*}} (%arg1) at [#weft.slot<arena at <[0]>>]
// CHECK: weft.launch @k0 {{.*}} (%arg0) at [#weft.slot<output at <[1]>>]
func.func @exchanged(%s: tensor<8xf32> {weft.parameter = @s}, %u: tensor<8xf32> {weft.parameter = @u})
    -> (tensor<8xf32> {weft.state = @s}, tensor<8xf32> {weft.state = @u}) attributes {weft.export} {
  return %u, %s : tensor<8xf32>, tensor<8xf32>
}

// -----

weft.parameter state @s : tensor<4xf32>

// The carry of a scan may take turns with another place: it is copied at the end.
// CHECK-LABEL: func.func @carried(
// CHECK: weft.scan
// CHECK: slots = [#weft.slot<arena at <{{.*}}>>, #weft.slot<output at <[0]>>]
func.func @carried(%s: tensor<4xf32> {weft.parameter = @s}, %x: tensor<?x4xf32, #weft.shape<[N, 4]>> {weft.name = "x"})
    -> (tensor<?x4xf32, #weft.shape<[N, 4]>> {weft.name = "y"}, tensor<4xf32> {weft.state = @s}) attributes {weft.export} {
  %r:2 = weft.scan (%c = %s : tensor<4xf32>) over (%e = %x : tensor<?x4xf32, #weft.shape<[N, 4]>>)
      -> (tensor<4xf32>, tensor<?x4xf32, #weft.shape<[N, 4]>>) {
    %n = weft.kernel (%k = %c : tensor<4xf32>, %l = %e : tensor<4xf32>) -> tensor<4xf32> {
      %t = weft.add %k, %l : tensor<4xf32>
      weft.yield %t : tensor<4xf32>
    }
    weft.yield %n, %n : tensor<4xf32>, tensor<4xf32>
  }
  return %r#1, %r#0 : tensor<?x4xf32, #weft.shape<[N, 4]>>, tensor<4xf32>
}
