// What operators with data-dependent results are made of, compiled; the numbers are worked out by
// hand. Steps grow with the elements, not with their square: a million take less than the limit.
//
// RUN: weft run %s nonzero --in 'mask=[false, true, true, false, true]' | FileCheck %s --check-prefix=NONZERO
// RUN: weft run %s nonzero --in 'mask=[false, false]' | FileCheck %s --check-prefix=NONE
// RUN: weft run %s unique --in 'x=[3, 1, 3, -2, 1, 3]' | FileCheck %s --check-prefix=UNIQUE
// RUN: timeout 60 weft run %s million | FileCheck %s --check-prefix=MILLION

!places = tensor<?xi64, #weft.shape<[N]>>
!mask = tensor<?xi1, #weft.shape<[N]>>
!many = tensor<1000000xi64>

module @compositions {

// NONZERO: {"places":[1,2,4,0,0],"count":3}
// NONE: {"places":[0,0],"count":0}
func.func @nonzero(%mask: !mask {weft.name = "mask"})
    -> (!places {weft.name = "places"}, tensor<i64> {weft.name = "count"}) attributes {weft.export} {
  %ones = weft.cast %mask : !mask -> !places
  %front = weft.cumulative sum %ones axis 0 exclusive : !places
  %outside = weft.constant dense<-1> : tensor<i64>
  %none = weft.broadcast %outside along [] : tensor<i64> -> !places
  %to = weft.select %mask, %front, %none : !places
  %zero = weft.constant dense<0> : tensor<i64>
  %zeros = weft.broadcast %zero along [] : tensor<i64> -> !places
  %all = weft.iota 0 : !places
  %places = weft.scatter set %zeros, %to, %all axis 0 : !places, !places, !places
  %count = weft.reduce sum %ones axes [0] : !places -> tensor<i64>
  return %places, %count : !places, tensor<i64>
}

// UNIQUE: {"values":[-2,1,3,0,0,0],"inverse":[2,1,2,0,1,2],"counts":[1,2,3,0,0,0]}
func.func @unique(%x: !places {weft.name = "x"})
    -> (!places {weft.name = "values"}, !places {weft.name = "inverse"},
        !places {weft.name = "counts"}) attributes {weft.export} {
  %order = weft.arg_sort %x axis 0 : !places -> !places
  %sorted = weft.gather %x, %order axis 0 : !places, !places -> !places
  %all = weft.iota 0 : !places
  %one = weft.constant dense<1> : tensor<i64>
  %ones = weft.broadcast %one along [] : tensor<i64> -> !places
  %before = weft.sub %all, %ones : !places
  // The first element is compared with itself: an index below 0 gives the first.
  %previous = weft.gather %sorted, %before axis 0 : !places, !places -> !places
  %differs = weft.compare ne %sorted, %previous : !places
  %steps = weft.cast %differs : !mask -> !places
  %group = weft.cumulative sum %steps axis 0 : !places
  %zero = weft.constant dense<0> : tensor<i64>
  %zeros = weft.broadcast %zero along [] : tensor<i64> -> !places
  %values = weft.scatter set %zeros, %group, %sorted axis 0 : !places, !places, !places
  %inverse = weft.scatter set %zeros, %order, %group axis 0 : !places, !places, !places
  %counts = weft.scatter add %zeros, %group, %ones axis 0 : !places, !places, !places
  return %values, %inverse, %counts : !places, !places, !places
}

// The residues of 7 i modulo 1000, sorted, and how many there are of the first and the last.
// MILLION: {"first":1000,"last":1000}
func.func @million() -> (tensor<i64> {weft.name = "first"}, tensor<i64> {weft.name = "last"})
    attributes {weft.export} {
  %all = weft.iota 0 : !many
  %seven = weft.constant dense<7> : !many
  %thousand = weft.constant dense<1000> : !many
  %product = weft.mul %all, %seven : !many
  %x = weft.rem %product, %thousand : !many
  %order = weft.arg_sort %x axis 0 : !many -> !many
  %sorted = weft.gather %x, %order axis 0 : !many, !many -> !many
  %zeros = weft.constant dense<0> : !many
  %ones = weft.constant dense<1> : !many
  %counts = weft.scatter add %zeros, %sorted, %ones axis 0 : !many, !many, !many
  %zero = weft.constant dense<0> : tensor<i64>
  %end = weft.constant dense<999> : tensor<i64>
  %first = weft.gather %counts, %zero axis 0 : !many, tensor<i64> -> tensor<i64>
  %last = weft.gather %counts, %end axis 0 : !many, tensor<i64> -> tensor<i64>
  return %first, %last : tensor<i64>, tensor<i64>
}
}
