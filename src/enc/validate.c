/* See validate.h. Each step looks at one matter; avo_config_validate at the end is the list of
 * steps in their order: what an earlier step switches off, later ones need not mend. */
#include "enc/validate.h"
#include "base/text.h"
#include "enc/options.h"
#include "h264/paramset.h"

typedef struct Check {
    AvocetEncoderConfig *c;
    AvoAdjustments *list; /* NULL: sentences are not wanted */
    AvoMessage *msg;
    char unwanted[160];
} Check;

/* Where the next sentence goes. */
static char *next_sentence(Check *k)
{
    AvoAdjustments *list = k->list;
    return list && list->count < AVO_ADJUSTMENTS_MAX ? list->text[list->count++] : k->unwanted;
}

#define ADJUSTED(k, ...) avo_format(next_sentence(k), sizeof(k)->unwanted, __VA_ARGS__)
#define CONFLICT(k, ...) return avo_fail((k)->msg, AVOCET_ERR_CONFLICT, __VA_ARGS__)

/* Lowers one number and says so. */
static void lower(Check *k, int *member, int to, const char *name, const char *reason)
{
    if (*member <= to)
        return;
    if (to)
        ADJUSTED(k, "%s lowered from %d to %d: %s", name, *member, to, reason);
    else
        ADJUSTED(k, "%s off: %s", name, reason);
    *member = to;
}

/* ---- single values ---- */

static int check_ranges(Check *k)
{
    const AvocetEncoderConfig *c = k->c;
    if (c->size != sizeof *c)
        return avo_fail(k->msg, AVOCET_ERR_ARGUMENT,
                        "config.size is %l instead of %l: "
                        "fill the configuration by avocet_encoder_config_init of this version",
                        (int64_t)c->size, (int64_t)sizeof *c);
    if (c->width == 0 && c->height == 0)
        return avo_fail(k->msg, AVOCET_ERR_ARGUMENT, "size is not set");
    for (int i = 0; i < avo_option_count(); i++)
        AVO_RETURN_IF_ERROR(avo_option_check(c, avo_option_row(i), k->msg));
    return AVOCET_OK;
}

/* ---- rate ---- */

#define PICTURES_MAX 100000000 /* with records: 19 days at 60 pictures per second */

static int check_rate(Check *k)
{
    const AvocetEncoderConfig *c = k->c;
    if (c->qp_min > c->qp_max)
        CONFLICT(k, "qpmin %d is above qpmax %d", c->qp_min, c->qp_max);
    if (c->rate_mode == AVOCET_RATE_QP && (c->qp < c->qp_min || c->qp > c->qp_max))
        CONFLICT(k, "qp %d is outside qpmin %d to qpmax %d", c->qp, c->qp_min, c->qp_max);
    if (c->rate_mode == AVOCET_RATE_BITRATE && c->bitrate == 0)
        return avo_fail(k->msg, AVOCET_ERR_ARGUMENT, "bitrate is not set");
    if (c->pass >= 2 && c->rate_mode != AVOCET_RATE_BITRATE)
        CONFLICT(k, "pass %d needs bitrate", c->pass);
    if (c->pass >= 2 && (!c->pass_records || c->pass_count <= 0 || c->pass_count > PICTURES_MAX))
        return avo_fail(k->msg, AVOCET_ERR_ARGUMENT, "pass %d needs the records of a first pass",
                        c->pass);
    return AVOCET_OK;
}

static int check_vbv(Check *k)
{
    AvocetEncoderConfig *c = k->c;
    if (!c->vbv_maxrate && !c->vbv_bufsize) {
        if (c->nal_hrd != AVOCET_HRD_NONE)
            CONFLICT(k, "nal-hrd needs vbv-maxrate and vbv-bufsize");
        if (c->filler)
            CONFLICT(k, "filler needs bitrate, vbv-maxrate and vbv-bufsize");
        return AVOCET_OK;
    }
    if (c->rate_mode == AVOCET_RATE_QP)
        CONFLICT(k, "vbv-maxrate and vbv-bufsize contradict qp: use crf or bitrate");
    if (!c->vbv_bufsize)
        CONFLICT(k, "vbv-maxrate needs vbv-bufsize");
    if (!c->vbv_maxrate && c->rate_mode != AVOCET_RATE_BITRATE)
        CONFLICT(k, "vbv-bufsize needs vbv-maxrate");
    if (!c->vbv_maxrate) {
        c->vbv_maxrate = c->bitrate;
        ADJUSTED(k, "vbv-maxrate set to the bitrate: vbv-bufsize needs it");
    }
    if (c->rate_mode == AVOCET_RATE_BITRATE && c->vbv_maxrate < c->bitrate)
        CONFLICT(k, "vbv-maxrate is below bitrate");
    int64_t picture = c->vbv_maxrate / c->fps.num * c->fps.den;
    if (c->vbv_bufsize < picture) {
        ADJUSTED(k, "vbv-bufsize raised from %l to %l bits: it must hold one picture",
                 c->vbv_bufsize, picture);
        c->vbv_bufsize = picture;
    }
    bool constant = c->rate_mode == AVOCET_RATE_BITRATE && c->vbv_maxrate == c->bitrate;
    if (c->nal_hrd == AVOCET_HRD_CBR && !constant)
        CONFLICT(k, "nal-hrd cbr needs bitrate and a vbv-maxrate equal to it");
    if (c->filler && !constant)
        CONFLICT(k, "filler needs bitrate and a vbv-maxrate equal to it");
    if (c->nal_hrd == AVOCET_HRD_CBR && !c->filler) {
        c->filler = 1;
        ADJUSTED(k, "filler on: nal-hrd cbr needs it");
    }
    return AVOCET_OK;
}

