/* See obj.h, which has it all. */
#ifndef STAND_IN_PY_RUNTIME_H
#define STAND_IN_PY_RUNTIME_H

#include "py/obj.h"

#endif
