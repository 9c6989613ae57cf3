/* See picture_write.h. */
#include "enc/picture_write.h"
#include "enc/headers_write.h"

void avo_picture_writer_begin(AvoPictureWriter *pw, AvoPicJob *job, AvoPacketBuffer *packet)
{
    pw->job = job;
    pw->packet = packet;
    pw->slice_index = 0;
    pw->bytes_before = packet->size;
    pw->bins = 0;
}

static void begin_slice(AvoPictureWriter *pw, int first_row)
{
    AvoPicJob *job = pw->job;
    pw->slice = (AvoSliceData){
        .syntax = {.slice_type = job->header.type,
                   .cabac = job->pps->cabac,
                   .transform_8x8_mode = job->pps->transform_8x8_mode,
                   .direct_8x8_inference = job->sps->direct_8x8_inference,
                   .chroma_format = job->sps->chroma_format_idc,
                   .num_ref_idx = {job->refs.count[0], job->refs.count[1]}},
        .mb_width = job->mb_width,
        .first_mb = first_row * job->mb_width,
        .end_mb = job->slice_end_row[pw->slice_index] * job->mb_width,
        .slice_qp = job->slice_qp,
        .cabac_init_idc = job->header.cabac_init_idc,
        .info = job->rec->info,
    };
    job->header.first_mb = (uint32_t)pw->slice.first_mb;
    pw->bits = avo_packet_writer(pw->packet);
    avo_write_slice_header(&pw->bits, &job->header, job->sps, job->pps);
    avo_slice_writer_begin(&pw->writer, &pw->bits, &pw->slice, NULL);
    pw->row_start = 0;
}

static void end_slice(AvoPictureWriter *pw)
{
    AvoPicJob *job = pw->job;
    AvoSliceStats stats = {0};
    avo_slice_writer_end(&pw->writer, &stats);
    avo_packet_add(pw->packet, job->header.nal_ref_idc, job->header.nal_unit_type, &pw->bits);
    pw->bins += stats.bins;
    pw->slice_index++;
}

int64_t avo_picture_writer_row(AvoPictureWriter *pw, int mb_y)
{
    AvoPicJob *job = pw->job;
    int first_row = pw->slice_index ? job->slice_end_row[pw->slice_index - 1] : 0;
    int first_mb = mb_y * job->mb_width;
    if (mb_y == first_row)
        begin_slice(pw, first_row);
    avo_slice_writer_put(&pw->writer, job->mb_width, job->code + first_mb,
                         avo_job_levels(job, mb_y));
    size_t end = avo_slice_writer_position(&pw->writer);
    int64_t bits = (int64_t)(end - pw->row_start);
    pw->row_start = end;
    if (mb_y + 1 == job->slice_end_row[pw->slice_index])
        end_slice(pw);
    return bits;
}

size_t avo_picture_writer_bytes(const AvoPictureWriter *pw)
{
    return pw->packet->size - pw->bytes_before;
}
