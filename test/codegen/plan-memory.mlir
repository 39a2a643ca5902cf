// RUN: weft-opt %s --weft-plan-memory --weft-verify-plan | FileCheck %s

func.func private @k0(%x: tensor<100xf32>) -> tensor<100xf32> attributes {weft.kernel, weft.dims = []} {
  %y = weft.exp %x : tensor<100xf32>
  return %y : tensor<100xf32>
}
func.func private @k1(%x: tensor<100xf32>, %y: tensor<100xf32>) -> tensor<100xf32>
    attributes {weft.kernel, weft.dims = []} {
  %z = weft.add %x, %y : tensor<100xf32>
  return %z : tensor<100xf32>
}
func.func private @k2(%x: tensor<?x256xf32, #weft.shape<[d0, 256]>>)
    -> tensor<?x256xf32, #weft.shape<[d0, 256]>> attributes {weft.kernel, weft.dims = ["d0"]} {
  %y = weft.exp %x : tensor<?x256xf32, #weft.shape<[d0, 256]>>
  return %y : tensor<?x256xf32, #weft.shape<[d0, 256]>>
}
func.func private @k3(%x: tensor<?xf32, #weft.shape<[d0]>>)
    -> tensor<?xf32, #weft.shape<[d0]>> attributes {weft.kernel, weft.dims = ["d0"]} {
  %y = weft.exp %x : tensor<?xf32, #weft.shape<[d0]>>
  return %y : tensor<?xf32, #weft.shape<[d0]>>
}
func.func private @k4(%x: tensor<i64>, %y: tensor<i64>) -> tensor<i64> attributes {weft.kernel, weft.dims = []} {
  %z = weft.add %x, %y : tensor<i64>
  return %z : tensor<i64>
}
func.func private @k5(%x: tensor<i64>) -> tensor<i1> attributes {weft.kernel, weft.dims = []} {
  %z = weft.compare lt %x, %x : tensor<i64>
  return %z : tensor<i1>
}

// 400 bytes are 448 with the alignment. The third value takes the place of the first.
// CHECK-LABEL: func.func @place_of_the_dead_reused(
// CHECK-SAME: weft.arena = #weft.shape<[896]>
// CHECK: weft.launch @k0 {{.*}}at [#weft.slot<arena at <[0]>>]
// CHECK: weft.launch @k0 {{.*}}at [#weft.slot<arena at <[448]>>]
// CHECK: weft.launch @k0 {{.*}}at [#weft.slot<arena at <[0]>>]
// CHECK: weft.launch @k0 {{.*}}at [#weft.slot<output at <[0]>>]
func.func @place_of_the_dead_reused(%x: tensor<100xf32> {weft.name = "x"})
    -> (tensor<100xf32> {weft.name = "result"}) attributes {weft.export} {
  %a = weft.launch @k0 symbols <[]> (%x) : (tensor<100xf32>) -> tensor<100xf32>
  %b = weft.launch @k0 symbols <[]> (%a) : (tensor<100xf32>) -> tensor<100xf32>
  %c = weft.launch @k0 symbols <[]> (%b) : (tensor<100xf32>) -> tensor<100xf32>
  %d = weft.launch @k0 symbols <[]> (%c) : (tensor<100xf32>) -> tensor<100xf32>
  return %d : tensor<100xf32>
}

// The first value is read at the end, so nothing may take its place.
// CHECK-LABEL: func.func @value_reused(
// CHECK-SAME: weft.arena = #weft.shape<[1344]>
func.func @value_reused(%x: tensor<100xf32> {weft.name = "x"})
    -> (tensor<100xf32> {weft.name = "result"}) attributes {weft.export} {
  %a = weft.launch @k0 symbols <[]> (%x) : (tensor<100xf32>) -> tensor<100xf32>
  %b = weft.launch @k0 symbols <[]> (%a) : (tensor<100xf32>) -> tensor<100xf32>
  %c = weft.launch @k0 symbols <[]> (%b) : (tensor<100xf32>) -> tensor<100xf32>
  %d = weft.launch @k1 symbols <[]> (%a, %c) : (tensor<100xf32>, tensor<100xf32>) -> tensor<100xf32>
  return %d : tensor<100xf32>
}

