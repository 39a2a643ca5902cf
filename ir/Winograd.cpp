// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The numbers of the transforms. All but those of G for tiles of 4 are exact in every float type
// with a fraction of 7 bits.

#include "ir/Winograd.h"

namespace weft {

static constexpr double input2[] = {1, 0,  -1, 0, //
                                    0, 1,  1,  0, //
                                    0, -1, 1,  0, //
                                    0, 1,  0,  -1};
static constexpr double filter2[] = {1,   0,    0,   //
                                     0.5, 0.5,  0.5, //
                                     0.5, -0.5, 0.5, //
                                     0,   0,    1};
static constexpr double output2[] = {1, 1, 1,  0, //
                                     0, 1, -1, -1};

// With the points 0, a, -a, b, -b: row i of B^T has the coefficients of the polynomial whose roots
// are all points but the i-th, the last row those of all; row i of G the powers of the i-th point
// over that polynomial's value there; column i of A^T the powers of the i-th point.
static constexpr double a = 0.75, b = 1.5;
static constexpr double input4[] = {a * a * b * b,
                                    0,
                                    -(a *a + b * b),
                                    0,
                                    1,
                                    0, //
                                    0,
                                    -a * b * b,
                                    -b *b,
                                    a,
                                    1,
                                    0, //
                                    0,
                                    a * b * b,
                                    -b *b,
                                    -a,
                                    1,
                                    0, //
                                    0,
                                    -b * a * a,
                                    -a *a,
                                    b,
                                    1,
                                    0, //
                                    0,
                                    b * a * a,
                                    -a *a,
                                    -b,
                                    1,
                                    0, //
                                    0,
                                    a * a * b *b,
                                    0,
                                    -(a *a + b * b),
                                    0,
                                    1};
static constexpr double at0 = a * a * b * b, atA = 2 * a * a * (a * a - b * b),
                        atB = 2 * b * b * (b * b - a * a);
static constexpr double filter4[] = {1 / at0, 0,        0,          //
                                     1 / atA, a / atA,  a *a / atA, //
                                     1 / atA, -a / atA, a *a / atA, //
                                     1 / atB, b / atB,  b *b / atB, //
                                     1 / atB, -b / atB, b *b / atB, //
                                     0,       0,        1};
static constexpr double output4[] = {1, 1,         1,          1,         1,          0, //
                                     0, a,         -a,         b,         -b,         0, //
                                     0, a *a,      a *a,       b *b,      b *b,       0, //
                                     0, a * a * a, -a * a * a, b * b * b, -b * b * b, 1};

// The same with a power more for the gradients of a tile, and one less for the window's.
static constexpr double gradient4[] = {1 / at0, 0,        0,          0,                //
                                       1 / atA, a / atA,  a *a / atA, a * a * a / atA,  //
                                       1 / atA, -a / atA, a *a / atA, -a * a * a / atA, //
                                       1 / atB, b / atB,  b *b / atB, b * b * b / atB,  //
                                       1 / atB, -b / atB, b *b / atB, -b * b * b / atB, //
                                       0,       0,        0,          1};
static constexpr double window4[] = {1, 1,    1,    1,    1,    0, //
                                     0, a,    -a,   b,    -b,   0, //
                                     0, a *a, a *a, b *b, b *b, 1};

WinogradTransforms winogradFilterGradTransforms() { return {4, 6, input4, gradient4, window4}; }

WinogradTransforms winogradTransforms(int64_t tile) {
  if (tile == 2)
    return {2, 4, input2, filter2, output2};
  return {4, 6, input4, filter4, output4};
}

} // namespace weft
