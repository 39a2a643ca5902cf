// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element-wise operations on constants, and identities that hold for NaN, infinities and -0.0.
// RUN: weft-opt %s --canonicalize | FileCheck %s

//===-- Constants ---------------------------------------------------------------------------===//

// CHECK-LABEL: func.func @elements_one_by_one(
// CHECK: weft.constant dense<[5.000000e+00, 7.000000e+00]> : tensor<2xf32>
func.func @elements_one_by_one() -> tensor<2xf32> {
  %a = weft.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = weft.constant dense<[4.0, 5.0]> : tensor<2xf32>
  %0 = weft.add %a, %b : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// CHECK-LABEL: func.func @one_value_beside_many(
// CHECK: weft.constant dense<[3, 6]> : tensor<2xi64>
func.func @one_value_beside_many() -> tensor<2xi64> {
  %a = weft.constant dense<[1, 2]> : tensor<2xi64>
  %b = weft.constant dense<3> : tensor<2xi64>
  %0 = weft.mul %a, %b : tensor<2xi64>
  return %0 : tensor<2xi64>
}

// A constant of one value folds at any size.
// CHECK-LABEL: func.func @large_constant_of_one_value(
// CHECK: weft.constant dense<2.000000e+00> : tensor<1000000x1000000xf32>
func.func @large_constant_of_one_value() -> tensor<1000000x1000000xf32> {
  %a = weft.constant dense<4.0> : tensor<1000000x1000000xf32>
  %0 = weft.sqrt %a : tensor<1000000x1000000xf32>
  return %0 : tensor<1000000x1000000xf32>
}

// CHECK-LABEL: func.func @no_elements(
// CHECK: weft.constant dense<> : tensor<0xf32>
func.func @no_elements() -> tensor<0xf32> {
  %a = weft.constant dense<> : tensor<0xf32>
  %0 = weft.exp %a : tensor<0xf32>
  return %0 : tensor<0xf32>
}

// CHECK-LABEL: func.func @rounds_to_element_type(
// CHECK: weft.constant dense<2.048000e+03> : tensor<f16>
func.func @rounds_to_element_type() -> tensor<f16> {
  %a = weft.constant dense<2048.0> : tensor<f16>
  %b = weft.constant dense<1.0> : tensor<f16>
  %0 = weft.add %a, %b : tensor<f16>
  return %0 : tensor<f16>
}

// CHECK-LABEL: func.func @integers_wrap(
// CHECK: weft.constant dense<-128> : tensor<i8>
func.func @integers_wrap() -> tensor<i8> {
  %a = weft.constant dense<127> : tensor<i8>
  %b = weft.constant dense<1> : tensor<i8>
  %0 = weft.add %a, %b : tensor<i8>
  return %0 : tensor<i8>
}

// CHECK-LABEL: func.func @integer_division_is_total(
// CHECK: weft.constant dense<[0, -128, -3]> : tensor<3xi8>
func.func @integer_division_is_total() -> tensor<3xi8> {
  %a = weft.constant dense<[7, -128, -7]> : tensor<3xi8>
  %b = weft.constant dense<[0, -1, 2]> : tensor<3xi8>
  %0 = weft.div %a, %b : tensor<3xi8>
  return %0 : tensor<3xi8>
}

// CHECK-LABEL: func.func @unsigned_order(
// CHECK: weft.constant dense<[255, 2]> : tensor<2xui8>
func.func @unsigned_order() -> tensor<2xui8> {
  %a = weft.constant dense<[255, 1]> : tensor<2xui8>
  %b = weft.constant dense<[1, 2]> : tensor<2xui8>
  %0 = weft.max %a, %b : tensor<2xui8>
  return %0 : tensor<2xui8>
}

// CHECK-LABEL: func.func @nan_wins(
// CHECK: weft.constant dense<0x7FC00000> : tensor<f32>
func.func @nan_wins() -> tensor<f32> {
  %a = weft.constant dense<0x7FC00000> : tensor<f32>
  %b = weft.constant dense<1.0> : tensor<f32>
  %0 = weft.max %a, %b : tensor<f32>
  return %0 : tensor<f32>
}

// CHECK-LABEL: func.func @positive_zero_is_the_larger(
// CHECK: weft.constant dense<0.000000e+00> : tensor<f32>
func.func @positive_zero_is_the_larger() -> tensor<f32> {
  %a = weft.constant dense<-0.0> : tensor<f32>
  %b = weft.constant dense<0.0> : tensor<f32>
  %0 = weft.max %a, %b : tensor<f32>
  return %0 : tensor<f32>
}

// CHECK-LABEL: func.func @shifts_beyond_the_width(
// CHECK: weft.constant dense<[-1, 0, -4]> : tensor<3xi8>
func.func @shifts_beyond_the_width() -> tensor<3xi8> {
  %a = weft.constant dense<[-7, 7, -8]> : tensor<3xi8>
  %b = weft.constant dense<[8, -1, 1]> : tensor<3xi8>
  %0 = weft.shift_right %a, %b : tensor<3xi8>
  return %0 : tensor<3xi8>
}

// CHECK-LABEL: func.func @comparison_of_nan(
// CHECK: weft.constant dense<[true, true, false]> : tensor<3xi1>
func.func @comparison_of_nan() -> tensor<3xi1> {
  %a = weft.constant dense<[0x7FC00000, 1.0, 2.0]> : tensor<3xf32>
  %b = weft.constant dense<[1.0, 2.0, 2.0]> : tensor<3xf32>
  %0 = weft.compare ne %a, %b : tensor<3xf32>
  return %0 : tensor<3xi1>
}

// CHECK-LABEL: func.func @predicates(
// CHECK-DAG: weft.constant dense<[true, false]> : tensor<2xi1>
// CHECK-DAG: weft.constant dense<[false, true]> : tensor<2xi1>
func.func @predicates() -> (tensor<2xi1>, tensor<2xi1>) {
  %a = weft.constant dense<[0x7FC00000, 0xFF800000]> : tensor<2xf32>
  %0 = weft.is_nan %a : tensor<2xf32>
  %1 = weft.is_inf %a : tensor<2xf32>
  return %0, %1 : tensor<2xi1>, tensor<2xi1>
}

// CHECK-LABEL: func.func @conversion_saturates(
// CHECK: weft.constant dense<[127, -128, 0, -1]> : tensor<4xi8>
func.func @conversion_saturates() -> tensor<4xi8> {
  %a = weft.constant dense<[300.0, -300.0, 0x7FC00000, -1.75]> : tensor<4xf32>
  %0 = weft.cast %a : tensor<4xf32> -> tensor<4xi8>
  return %0 : tensor<4xi8>
}

// CHECK-LABEL: func.func @conversion_to_bool(
// CHECK: weft.constant dense<[true, false, true]> : tensor<3xi1>
func.func @conversion_to_bool() -> tensor<3xi1> {
  %a = weft.constant dense<[0.5, -0.0, 0x7FC00000]> : tensor<3xf32>
  %0 = weft.cast %a : tensor<3xf32> -> tensor<3xi1>
  return %0 : tensor<3xi1>
}

// CHECK-LABEL: func.func @choice_of_constants(
// CHECK: weft.constant dense<[1, 5]> : tensor<2xi32>
func.func @choice_of_constants() -> tensor<2xi32> {
  %c = weft.constant dense<[true, false]> : tensor<2xi1>
  %a = weft.constant dense<[1, 2]> : tensor<2xi32>
  %b = weft.constant dense<[4, 5]> : tensor<2xi32>
  %0 = weft.select %c, %a, %b : tensor<2xi32>
  return %0 : tensor<2xi32>
}

//===-- Identities --------------------------------------------------------------------------===//

// CHECK-LABEL: func.func @neutral_elements_of_float(
// CHECK-SAME: %[[X:.*]]: tensor<3xf32>
// CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]]
func.func @neutral_elements_of_float(%x: tensor<3xf32>)
    -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %plus = weft.constant dense<0.0> : tensor<3xf32>
  %minus = weft.constant dense<-0.0> : tensor<3xf32>
  %one = weft.constant dense<1.0> : tensor<3xf32>
  %least = weft.constant dense<0xFF800000> : tensor<3xf32>
  %most = weft.constant dense<0x7F800000> : tensor<3xf32>
  %0 = weft.add %minus, %x : tensor<3xf32>
  %1 = weft.sub %x, %plus : tensor<3xf32>
  %2 = weft.mul %one, %x : tensor<3xf32>
  %3 = weft.div %x, %one : tensor<3xf32>
  %4 = weft.pow %x, %one : tensor<3xf32>
  %5 = weft.max %x, %least : tensor<3xf32>
  %6 = weft.min %x, %most : tensor<3xf32>
  return %0, %1, %2, %3, %4, %5, %6
    : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// Each of these differs from its operand, or from a constant, for some input.
// CHECK-LABEL: func.func @not_neutral_of_float(
// CHECK: weft.add
// CHECK: weft.sub
// CHECK: weft.mul
// CHECK: weft.sub
// CHECK: weft.max
// CHECK: weft.compare le
func.func @not_neutral_of_float(%x: tensor<3xf32>)
    -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xi1>) {
  %plus = weft.constant dense<0.0> : tensor<3xf32>
  %minus = weft.constant dense<-0.0> : tensor<3xf32>
  %most = weft.constant dense<0x7F800000> : tensor<3xf32>
  %0 = weft.add %x, %plus : tensor<3xf32>
  %1 = weft.sub %x, %minus : tensor<3xf32>
  %2 = weft.mul %x, %plus : tensor<3xf32>
  %3 = weft.sub %x, %x : tensor<3xf32>
  %4 = weft.max %x, %most : tensor<3xf32>
  %5 = weft.compare le %x, %x : tensor<3xf32>
  return %0, %1, %2, %3, %4, %5
    : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xi1>
}

