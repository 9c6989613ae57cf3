/* Presets and tunes as data.
 *
 * A preset is a row of the matrix below: which tools, how hard. Each column costs time from top to
 * bottom; the order of the columns is roughly that of their worth. A tune changes a few settings on
 * top for a kind of source or use. Presets, tunes and their names follow x264's public
 * documentation, so that "--preset slow --tune film" means what users expect; where a tool here
 * pays differently, the value may differ too.
 *
 *     preset     the idea
 *     ultrafast  I and P only, 16x16 vectors, no lookahead; quarter samples, CABAC and the loop
 *                filter stay, since they cost little and save more than half of the bits
 *     superfast  B pictures, 8x8 transform, adaptive quantisation and importance by lookahead
 *     veryfast   all partitions, fifteen B pictures, SATD decisions
 *     faster     two references, finer vectors, trellis
 *     fast       rate-distortion decisions for I and P
 *     medium     rate-distortion decisions everywhere, three references
 *     slow       refined vectors, modes and quantisers, trellis in all decisions but in leaves
 *     slower     wide search, eight references, refined everything
 *     veryslow   sixteen references, a wider search, vectors refined once more
 *     placebo    vectors refined in eight directions, no skip before all is searched */
#include "enc/options.h"
#include "base/text.h"

#define P8 AVOCET_PART_P8x8
#define B8 AVOCET_PART_B8x8
#define I8 AVOCET_PART_I8x8
#define I4 AVOCET_PART_I4x4

typedef struct PresetRow {
    const char *name;
    int8_t bframes, b_adapt, ref, mixed_refs;
    AvocetMe me;
    int8_t merange, subme, trellis;
    unsigned partitions;
    int8_t weightp, weightb;
    AvocetDirect direct;
    int8_t lookahead, mbtree, temporal_filter, aq_mode, scenecut;
    int8_t cabac, transform_8x8, deblock, deblock_trial, fast_pskip;
} PresetRow;

/* clang-format off */
#define DIA     AVOCET_ME_DIA
#define HEX     AVOCET_ME_HEX
#define UMH     AVOCET_ME_UMH
#define SPATIAL AVOCET_DIRECT_SPATIAL
#define MOST    (P8 | B8 | I8 | I4)

static const PresetRow presets[] = {
    /*            bframes                  subme                            temporal-filter 8x8dct
     *               b-adapt    me            trellis   weightp direct  lookahead aq scenecut deblock
     *                   ref          merange    partitions weightb        mbtree      cabac    deblock-trial
     *                      mixed-refs                                                                fast-pskip */
    {"ultrafast",  0, 0,  1, 0, DIA,  16,  1, 0, I4,      0, 0, SPATIAL,  0, 0, 0, 0,  0, 1, 0, 1, 0, 1},
    {"superfast",  7, 1,  1, 0, DIA,  16,  1, 0, I8 | I4, 1, 1, SPATIAL, 20, 1, 0, 1, 40, 1, 1, 1, 1, 1},
    {"veryfast",  15, 1,  1, 0, HEX,  16,  2, 0, MOST,    1, 1, SPATIAL, 30, 1, 0, 1, 40, 1, 1, 1, 1, 1},
    {"faster",    15, 1,  2, 0, HEX,  16,  4, 1, MOST,    1, 1, SPATIAL, 40, 1, 4, 1, 40, 1, 1, 1, 1, 1},
    {"fast",      15, 1,  2, 1, HEX,  16,  6, 1, MOST,    1, 1, SPATIAL, 40, 1, 4, 1, 40, 1, 1, 1, 1, 1},
    {"medium",    15, 1,  3, 1, HEX,  16,  7, 1, MOST,    2, 1, SPATIAL, 40, 1, 4, 1, 40, 1, 1, 1, 1, 1},
    {"slow",      15, 1,  5, 1, HEX,  16,  8, 2, MOST,    2, 1, SPATIAL, 50, 1, 4, 1, 40, 1, 1, 1, 1, 1},
    {"slower",    15, 1,  8, 1, UMH,  16,  9, 2, MOST,    2, 1, SPATIAL, 60, 1, 4, 1, 40, 1, 1, 1, 1, 1},
    {"veryslow",  15, 1, 16, 1, UMH,  24, 10, 2, MOST,    2, 1, SPATIAL, 60, 1, 4, 1, 40, 1, 1, 1, 1, 1},
    {"placebo",   15, 1, 16, 1, UMH,  24, 11, 2, MOST,    2, 1, SPATIAL, 60, 1, 4, 1, 40, 1, 1, 1, 1, 0},
};
/* clang-format on */

