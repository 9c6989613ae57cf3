/* Samples of an application's picture, in any pixel format, to planes of whole macroblocks.
 *
 * The format is the picture's own: pictures of one stream may come in different ones. Where the
 * stream has chroma and the picture has none, it becomes neutral. */
#ifndef AVO_ENC_CONVERT_H
#define AVO_ENC_CONVERT_H

#include <avocet/encoder.h>
#include "base/status.h"
#include "dsp/dsp.h"
#include "h264/frame.h"

/* Whether format, size, planes and strides are all right for an encoder of these settings. */
int avo_convert_check(const AvocetPicture *picture, const AvocetEncoderConfig *config,
                      AvoMessage *msg);

/* Fills the planes, whose size is that of the picture rounded up; what lies beyond the picture
 * repeats its last column and row. chroma false: only planes[0]. Matrix and range are config's. */
void avo_convert_picture(const AvoPlane planes[3], const AvocetPicture *picture,
                         const AvocetEncoderConfig *config, const AvoDsp *dsp, bool chroma);

/* The part of a picture from row y (even) on, `rows` high or what is left: a picture of its own. */
AvocetPicture avo_convert_band(const AvocetPicture *picture, int y, int rows);

#endif
