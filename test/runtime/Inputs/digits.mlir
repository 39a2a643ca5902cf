// A model with the signature that docs/deployment.md speaks of.
module @digits attributes {weft.doc = "One layer over 8x8 images."} {
  weft.parameter param @head.weight : tensor<64x10xf32>
  func.func private @weft.init(%seed: tensor<ui64>) -> tensor<64x10xf32> {
    %0 = weft.constant dense<0.5> : tensor<64x10xf32>
    return %0 : tensor<64x10xf32>
  }
  func.func @predict(%w: tensor<64x10xf32> {weft.parameter = @head.weight},
                     %image: tensor<?x1x8x8xf32, #weft.shape<[N, 1, 8, 8]>> {weft.name = "image"})
      -> (tensor<?x10xf32, #weft.shape<[N, 10]>> {weft.name = "probability"})
      attributes {weft.export, weft.doc = "Probability of each digit."} {
    %0 = weft.reshape %image : tensor<?x1x8x8xf32, #weft.shape<[N, 1, 8, 8]>> -> tensor<?x64xf32, #weft.shape<[N, 64]>>
    %1 = weft.contract "nk,kj->nj" %0, %w : tensor<?x64xf32, #weft.shape<[N, 64]>>, tensor<64x10xf32> -> tensor<?x10xf32, #weft.shape<[N, 10]>>
    %2 = weft.softmax %1 axis 1 : tensor<?x10xf32, #weft.shape<[N, 10]>>
    return %2 : tensor<?x10xf32, #weft.shape<[N, 10]>>
  }
}
