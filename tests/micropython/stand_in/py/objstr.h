/* See obj.h, which has it all. */
#ifndef STAND_IN_PY_OBJSTR_H
#define STAND_IN_PY_OBJSTR_H

#include "py/obj.h"

#endif