// CHECK-LABEL: func.func @neutral_elements_of_integer(
// CHECK-SAME: %[[X:.*]]: tensor<3xi8>
// CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]]
func.func @neutral_elements_of_integer(%x: tensor<3xi8>)
    -> (tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>) {
  %zero = weft.constant dense<0> : tensor<3xi8>
  %one = weft.constant dense<1> : tensor<3xi8>
  %all = weft.constant dense<-1> : tensor<3xi8>
  %least = weft.constant dense<-128> : tensor<3xi8>
  %0 = weft.add %x, %zero : tensor<3xi8>
  %1 = weft.mul %x, %one : tensor<3xi8>
  %2 = weft.max %x, %least : tensor<3xi8>
  %3 = weft.and %x, %all : tensor<3xi8>
  %4 = weft.or %x, %zero : tensor<3xi8>
  %5 = weft.xor %x, %zero : tensor<3xi8>
  %6 = weft.shift_left %x, %zero : tensor<3xi8>
  %7 = weft.shift_right %x, %zero : tensor<3xi8>
  return %0, %1, %2, %3, %4, %5, %6, %7
    : tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>
}

// CHECK-LABEL: func.func @absorbing_elements_of_integer(
// CHECK: %[[ZERO:.*]] = weft.constant dense<0> : tensor<3xui8>
// CHECK: %[[ALL:.*]] = weft.constant dense<255> : tensor<3xui8>
// CHECK: return %[[ZERO]], %[[ZERO]], %[[ZERO]], %[[ALL]], %[[ALL]], %[[ZERO]], %[[ZERO]]
func.func @absorbing_elements_of_integer(%x: tensor<3xui8>)
    -> (tensor<3xui8>, tensor<3xui8>, tensor<3xui8>, tensor<3xui8>, tensor<3xui8>, tensor<3xui8>, tensor<3xui8>) {
  %zero = weft.constant dense<0> : tensor<3xui8>
  %all = weft.constant dense<255> : tensor<3xui8>
  %0 = weft.mul %x, %zero : tensor<3xui8>
  %1 = weft.div %x, %zero : tensor<3xui8>
  %2 = weft.and %x, %zero : tensor<3xui8>
  %3 = weft.or %x, %all : tensor<3xui8>
  %4 = weft.max %x, %all : tensor<3xui8>
  %5 = weft.sub %x, %x : tensor<3xui8>
  %6 = weft.xor %x, %x : tensor<3xui8>
  return %0, %1, %2, %3, %4, %5, %6
    : tensor<3xui8>, tensor<3xui8>, tensor<3xui8>, tensor<3xui8>, tensor<3xui8>, tensor<3xui8>, tensor<3xui8>
}

