// RUN: weft-opt %s --weft-lower-entries -split-input-file -verify-diagnostics

func.func private @k0(%x: memref<4xf32>, %o: memref<4xf32>, %begin: index, %end: index)
    attributes {weft.kernel, weft.dims = [], weft.outputs = 1 : i64,
                weft.chunks = #weft.shape<[1]>, weft.grain = 1 : i64} {
  return
}
func.func @no_slot(%x: tensor<4xf32> {weft.name = "x"}) -> (tensor<4xf32> {weft.name = "result"})
    attributes {weft.export} {
  // expected-error @below {{'weft.launch' op has a result without a slot: run weft-plan-memory first}}
  %a = weft.launch @k0 symbols <[]> (%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

// expected-error @below {{kernel 'k0' needs 'weft.chunks' with one entry, 'weft.grain' and 'weft.outputs'}}
func.func private @k0(%x: tensor<4xf32>) -> tensor<4xf32> attributes {weft.kernel, weft.dims = []} {
  return %x : tensor<4xf32>
}
func.func @kernel_not_lowered(%x: tensor<4xf32> {weft.name = "x"}) -> (tensor<4xf32> {weft.name = "result"})
    attributes {weft.export} {
  %a = weft.launch @k0 symbols <[]> (%x) at [#weft.slot<output at <[0]>>] : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func private @k0(%x: memref<4xf32>, %o: memref<4xf32>, %begin: index, %end: index)
    attributes {weft.kernel, weft.dims = [], weft.outputs = 1 : i64,
                weft.chunks = #weft.shape<[1]>, weft.grain = 1 : i64} {
  return
}
func.func @wrong_number_of_buffers(%x: tensor<4xf32> {weft.name = "x"})
    -> (tensor<4xf32> {weft.name = "result"}) attributes {weft.export} {
  // expected-error @below {{'weft.launch' op passes 3 buffers and 0 dimensions to a kernel that takes 2 and 0}}
  %a = weft.launch @k0 symbols <[]> (%x, %x) at [#weft.slot<output at <[0]>>]
      : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @operation_outside_of_a_kernel(%x: tensor<4xf32> {weft.name = "x"})
    -> (tensor<4xf32> {weft.name = "result"}) attributes {weft.export} {
  // expected-error @below {{'weft.exp' op cannot be lowered outside of a kernel}}
  %a = weft.exp %x : tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

weft.parameter state @s : tensor<4xf32>

// expected-error @below {{gives a new value to @s, which is not among its arguments}}
func.func @state_without_argument(%x: tensor<4xf32> {weft.name = "x"})
    -> (tensor<4xf32> {weft.state = @s}) attributes {weft.export} {
  return %x : tensor<4xf32>
}