#define PRESET_MEDIUM 5

static void apply_preset(AvocetEncoderConfig *c, const PresetRow *p)
{
    c->bframes = p->bframes;
    c->b_adapt = p->b_adapt;
    c->ref = p->ref;
    c->mixed_refs = p->mixed_refs;
    c->me = p->me;
    c->merange = p->merange;
    c->subme = p->subme;
    c->trellis = p->trellis;
    c->partitions = p->partitions;
    c->weightp = p->weightp;
    c->weightb = p->weightb;
    c->direct = p->direct;
    c->lookahead = p->lookahead;
    c->mbtree = p->mbtree;
    c->aq_mode = p->aq_mode;
    c->scenecut = p->scenecut;
    c->temporal_filter = p->temporal_filter;
    c->cabac = p->cabac;
    c->transform_8x8 = p->transform_8x8;
    c->deblock = p->deblock;
    c->deblock_trial = p->deblock_trial;
    c->fast_pskip = p->fast_pskip;
}

/* ---- tunes ---- */

/* What the kind of source asks for is not left to trials. */
static void set_deblock(AvocetEncoderConfig *c, int offset)
{
    c->deblock_alpha = c->deblock_beta = offset;
    c->deblock_trial = 0;
}

static void tune_psnr(AvocetEncoderConfig *c)
{
    c->aq_mode = 0;
    c->psy_rd = 0;
    c->steady = 0;
}

/* SSIM likes a loop filter that leaves more of the texture. */
static void tune_ssim(AvocetEncoderConfig *c)
{
    set_deblock(c, -1);
    c->aq_mode = 2;
    c->psy_rd = 0;
    c->steady = 0;
}

/* More of the texture, at the cost of bits. */
static void tune_film(AvocetEncoderConfig *c)
{
    set_deblock(c, -1);
    c->psy_rd = 130;
    c->temporal_filter = avo_min(c->temporal_filter, 2);
}

/* Large even areas and lines: more references and B pictures pay, noise does not exist. */
static void tune_animation(AvocetEncoderConfig *c)
{
    c->bframes = avo_min(c->bframes + 2, 16);
    c->ref = c->ref > 1 ? avo_min(c->ref * 2, 16) : 1;
    set_deblock(c, 1);
    c->psy_rd = 40;
    c->aq_strength = 60;
}

/* Grain lives in small coefficients and must look the same in all picture types. */
static void tune_grain(AvocetEncoderConfig *c)
{
    set_deblock(c, -2);
    c->aq_strength = 50;
    c->dct_decimate = 0;
    c->temporal_filter = 0; /* it would take the grain away */
    c->ip_ratio = c->pb_ratio = 110;
    c->qcomp = 80;
}

static void tune_stillimage(AvocetEncoderConfig *c)
{
    set_deblock(c, -3);
    c->psy_rd = 200;
    c->aq_strength = 120;
    c->temporal_filter = 0;
}

/* Text and windows: sharp edges, no noise to protect, long static stretches, abrupt changes. */
static void tune_screen(AvocetEncoderConfig *c)
{
    set_deblock(c, -1);
    c->psy_rd = 0;
    c->aq_strength = 60;
    c->dct_decimate = 0;
    c->scenecut = c->scenecut ? 60 : 0;
}

static void tune_fastdecode(AvocetEncoderConfig *c)
{
    c->cabac = 0;
    c->deblock = 0;
    c->weightb = 0;
    c->weightp = 0;
}