// The zero of a dynamic shape would need a broadcast: nothing is folded.
// CHECK-LABEL: func.func @difference_of_a_dynamic_shape(
// CHECK: weft.sub
func.func @difference_of_a_dynamic_shape(%x: tensor<?xi32, #weft.shape<[N]>>) -> tensor<?xi32, #weft.shape<[N]>> {
  %0 = weft.sub %x, %x : tensor<?xi32, #weft.shape<[N]>>
  return %0 : tensor<?xi32, #weft.shape<[N]>>
}

// CHECK-LABEL: func.func @power_of_zero_is_one(
// CHECK: %[[ONE:.*]] = weft.constant dense<1.000000e+00> : tensor<3xf32>
// CHECK: return %[[ONE]]
func.func @power_of_zero_is_one(%x: tensor<3xf32>) -> tensor<3xf32> {
  %zero = weft.constant dense<0.0> : tensor<3xf32>
  %0 = weft.pow %x, %zero : tensor<3xf32>
  return %0 : tensor<3xf32>
}

// CHECK-LABEL: func.func @same_operand_twice(
// CHECK-SAME: %[[X:.*]]: tensor<3xf32>, %[[B:.*]]: tensor<3xi1>
// CHECK: return %[[X]], %[[X]], %[[B]], %[[B]]
func.func @same_operand_twice(%x: tensor<3xf32>, %b: tensor<3xi1>)
    -> (tensor<3xf32>, tensor<3xf32>, tensor<3xi1>, tensor<3xi1>) {
  %0 = weft.max %x, %x : tensor<3xf32>
  %1 = weft.min %x, %x : tensor<3xf32>
  %2 = weft.and %b, %b : tensor<3xi1>
  %3 = weft.or %b, %b : tensor<3xi1>
  return %0, %1, %2, %3 : tensor<3xf32>, tensor<3xf32>, tensor<3xi1>, tensor<3xi1>
}

