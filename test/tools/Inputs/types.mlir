// One export for each element type that files and C treat in their own way, and names that C cannot have.
module @types {
  func.func @add(%a: tensor<?xi32, #weft.shape<[N]>> {weft.name = "double"},
                 %b: tensor<?xi32, #weft.shape<[N]>> {weft.name = "N"})
      -> (tensor<?xi32, #weft.shape<[N]>> {weft.name = "result"}) attributes {weft.export} {
    %0 = weft.add %a, %b : tensor<?xi32, #weft.shape<[N]>>
    return %0 : tensor<?xi32, #weft.shape<[N]>>
  }
  func.func @flip(%flag: tensor<i1> {weft.name = "flag"}, %half: tensor<2xf16> {weft.name = "half"})
      -> (tensor<i1> {weft.name = "flipped"}, tensor<2xf16> {weft.name = "twice"})
      attributes {weft.export, weft.doc = "Ends no comment: */"} {
    %0 = weft.not %flag : tensor<i1>
    %1 = weft.add %half, %half : tensor<2xf16>
    return %0, %1 : tensor<i1>, tensor<2xf16>
  }
  func.func @brain(%x: tensor<3xbf16> {weft.name = "x"}) -> (tensor<3xbf16> {weft.name = "y"})
      attributes {weft.export} {
    %0 = weft.add %x, %x : tensor<3xbf16>
    return %0 : tensor<3xbf16>
  }
  func.func @wide(%x: tensor<1x2xui64> {weft.name = "x"}) -> (tensor<1x2xui64> {weft.name = "y"})
      attributes {weft.export} {
    %0 = weft.add %x, %x : tensor<1x2xui64>
    return %0 : tensor<1x2xui64>
  }
  func.func @real(%x: tensor<?xf64, #weft.shape<[N]>> {weft.name = "x"})
      -> (tensor<?xf64, #weft.shape<[N]>> {weft.name = "y"}) attributes {weft.export} {
    %0 = weft.add %x, %x : tensor<?xf64, #weft.shape<[N]>>
    return %0 : tensor<?xf64, #weft.shape<[N]>>
  }
}
