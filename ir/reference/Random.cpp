// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The counter-based generator Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy
// as 1, 2, 3", SC 2011, section 3.3.

#include "ir/reference/Random.h"
#include "ir/reference/Rules.h"
#include "ir/WeftOps.h"

using llvm::Expected;

namespace weft::reference {

PhiloxBlock philox4x32(PhiloxBlock counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t product0 = uint64_t(0xD2511F53) * counter[0];
    uint64_t product1 = uint64_t(0xCD9E8D57) * counter[2];
    auto low = [](uint64_t x) { return static_cast<uint32_t>(x); };
    auto high = [](uint64_t x) { return static_cast<uint32_t>(x >> 32); };
    counter = {high(product1) ^ counter[1] ^ key[0], low(product1),
               high(product0) ^ counter[3] ^ key[1], low(product0)};
    key[0] += 0x9E3779B9; // The golden ratio
    key[1] += 0xBB67AE85; // and sqrt(3) - 1, as fractions of 2^32.
  }
  return counter;
}

static Expected<Tensor> randomBits(const Call &call) {
  auto seed = static_cast<uint64_t>(call.operand(0).integers()[0]);
  auto stream = static_cast<uint64_t>(cast<RandomBitsOp>(call.op).getStream());
  Tensor result = call.emptyResult();
  std::vector<int64_t> &words = result.integers();
  for (uint64_t block = 0; block * 4 < words.size(); ++block) {
    PhiloxBlock random =
        philox4x32({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                    static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32)},
                   {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
    for (uint64_t word = 0; word < 4 && block * 4 + word < words.size(); ++word)
      words[block * 4 + word] = random[word];
  }
  return result;
}

void addRandomRules(RuleTable &table) { table["weft.random_bits"] = randomBits; }

} // namespace weft::reference
