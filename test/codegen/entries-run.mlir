// What entries do around kernels: loops with carries that change places, branches, values returned
// twice or as they came in. Each function runs compiled; the numbers are worked out by hand.
//
// RUN: weft run %s scan --in 'x=[[0, 1], [2, 3], [0, 0]]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=SCAN
// RUN: weft run %s scan --in 'x=[[0, 1]]' --in 'z=[1, 2]' | FileCheck %s --check-prefix=ONE-STEP
// RUN: weft run %s collatz --in x=27 | FileCheck %s --check-prefix=COLLATZ
// RUN: weft run %s collatz --in x=1 | FileCheck %s --check-prefix=NO-TURN
// RUN: weft run %s returned --in 'x=[1, -2, 7]' | FileCheck %s --check-prefix=RETURNED
// RUN: weft run %s branch --in x=5 --in flag=true | FileCheck %s --check-prefix=TRUE
// RUN: weft run %s branch --in x=5 --in flag=false | FileCheck %s --check-prefix=FALSE

module @entries {

// c' = d, d' = (c + x) * d, emitting c.
// (1, 2), (1, 2) -> (1, 2), (1, 6) -> (1, 6), (3, 30) -> (3, 30), (3, 180)
// SCAN: {"last":[3,30],"all":{{\[\[}}1,2],[1,2],[1,6]],"other":[3,180]}
// ONE-STEP: {"last":[1,2],"all":{{\[\[}}1,2]],"other":[1,6]}
func.func @scan(%x: tensor<?x2xf32, #weft.shape<[N, 2]>> {weft.name = "x"},
    %z: tensor<2xf32> {weft.name = "z"})
    -> (tensor<2xf32> {weft.name = "last"}, tensor<?x2xf32, #weft.shape<[N, 2]>> {weft.name = "all"},
        tensor<2xf32> {weft.name = "other"}) attributes {weft.export} {
  %s:3 = weft.scan (%c = %z : tensor<2xf32>, %d = %z : tensor<2xf32>)
      over (%e = %x : tensor<?x2xf32, #weft.shape<[N, 2]>>)
      -> (tensor<2xf32>, tensor<2xf32>, tensor<?x2xf32, #weft.shape<[N, 2]>>) {
    %t = weft.add %c, %e : tensor<2xf32>
    %u = weft.mul %t, %d : tensor<2xf32>
    weft.yield %d, %u, %c : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
  }
  return %s#0, %s#2, %s#1 : tensor<2xf32>, tensor<?x2xf32, #weft.shape<[N, 2]>>, tensor<2xf32>
}

// COLLATZ: {"steps":111,"value":1}
// NO-TURN: {"steps":0,"value":1}
func.func @collatz(%x: tensor<i64> {weft.name = "x"})
    -> (tensor<i64> {weft.name = "steps"}, tensor<i64> {weft.name = "value"}) attributes {weft.export} {
  %zero = weft.constant dense<0> : tensor<i64>
  %one = weft.constant dense<1> : tensor<i64>
  %two = weft.constant dense<2> : tensor<i64>
  %three = weft.constant dense<3> : tensor<i64>
  %w:2 = weft.while (%c = %x : tensor<i64>, %n = %zero : tensor<i64>) -> (tensor<i64>, tensor<i64>) condition {
    %t = weft.compare gt %c, %one : tensor<i64>
    weft.yield %t : tensor<i1>
  } do {
    %r = weft.rem %c, %two : tensor<i64>
    %even = weft.compare eq %r, %zero : tensor<i64>
    %next = weft.if %even -> tensor<i64> {
      %h = weft.div %c, %two : tensor<i64>
      weft.yield %h : tensor<i64>
    } else {
      %m = weft.mul %c, %three : tensor<i64>
      %p = weft.add %m, %one : tensor<i64>
      weft.yield %p : tensor<i64>
    }
    %k = weft.add %n, %one : tensor<i64>
    weft.yield %next, %k : tensor<i64>, tensor<i64>
  }
  return %w#1, %w#0 : tensor<i64>, tensor<i64>
}

// RETURNED: {"a":[1,-2,7],"b":[-1,2,-7],"c":[-1,2,-7],"d":[1,-2,3]}
func.func @returned(%x: tensor<?xi32, #weft.shape<[N]>> {weft.name = "x"})
    -> (tensor<?xi32, #weft.shape<[N]>> {weft.name = "a"}, tensor<?xi32, #weft.shape<[N]>> {weft.name = "b"},
        tensor<?xi32, #weft.shape<[N]>> {weft.name = "c"}, tensor<3xi16> {weft.name = "d"})
    attributes {weft.export} {
  %y = weft.neg %x : tensor<?xi32, #weft.shape<[N]>>
  %k = weft.constant dense<[1, -2, 3]> : tensor<3xi16>
  return %x, %y, %y, %k : tensor<?xi32, #weft.shape<[N]>>, tensor<?xi32, #weft.shape<[N]>>,
      tensor<?xi32, #weft.shape<[N]>>, tensor<3xi16>
}

// TRUE: {"result":10,"flag":false}
// FALSE: {"result":5,"flag":true}
func.func @branch(%x: tensor<i8> {weft.name = "x"}, %flag: tensor<i1> {weft.name = "flag"})
    -> (tensor<i8> {weft.name = "result"}, tensor<i1> {weft.name = "flag"}) attributes {weft.export} {
  %r = weft.if %flag -> tensor<i8> {
    %d = weft.add %x, %x : tensor<i8>
    weft.yield %d : tensor<i8>
  } else {
    weft.yield %x : tensor<i8>
  }
  %not = weft.not %flag : tensor<i1>
  return %r, %not : tensor<i8>, tensor<i1>
}
}
