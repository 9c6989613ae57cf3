/* See obj.h, which has it all. */
#ifndef HARNESS_PY_OBJSTR_H
#define HARNESS_PY_OBJSTR_H

#include "py/obj.h"

#endif
