#include "frontend/Parser.h"
