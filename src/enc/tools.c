/* See tools.h: the ladder from subme to concrete switches is the table below. */
#include "enc/tools.h"
#include "h264/paramset.h"

/* Effort of each subme level. */
static const struct {
    uint8_t halfpel, quarterpel, satd, chroma, rd_p, rd_b;
} effort[12] = {
    /* half quarter satd chroma rd_p           rd_b */
    {0, 0, 0, 0, AVO_RD_SATD, AVO_RD_SATD},     /*  0: whole samples only */
    {1, 1, 0, 0, AVO_RD_SATD, AVO_RD_SATD},     /*  1 */
    {1, 1, 1, 0, AVO_RD_SATD, AVO_RD_SATD},     /*  2 */
    {2, 2, 1, 0, AVO_RD_SATD, AVO_RD_SATD},     /*  3 */
    {2, 2, 1, 1, AVO_RD_SATD, AVO_RD_SATD},     /*  4 */
    {2, 3, 1, 1, AVO_RD_SATD, AVO_RD_SATD},     /*  5 */
    {2, 3, 1, 1, AVO_RD_MODE, AVO_RD_SATD},     /*  6: real cost in I and P */
    {2, 3, 1, 1, AVO_RD_MODE, AVO_RD_MODE},     /*  7: everywhere */
    {2, 4, 1, 1, AVO_RD_REFINE, AVO_RD_MODE},   /*  8 */
    {3, 5, 1, 1, AVO_RD_REFINE, AVO_RD_REFINE}, /*  9 */
    {4, 6, 1, 1, AVO_RD_REFINE, AVO_RD_REFINE}, /* 10 */
    {4, 8, 1, 1, AVO_RD_REFINE, AVO_RD_REFINE}, /* 11 */
};

/* mb_qp_delta costs more bits than hardly another quantiser is worth. Not with adaptive
 * quantisation, whose finer steps SSIM and the eye do value, and not where trials of quantisers
 * nearby know better. */
#define QP_INERTIA_Q8 150

/* The trellis makes bits cheaper: for the same quality more of them are worth their while. */
#define LAMBDA_SHARE_TRELLIS_Q8 240

/* Macroblocks after which the row below takes over the shadow contexts. More of them know the
 * picture better (2 to 6: about 0.3 % of the bits, 6 to 12: 0.3 to 0.4 %), fewer let more rows run
 * at once: in narrow pictures only the slow presets, which are after every bit, wait for as many.
 */
static int context_columns(const AvocetEncoderConfig *c)
{
    return c->trellis == 2 ? 12 : avo_clip3(6, 12, c->width / (3 * 16));
}

/* Where whole blocks cannot have the 8x8 transform, halves lose nothing by it. SATD alone would
 * choose them too readily. */
static bool halves_blocks(const AvocetEncoderConfig *c, int rd_p)
{
    return (c->partitions & AVOCET_PART_P8x8) && !(c->partitions & AVOCET_PART_P4x4) &&
           !c->transform_8x8 && rd_p != AVO_RD_SATD;
}

/* In a chain of P pictures, chroma that fine ones lack is missing in all that copy from them. Its
 * errors double by two steps of the quantiser. With CAVLC and with B pictures, whose anchors are
 * finer anyway, luma loses about as much as all planes gain. */
static int chroma_sixths(const AvocetEncoderConfig *c)
{
    return c->cabac && !c->bframes && c->keyint > 1 ? 3 : 0;
}

/* A first pass only asks how hard the pictures are. What shapes the stream stays as it is. */
static void make_fast(AvoTools *t)
{
    t->me = AVOCET_ME_DIA;
    t->trellis = 0;
    t->mixed_refs = false;
    t->i8x8 = t->p8x8 = t->p4x4 = t->p8x4 = t->b8x8 = false;
    t->psy_rd = 0;
    t->max_refs = 1;
    t->fast_pskip = true;
}