static void settle_quantiser_tools(Check *k)
{
    AvocetEncoderConfig *c = k->c;
    if (c->rate_mode == AVOCET_RATE_QP && (c->aq_mode || c->mbtree)) {
        ADJUSTED(k, "%s off: qp asks for one quantiser per picture",
                 c->aq_mode && c->mbtree ? "aq-mode and mbtree"
                 : c->aq_mode            ? "aq-mode"
                                         : "mbtree");
        c->aq_mode = c->mbtree = 0;
    }
    if (!c->lookahead)
        lower(k, &c->mbtree, 0, "mbtree", "it needs rc-lookahead");
}

/* ---- profile (A.2) ---- */

static bool is_rgb(AvocetFormat format)
{
    return format >= AVOCET_FORMAT_RGB24 && format <= AVOCET_FORMAT_RGB565BE;
}

static void settle_profile(Check *k)
{
    AvocetEncoderConfig *c = k->c;
    if (c->profile == AVOCET_PROFILE_AUTO) {
        bool high =
            c->transform_8x8 || c->cqm != AVOCET_CQM_FLAT || c->format == AVOCET_FORMAT_GRAY8;
        bool main = c->cabac || c->bframes || c->weightp;
        c->profile = high   ? AVOCET_PROFILE_HIGH
                     : main ? AVOCET_PROFILE_MAIN
                            : AVOCET_PROFILE_BASELINE;
    }
    if (c->profile == AVOCET_PROFILE_BASELINE) {
        lower(k, &c->cabac, 0, "cabac", "Baseline profile has CAVLC only");
        lower(k, &c->bframes, 0, "bframes", "Baseline profile has no B pictures");
        lower(k, &c->weightp, 0, "weightp", "Baseline profile has no weighted prediction");
    }
    if (c->profile != AVOCET_PROFILE_HIGH) {
        lower(k, &c->transform_8x8, 0, "8x8dct", "only High profile has the 8x8 transform");
        if (c->cqm != AVOCET_CQM_FLAT) {
            ADJUSTED(k, "cqm set to flat: only High profile has quantisation matrices");
            c->cqm = AVOCET_CQM_FLAT;
        }
    }
}

/* ---- structure of the stream ---- */

static int check_structure(Check *k)
{
    AvocetEncoderConfig *c = k->c;
    if (c->min_keyint > c->keyint)
        CONFLICT(k, "min-keyint %d is above keyint %d", c->min_keyint, c->keyint);
    if (c->intra_refresh && c->keyint == 1)
        CONFLICT(k, "intra-refresh contradicts keyint 1");
    if (c->intra_refresh) {
        lower(k, &c->bframes, 0, "bframes", "intra-refresh sweeps P pictures");
        lower(k, &c->ref, 1, "ref", "intra-refresh may only refer to the refreshed part");
    }
    lower(k, &c->bframes, avo_max(c->keyint - 2, 0), "bframes", "no room between keyframes");
    if (c->ref < 2)
        lower(k, &c->long_term, 0, "long-term", "it needs ref 2 at least");
    lower(k, &c->slices, (c->height + 15) / 16, "slices",
          "a slice has one row of macroblocks at least");
    if (c->min_keyint == 0)
        c->min_keyint = avo_max(1, c->keyint / 10);
    return AVOCET_OK;
}

static void drop_partition(Check *k, unsigned bit, const char *name, const char *reason)
{
    if (!(k->c->partitions & bit))
        return;
    ADJUSTED(k, "partition %s off: %s", name, reason);
    k->c->partitions &= ~bit;
}

static void settle_partitions(Check *k)
{
    if (!k->c->transform_8x8)
        drop_partition(k, AVOCET_PART_I8x8, "i8x8", "it needs 8x8dct");
    if (!(k->c->partitions & AVOCET_PART_P8x8))
        drop_partition(k, AVOCET_PART_P4x4, "p4x4", "it needs p8x8");
}

