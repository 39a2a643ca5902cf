// Blocked transposes, compiled and by the evaluator: the same bits in every place.
//
// RUN: weft run %s turn --in seed=0.5 --in 'x=[[0.25], [1.5], [2]]' --threads 2 > %t.compiled
// RUN: weft run %s turn --in seed=0.5 --in 'x=[[0.25], [1.5], [2]]' --reference > %t.reference
// RUN: diff %t.compiled %t.reference

module @turning {

func.func @turn(%seed: tensor<f32> {weft.name = "seed"}, %x: tensor<?x1xf32, #weft.shape<[N, 1]>> {weft.name = "x"})
    -> (tensor<2160xf32> {weft.name = "filters_in"},
        tensor<2x3x3x5x24xf32> {weft.name = "filters"},
        tensor<6144xf32> {weft.name = "panels_in"},
        tensor<3x32x64xf32> {weft.name = "panels"},
        tensor<2210xf32> {weft.name = "tall_in"},
        tensor<17x130xf32> {weft.name = "tall"},
        tensor<760xf32> {weft.name = "few_in"},
        tensor<19x40xf32> {weft.name = "few"},
        tensor<15120xf32> {weft.name = "middle_in"},
        tensor<21x6x3x40xf32> {weft.name = "middle"},
        tensor<?x24x40xf32, #weft.shape<[N, 24, 40]>> {weft.name = "batch_in"},
        tensor<?x40x24xf32, #weft.shape<[N, 40, 24]>> {weft.name = "batch"})
    attributes {weft.export} {
  %filters_i = weft.iota 0 : tensor<2160xi64>
  %filters_f = weft.cast %filters_i : tensor<2160xi64> -> tensor<2160xf32>
  %filters_s = weft.broadcast %seed along [] : tensor<f32> -> tensor<2160xf32>
  %filters_x = weft.add %filters_f, %filters_s : tensor<2160xf32>
  %filters_r = weft.reshape %filters_x : tensor<2160xf32> -> tensor<2x24x5x3x3xf32>
  %filters_t = weft.transpose %filters_r [0, 3, 4, 2, 1] : tensor<2x24x5x3x3xf32> -> tensor<2x3x3x5x24xf32>
  %panels_i = weft.iota 0 : tensor<6144xi64>
  %panels_f = weft.cast %panels_i : tensor<6144xi64> -> tensor<6144xf32>
  %panels_s = weft.broadcast %seed along [] : tensor<f32> -> tensor<6144xf32>
  %panels_x = weft.add %panels_f, %panels_s : tensor<6144xf32>
  %panels_r = weft.reshape %panels_x : tensor<6144xf32> -> tensor<3x64x32xf32>
  %panels_t = weft.transpose %panels_r [0, 2, 1] : tensor<3x64x32xf32> -> tensor<3x32x64xf32>
  %tall_i = weft.iota 0 : tensor<2210xi64>
  %tall_f = weft.cast %tall_i : tensor<2210xi64> -> tensor<2210xf32>
  %tall_s = weft.broadcast %seed along [] : tensor<f32> -> tensor<2210xf32>
  %tall_x = weft.add %tall_f, %tall_s : tensor<2210xf32>
  %tall_r = weft.reshape %tall_x : tensor<2210xf32> -> tensor<130x17xf32>
  %tall_t = weft.transpose %tall_r [1, 0] : tensor<130x17xf32> -> tensor<17x130xf32>
  %few_i = weft.iota 0 : tensor<760xi64>
  %few_f = weft.cast %few_i : tensor<760xi64> -> tensor<760xf32>
  %few_s = weft.broadcast %seed along [] : tensor<f32> -> tensor<760xf32>
  %few_x = weft.add %few_f, %few_s : tensor<760xf32>
  %few_r = weft.reshape %few_x : tensor<760xf32> -> tensor<40x19xf32>
  %few_t = weft.transpose %few_r [1, 0] : tensor<40x19xf32> -> tensor<19x40xf32>
  %middle_i = weft.iota 0 : tensor<15120xi64>
  %middle_f = weft.cast %middle_i : tensor<15120xi64> -> tensor<15120xf32>
  %middle_s = weft.broadcast %seed along [] : tensor<f32> -> tensor<15120xf32>
  %middle_x = weft.add %middle_f, %middle_s : tensor<15120xf32>
  %middle_r = weft.reshape %middle_x : tensor<15120xf32> -> tensor<6x40x3x21xf32>
  %middle_t = weft.transpose %middle_r [3, 0, 2, 1] : tensor<6x40x3x21xf32> -> tensor<21x6x3x40xf32>
  %i = weft.iota 0 : tensor<960xi64>
  %f = weft.cast %i : tensor<960xi64> -> tensor<960xf32>
  %m = weft.reshape %f : tensor<960xf32> -> tensor<24x40xf32>
  %wide = weft.broadcast %m along [1, 2] : tensor<24x40xf32> -> tensor<?x24x40xf32, #weft.shape<[N, 24, 40]>>
  %flat = weft.reshape %x : tensor<?x1xf32, #weft.shape<[N, 1]>> -> tensor<?xf32, #weft.shape<[N]>>
  %xs = weft.broadcast %flat along [0] : tensor<?xf32, #weft.shape<[N]>> -> tensor<?x24x40xf32, #weft.shape<[N, 24, 40]>>
  %y = weft.add %wide, %xs : tensor<?x24x40xf32, #weft.shape<[N, 24, 40]>>
  %batch = weft.transpose %y [0, 2, 1] : tensor<?x24x40xf32, #weft.shape<[N, 24, 40]>> -> tensor<?x40x24xf32, #weft.shape<[N, 40, 24]>>
  return %filters_x, %filters_t, %panels_x, %panels_t, %tall_x, %tall_t, %few_x, %few_t, %middle_x, %middle_t, %y, %batch
      : tensor<2160xf32>, tensor<2x3x3x5x24xf32>, tensor<6144xf32>, tensor<3x32x64xf32>, tensor<2210xf32>, tensor<17x130xf32>, tensor<760xf32>, tensor<19x40xf32>, tensor<15120xf32>, tensor<21x6x3x40xf32>, tensor<?x24x40xf32, #weft.shape<[N, 24, 40]>>, tensor<?x40x24xf32, #weft.shape<[N, 40, 24]>>
}

}
