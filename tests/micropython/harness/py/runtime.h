/* See obj.h, which has it all. */
#ifndef HARNESS_PY_RUNTIME_H
#define HARNESS_PY_RUNTIME_H

#include "py/obj.h"

#endif
