/* The slices of a picture, written row by row as the rows become final: so what they took is known
 * while the picture is still being decided. One row after another, from any thread. */
#ifndef AVO_ENC_PICTURE_WRITE_H
#define AVO_ENC_PICTURE_WRITE_H

#include "enc/job.h"
#include "enc/packet.h"
#include "enc/slice_write.h"

typedef struct AvoPictureWriter {
    AvoPicJob *job;
    AvoPacketBuffer *packet;
    AvoBitWriter bits; /* of the slice at work */
    AvoSliceData slice;
    AvoSliceWriter writer;
    int slice_index;
    size_t row_start;    /* position in `bits` */
    size_t bytes_before; /* of the packet, before the first slice */
    uint64_t bins;       /* of all slices that are finished */
} AvoPictureWriter;

/* Slices are added to the packet behind what it holds. */
void avo_picture_writer_begin(AvoPictureWriter *pw, AvoPicJob *job, AvoPacketBuffer *packet);
/* The next row, which must be mb_y. Returns its bits, headers of a slice that begins there
 * included.
 */
int64_t avo_picture_writer_row(AvoPictureWriter *pw, int mb_y);
/* Behind the last row: bytes of all slices. */
size_t avo_picture_writer_bytes(const AvoPictureWriter *pw);

#endif
