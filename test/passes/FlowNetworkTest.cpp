// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Minimum cuts of small random networks, against all cuts that there are.

#include "passes/recompute/FlowNetwork.h"

#include "gtest/gtest.h"

#include <random>

using weft::FlowNetwork;

namespace {

struct Edge {
  unsigned from, to;
  int64_t capacity;
};

int64_t cost(llvm::ArrayRef<Edge> edges, unsigned sinkSide) {
  int64_t sum = 0;
  for (const Edge &edge : edges)
    if ((sinkSide >> edge.from & 1) == 0 && (sinkSide >> edge.to & 1) != 0)
      sum += edge.capacity;
  return sum;
}

/// The least cost of a cut between node 0 and node 1, and the nodes that are on the sink's side of
/// all cuts of that cost.
std::pair<int64_t, unsigned> bruteForce(llvm::ArrayRef<Edge> edges, unsigned numNodes) {
  int64_t least = INT64_MAX;
  unsigned common = 0;
  for (unsigned side = 0; side < 1U << numNodes; ++side) {
    if ((side & 3) != 2)
      continue;
    int64_t found = cost(edges, side);
    common = found < least ? side : found == least ? common & side : common;
    least = std::min(least, found);
  }
  return {least, common};
}

TEST(FlowNetwork, CutsAreLeast) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    unsigned numNodes = 3 + random() % 7, numEdges = random() % 25;
    std::vector<Edge> edges;
    FlowNetwork network(numNodes);
    for (unsigned i = 0; i < numEdges; ++i) {
      edges.push_back({unsigned(random() % numNodes), unsigned(random() % numNodes),
                       static_cast<int64_t>(random() % 6)});
      network.addEdge(edges.back().from, edges.back().to, edges.back().capacity);
    }
    auto [least, side] = bruteForce(edges, numNodes);
    ASSERT_EQ(network.cut(0, 1), least) << "round " << round;
    for (unsigned node = 0; node < numNodes; ++node)
      EXPECT_EQ(network.sinkSide().test(node), (side >> node & 1) != 0) << "round " << round;
  }
}

TEST(FlowNetwork, WhatIsInfiniteIsNotCut) {
  FlowNetwork network(4);
  network.addEdge(0, 2, FlowNetwork::infinite);
  network.addEdge(2, 3, 5);
  network.addEdge(3, 1, FlowNetwork::infinite);
  EXPECT_EQ(network.cut(0, 1), 5);
  EXPECT_TRUE(network.sinkSide().test(3));
  EXPECT_FALSE(network.sinkSide().test(2));
}

TEST(FlowNetwork, DeepNetworksNeedNoStack) {
  constexpr unsigned depth = 200000;
  FlowNetwork network(depth + 2);
  network.addEdge(0, 2, 3);
  for (unsigned node = 2; node <= depth; ++node)
    network.addEdge(node, node + 1, node == depth / 2 ? 1 : 2);
  network.addEdge(depth + 1, 1, 3);
  EXPECT_EQ(network.cut(0, 1), 1);
}

} // namespace
