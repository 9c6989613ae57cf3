/* See lookahead.h. This file owns the window and turns decided mini-GOPs into plans; what is
 * decided comes from gop_shape.c and the files behind it. */
#include "enc/lookahead_internal.h"

int avo_lookahead_delay(const AvocetEncoderConfig *config)
{
    return avo_min(avo_max(config->lookahead, config->bframes), AVO_LA_DEPTH_MAX);
}

int avo_lookahead_sources(const AvocetEncoderConfig *config)
{
    return avo_lookahead_delay(config) +
           2; /* the window when a mini-GOP is decided, and the anchor */
}

int avo_lookahead_layers(const AvocetEncoderConfig *config, int dpb_frames)
{
    if (config->bframes == 0 || dpb_frames < 2)
        return 0;
    int wanted = config->b_pyramid == AVOCET_PYRAMID_NONE ? 1
                 : config->b_pyramid == AVOCET_PYRAMID_STRICT
                     ? 2
                     : 1 + avo_log2_floor((uint32_t)config->bframes);
    return avo_min(wanted, dpb_frames - 1);
}

AvoLookahead *avo_lookahead_carve(AvoArena *arena, AvoInputPool *pool,
                                  const AvocetEncoderConfig *config, const AvoDsp *dsp,
                                  int dpb_frames)
{
    AvoLookahead *la = avo_arena_take(arena, sizeof *la, 0);
    if (!la)
        return NULL;
    la->config = *config;
    la->dsp = dsp;
    la->mb_width = pool->mb_width;
    la->mb_height = pool->mb_height;
    la->mb_count = la->mb_width * la->mb_height;
    la->layers = avo_lookahead_layers(config, dpb_frames);
    la->bframes = la->layers ? avo_min(config->bframes, AVO_LA_BFRAMES_MAX) : 0;
    la->delay = avo_lookahead_delay(config);
    la->last_idr = -1;
    la->last_duration_q16 = 65536;
    return la;
}

void avo_lookahead_push(AvoLookahead *la, AvoSource *source)
{
    AVO_ASSERT(la->count <= la->delay && !la->flushing);
    la->window[++la->count] = avo_input_retain(source);
}

void avo_lookahead_flush(AvoLookahead *la)
{
    la->flushing = true;
}

/* Display duration of a picture in units of 1/fps, from the pts of the next one; the last one of
 * the stream, and every one without lookahead, gets that of the one before. */
static int64_t duration_q16(AvoLookahead *la, int index)
{
    if (index < la->count) {
        const AvocetEncoderConfig *c = &la->config;
        int64_t gap = la->window[index + 1]->pts - la->window[index]->pts;
        int64_t q16 = 65536;
        if (c->time_base.num > 0 && c->time_base.den > 0) {
            uint64_t num = (uint64_t)c->time_base.num * (uint64_t)c->fps.num;
            uint64_t den = (uint64_t)c->time_base.den * (uint64_t)c->fps.den;
            int64_t most =
                (int64_t)avo_muldiv(32, den, num) + 1; /* 32 pictures: keeps all in range */
            q16 = (int64_t)avo_muldiv((uint64_t)avo_clip3_64(0, most, gap) << 16, num, den);
        } else {
            q16 = avo_clip3_64(0, 32, gap) << 16;
        }
        la->last_duration_q16 = avo_clip3_64(65536 / 16, 65536 * 16, q16);
    }
    return la->last_duration_q16;
}

static void fill_plan(AvoLookahead *la, AvoPlan *plan, const AvoGopEntry *e, int lo, int hi)
{
    AvoSource *s = la->window[e->index];
    memset(plan, 0, sizeof *plan);
    plan->src = avo_input_retain(s);
    plan->type = (AvocetFrameType)e->type;
    plan->layer = e->layer;
    if (plan->type == AVOCET_TYPE_IDR)
        la->last_idr = s->display_index;
    plan->poc = (int)(2 * (s->display_index - la->last_idr));
    plan->coded_index = la->next_coded_index++;
    plan->minigop_start =
        la->window[plan->type == AVOCET_TYPE_P || plan->layer ? lo : hi]->display_index;
    plan->minigop_end = la->window[hi]->display_index;
    plan->duration_q16 = duration_q16(la, e->index);
}

/* Decides the next mini-GOP, moves its plans to the output and its pictures out of the window. */
static void decide_minigop(AvoLookahead *la)
{
    avo_gop_decide(la);
    int length = la->minigop_length;
    for (int i = 0; i < length; i++)
        fill_plan(la, &la->out[i], &la->entry[i], 0, length);
    la->out[length - 1].closes_minigop = true;
    la->out_first = 0;
    la->out_count = length;
    for (int i = 0; i < length; i++)
        avo_input_release(la->window[i]);
    for (int i = 0; i + length <= la->count; i++)
        la->window[i] = la->window[i + length];
    la->count -= length;
}

bool avo_lookahead_pop(AvoLookahead *la, AvoPlan *plan)
{
    if (la->out_count == 0) {
        if (la->count == 0 || (!la->flushing && la->count <= la->delay))
            return false;
        decide_minigop(la);
    }
    *plan = la->out[la->out_first++];
    la->out_count--;
    return true;
}

void avo_plan_release(AvoPlan *plan)
{
    avo_input_release(plan->src);
    plan->src = NULL;
}