// CHECK-LABEL: func.func @undone_twice(
// CHECK-SAME: %[[X:.*]]: tensor<?xf32, #weft.shape<[N]>>, %[[B:.*]]: tensor<i1>
// CHECK-NEXT: return %[[X]], %[[B]]
func.func @undone_twice(%x: tensor<?xf32, #weft.shape<[N]>>, %b: tensor<i1>)
    -> (tensor<?xf32, #weft.shape<[N]>>, tensor<i1>) {
  %0 = weft.neg %x : tensor<?xf32, #weft.shape<[N]>>
  %1 = weft.neg %0 : tensor<?xf32, #weft.shape<[N]>>
  %2 = weft.not %b : tensor<i1>
  %3 = weft.not %2 : tensor<i1>
  return %1, %3 : tensor<?xf32, #weft.shape<[N]>>, tensor<i1>
}

// CHECK-LABEL: func.func @done_twice(
// CHECK-SAME: %[[X:.*]]: tensor<3xf32>
// CHECK: %[[ABS:.*]] = weft.abs %[[X]]
// CHECK: %[[FLOOR:.*]] = weft.floor %[[X]]
// CHECK: return %[[ABS]], %[[FLOOR]]
func.func @done_twice(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %0 = weft.neg %x : tensor<3xf32>
  %1 = weft.abs %0 : tensor<3xf32>
  %2 = weft.abs %1 : tensor<3xf32>
  %3 = weft.floor %x : tensor<3xf32>
  %4 = weft.round %3 : tensor<3xf32>
  return %2, %4 : tensor<3xf32>, tensor<3xf32>
}

// The negation that abs does not need stays for its other user.
// CHECK-LABEL: func.func @negation_reused(
// CHECK-SAME: %[[X:.*]]: tensor<3xf32>
// CHECK: %[[NEG:.*]] = weft.neg %[[X]]
// CHECK: %[[ABS:.*]] = weft.abs %[[X]]
// CHECK: return %[[NEG]], %[[ABS]]
func.func @negation_reused(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %0 = weft.neg %x : tensor<3xf32>
  %1 = weft.abs %0 : tensor<3xf32>
  return %0, %1 : tensor<3xf32>, tensor<3xf32>
}

//===-- Comparison and choice ---------------------------------------------------------------===//

// CHECK-LABEL: func.func @compared_with_itself(
// CHECK-DAG: %[[FALSE:.*]] = weft.constant dense<false> : tensor<3xi1>
// CHECK-DAG: %[[TRUE:.*]] = weft.constant dense<true> : tensor<3xi1>
// CHECK: return %[[FALSE]], %[[TRUE]]
func.func @compared_with_itself(%x: tensor<3xf32>, %i: tensor<3xi32>) -> (tensor<3xi1>, tensor<3xi1>) {
  %0 = weft.compare lt %x, %x : tensor<3xf32>
  %1 = weft.compare ge %i, %i : tensor<3xi32>
  return %0, %1 : tensor<3xi1>, tensor<3xi1>
}

// CHECK-LABEL: func.func @choice_is_known(
// CHECK-SAME: %[[C:.*]]: tensor<3xi1>, %[[X:.*]]: tensor<3xf32>, %[[Y:.*]]: tensor<3xf32>
// CHECK: return %[[X]], %[[Y]], %[[X]]
func.func @choice_is_known(%c: tensor<3xi1>, %x: tensor<3xf32>, %y: tensor<3xf32>)
    -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %true = weft.constant dense<true> : tensor<3xi1>
  %false = weft.constant dense<false> : tensor<3xi1>
  %0 = weft.select %true, %x, %y : tensor<3xf32>
  %1 = weft.select %false, %x, %y : tensor<3xf32>
  %2 = weft.select %c, %x, %x : tensor<3xf32>
  return %0, %1, %2 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

//===-- Conversion --------------------------------------------------------------------------===//

// CHECK-LABEL: func.func @there_and_back(
// CHECK-SAME: %[[X:.*]]: tensor<3xf16>, %[[I:.*]]: tensor<3xi16>, %[[B:.*]]: tensor<3xi1>
// CHECK-NEXT: return %[[X]], %[[I]], %[[B]]
func.func @there_and_back(%x: tensor<3xf16>, %i: tensor<3xi16>, %b: tensor<3xi1>)
    -> (tensor<3xf16>, tensor<3xi16>, tensor<3xi1>) {
  %0 = weft.cast %x : tensor<3xf16> -> tensor<3xf32>
  %1 = weft.cast %0 : tensor<3xf32> -> tensor<3xf16>
  %2 = weft.cast %i : tensor<3xi16> -> tensor<3xf32>
  %3 = weft.cast %2 : tensor<3xf32> -> tensor<3xi16>
  %4 = weft.cast %b : tensor<3xi1> -> tensor<3xui8>
  %5 = weft.cast %4 : tensor<3xui8> -> tensor<3xi1>
  return %1, %3, %5 : tensor<3xf16>, tensor<3xi16>, tensor<3xi1>
}

// CHECK-LABEL: func.func @conversions_that_lose_nothing(
// CHECK-SAME: %[[I:.*]]: tensor<3xi8>, %[[L:.*]]: tensor<3xi64>
// CHECK-DAG: %[[F:.*]] = weft.cast %[[I]] : tensor<3xi8> -> tensor<3xf16>
// CHECK-DAG: %[[S:.*]] = weft.cast %[[L]] : tensor<3xi64> -> tensor<3xi8>
// CHECK: return %[[F]], %[[S]]
func.func @conversions_that_lose_nothing(%i: tensor<3xi8>, %l: tensor<3xi64>) -> (tensor<3xf16>, tensor<3xi8>) {
  %0 = weft.cast %i : tensor<3xi8> -> tensor<3xi64>
  %1 = weft.cast %0 : tensor<3xi64> -> tensor<3xf16>
  %2 = weft.cast %l : tensor<3xi64> -> tensor<3xi32>
  %3 = weft.cast %2 : tensor<3xi32> -> tensor<3xi8>
  return %1, %3 : tensor<3xf16>, tensor<3xi8>
}

// Neither of f16 and bf16 holds the other; 300 wraps to 44 from i16, and saturates from f32;
// -1 becomes 255 in ui8.
// CHECK-LABEL: func.func @conversions_that_lose(
// CHECK-COUNT-8: weft.cast
func.func @conversions_that_lose(%x: tensor<3xf16>, %i: tensor<3xi16>, %s: tensor<3xi8>)
    -> (tensor<3xf16>, tensor<3xi8>, tensor<3xi16>, tensor<3xi1>) {
  %0 = weft.cast %x : tensor<3xf16> -> tensor<3xbf16>
  %1 = weft.cast %0 : tensor<3xbf16> -> tensor<3xf16>
  %2 = weft.cast %i : tensor<3xi16> -> tensor<3xf32>
  %3 = weft.cast %2 : tensor<3xf32> -> tensor<3xi8>
  %4 = weft.cast %s : tensor<3xi8> -> tensor<3xui8>
  %5 = weft.cast %4 : tensor<3xui8> -> tensor<3xi16>
  %6 = weft.cast %i : tensor<3xi16> -> tensor<3xi8>
  %7 = weft.cast %6 : tensor<3xi8> -> tensor<3xi1>
  return %1, %3, %5, %7 : tensor<3xf16>, tensor<3xi8>, tensor<3xi16>, tensor<3xi1>
}

// CHECK-LABEL: func.func @inner_conversion_reused(
// CHECK-SAME: %[[X:.*]]: tensor<3xf16>
// CHECK-DAG: %[[F:.*]] = weft.cast %[[X]] : tensor<3xf16> -> tensor<3xf32>
// CHECK-DAG: %[[D:.*]] = weft.cast %[[X]] : tensor<3xf16> -> tensor<3xf64>
// CHECK: return %[[F]], %[[D]]
func.func @inner_conversion_reused(%x: tensor<3xf16>) -> (tensor<3xf32>, tensor<3xf64>) {
  %0 = weft.cast %x : tensor<3xf16> -> tensor<3xf32>
  %1 = weft.cast %0 : tensor<3xf32> -> tensor<3xf64>
  return %0, %1 : tensor<3xf32>, tensor<3xf64>
}
