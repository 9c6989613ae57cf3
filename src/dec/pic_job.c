/* See pic_job.h. */
#include "dec/pic_job.h"

void avo_job_start(AvoPicJob *job)
{
    AvoDecFrame *frame = job->frame;
    for (int i = 0; i < job->mb_count; i++)
        frame->f.info[i].slice = AVO_SLICE_NONE;
    avo_trace_reset(&frame->trace, job->mb_count);
    avo_row_filter_start(&job->filter, job->dsp, &frame->f, job->slices, frame->was_reference,
                         &frame->lines);
    job->mbs_done = 0;
}

static void note_slice(AvoPicJob *job, const AvoSliceHeader *h)
{
    job->slices[job->frame->slices] = (AvoDeblockSlice){
        .disable_idc = h->disable_deblocking_idc,
        .alpha_offset = 2 * h->alpha_offset_div2,
        .beta_offset = 2 * h->beta_offset_div2,
        .chroma_qp_offset = {job->pps.chroma_qp_offset[0], job->pps.chroma_qp_offset[1]},
    };
}

/* How far each reference is, as far as this slice knows. */
static void find_progress(const AvoPicJob *job, AvoSliceDec *s)
{
    s->waits = job->waits;
    for (int l = 0; l < 2 && s->waits; l++)
        for (int i = 0; i < s->refs.count[l]; i++) {
            AvoDecFrame *ref = (AvoDecFrame *)(void *)s->refs.frame[l][i];
            s->ref_lines[l][i] = &ref->lines;
            s->known_lines[l][i] = avo_progress_get(&ref->lines);
        }
}

static void prepare_slice(AvoPicJob *job, const AvoJobSlice *slice)
{
    AvoSliceDec *s = &job->slice;
    s->dsp = job->dsp;
    s->vlc = job->vlc;
    s->sps = &job->sps;
    s->pps = &job->pps;
    s->header = &slice->header;
    s->quant = &job->quant;
    s->frame = &job->frame->f;
    s->trace = job->frame->trace.mb ? &job->frame->trace : NULL;
    s->group_of_mb = job->pps.num_slice_groups > 1 ? job->group_map : NULL;
    s->refs = slice->refs;
    s->predict = (AvoPredictCtx){job->dsp, &s->refs, job->predict_scratch};
    s->filter = &job->filter;
    s->slice = job->frame->slices;
    s->cabac = job->pps.cabac;
    s->has_chroma = job->sps.chroma_format_idc != 0;
    s->br = slice->bits;
    for (int l = 0; l < 2; l++)
        for (int i = 0; i < s->refs.count[l]; i++)
            s->slot_of_ref[l][i] = (int8_t)s->refs.frame[l][i]->slot;
    find_progress(job, s);
}

int avo_job_run_slice(AvoPicJob *job, AvoJobSlice *slice)
{
    AvoDecFrame *frame = job->frame;
    const AvoSliceHeader *h = &slice->header;
    if (frame->slices >= job->slice_capacity)
        return slice->status =
                   avo_fail(&slice->message, AVOCET_ERR_DATA, "too many slices in a picture");
    prepare_slice(job, slice);
    note_slice(job, h);
    slice->status = avo_slice_data_decode(&job->slice, &slice->message);
    job->mbs_done += job->slice.mbs_done;
    if (job->slice.mbs_done > 0) {
        frame->slices++;
        frame->has_p |= h->type == AVO_SLICE_P;
        frame->has_b |= h->type == AVO_SLICE_B;
    }
    return slice->status;
}

void avo_job_finish(AvoPicJob *job)
{
    if (job->mbs_done < job->mb_count)
        job->frame->damaged_mbs = avo_job_conceal(job);
    avo_row_filter_finish(&job->filter);
    job->frame->decoded = true;
}

void avo_job_run_stored(AvoPicJob *job)
{
    for (int i = 0; i < job->stored_count; i++) {
        job->stored[i].bits.data = job->bytes.data + job->stored[i].at;
        avo_job_run_slice(job, &job->stored[i]);
    }
}
