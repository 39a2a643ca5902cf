// RUN: weft-opt %s --weft-verify-plan -split-input-file -verify-diagnostics

func.func private @k0(%x: tensor<16xf32>) -> tensor<16xf32> attributes {weft.kernel, weft.dims = []} {
  return %x : tensor<16xf32>
}
func.func @p1_no_slot(%x: tensor<16xf32> {weft.name = "x"})
    -> (tensor<16xf32> {weft.name = "result"}) attributes {weft.export, weft.arena = #weft.shape<[64]>} {
  // expected-error @below {{'weft.launch' op has a result without a slot}}
  %a = weft.launch @k0 symbols <[]> (%x) : (tensor<16xf32>) -> tensor<16xf32>
  return %a : tensor<16xf32>
}

// -----

func.func private @k0(%x: tensor<16xf32>) -> tensor<16xf32> attributes {weft.kernel, weft.dims = []} {
  return %x : tensor<16xf32>
}
func.func @p2_not_aligned(%x: tensor<16xf32> {weft.name = "x"})
    -> (tensor<16xf32> {weft.name = "result"}) attributes {weft.export, weft.arena = #weft.shape<[128]>} {
  // expected-error @below {{'weft.launch' op has a slot at byte 32, not a multiple of 64}}
  %a = weft.launch @k0 symbols <[]> (%x) at [#weft.slot<arena at <[32]>>] : (tensor<16xf32>) -> tensor<16xf32>
  return %a : tensor<16xf32>
}

// -----

func.func private @k0(%x: tensor<16xf32>) -> tensor<16xf32> attributes {weft.kernel, weft.dims = []} {
  return %x : tensor<16xf32>
}
func.func @p2_outside_of_the_arena(%x: tensor<16xf32> {weft.name = "x"})
    -> (tensor<16xf32> {weft.name = "result"}) attributes {weft.export, weft.arena = #weft.shape<[64]>} {
  // expected-error @below {{'weft.launch' op has a slot up to byte 128 of an arena of 64}}
  %a = weft.launch @k0 symbols <[]> (%x) at [#weft.slot<arena at <[64]>>] : (tensor<16xf32>) -> tensor<16xf32>
  return %a : tensor<16xf32>
}

// -----

func.func private @k0(%x: tensor<16xf32>) -> tensor<16xf32> attributes {weft.kernel, weft.dims = []} {
  return %x : tensor<16xf32>
}
func.func private @k1(%x: tensor<16xf32>, %y: tensor<16xf32>) -> tensor<16xf32>
    attributes {weft.kernel, weft.dims = []} {
  return %x : tensor<16xf32>
}
func.func @p3_overlap(%x: tensor<16xf32> {weft.name = "x"})
    -> (tensor<16xf32> {weft.name = "result"}) attributes {weft.export, weft.arena = #weft.shape<[64]>} {
  // expected-note @below {{the value is made here}}
  %a = weft.launch @k0 symbols <[]> (%x) at [#weft.slot<arena at <[0]>>] : (tensor<16xf32>) -> tensor<16xf32>
  // expected-note @below {{and overwritten here}}
  %b = weft.launch @k0 symbols <[]> (%x) at [#weft.slot<arena at <[0]>>] : (tensor<16xf32>) -> tensor<16xf32>
  // expected-error @below {{'weft.launch' op reads a value whose byte 0 in the arena was overwritten}}
  %c = weft.launch @k1 symbols <[]> (%a, %b) at [#weft.slot<output at <[0]>>]
      : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %c : tensor<16xf32>
}

// -----

// 64 * N and 64 * M bytes: apart for N = 1, but not for every N.
func.func private @k0(%x: tensor<?x16xf32, #weft.shape<[d0, 16]>>) -> tensor<?x16xf32, #weft.shape<[d0, 16]>>
    attributes {weft.kernel, weft.dims = ["d0"]} {
  return %x : tensor<?x16xf32, #weft.shape<[d0, 16]>>
}
func.func @p3_overlap_for_some_sizes(%x: tensor<?x16xf32, #weft.shape<[N, 16]>> {weft.name = "x"})
    -> (tensor<?x16xf32, #weft.shape<[N, 16]>> {weft.name = "result0"},
        tensor<?x16xf32, #weft.shape<[N, 16]>> {weft.name = "result1"})
    attributes {weft.export, weft.arena = #weft.shape<[64 * N + 64]>} {
  // expected-note @below {{the value is made here}}
  %a = weft.launch @k0 symbols <[N]> (%x) at [#weft.slot<arena at <[0]>>]
      : (tensor<?x16xf32, #weft.shape<[N, 16]>>) -> tensor<?x16xf32, #weft.shape<[N, 16]>>
  // expected-note @below {{and overwritten here}}
  %b = weft.launch @k0 symbols <[N]> (%x) at [#weft.slot<arena at <[64]>>]
      : (tensor<?x16xf32, #weft.shape<[N, 16]>>) -> tensor<?x16xf32, #weft.shape<[N, 16]>>
  // expected-error @below {{'func.return' op reads a value whose byte 64 in the arena was overwritten when N = 2}}
  return %a, %b : tensor<?x16xf32, #weft.shape<[N, 16]>>, tensor<?x16xf32, #weft.shape<[N, 16]>>
}

// -----

// In the second turn %a is gone.
func.func private @k0(%x: tensor<16xf32>) -> tensor<16xf32> attributes {weft.kernel, weft.dims = []} {
  return %x : tensor<16xf32>
}
func.func private @k1(%x: tensor<16xf32>, %y: tensor<16xf32>) -> tensor<16xf32>
    attributes {weft.kernel, weft.dims = []} {
  return %x : tensor<16xf32>
}
func.func @p3_overwritten_for_the_next_turn(%x: tensor<16xf32> {weft.name = "x"},
    %steps: tensor<3xf32> {weft.name = "steps"})
    -> (tensor<16xf32> {weft.name = "result"}) attributes {weft.export, weft.arena = #weft.shape<[128]>} {
  // expected-note @below {{the value is made here}}
  %a = weft.launch @k0 symbols <[]> (%x) at [#weft.slot<arena at <[0]>>] : (tensor<16xf32>) -> tensor<16xf32>
  %r = weft.scan (%c = %x : tensor<16xf32>) over (%s = %steps : tensor<3xf32>) -> tensor<16xf32>
      attributes {weft.slots = [#weft.slot<output at <[0]>>]} {
    // expected-error @below {{'weft.launch' op reads a value whose byte 0 in the arena was overwritten}}
    %n = weft.launch @k1 symbols <[]> (%a, %c) at [#weft.slot<arena at <[64]>>]
        : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
    // expected-note @below {{and overwritten here}}
    %m = weft.launch @k0 symbols <[]> (%n) at [#weft.slot<arena at <[0]>>] : (tensor<16xf32>) -> tensor<16xf32>
    weft.yield %m : tensor<16xf32>
  }
  return %r : tensor<16xf32>
}

// -----

func.func private @k0(%x: tensor<16xf32>) -> tensor<16xf32> attributes {weft.kernel, weft.dims = []} {
  return %x : tensor<16xf32>
}
func.func @p4_written_to_a_foreign_output(%x: tensor<16xf32> {weft.name = "x"})
    -> (tensor<16xf32> {weft.name = "result0"}, tensor<16xf32> {weft.name = "result1"})
    attributes {weft.export, weft.arena = #weft.shape<[64]>} {
  // expected-error @below {{'weft.launch' op is written to output 0 but not returned there}}
  %a = weft.launch @k0 symbols <[]> (%x) at [#weft.slot<output at <[0]>>] : (tensor<16xf32>) -> tensor<16xf32>
  return %x, %a : tensor<16xf32>, tensor<16xf32>
}

// -----

func.func @p5_kernel_left(%x: tensor<16xf32> {weft.name = "x"})
    -> (tensor<16xf32> {weft.name = "result"}) attributes {weft.export, weft.arena = #weft.shape<[64]>} {
  // expected-error @below {{'weft.kernel' op is left after outlining}}
  %a = weft.kernel (%k = %x : tensor<16xf32>) -> tensor<16xf32> {
    weft.yield %k : tensor<16xf32>
  }
  return %a : tensor<16xf32>
}

// -----

// expected-error @below {{has no 'weft.arena'}}
func.func @no_arena(%x: tensor<16xf32> {weft.name = "x"})
    -> (tensor<16xf32> {weft.name = "result"}) attributes {weft.export} {
  return %x : tensor<16xf32>
}

// -----

weft.parameter state @s : tensor<16xf32>
func.func private @k0(%x: tensor<16xf32> {weft.in_place = 0 : i64}) -> tensor<16xf32>
    attributes {weft.kernel, weft.dims = []} {
  return %x : tensor<16xf32>
}
func.func private @k1(%x: tensor<16xf32>) -> tensor<16xf32> attributes {weft.kernel, weft.dims = []} {
  return %x : tensor<16xf32>
}
func.func @p6_old_state_read(%s: tensor<16xf32> {weft.parameter = @s})
    -> (tensor<16xf32> {weft.name = "y"}, tensor<16xf32> {weft.state = @s})
    attributes {weft.export, weft.arena = #weft.shape<[0]>} {
  // expected-note @below {{overwritten here}}
  %a = weft.launch @k0 symbols <[]> (%s) at [#weft.slot<output at <[1]>>] : (tensor<16xf32>) -> tensor<16xf32>
  // expected-error @below {{'weft.launch' op reads a state that was overwritten}}
  %b = weft.launch @k1 symbols <[]> (%s) at [#weft.slot<output at <[0]>>] : (tensor<16xf32>) -> tensor<16xf32>
  return %b, %a : tensor<16xf32>, tensor<16xf32>
}

// -----

weft.parameter state @s : tensor<16xf32>
func.func private @k0(%x: tensor<16xf32>) -> tensor<16xf32> attributes {weft.kernel, weft.dims = []} {
  return %x : tensor<16xf32>
}
func.func @p6_not_in_place(%s: tensor<16xf32> {weft.parameter = @s})
    -> (tensor<16xf32> {weft.state = @s}) attributes {weft.export, weft.arena = #weft.shape<[0]>} {
  // expected-error @below {{'weft.launch' op writes @s over what it reads as input 0, but not in place}}
  %a = weft.launch @k0 symbols <[]> (%s) at [#weft.slot<output at <[0]>>] : (tensor<16xf32>) -> tensor<16xf32>
  return %a : tensor<16xf32>
}
