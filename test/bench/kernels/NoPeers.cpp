// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In place of Peers.cpp where builds of Weft are compared with each other alone.

#include "test/bench/kernels/Peers.h"

namespace weft::bench {

std::vector<Contender> peersFor(const Shape & /*shape*/, const Operands & /*operands*/) {
  return {};
}

std::string describePeers() { return "none"; }

} // namespace weft::bench
