// A linear classifier: two parameters, a dynamic batch, weights that say where they are.
module @linear attributes {weft.doc = "Scores four features for three classes."} {
  weft.parameter param @head.weight : tensor<3x4xf32> {doc = "One row a class"}
  weft.parameter param @head.bias : tensor<3xf32>
  func.func private @weft.init(%seed: tensor<ui64>) -> (tensor<3x4xf32>, tensor<3xf32>) {
    %bits = weft.random_bits %seed stream 1 : tensor<3x4xui32>
    %wide = weft.cast %bits : tensor<3x4xui32> -> tensor<3x4xf32>
    %scale = weft.constant dense<2.3283064e-10> : tensor<3x4xf32>
    %weight = weft.mul %wide, %scale : tensor<3x4xf32>
    %bias = weft.constant dense<[0.5, 0.25, 0.125]> : tensor<3xf32>
    return %weight, %bias : tensor<3x4xf32>, tensor<3xf32>
  }
  func.func @predict(%weight: tensor<3x4xf32> {weft.parameter = @head.weight},
                     %bias: tensor<3xf32> {weft.parameter = @head.bias},
                     %feature: tensor<?x4xf32, #weft.shape<[N, 4]>> {weft.name = "feature"})
      -> (tensor<?x3xf32, #weft.shape<[N, 3]>> {weft.name = "probability"})
      attributes {weft.export, weft.doc = "The probability of each class."} {
    %0 = weft.contract "nk,ok->no" %feature, %weight : tensor<?x4xf32, #weft.shape<[N, 4]>>, tensor<3x4xf32> -> tensor<?x3xf32, #weft.shape<[N, 3]>>
    %1 = weft.broadcast %bias along [1] : tensor<3xf32> -> tensor<?x3xf32, #weft.shape<[N, 3]>>
    %2 = weft.add %0, %1 : tensor<?x3xf32, #weft.shape<[N, 3]>>
    %3 = weft.softmax %2 axis 1 : tensor<?x3xf32, #weft.shape<[N, 3]>>
    return %3 : tensor<?x3xf32, #weft.shape<[N, 3]>>
  }
}
