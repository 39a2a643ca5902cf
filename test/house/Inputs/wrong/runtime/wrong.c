#include "llvm/ADT/STLExtras.h"
