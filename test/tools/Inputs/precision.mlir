// Products whose terms are positive, so that no sum cancels: numbers of channels that fill no pairs,
// a depthwise convolution, a residual that is read twice, a product of matrices, a dynamic batch.
module @precision {
  weft.parameter param @first : tensor<17x5x3x3xf32>
  weft.parameter param @depthwise : tensor<17x1x3x3xf32>
  weft.parameter param @last : tensor<17x3xf32>
  func.func private @weft.init(%seed: tensor<ui64>) -> (tensor<17x5x3x3xf32>, tensor<17x1x3x3xf32>, tensor<17x3xf32>) {
    %a = weft.random_bits %seed stream 1 : tensor<17x5x3x3xui32>
    %b = weft.random_bits %seed stream 2 : tensor<17x1x3x3xui32>
    %c = weft.random_bits %seed stream 3 : tensor<17x3xui32>
    %wideA = weft.cast %a : tensor<17x5x3x3xui32> -> tensor<17x5x3x3xf32>
    %wideB = weft.cast %b : tensor<17x1x3x3xui32> -> tensor<17x1x3x3xf32>
    %wideC = weft.cast %c : tensor<17x3xui32> -> tensor<17x3xf32>
    %scaleA = weft.constant dense<2.3283064e-10> : tensor<17x5x3x3xf32>
    %scaleB = weft.constant dense<2.3283064e-10> : tensor<17x1x3x3xf32>
    %scaleC = weft.constant dense<2.3283064e-10> : tensor<17x3xf32>
    %first = weft.mul %wideA, %scaleA : tensor<17x5x3x3xf32>
    %depthwise = weft.mul %wideB, %scaleB : tensor<17x1x3x3xf32>
    %last = weft.mul %wideC, %scaleC : tensor<17x3xf32>
    return %first, %depthwise, %last : tensor<17x5x3x3xf32>, tensor<17x1x3x3xf32>, tensor<17x3xf32>
  }
  func.func @score(%first: tensor<17x5x3x3xf32> {weft.parameter = @first},
                   %depthwise: tensor<17x1x3x3xf32> {weft.parameter = @depthwise},
                   %last: tensor<17x3xf32> {weft.parameter = @last},
                   %x: tensor<?x5x6x7xf32, #weft.shape<[N, 5, 6, 7]>> {weft.name = "x"})
      -> (tensor<?x3xf32, #weft.shape<[N, 3]>> {weft.name = "y"}) attributes {weft.export} {
    %0 = weft.conv %x, %first strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
      : tensor<?x5x6x7xf32, #weft.shape<[N, 5, 6, 7]>>, tensor<17x5x3x3xf32> -> tensor<?x17x6x7xf32, #weft.shape<[N, 17, 6, 7]>>
    %1 = weft.conv %0, %depthwise strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 17
      : tensor<?x17x6x7xf32, #weft.shape<[N, 17, 6, 7]>>, tensor<17x1x3x3xf32> -> tensor<?x17x6x7xf32, #weft.shape<[N, 17, 6, 7]>>
    %2 = weft.add %0, %1 : tensor<?x17x6x7xf32, #weft.shape<[N, 17, 6, 7]>>
    %3 = weft.reduce sum %2 axes [2, 3] : tensor<?x17x6x7xf32, #weft.shape<[N, 17, 6, 7]>> -> tensor<?x17xf32, #weft.shape<[N, 17]>>
    %4 = weft.contract "nk,ko->no" %3, %last : tensor<?x17xf32, #weft.shape<[N, 17]>>, tensor<17x3xf32> -> tensor<?x3xf32, #weft.shape<[N, 3]>>
    return %4 : tensor<?x3xf32, #weft.shape<[N, 3]>>
  }
}
