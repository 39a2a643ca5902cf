// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The targets that own precompiled headers need a source; it has nothing to say.

int main() { return 0; }
