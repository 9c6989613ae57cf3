/* The clock, as of MicroPython's hardware layer. */
#ifndef STAND_IN_PY_MPHAL_H
#define STAND_IN_PY_MPHAL_H

#include "py/obj.h"

mp_uint_t mp_hal_ticks_us(void);

#endif
