// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Transposed convolutions whose phases stand side by side: with strides of s, the places
// `s * m + a` of the result, for one phase a, are an ordinary convolution of the input in steps of
// 1. All phases together are one, with so many times the channels, behind which channels become
// places.

#ifndef WEFT_PASSES_LAYOUTS_TRANSPOSEDCONV_H
#define WEFT_PASSES_LAYOUTS_TRANSPOSEDCONV_H

#include "passes/layouts/Panels.h"

namespace weft {

/// How place m of all phases sees the input, one entry for each spatial dimension.
struct PhaseWindows {
  SmallVector<int64_t> strides;
  SmallVector<int64_t> taps, padLow, padHigh; ///< Of the ordinary convolution.
  SmallVector<int64_t> before;                ///< Zeros in front of the filter, for whole taps.
  int64_t tile = 0;                           ///< Of weft.winograd_conv; 0 for direct sums.

  int64_t phases() const;
};

/// The windows, if the phases side by side take less time than one after the other as in
/// weft.packed_conv; by a count of time, like that of WindowCost.h.
std::optional<PhaseWindows> phasesSideBySide(ConvTransposeOp op, const PanelTarget &target);

/// [C, O, kernel...] as the filter [phases * O, C, taps...] of the ordinary convolution.
Value filterOfPhases(GraphBuilder &b, Value filter, const PhaseWindows &windows);

/// What the ordinary convolution gives, [N, places..., phases * O], and the same as the places of
/// the phases in turns, [N, places..., O].
struct PhasesAsPlaces {
  Value phases, places;
};
PhasesAsPlaces placesFromPhases(GraphBuilder &b, Value x, const PhaseWindows &windows,
                                ArrayRef<Dim> places);

/// Computes what follows element by element before phases become places, where that leaves one
/// rearrangement: it is in the kernel of the products then.
void computeOnPhases(PhasesAsPlaces made);

} // namespace weft

#endif // WEFT_PASSES_LAYOUTS_TRANSPOSEDCONV_H
