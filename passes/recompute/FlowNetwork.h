// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A minimum cut of a directed graph. Dinitz, "Algorithm for solution of a problem of maximum flow
// in networks with power estimation", Soviet Math. Doklady 11, 1970.

#ifndef WEFT_PASSES_RECOMPUTE_FLOWNETWORK_H
#define WEFT_PASSES_RECOMPUTE_FLOWNETWORK_H

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <vector>

namespace weft {

class FlowNetwork {
public:
  /// More than all that can be cut together: an edge of it is never in a minimum cut, if some cut
  /// does without.
  static constexpr int64_t infinite = int64_t(1) << 60;

  explicit FlowNetwork(size_t numNodes) : edgesFrom(numNodes) {}

  void addEdge(unsigned from, unsigned to, int64_t capacity);
  /// The capacity of a minimum cut; what is cut is known afterwards.
  int64_t cut(unsigned source, unsigned sink);
  /// The nodes on the sink's side: of all minimum cuts that with the fewest.
  const llvm::BitVector &sinkSide() const { return behind; }

private:
  struct Edge {
    unsigned to;
    int64_t capacity; ///< What is left of it. Edge `i ^ 1` goes back.
  };

  bool findLevels(unsigned source, unsigned sink);
  int64_t augment(unsigned source, unsigned sink);
  void findSinkSide(unsigned sink);

  std::vector<Edge> edges;
  std::vector<llvm::SmallVector<unsigned, 4>> edgesFrom;
  std::vector<int> levels;
  std::vector<unsigned> next; ///< The first edge of each node that may still lead on.
  llvm::BitVector behind;
};

} // namespace weft

#endif // WEFT_PASSES_RECOMPUTE_FLOWNETWORK_H
