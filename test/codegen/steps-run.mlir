// Scans whose steps are kernels alone run as one loop that threads do not leave, here with no step, one, two and three.
// Numbers are worked out by hand. (`test/e2e/recurrent.py` has whole layers.)
//
// RUN: weft run %s turns --in 'x=[]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=NONE
// RUN: weft run %s turns --in 'x=[1]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=ONE
// RUN: weft run %s turns --in 'x=[1, 2]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=TWO
// RUN: weft run %s turns --in 'x=[1, 2, 3]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=THREE
// RUN: weft run %s stacked --in 'x=[]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=NONE-STACKED
// RUN: weft run %s stacked --in 'x=[1, 2, 3]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=STACKED
//
// Nothing is copied between steps: a carry that is stacked is read from there, another takes turns.
// RUN: weft inspect %s --stage=loops | FileCheck %s
// CHECK-LABEL: func.func @weft_entry_turns
// CHECK-COUNT-2: "llvm.intr.memcpy"
// CHECK-NOT: memcpy
// CHECK: call @weft_parallel_steps
// CHECK-NOT: memcpy
// CHECK-LABEL: func.func @weft_entry_stacked
// CHECK-NOT: memcpy
// CHECK: call @weft_parallel_steps
// CHECK: "llvm.intr.memcpy"
// CHECK-NOT: memcpy

module @steps {

// a' = a + x, b' = b * a.
// NONE: {"a":[1,2],"b":[1,2]}
// ONE: {"a":[2,3],"b":[1,4]}
// TWO: {"a":[4,5],"b":[2,12]}
// THREE: {"a":[7,8],"b":[8,60]}
func.func @turns(%x: tensor<?xf32, #weft.shape<[T]>> {weft.name = "x"}, %z: tensor<2xf32> {weft.name = "z"})
    -> (tensor<2xf32> {weft.name = "a"}, tensor<2xf32> {weft.name = "b"}) attributes {weft.export} {
  %s:2 = weft.scan (%c = %z : tensor<2xf32>, %d = %z : tensor<2xf32>)
      over (%e = %x : tensor<?xf32, #weft.shape<[T]>>) -> (tensor<2xf32>, tensor<2xf32>) {
    %b = weft.broadcast %e along [] : tensor<f32> -> tensor<2xf32>
    %t = weft.add %c, %b : tensor<2xf32>
    %u = weft.mul %d, %c : tensor<2xf32>
    weft.yield %t, %u : tensor<2xf32>, tensor<2xf32>
  }
  return %s#0, %s#1 : tensor<2xf32>, tensor<2xf32>
}

// a' = a + x, of which all are kept as well.
// NONE-STACKED: {"a":[1,2],"all":[]}
// STACKED: {"a":[7,8],"all":{{\[\[}}2,3],[4,5],[7,8]]}
func.func @stacked(%x: tensor<?xf32, #weft.shape<[T]>> {weft.name = "x"}, %z: tensor<2xf32> {weft.name = "z"})
    -> (tensor<2xf32> {weft.name = "a"}, tensor<?x2xf32, #weft.shape<[T, 2]>> {weft.name = "all"})
    attributes {weft.export} {
  %s:2 = weft.scan (%c = %z : tensor<2xf32>) over (%e = %x : tensor<?xf32, #weft.shape<[T]>>)
      -> (tensor<2xf32>, tensor<?x2xf32, #weft.shape<[T, 2]>>) {
    %b = weft.broadcast %e along [] : tensor<f32> -> tensor<2xf32>
    %t = weft.add %c, %b : tensor<2xf32>
    weft.yield %t, %t : tensor<2xf32>, tensor<2xf32>
  }
  return %s#0, %s#1 : tensor<2xf32>, tensor<?x2xf32, #weft.shape<[T, 2]>>
}
}
