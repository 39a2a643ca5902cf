// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dinitz's algorithm without recursion: graphs are as deep as models.

#include "passes/recompute/FlowNetwork.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cassert>

namespace weft {

void FlowNetwork::addEdge(unsigned from, unsigned to, int64_t capacity) {
  assert(capacity >= 0 && capacity <= infinite && "not a capacity");
  edgesFrom[from].push_back(edges.size());
  edges.push_back({to, capacity});
  edgesFrom[to].push_back(edges.size());
  edges.push_back({from, 0});
}

/// Distances from the source over edges with something left; true if the sink has one.
bool FlowNetwork::findLevels(unsigned source, unsigned sink) {
  levels.assign(edgesFrom.size(), -1);
  levels[source] = 0;
  std::vector<unsigned> queue = {source};
  for (size_t head = 0; head < queue.size(); ++head)
    for (unsigned number : edgesFrom[queue[head]]) {
      const Edge &edge = edges[number];
      if (edge.capacity == 0 || levels[edge.to] >= 0)
        continue;
      levels[edge.to] = levels[queue[head]] + 1;
      queue.push_back(edge.to);
    }
  return levels[sink] >= 0;
}

/// Sends what one shortest way can take; 0 if none is left.
int64_t FlowNetwork::augment(unsigned source, unsigned sink) {
  llvm::SmallVector<unsigned> way;
  for (unsigned node = source; node != sink;) {
    unsigned &place = next[node];
    auto leadsOn = [&](unsigned number) {
      return edges[number].capacity > 0 && levels[edges[number].to] == levels[node] + 1;
    };
    while (place < edgesFrom[node].size() && !leadsOn(edgesFrom[node][place]))
      ++place;
    if (place < edgesFrom[node].size()) {
      way.push_back(edgesFrom[node][place]);
      node = edges[way.back()].to;
    } else if (node == source) {
      return 0;
    } else {
      node = edges[way.pop_back_val() ^ 1].to;
      ++next[node]; // It led nowhere.
    }
  }
  int64_t amount = infinite;
  for (unsigned number : way)
    amount = std::min(amount, edges[number].capacity);
  for (unsigned number : way) {
    edges[number].capacity -= amount;
    edges[number ^ 1].capacity += amount;
  }
  return amount;
}

/// What still reaches the sink.
void FlowNetwork::findSinkSide(unsigned sink) {
  behind.clear();
  behind.resize(edgesFrom.size());
  behind.set(sink);
  std::vector<unsigned> queue = {sink};
  for (size_t head = 0; head < queue.size(); ++head)
    for (unsigned number : edgesFrom[queue[head]]) {
      unsigned from = edges[number].to; // The other direction of the pair leads here.
      if (edges[number ^ 1].capacity == 0 || behind.test(from))
        continue;
      behind.set(from);
      queue.push_back(from);
    }
}

int64_t FlowNetwork::cut(unsigned source, unsigned sink) {
  int64_t flow = 0;
  while (findLevels(source, sink)) {
    next.assign(edgesFrom.size(), 0);
    while (int64_t amount = augment(source, sink))
      flow += amount;
  }
  findSinkSide(sink);
  return flow;
}

} // namespace weft