/* One more reference than with B pictures: the fine ones of the chain are worth it. */
static void tune_zerolatency(AvocetEncoderConfig *c)
{
    c->ref = avo_min(c->ref + 1, 16);
    c->bframes = 0;
    c->lookahead = 0;
    c->mbtree = 0;
    c->temporal_filter = 0; /* nothing later is there to draw on */
}

static const struct {
    const char *name;
    bool visual; /* only one of these at a time */
    void (*apply)(AvocetEncoderConfig *c);
} tunes[] = {
    {"psnr", true, tune_psnr},
    {"ssim", true, tune_ssim},
    {"film", true, tune_film},
    {"animation", true, tune_animation},
    {"grain", true, tune_grain},
    {"stillimage", true, tune_stillimage},
    {"screen", true, tune_screen},
    {"fastdecode", false, tune_fastdecode},
    {"zerolatency", false, tune_zerolatency},
};

/* Comma separated. */
static int apply_tunes(AvocetEncoderConfig *c, const char *list)
{
    int visual = 0;
    while (*list) {
        size_t n = 0, i = 0;
        while (list[n] && list[n] != ',')
            n++;
        while (i < AVO_COUNT(tunes) && !avo_text_is_word(list, n, tunes[i].name))
            i++;
        if (i == AVO_COUNT(tunes))
            return AVOCET_ERR_ARGUMENT;
        visual += tunes[i].visual;
        if (visual > 1)
            return AVOCET_ERR_CONFLICT;
        tunes[i].apply(c);
        list += n + (list[n] == ',');
    }
    return AVOCET_OK;
}

/* ---- configuration ---- */

/* All that presets do not decide. Members left out are 0, which is their default. */
static void set_defaults(AvocetEncoderConfig *config)
{
    *config = (AvocetEncoderConfig){
        .size = sizeof *config,
        .fps = {25, 1},
        .keyint = 250,
        .b_pyramid = AVOCET_PYRAMID_NORMAL,
        .chroma_me = 1,
        .dct_decimate = 1,
        .psy_rd = 100,
        .qp_rd = 1,
        .steady = 1,
        .qp = 23,
        .crf = 2300,
        .vbv_init = 90,
        .qp_max = 51,
        .qp_step = 4,
        .ip_ratio = 140,
        .pb_ratio = 130,
        .qcomp = 60,
        .aq_strength = 100,
        .repeat_headers = 1,
        .sei_version = 1,
        .video_format = 5,
        .colour_primaries = -1,
        .transfer = -1,
        .colour_matrix = -1,
        .cpu_mask = ~(uint32_t)0,
    };
    memset(config->cqm4, 16, sizeof config->cqm4);
    memset(config->cqm8, 16, sizeof config->cqm8);
    apply_preset(config, &presets[PRESET_MEDIUM]);
}

static const PresetRow *find_preset(const char *name)
{
    if (!name)
        return &presets[PRESET_MEDIUM];
    if (name[0] >= '0' && name[0] <= '9' && !name[1])
        return &presets[name[0] - '0'];
    for (size_t i = 0; i < AVO_COUNT(presets); i++)
        if (avo_text_is_word(name, avo_text_length(name), presets[i].name))
            return &presets[i];
    return NULL;
}

#if !AVOCET_TINY /* tiny/tiny_config.c then */
int avocet_encoder_config_init(AvocetEncoderConfig *config, const char *preset, const char *tune)
{
    const PresetRow *row = find_preset(preset);
    if (!config)
        return AVOCET_ERR_ARGUMENT;
    set_defaults(config);
    if (!row)
        return AVOCET_ERR_ARGUMENT;
    apply_preset(config, row);
    return tune ? apply_tunes(config, tune) : AVOCET_OK;
}

const char *avocet_encoder_preset_name(int index)
{
    return index >= 0 && index < (int)AVO_COUNT(presets) ? presets[index].name : NULL;
}

const char *avocet_encoder_tune_name(int index)
{
    return index >= 0 && index < (int)AVO_COUNT(tunes) ? tunes[index].name : NULL;
}
#endif