void avo_tools_from_config(AvoTools *t, const AvocetEncoderConfig *c, int profile_idc)
{
    bool fast = c->pass == 1 && !c->slow_firstpass;
    int s = fast ? avo_min(c->subme, 2) : c->subme;
    *t = (AvoTools){
        .me = c->me,
        .merange = c->merange,
        .fullpel_only = s == 0,
        .halfpel_steps = effort[s].halfpel,
        .quarterpel_steps = effort[s].quarterpel,
        .subpel_satd = effort[s].satd,
        .light = s <= 2,
        .lean = s <= 1,
        .chroma_me = c->chroma_me && effort[s].chroma,
        .mixed_refs = c->mixed_refs,
        .mixed_refs_b = c->mixed_refs && c->trellis == 2,
        .fast_pskip = c->fast_pskip,
        .dct_decimate = c->dct_decimate,
        .rd = {[AVO_SLICE_P] = effort[s].rd_p,
               [AVO_SLICE_B] = effort[s].rd_b,
               [AVO_SLICE_I] = effort[s].rd_p},
        .refine_rounds = s >= 10  ? 3
                         : s >= 9 ? 2
                                  : 1,
        .refine_square = s >= 11,
        .refine_qp = c->qp_rd && s >= 8 && c->rate_mode != AVOCET_RATE_QP,
        .qp_inertia_q8 = c->aq_mode || (c->qp_rd && s >= 8) ? 0 : QP_INERTIA_Q8,
        .chroma_sixths = chroma_sixths(c),
        .trellis = c->trellis,
        .lambda2_share_q8 = c->trellis ? LAMBDA_SHARE_TRELLIS_Q8 : 256,
        .context_columns = context_columns(c),
        .psy_rd = s >= 6 ? c->psy_rd : 0,
        .keep_means = c->psy_rd > 0,
        .i4x4 = c->partitions & AVOCET_PART_I4x4,
        .i8x8 = (c->partitions & AVOCET_PART_I8x8) && c->transform_8x8,
        .p8x8 = c->partitions & AVOCET_PART_P8x8,
        .p4x4 = (c->partitions & AVOCET_PART_P4x4) && (c->partitions & AVOCET_PART_P8x8),
        .p8x4 = halves_blocks(c, effort[s].rd_p),
        .b8x8 = c->partitions & AVOCET_PART_B8x8,
        .cabac = c->cabac,
        .transform_8x8 = c->transform_8x8,
        .constrained_intra = c->constrained_intra,
        .whole_bits = effort[s].rd_b == AVO_RD_REFINE ? 120 : 150,
        .search_parts_b = true,
        .intra_reach = s <= 2 ? 3 : 0,
        .bidir_refine = s >= 5,
        .search_farther = s >= 6,
        .max_refs = c->ref,
        .deadzones = {.mean = 21, .intra = 21, .inter = 11},
        .rounds_means = c->psy_rd && !c->trellis,
        .qp_min = c->qp_min,
        .qp_max = c->qp_max,
        .clip_levels_cavlc = !c->cabac && profile_idc < AVO_PROFILE_HIGH,
        .measure_psnr = c->psnr,
        .measure_ssim = c->ssim,
    };
    if (fast)
        make_fast(t);
}

/* True cost at this lambda takes as many bits as SATD at the usual one, so that rate control finds
 * no step between them. */
#define BEYOND_SATD_Q8 -1024

void avo_tools_for_beyond(const AvoTools *usual, AvoTools *beyond)
{
    *beyond = *usual;
    beyond->beyond = true;
    /* Bits matter more than pictures to come. */
    beyond->careful_skip = beyond->careful_dc = false;
    beyond->chroma_sixths = 0;
    beyond->trellis = avo_max(usual->trellis, 1);
    for (int type = 0; type < 3; type++) {
        beyond->beyond_q8[type] = usual->rd[type] == AVO_RD_SATD ? BEYOND_SATD_Q8 : 0;
        if (usual->rd[type] == AVO_RD_SATD)
            beyond->rd[type] = AVO_RD_MODE;
    }
}

void avo_tools_for_chain(AvoTools *fine, AvoTools *between)
{
    fine->careful_dc = fine->rd[AVO_SLICE_P] != AVO_RD_SATD && fine->cabac;
    *between = *fine;
    between->chroma_me = false;
    between->chroma_sixths = 0;
    between->narrow = fine->subpel_satd && fine->rd[AVO_SLICE_P] != AVO_RD_REFINE;
    between->intra_reach = avo_min(fine->intra_reach, 2);
    fine->near_only = between->near_only = fine->rd[AVO_SLICE_P] == AVO_RD_MODE;
    fine->careful_skip = true;
    between->careful_skip = fine->rd[AVO_SLICE_P] != AVO_RD_SATD; /* a search went before it */
    if (fine->trellis == 1 && fine->rd[AVO_SLICE_P] != AVO_RD_SATD) {
        if (fine->cabac)
            fine->trellis = 2;
        else /* intra pictures gain nothing by it */
            fine->trellis_in_p = true;
    }
}

void avo_tools_for_leaves(AvoTools *leaves, const AvoTools *all)
{
    *leaves = *all;
    if (all->trellis == 2) {
        leaves->me = avo_min(all->me, AVOCET_ME_HEX);
        leaves->refine_qp = false;
        if (all->rd[AVO_SLICE_B] != AVO_RD_REFINE) /* not yet after every bit */
            leaves->trellis = 1;
    }
    if (all->rd[AVO_SLICE_P] != AVO_RD_REFINE)
        leaves->whole_bits = 300;
    if (all->light) {
        leaves->search_parts_b = false;
        leaves->intra_reach = 1;
    }
}