/* ---- picture and colour ---- */

static int settle_colour(Check *k)
{
    AvocetEncoderConfig *c = k->c;
    int by_height = c->height > 576 ? 1 : 6; /* BT.709 or SMPTE 170M, as most players assume */
    if (c->colour_primaries < 0)
        c->colour_primaries = by_height;
    if (c->transfer < 0)
        c->transfer = by_height;
    if (c->colour_matrix < 0)
        c->colour_matrix = by_height;
    if (!is_rgb(c->format))
        return AVOCET_OK;
    if (c->colour_matrix == 2) {
        c->colour_matrix = by_height;
        ADJUSTED(k, "colormatrix set to %s: RGB input must be converted by a known matrix",
                 by_height == 1 ? "bt709" : "smpte170m");
    }
    if (c->colour_matrix != 1 && c->colour_matrix != 5 && c->colour_matrix != 6)
        CONFLICT(k, "RGB input can be converted by colormatrix bt709, bt470bg and smpte170m only");
    return AVOCET_OK;
}

static bool is_monochrome(const AvocetEncoderConfig *c)
{
    return c->format == AVOCET_FORMAT_GRAY8 && c->profile == AVOCET_PROFILE_HIGH;
}

/* FFmpeg, and with it most players, shows 4:0:0 with neutral chroma planes of its own, and explicit
 * weights turn those green. */
static void settle_monochrome(Check *k)
{
    AvocetEncoderConfig *c = k->c;
    if (!is_monochrome(c))
        return;
    lower(k, &c->weightp, 0, "weightp", "many players show weighted grey pictures in green");
    lower(k, &c->weightb, 1, "weightb", "many players show weighted grey pictures in green");
}

/* 4:2:0 crops in steps of two samples (7.4.2.1.1, CropUnitX). */
static void settle_size(Check *k)
{
    const AvocetEncoderConfig *c = k->c;
    if (!is_monochrome(c) && (c->width | c->height) & 1)
        ADJUSTED(k, "%dx%d is shown as %dx%d: 4:2:0 video has even sizes, the edge is repeated",
                 c->width, c->height, (c->width + 1) & ~1, (c->height + 1) & ~1);
}

/* ---- level (A.3) ---- */

/* Levels of the pyramid beyond which none is worth a higher level of the standard. */
#define DEPTH_AT_ANY_LEVEL 3

static int pyramid_depth(const AvocetEncoderConfig *config)
{
    if (config->bframes == 0)
        return 0;
    int depth = avo_log2_floor((uint32_t)config->bframes) + 1; /* of a dyadic tree */
    switch (config->b_pyramid) {
    case AVOCET_PYRAMID_NONE:
        return 1;
    case AVOCET_PYRAMID_STRICT:
        return avo_min(depth, 2);
    default:
        return depth;
    }
}

/* References besides one per level of the pyramid: its leaves are none, but there are two anchors;
 * and a long-term picture. */
static int frames_besides(const AvocetEncoderConfig *config)
{
    return 1 + (config->long_term > 0);
}

/* No level is raised for more than seven B pictures, and none is refused for them: where it holds
 * too few pictures, some parts of the pyramid are less deep (gop_shape.c). */
int avo_config_reorder_frames(const AvocetEncoderConfig *config)
{
    int depth = pyramid_depth(config);
    if (depth <= DEPTH_AT_ANY_LEVEL)
        return depth;
    if (!config->level)
        return DEPTH_AT_ANY_LEVEL;
    int frames = avo_level_max_dpb_frames(avo_level_find(config->level), (config->width + 15) / 16,
                                          (config->height + 15) / 16);
    return avo_clip3(DEPTH_AT_ANY_LEVEL, depth, avo_min(frames, 16) - frames_besides(config));
}

/* What the B pictures need at least. */
static int structure_dpb_frames(const AvocetEncoderConfig *config)
{
    return avo_min(pyramid_depth(config), DEPTH_AT_ANY_LEVEL) + frames_besides(config);
}

int avo_config_dpb_frames(const AvocetEncoderConfig *config)
{
    int structure = avo_config_reorder_frames(config) + frames_besides(config);
    return avo_min(avo_max(config->ref, structure), 16);
}

static AvoLevelDemand level_demand(const AvocetEncoderConfig *c)
{
    static const int profile_idc[] = {AVO_PROFILE_HIGH, AVO_PROFILE_BASELINE, AVO_PROFILE_MAIN,
                                      AVO_PROFILE_HIGH};
    int64_t rate = c->vbv_maxrate;
    if (!rate && c->rate_mode == AVOCET_RATE_BITRATE)
        rate = c->bitrate;
    return (AvoLevelDemand){
        .profile_idc = profile_idc[c->profile],
        .mb_width = (c->width + 15) / 16,
        .mb_height = (c->height + 15) / 16,
        .fps_num = (uint32_t)c->fps.num,
        .fps_den = (uint32_t)c->fps.den,
        .dpb_frames = avo_config_dpb_frames(c),
        .max_bitrate = rate,
        .cpb_bits = c->vbv_bufsize,
        .slices = avo_max(c->slices, 1),
    };
}

