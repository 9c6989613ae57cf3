/* PSNR and SSIM of coded pictures: statistics only, they never influence what is coded. */
#ifndef AVO_ENC_QUALITY_H
#define AVO_ENC_QUALITY_H

#include "dsp/dsp.h"
#include "h264/frame.h"

/* Sum of squared errors of the first width x height samples. */
uint64_t avo_quality_sse(const AvoPlane *a, const AvoPlane *b, int width, int height);
/* Mean SSIM over 8x8 windows at steps of 4 samples, constants for 8 bit. */
double avo_quality_ssim(const AvoDsp *dsp, const AvoPlane *a, const AvoPlane *b, int width,
                        int height);

#endif
