// Scans whose steps are kernels alone run as one loop that threads do not leave, here with no step, one, two and three.
// Numbers are worked out by hand. (`test/e2e/recurrent.py` has whole layers.)
//
// RUN: weft run %s turns --in 'x=[]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=NONE
// RUN: weft run %s turns --in 'x=[1]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=ONE
// RUN: weft run %s turns --in 'x=[1, 2]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=TWO
// RUN: weft run %s turns --in 'x=[1, 2, 3]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=THREE
// RUN: weft run %s stacked --in 'x=[]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=NONE-STACKED
// RUN: weft run %s stacked --in 'x=[1, 2, 3]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=STACKED
// RUN: weft run %s kept --in 'x=[]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=NONE-KEPT
// RUN: weft run %s kept --in 'x=[1]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=ONE-KEPT
// RUN: weft run %s kept --in 'x=[1, 2, 3]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=KEPT
// RUN: weft run %s back --in 'x=[]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=NONE-KEPT
// RUN: weft run %s back --in 'x=[1]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=ONE-KEPT
// RUN: weft run %s back --in 'x=[1, 2, 3]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=BACK
// RUN: weft run %s back --reference --in 'x=[1, 2, 3]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=BACK
// RUN: weft run %s back_with_choice --in 'x=[1, 2, 3]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=CHOICE
// RUN: weft run %s back_with_choice --reference --in 'x=[1, 2, 3]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=CHOICE
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
// A carry that is kept is written where it is kept, but for its start. What no step can write in its place follows after all
// steps: the last value, a second stack, and a carry that is stacked as it is left too, from there.
// CHECK-LABEL: func.func @weft_entry_kept
// CHECK-COUNT-1: "llvm.intr.memcpy"
// CHECK: call @weft_parallel_steps
// CHECK-COUNT-4: "llvm.intr.memcpy"
// CHECK-NOT: memcpy
// CHECK-LABEL: func.func @weft_entry_back

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
// a' = a + x, b' = b * a, all of which are kept as each step finds them; what follows a is stacked twice.
// NONE-KEPT: {"a":[1,2],"b":[1,2],"next":[],"same":[],"as":[],"bs":[]}
// ONE-KEPT: {"a":[2,3],"b":[1,4],"next":{{\[\[}}2,3]],"same":{{\[\[}}2,3]],"as":{{\[\[}}1,2]],"bs":{{\[\[}}1,2]]}
// KEPT: {"a":[7,8],"b":[8,60],"next":{{\[\[}}2,3],[4,5],[7,8]],"same":{{\[\[}}2,3],[4,5],[7,8]],"as":{{\[\[}}1,2],[2,3],[4,5]],"bs":{{\[\[}}1,2],[1,4],[2,12]]}
func.func @kept(%x: tensor<?xf32, #weft.shape<[T]>> {weft.name = "x"}, %z: tensor<2xf32> {weft.name = "z"})
    -> (tensor<2xf32> {weft.name = "a"}, tensor<2xf32> {weft.name = "b"}, tensor<?x2xf32, #weft.shape<[T, 2]>> {weft.name = "next"},
        tensor<?x2xf32, #weft.shape<[T, 2]>> {weft.name = "same"}, tensor<?x2xf32, #weft.shape<[T, 2]>> {weft.name = "as"},
        tensor<?x2xf32, #weft.shape<[T, 2]>> {weft.name = "bs"}) attributes {weft.export} {
  %r:6 = weft.scan (%c = %z : tensor<2xf32>, %d = %z : tensor<2xf32>) over (%e = %x : tensor<?xf32, #weft.shape<[T]>>)
      -> (tensor<2xf32>, tensor<2xf32>, tensor<?x2xf32, #weft.shape<[T, 2]>>, tensor<?x2xf32, #weft.shape<[T, 2]>>,
          tensor<?x2xf32, #weft.shape<[T, 2]>>, tensor<?x2xf32, #weft.shape<[T, 2]>>) {
    %b = weft.broadcast %e along [] : tensor<f32> -> tensor<2xf32>
    %t = weft.add %c, %b : tensor<2xf32>
    %u = weft.mul %d, %c : tensor<2xf32>
    weft.yield %t, %u, %t, %t, %c, %d
        : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
  }
  return %r#0, %r#1, %r#2, %r#3, %r#4, %r#5
      : tensor<2xf32>, tensor<2xf32>, tensor<?x2xf32, #weft.shape<[T, 2]>>, tensor<?x2xf32, #weft.shape<[T, 2]>>,
        tensor<?x2xf32, #weft.shape<[T, 2]>>, tensor<?x2xf32, #weft.shape<[T, 2]>>
}

// From the end.
// BACK: {"a":[7,8],"b":[24,140],"next":{{\[\[}}7,8],[6,7],[4,5]],"same":{{\[\[}}7,8],[6,7],[4,5]],"as":{{\[\[}}6,7],[4,5],[1,2]],"bs":{{\[\[}}4,20],[1,4],[1,2]]}
func.func @back(%x: tensor<?xf32, #weft.shape<[T]>> {weft.name = "x"}, %z: tensor<2xf32> {weft.name = "z"})
    -> (tensor<2xf32> {weft.name = "a"}, tensor<2xf32> {weft.name = "b"}, tensor<?x2xf32, #weft.shape<[T, 2]>> {weft.name = "next"},
        tensor<?x2xf32, #weft.shape<[T, 2]>> {weft.name = "same"}, tensor<?x2xf32, #weft.shape<[T, 2]>> {weft.name = "as"},
        tensor<?x2xf32, #weft.shape<[T, 2]>> {weft.name = "bs"}) attributes {weft.export} {
  %r:6 = weft.scan (%c = %z : tensor<2xf32>, %d = %z : tensor<2xf32>) over (%e = %x : tensor<?xf32, #weft.shape<[T]>>)
      -> (tensor<2xf32>, tensor<2xf32>, tensor<?x2xf32, #weft.shape<[T, 2]>>, tensor<?x2xf32, #weft.shape<[T, 2]>>,
          tensor<?x2xf32, #weft.shape<[T, 2]>>, tensor<?x2xf32, #weft.shape<[T, 2]>>) attributes {weft.reverse} {
    %b = weft.broadcast %e along [] : tensor<f32> -> tensor<2xf32>
    %t = weft.add %c, %b : tensor<2xf32>
    %u = weft.mul %d, %c : tensor<2xf32>
    weft.yield %t, %u, %t, %t, %c, %d
        : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
  }
  return %r#0, %r#1, %r#2, %r#3, %r#4, %r#5
      : tensor<2xf32>, tensor<2xf32>, tensor<?x2xf32, #weft.shape<[T, 2]>>, tensor<?x2xf32, #weft.shape<[T, 2]>>,
        tensor<?x2xf32, #weft.shape<[T, 2]>>, tensor<?x2xf32, #weft.shape<[T, 2]>>
}

// Steps that hold more than kernels are a loop of the entry itself.
// CHOICE: {"a":[8,9],"as":{{\[\[}}8,9],[7,8],[5,6]]}
func.func @back_with_choice(%x: tensor<?xf32, #weft.shape<[T]>> {weft.name = "x"}, %z: tensor<2xf32> {weft.name = "z"})
    -> (tensor<2xf32> {weft.name = "a"}, tensor<?x2xf32, #weft.shape<[T, 2]>> {weft.name = "as"})
    attributes {weft.export} {
  %s:2 = weft.scan (%c = %z : tensor<2xf32>) over (%e = %x : tensor<?xf32, #weft.shape<[T]>>)
      -> (tensor<2xf32>, tensor<?x2xf32, #weft.shape<[T, 2]>>) attributes {weft.reverse} {
    %two = weft.constant dense<2.5> : tensor<f32>
    %large = weft.compare gt %e, %two : tensor<f32>
    %step = weft.if %large -> tensor<f32> {
      %four = weft.constant dense<4.0> : tensor<f32>
      weft.yield %four : tensor<f32>
    } else {
      weft.yield %e : tensor<f32>
    }
    %b = weft.broadcast %step along [] : tensor<f32> -> tensor<2xf32>
    %t = weft.add %c, %b : tensor<2xf32>
    weft.yield %t, %t : tensor<2xf32>, tensor<2xf32>
  }
  return %s#0, %s#1 : tensor<2xf32>, tensor<?x2xf32, #weft.shape<[T, 2]>>
}
}
