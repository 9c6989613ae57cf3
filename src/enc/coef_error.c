/* See coef_error.h. */
#include "enc/coef_error.h"

#define M0                                                                                         \
    {                                                                                              \
        1048576, 1024                                                                              \
    }
#define M1                                                                                         \
    {                                                                                              \
        838861, 640                                                                                \
    }
#define M2                                                                                         \
    {                                                                                              \
        671089, 400                                                                                \
    }
const AvoCoefMeasure avo_measure_4x4[16] = {M0, M1, M0, M1, M1, M2, M1, M2,
                                            M0, M1, M0, M1, M1, M2, M1, M2};

/* By classes of row and column: 0: 0, 4; 2: 2, 6; 1: odd. */
#define M00                                                                                        \
    {                                                                                              \
        262144, 2048                                                                               \
    }
#define M02                                                                                        \
    {                                                                                              \
        419430, 1280                                                                               \
    }
#define M22                                                                                        \
    {                                                                                              \
        671089, 800                                                                                \
    }
#define M01                                                                                        \
    {                                                                                              \
        232211, 2312                                                                               \
    }
#define M12                                                                                        \
    {                                                                                              \
        371537, 1445                                                                               \
    }
#define M11                                                                                        \
    {                                                                                              \
        205695, 2610                                                                               \
    }
#define ROW0 M00, M01, M02, M01, M00, M01, M02, M01
#define ROW1 M01, M11, M12, M11, M01, M11, M12, M11
#define ROW2 M02, M12, M22, M12, M02, M12, M22, M12
const AvoCoefMeasure avo_measure_8x8[64] = {ROW0, ROW1, ROW2, ROW1, ROW0, ROW1, ROW2, ROW1};

const AvoCoefMeasure avo_measure_dc_4x4 = {131072, 256}, avo_measure_dc_2x2 = {262144, 64};