// A reshape reads the same memory, also at the end.
// CHECK-LABEL: func.func @reshape_keeps_alive_and_is_written_directly(
// CHECK: weft.launch @k0 {{.*}}at [#weft.slot<arena at <[0]>>]
// CHECK: weft.launch @k0 {{.*}}at [#weft.slot<arena at <[448]>>]
// CHECK: weft.launch @k1 {{.*}}at [#weft.slot<output at <[0]>>]
func.func @reshape_keeps_alive_and_is_written_directly(%x: tensor<100xf32> {weft.name = "x"})
    -> (tensor<10x10xf32> {weft.name = "result"}) attributes {weft.export} {
  %a = weft.launch @k0 symbols <[]> (%x) : (tensor<100xf32>) -> tensor<100xf32>
  %r = weft.reshape %a : tensor<100xf32> -> tensor<10x10xf32>
  %b = weft.launch @k0 symbols <[]> (%a) : (tensor<100xf32>) -> tensor<100xf32>
  %s = weft.reshape %r : tensor<10x10xf32> -> tensor<100xf32>
  %d = weft.launch @k1 symbols <[]> (%s, %b) : (tensor<100xf32>, tensor<100xf32>) -> tensor<100xf32>
  %o = weft.reshape %d : tensor<100xf32> -> tensor<10x10xf32>
  return %o : tensor<10x10xf32>
}

// One value cannot be written to two outputs; the second is copied when all is done.
// CHECK-LABEL: func.func @returned_twice(
// CHECK-SAME: weft.arena = #weft.shape<[0]>
// CHECK: weft.launch @k0 {{.*}}at [#weft.slot<output at <[1]>>]
func.func @returned_twice(%x: tensor<100xf32> {weft.name = "x"})
    -> (tensor<100xf32> {weft.name = "result0"}, tensor<100xf32> {weft.name = "result1"},
        tensor<100xf32> {weft.name = "result2"}) attributes {weft.export} {
  %a = weft.launch @k0 symbols <[]> (%x) : (tensor<100xf32>) -> tensor<100xf32>
  return %x, %a, %a : tensor<100xf32>, tensor<100xf32>, tensor<100xf32>
}

