// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention whose innermost loops no-spills.py reads: heads behind transposes, a mask, odd sizes.
func.func private @heads(%q: tensor<1x197x12x64xf32>, %k: tensor<1x197x12x64xf32>,
    %v: tensor<1x197x12x64xf32>) -> tensor<1x197x12x64xf32> attributes {weft.kernel} {
  %qh = weft.transpose %q [0, 2, 1, 3] : tensor<1x197x12x64xf32> -> tensor<1x12x197x64xf32>
  %kh = weft.transpose %k [0, 2, 1, 3] : tensor<1x197x12x64xf32> -> tensor<1x12x197x64xf32>
  %vh = weft.transpose %v [0, 2, 1, 3] : tensor<1x197x12x64xf32> -> tensor<1x12x197x64xf32>
  %y = weft.attention %qh, %kh, %vh scale 1.25e-01
    : tensor<1x12x197x64xf32>, tensor<1x12x197x64xf32>, tensor<1x12x197x64xf32> -> tensor<1x12x197x64xf32>
  %0 = weft.transpose %y [0, 2, 1, 3] : tensor<1x12x197x64xf32> -> tensor<1x197x12x64xf32>
  return %0 : tensor<1x197x12x64xf32>
}
func.func private @lengths(%q: tensor<?x40xf32, #weft.shape<[d0, 40]>>,
    %k: tensor<?x40xf32, #weft.shape<[d1, 40]>>, %m: tensor<?x?xi1, #weft.shape<[d0, d1]>>)
    -> tensor<?x40xf32, #weft.shape<[d0, 40]>> attributes {weft.kernel, weft.dims = ["d0", "d1"]} {
  %0 = weft.attention %q, %k, %k mask %m : tensor<?x?xi1, #weft.shape<[d0, d1]>> scale 1.25e-01
    : tensor<?x40xf32, #weft.shape<[d0, 40]>>, tensor<?x40xf32, #weft.shape<[d1, 40]>>,
      tensor<?x40xf32, #weft.shape<[d1, 40]>> -> tensor<?x40xf32, #weft.shape<[d0, 40]>>
  return %0 : tensor<?x40xf32, #weft.shape<[d0, 40]>>
}