static void level_name(int level, char name[8])
{
    if (level == 9)
        avo_text_copy(name, 8, "1b");
    else
        avo_text_write_fixed(name, 8, level, 1);
}

/* Makes references and B pictures fit a decoder's buffer of `frames` pictures. */
static void fit_dpb(Check *k, int frames, const char *level)
{
    AvocetEncoderConfig *c = k->c;
    char reason[64];
    avo_format(reason, sizeof reason,
               frames == 1 ? "level %s holds %d picture of this size"
                           : "level %s holds %d pictures of this size",
               level, frames);
    lower(k, &c->ref, frames, "ref", reason);
    if (structure_dpb_frames(c) > frames)
        lower(k, &c->long_term, 0, "long-term", reason);
    if (structure_dpb_frames(c) > frames && c->b_pyramid != AVOCET_PYRAMID_NONE)
        lower(k, &c->bframes, frames > 1 ? (1 << (frames - 1)) - 1 : 0, "bframes", reason);
    if (structure_dpb_frames(c) > frames)
        lower(k, &c->bframes, 0, "bframes", reason);
}

/* The level asked for: what cannot be lowered must fit. */
static int enforce_level(Check *k)
{
    AvocetEncoderConfig *c = k->c;
    const AvoLevelLimits *level = avo_level_find(c->level);
    AvoLevelDemand demand = level_demand(c);
    char name[8], enough[8];
    level_name(c->level, name);
    demand.dpb_frames = 1;
    const char *excess = avo_level_violation(level, &demand);
    if (excess) {
        const AvoLevelLimits *fits = avo_level_choose(&demand);
        level_name(fits ? fits->level_idc : 0, enough);
        CONFLICT(k, "level %s is exceeded (%s) by %dx%d at %d/%d fps with these settings; %s%s",
                 name, excess, c->width, c->height, c->fps.num, c->fps.den,
                 fits ? "it needs level " : "so is every level", fits ? enough : "");
    }
    fit_dpb(k, avo_level_max_dpb_frames(level, demand.mb_width, demand.mb_height), name);
    return AVOCET_OK;
}

/* The lowest level that fits. Pictures beyond all levels are coded nevertheless,
 * under the highest. */
static void choose_level(Check *k)
{
    AvocetEncoderConfig *c = k->c;
    const AvoLevelLimits *highest = avo_level_find(62);
    AvoLevelDemand demand = level_demand(c);
    const AvoLevelLimits *level = avo_level_choose(&demand);
    if (!level) {
        int frames = avo_level_max_dpb_frames(highest, demand.mb_width, demand.mb_height);
        fit_dpb(k, avo_max(frames, 1), "6.2");
        demand = level_demand(c);
        level = avo_level_choose(&demand);
    }
    if (!level) {
        const char *excess = avo_level_violation(highest, &demand);
        ADJUSTED(k,
                 "level 6.2 is signalled but exceeded (%s): "
                 "no level is enough, some players will refuse",
                 excess ? excess : "limits");
        level = highest;
    }
    c->level = level->level_idc;
}

static int settle_level(Check *k)
{
    if (k->c->level)
        return enforce_level(k);
    choose_level(k);
    return AVOCET_OK;
}

/* ---- all ---- */

static void settle_time_base(Check *k)
{
    AvocetEncoderConfig *c = k->c;
    if (c->time_base.den == 0)
        c->time_base = (AvocetRational){c->fps.den, c->fps.num};
}

int avo_config_validate(AvocetEncoderConfig *effective, AvoAdjustments *adjustments,
                        AvoMessage *msg)
{
    Check k = {effective, adjustments, msg, ""};
    if (adjustments)
        adjustments->count = 0;
    AVO_RETURN_IF_ERROR(check_ranges(&k));
    AVO_RETURN_IF_ERROR(check_rate(&k));
    AVO_RETURN_IF_ERROR(check_vbv(&k));
    settle_quantiser_tools(&k);
    settle_profile(&k);
    settle_monochrome(&k);
    AVO_RETURN_IF_ERROR(check_structure(&k));
    settle_partitions(&k);
    AVO_RETURN_IF_ERROR(settle_colour(&k));
    settle_size(&k);
    AVO_RETURN_IF_ERROR(settle_level(&k));
    settle_time_base(&k);
    return AVOCET_OK;
}