// Sizes that are multiples of N lie at multiples of N.
// CHECK-LABEL: func.func @dynamic_sizes_in_proportion(
// CHECK-SAME: weft.arena = #weft.shape<[2048 * N]>
// CHECK: at [#weft.slot<arena at <[0]>>]
// CHECK: at [#weft.slot<arena at <[1024 * N]>>]
// CHECK: at [#weft.slot<arena at <[0]>>]
// CHECK: at [#weft.slot<output at <[0]>>]
func.func @dynamic_sizes_in_proportion(%x: tensor<?x256xf32, #weft.shape<[N, 256]>> {weft.name = "x"})
    -> (tensor<?x256xf32, #weft.shape<[N, 256]>> {weft.name = "result"}) attributes {weft.export} {
  %a = weft.launch @k2 symbols <[N]> (%x)
      : (tensor<?x256xf32, #weft.shape<[N, 256]>>) -> tensor<?x256xf32, #weft.shape<[N, 256]>>
  %b = weft.launch @k2 symbols <[N]> (%a)
      : (tensor<?x256xf32, #weft.shape<[N, 256]>>) -> tensor<?x256xf32, #weft.shape<[N, 256]>>
  %c = weft.launch @k2 symbols <[N]> (%b)
      : (tensor<?x256xf32, #weft.shape<[N, 256]>>) -> tensor<?x256xf32, #weft.shape<[N, 256]>>
  %d = weft.launch @k2 symbols <[N]> (%c)
      : (tensor<?x256xf32, #weft.shape<[N, 256]>>) -> tensor<?x256xf32, #weft.shape<[N, 256]>>
  return %d : tensor<?x256xf32, #weft.shape<[N, 256]>>
}

// Small rows are not rounded up one by one: they share whole slots. M may be larger than N or
// not, so their values cannot share.
// CHECK-LABEL: func.func @slots_shared_where_a_size_bounds_the_other(
// CHECK: weft.launch @k3 symbols <[N]> {{.*}}at [#weft.slot<arena at <[0]>>]
// CHECK: weft.launch @k3 symbols <[M]> {{.*}}at [#weft.slot<arena at <[64 * ((N + 15) / 16)]>>]
func.func @slots_shared_where_a_size_bounds_the_other(
    %x: tensor<?xf32, #weft.shape<[N]>> {weft.name = "x"},
    %y: tensor<?xf32, #weft.shape<[M]>> {weft.name = "y"})
    -> (tensor<?xf32, #weft.shape<[N]>> {weft.name = "result0"},
        tensor<?xf32, #weft.shape<[M]>> {weft.name = "result1"}) attributes {weft.export} {
  %a = weft.launch @k3 symbols <[N]> (%x) : (tensor<?xf32, #weft.shape<[N]>>) -> tensor<?xf32, #weft.shape<[N]>>
  %b = weft.launch @k3 symbols <[N]> (%a) : (tensor<?xf32, #weft.shape<[N]>>) -> tensor<?xf32, #weft.shape<[N]>>
  %c = weft.launch @k3 symbols <[M]> (%y) : (tensor<?xf32, #weft.shape<[M]>>) -> tensor<?xf32, #weft.shape<[M]>>
  %d = weft.launch @k3 symbols <[M]> (%c) : (tensor<?xf32, #weft.shape<[M]>>) -> tensor<?xf32, #weft.shape<[M]>>
  return %b, %d : tensor<?xf32, #weft.shape<[N]>>, tensor<?xf32, #weft.shape<[M]>>
}

// The carry lives through the loop, and so does %a, which each turn reads.
// CHECK-LABEL: func.func @loop_keeps_what_it_reads_again(
// CHECK-SAME: weft.arena = #weft.shape<[896]>
// CHECK: weft.launch @k0 {{.*}}at [#weft.slot<arena at <[0]>>]
// CHECK: weft.scan
// CHECK-SAME: weft.slots = [#weft.slot<output at <[0]>>]
// CHECK: weft.launch @k1 {{.*}}at [#weft.slot<arena at <[448]>>]
func.func @loop_keeps_what_it_reads_again(%x: tensor<100xf32> {weft.name = "x"},
    %steps: tensor<?xf32, #weft.shape<[N]>> {weft.name = "steps"})
    -> (tensor<100xf32> {weft.name = "result"}) attributes {weft.export} {
  %a = weft.launch @k0 symbols <[]> (%x) : (tensor<100xf32>) -> tensor<100xf32>
  %r = weft.scan (%c = %x : tensor<100xf32>) over (%s = %steps : tensor<?xf32, #weft.shape<[N]>>)
      -> tensor<100xf32> {
    %n = weft.launch @k1 symbols <[]> (%a, %c) : (tensor<100xf32>, tensor<100xf32>) -> tensor<100xf32>
    weft.yield %n : tensor<100xf32>
  }
  return %r : tensor<100xf32>
}

// CHECK-LABEL: func.func @while_and_if(
// CHECK: weft.while {{.*}}attributes {weft.slots = [#weft.slot<arena at
// CHECK: weft.launch @k5 {{.*}}at [#weft.slot<arena at
// CHECK: weft.launch @k4 {{.*}}at [#weft.slot<arena at
// CHECK: weft.if {{.*}}attributes {weft.slots = [#weft.slot<output at <[0]>>]}
func.func @while_and_if(%x: tensor<i64> {weft.name = "x"}, %flag: tensor<i1> {weft.name = "flag"})
    -> (tensor<i64> {weft.name = "result"}) attributes {weft.export} {
  %w = weft.while (%c = %x : tensor<i64>) -> tensor<i64> condition {
    %t = weft.launch @k5 symbols <[]> (%c) : (tensor<i64>) -> tensor<i1>
    weft.yield %t : tensor<i1>
  } do {
    %n = weft.launch @k4 symbols <[]> (%c, %c) : (tensor<i64>, tensor<i64>) -> tensor<i64>
    weft.yield %n : tensor<i64>
  }
  %r = weft.if %flag -> tensor<i64> {
    weft.yield %w : tensor<i64>
  } else {
    weft.yield %x : tensor<i64>
  }
  return %r : tensor<i64>
}

func.func private @k6(%x: tensor<16xf32>) -> tensor<112xf32> attributes {weft.kernel, weft.dims = []} {
  %y = weft.constant dense<0.0> : tensor<112xf32>
  return %y : tensor<112xf32>
}
func.func private @k7(%x: tensor<112xf32>) -> tensor<64xf32> attributes {weft.kernel, weft.dims = []} {
  %y = weft.constant dense<0.0> : tensor<64xf32>
  return %y : tensor<64xf32>
}
func.func private @k8(%x: tensor<64xf32>) -> tensor<16xf32> attributes {weft.kernel, weft.dims = []} {
  %y = weft.constant dense<0.0> : tensor<16xf32>
  return %y : tensor<16xf32>
}
func.func private @k9(%x: tensor<16xf32>) -> tensor<128xf32> attributes {weft.kernel, weft.dims = []} {
  %y = weft.constant dense<0.0> : tensor<128xf32>
  return %y : tensor<128xf32>
}
func.func private @k10(%x: tensor<16xf32>) -> tensor<48xf32> attributes {weft.kernel, weft.dims = []} {
  %y = weft.constant dense<0.0> : tensor<48xf32>
  return %y : tensor<48xf32>
}
func.func private @k11(%x: tensor<128xf32>, %y: tensor<48xf32>) -> tensor<f32> attributes {weft.kernel, weft.dims = []} {
  %z = weft.constant dense<0.0> : tensor<f32>
  return %z : tensor<f32>
}

// Largest first, %small comes last and finds no gap between those around it: 15 * 64 bytes. Placed
// first, it leaves the arena at what lives at one time: %kept, %a and %b.
// CHECK-LABEL: func.func @highest_placed_first(
// CHECK-SAME: weft.arena = #weft.shape<[896]>
// CHECK: weft.launch @k8 {{.*}}at [#weft.slot<arena at <[0]>>]
func.func @highest_placed_first(%x: tensor<16xf32> {weft.name = "x"})
    -> (tensor<f32> {weft.name = "result"}) attributes {weft.export} {
  %kept = weft.launch @k10 symbols <[]> (%x) : (tensor<16xf32>) -> tensor<48xf32>
  %a = weft.launch @k6 symbols <[]> (%x) : (tensor<16xf32>) -> tensor<112xf32>
  %b = weft.launch @k7 symbols <[]> (%a) : (tensor<112xf32>) -> tensor<64xf32>
  %small = weft.launch @k8 symbols <[]> (%b) : (tensor<64xf32>) -> tensor<16xf32>
  %c = weft.launch @k9 symbols <[]> (%small) : (tensor<16xf32>) -> tensor<128xf32>
  %r = weft.launch @k11 symbols <[]> (%c, %kept) : (tensor<128xf32>, tensor<48xf32>) -> tensor<f32>
  return %r : tensor<f32>
}

func.func private @k12(%x: tensor<?xf32, #weft.shape<[d0]>>) -> tensor<?xf32, #weft.shape<[32 * d0 - 16]>>
    attributes {weft.kernel, weft.dims = ["d0"]} {
  %y = weft.iota 0 : tensor<?xf32, #weft.shape<[32 * d0 - 16]>>
  return %y : tensor<?xf32, #weft.shape<[32 * d0 - 16]>>
}
func.func private @k13(%x: tensor<?xf32, #weft.shape<[32 * d0 - 16]>>, %y: tensor<?xf32, #weft.shape<[d0]>>)
    -> tensor<f32> attributes {weft.kernel, weft.dims = ["d0"]} {
  %z = weft.constant dense<0.0> : tensor<f32>
  return %z : tensor<f32>
}

// No call comes here with N = 0, for which %b would lie before the arena.
// CHECK-LABEL: func.func @sizes_that_are_refused(
// CHECK: weft.launch @k3 {{.*}}at [#weft.slot<arena at <[128 * N - 64]>>]
func.func @sizes_that_are_refused(%x: tensor<?xf32, #weft.shape<[N]>> {weft.name = "x"})
    -> (tensor<f32> {weft.name = "result"}) attributes {weft.export} {
  %a = weft.launch @k12 symbols <[N]> (%x) : (tensor<?xf32, #weft.shape<[N]>>) -> tensor<?xf32, #weft.shape<[32 * N - 16]>>
  %b = weft.launch @k3 symbols <[N]> (%x) : (tensor<?xf32, #weft.shape<[N]>>) -> tensor<?xf32, #weft.shape<[N]>>
  %r = weft.launch @k13 symbols <[N]> (%a, %b) : (tensor<?xf32, #weft.shape<[32 * N - 16]>>, tensor<?xf32, #weft.shape<[N]>>) -> tensor<f32>
  return %r : tensor<f32>
}

func.func private @large(%x: tensor<f32>) -> tensor<65536xf32> attributes {weft.kernel, weft.dims = []} {
  %y = weft.broadcast %x along [] : tensor<f32> -> tensor<65536xf32>
  return %y : tensor<65536xf32>
}
func.func private @sum(%x: tensor<65536xf32>) -> tensor<f32> attributes {weft.kernel, weft.dims = []} {
  %y = weft.reduce sum %x axes [0] : tensor<65536xf32> -> tensor<f32>
  return %y : tensor<f32>
}
func.func private @small(%x: tensor<f32>) -> tensor<32768xf32> attributes {weft.kernel, weft.dims = []} {
  %y = weft.broadcast %x along [] : tensor<f32> -> tensor<32768xf32>
  return %y : tensor<32768xf32>
}
func.func private @sum_small(%x: tensor<32768xf32>) -> tensor<f32> attributes {weft.kernel, weft.dims = []} {
  %y = weft.reduce sum %x axes [0] : tensor<32768xf32> -> tensor<f32>
  return %y : tensor<f32>
}

// Half of a buffer belongs to each of two threads: the smaller one has its middle where the larger one had it.
// CHECK-LABEL: func.func @middles_meet(
// CHECK: weft.launch @large {{.*}}at [#weft.slot<arena at <[0]>>]
// CHECK: weft.launch @small {{.*}}at [#weft.slot<arena at <[65536]>>]
func.func @middles_meet(%x: tensor<f32> {weft.name = "x"})
    -> (tensor<f32> {weft.name = "result"}) attributes {weft.export} {
  %a = weft.launch @large symbols <[]> (%x) : (tensor<f32>) -> tensor<65536xf32>
  %b = weft.launch @sum symbols <[]> (%a) : (tensor<65536xf32>) -> tensor<f32>
  %c = weft.launch @small symbols <[]> (%b) : (tensor<f32>) -> tensor<32768xf32>
  %r = weft.launch @sum_small symbols <[]> (%c) : (tensor<32768xf32>) -> tensor<f32>
  return %r : tensor<f32>
}
