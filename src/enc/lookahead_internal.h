/* Shared by the files of the lookahead: lookahead.c (window and plans), examine.c (new pictures),
 * lowres_cost.c (half-size costs), fields.c (searches side by side), coarse_search.c (long motion),
 * scenecut.c, gop_shape.c, propagate.c, adaptive_quant.c, weight_estimate.c, weight_fit.c,
 * weight_pair.c, weight_chroma.c. Nobody else includes it.
 *
 * Pictures are named by their index in the window: [0] is the last anchor already planned (NULL
 * before the first picture), [1 .. count] are undecided, in display order. */
#ifndef AVO_ENC_LOOKAHEAD_INTERNAL_H
#define AVO_ENC_LOOKAHEAD_INTERNAL_H

#include "base/fixmath.h"
#include "enc/lookahead.h"

#define AVO_LA_BFRAMES_MAX  16
#define AVO_LA_DISTANCE_MAX (AVO_LA_BFRAMES_MAX + 1) /* between a picture and its reference */
#define AVO_LA_DEPTH_MAX    250
#define AVO_LA_FLASH_MAX    3  /* pictures that a flash may last */
#define AVO_LA_AHEAD_MAX    64 /* pictures described to the rate control */

/* A picture's place in the structure that is assumed for it. */
typedef struct AvoGopEntry {
    int16_t index;        /* in the window */
    int16_t past, future; /* window indexes of its nearest references; -1: none */
    int8_t layer;
    int8_t type; /* AvocetFrameType */
} AvoGopEntry;

/* Distances to its references; future 0: none. */
static inline int avo_gop_past(const AvoGopEntry *e)
{
    return e->index - e->past;
}

static inline int avo_gop_future(const AvoGopEntry *e)
{
    return e->future < 0 ? 0 : e->future - e->index;
}

/* What a pyramid may need. */
typedef struct AvoGopLimits {
    int layers; /* of B pictures; 0: none */
    int frames; /* references that a decoder holds for it, anchors included */
} AvoGopLimits;

/* What a block of a pair refers to; two bits above the cost. */
enum { AVO_LOWRES_INTRA = 0, AVO_LOWRES_PAST = 1, AVO_LOWRES_FUTURE = 2, AVO_LOWRES_BOTH = 3 };
#define AVO_LOWRES_COST_MAX   AVO_HERITAGE_COST
#define AVO_LOWRES_LIST_SHIFT AVO_HERITAGE_LIST
#define AVO_LOWRES_UNKNOWN    UINT32_MAX
#define AVO_LOWRES_PAIRS      4
#define AVO_COARSE_RANGE      8  /* samples at an eighth of the size */
#define AVO_COARSE_OVERRUN    16 /* spare samples at the end of a line */
#define AVO_LOWRES_MARGIN     16 /* samples around the half-size picture that blocks may reach */
#define AVO_LOWRES_PENALTY    10 /* what a block pays for being intra in a predicted picture */

/* Block costs of a B picture under one pair of references. */
typedef struct AvoLowresPair {
    int past, future; /* distances; 0, 0: slot is free */
    uint16_t *block;  /* cost, list bits above */
} AvoLowresPair;

/* Over a row of macroblocks of one plane. */
typedef struct AvoLineSums {
    uint64_t sum, squares;
} AvoLineSums;

/* Cost cache of one source (AvoSource.lookahead): all that was found out about its half-size
 * picture, one 8x8 block per macroblock. Pictures are in display order without gaps, so "the
 * picture n before" names a reference for good. Costs are SATD plus a little for syntax, at most
 * AVO_LOWRES_COST_MAX. */
typedef struct AvoLowres {
    AvoPlane coarse;     /* an eighth of the full size, for the search of long motion */
    AvoMv *coarse_mv[2]; /* to the reference searched last in each direction, half samples at half
                          * size */
    /* Half-sample planes h, v, centre of AvoSource.half, same geometry; with whole_only nothing
     * points into them, and they are that plane itself. */
    AvoPlane hpel[3];
    uint16_t *intra;
    uint64_t intra_sum; /* over inner blocks, as are all sums */
    /* Uni-directional search by direction (0 past, 1 future) and distance - 1; vectors in half
     * samples of the half-size picture (whole samples at full size). */
    AvoMv *mv[2][AVO_LA_DISTANCE_MAX];
    uint16_t *inter[2][AVO_LA_DISTANCE_MAX];
    bool searched[2][AVO_LA_DISTANCE_MAX];
    /* Sum of block costs under (past, future) distances; future 0: as a P picture. */
    uint32_t sum[AVO_LA_DISTANCE_MAX + 1][AVO_LA_DISTANCE_MAX + 1];
    AvoLowresPair pair[AVO_LOWRES_PAIRS];
    int next_pair;

    AvoPlanWeight weight[2][AVO_LA_DISTANCE_MAX]; /* luma, of the searches */
    int mean_q8[3], deviation_q8[3];              /* of the half-size luma and of chroma */
    AvoLineSums *line_sums[3];                    /* what these are made of */

    uint16_t *aq_factor_q8; /* 2^(-aq offset / 6): weight of a block's cost in bits */
    uint32_t *inherited;    /* importance that later pictures put on each block */
    int16_t *qp_offset_q8;  /* the sum that goes into the plan */
    uint32_t *row_cost;     /* sums of bits_cost per row of macroblocks, for the plan */
    AvoMv *plan_mv[2];      /* vectors for the plan, quarter samples */
    AvoPlanAhead *ahead;    /* with a VBV */
} AvoLowres;

/* Rows of the past and of the future reference that a row of blocks is predicted from; none if
 * first is behind last. */
typedef struct AvoReach {
    int first[2], last[2];
} AvoReach;

/* Pictures being examined at once, and one. */
#define AVO_LA_EXAMINED 5

/* A new picture that is being looked at, see examine.c. */
typedef struct AvoExamination {
    const AvoLookahead *la;
    AvoSource *source;
    struct AvoExamination *before; /* of the picture before; NULL: nothing is searched */
    bool has_coarse;               /* long motion is looked for */
    AvoProgress *row_progress;     /* of the search */
    AvoTaskBatch batch;
    bool at_work;
} AvoExamination;

typedef struct AvoFieldList AvoFieldList; /* fields.c */

struct AvoLookahead {
    AvocetEncoderConfig config;
    const AvoDsp *dsp;
    AvoTaskPool *tasks;        /* NULL: everything one after the other */
    int workers;               /* of tasks; 1 without */
    AvoProgress *row_progress; /* of a field that is searched alone */
    AvoFieldList *fields;
    int mb_width, mb_height, mb_count;
    int bframes; /* in effect */
    AvoGopLimits limits;
    int delay;
    int past_max, future_max; /* distances that may be searched */
    int step;                 /* one of step x step blocks is measured for all of them */
    bool whole_only;          /* vectors of whole samples at half size: no half-sample planes */
    int swallowed;            /* SATD of a block that its quantiser makes nothing of */
    bool wants_costs;         /* anything needs the half-size search at all */
    bool propagates;
    bool wants_offsets; /* any QP offset per macroblock but the user's own */
    bool wants_means;   /* mean and deviation of the planes */
    bool wants_weights; /* fades are looked for */
    bool wants_ahead;   /* the plans describe what follows */
    bool wants_cuts;    /* scene cuts are looked for */
    int min_keyint;     /* in effect */

    AvoSource **window; /* [0 .. delay + 1] */
    int count;
    AvoExamination examination[AVO_LA_EXAMINED]; /* picture n is in n % AVO_LA_EXAMINED */
    int64_t examined, pushed;                    /* pictures */
    bool flushing;
    int64_t last_idr; /* display index; -1: none yet */
    int64_t next_coded_index;
    const int8_t *types; /* of the first pass, by display index; NULL: there was none */
    int64_t types_count;

    int16_t *anchor; /* scratch of gop_shape.c, one per place in the window */
    uint64_t *path_cost;
    uint8_t *path_length;
    int16_t *hpel_scratch; /* one line of hpel_planes per worker */
    size_t hpel_scratch_stride;
    uint16_t *block_scratch;  /* mb_count block costs */
    uint32_t *amount_scratch; /* of propagate.c, mb_count for each picture that passes on, */
    AvoReach *reach_scratch;  /* and mb_height */
    AvoPlane weighted[4];     /* a reference's whole, h, v and centre planes under weights */
    AvoMv *mv_scratch;        /* the field searched without them */
    uint16_t *inter_scratch;
    int coarse_width, coarse_height; /* blocks of 4x4 macroblocks */

    /* Structure of the window, filled by avo_gop_decide: anchors in display order. */
    AvoGopEntry *entry; /* coding order */
    int entry_count;
    int run_count;      /* entries up to the next intra picture; importance looks beyond */
    int minigop_length; /* entries that are decided, from entry[0] on */
    bool fades;         /* the anchor planned last has weights */
    bool first_is_cut;  /* the next picture is intra because a scene starts */
    /* b_adapt 1 decides several mini-GOPs at a time: display indexes of their anchors. */
    int64_t planned_anchor[AVO_LA_BFRAMES_MAX + 1];
    int planned_count;

    AvoPlan *out; /* of one mini-GOP */
    int out_first, out_count;
};

AVO_INLINE AvoLowres *avo_lowres(const AvoLookahead *la, int index)
{
    return la->window[index]->lookahead;
}

/* ---- lowres_cost.c ---- */

/* Carves a cache for pictures of the size of the lookahead's; safe on a dry run. */
void avo_lowres_carve(AvoLowres *lr, AvoArena *arena, const AvoLookahead *la);
/* Fields over a distance that is hardly ever asked for, those of all pictures together behind all
 * their caches: so they are no memory in use until one is. */
void avo_lowres_carve_rare(AvoLowres *lr, AvoArena *arena, const AvoLookahead *la, int distance);
/* Fresh cache for a new picture: half-sample planes, small picture and intra costs of each row of
 * macroblocks, in any order; then the end. */
void avo_lowres_examine_row(const AvoLookahead *la, const AvoSource *source, int y, int worker);
void avo_lowres_examined(const AvoLookahead *la, AvoSource *source);
/* Other fields that tell where a block may be found in the reference. */
typedef struct AvoHint {
    const AvoMv *mv;     /* NULL: there are none */
    const AvoMv *onward; /* leads on from where mv ends */
    bool reversed;       /* mv leads from the reference here */
    int scale_q8;        /* otherwise what makes mv as long as needed */
} AvoHint;

/* A field of vectors being searched: in, then out. */
typedef struct AvoField {
    const AvoLookahead *la;
    const AvoPlane *cur;
    const pixel *plane[4]; /* of the reference */
    AvoHint hint;
    const AvoMv *coarse; /* NULL: long motion is not looked for */
    AvoMv *mv;
    uint16_t *cost;
    AvoProgress *row_progress; /* blocks done in each line */
} AvoField;

/* The field between a picture and the one before, which all others build on; and any other of the
 * window, with hints from those that have been searched. Who searches adds coarse and row_progress.
 */
AvoField avo_lowres_first_field(const AvoLookahead *la, const AvoSource *cur, const AvoSource *ref);
AvoField avo_lowres_field(const AvoLookahead *la, int index, int dir, int distance);
/* A line of blocks, of avo_lowres_lines: lines above come first or tell of their progress, and may
 * be far enough. */
int avo_lowres_lines(const AvoLookahead *la);
bool avo_lowres_line_is_ready(const AvoField *f, int line);
void avo_lowres_search_line(const AvoField *f, int line);
/* Then the end: tries weights. hint: what it was searched with. */
void avo_lowres_searched(const AvoLookahead *la, int index, int dir, int distance,
                         const AvoHint *hint);
/* Whether long motion is worth looking for. */
bool avo_lowres_wants_coarse(const AvoLookahead *la, const AvoLowres *cur, const AvoLowres *ref);
/* Blocks that sums of costs cover: all but those at the border. */
uint64_t avo_lowres_inner_count(const AvoLookahead *la);
/* Cost of a picture as P (future 0) or B with references at window indexes index - past and index +
 * future; searched when asked for the first time. */
uint32_t avo_lowres_cost(const AvoLookahead *la, int index, int past, int future);
/* Whether the cost of a predicted picture in its place has been asked for. */
bool avo_lowres_knows(const AvoLookahead *la, const AvoGopEntry *e);
/* That cost if it is known, without a search; else the most that is known of it with references of
 * the same kind that are no farther away, 0 if nothing is. */
uint32_t avo_lowres_nearer_cost(const AvoLookahead *la, const AvoGopEntry *e);
/* Searches, side by side, all that avo_lowres_cost will be asked for. A picture comes once. */
void avo_lowres_find_costs(const AvoLookahead *la, const AvoGopEntry *entry, int count);
/* The block costs behind it, list bits included; valid until the next call for this picture. out is
 * scratch for P pictures, mb_count long. */
const uint16_t *avo_lowres_blocks(const AvoLookahead *la, int index, int past, int future,
                                  uint16_t *out);

/* ---- coarse_search.c ---- */

void avo_coarse_carve(AvoLowres *lr, AvoArena *arena, const AvoLookahead *la);
/* Shrinks a row of macroblocks of the half-size picture. */
void avo_coarse_row(const AvoDsp *dsp, AvoLowres *lr, const AvoPlane *half, int mb_y);
/* Motion from ref to cur, in cur->coarse_mv[dir]: a row of blocks, of la->coarse_height. */
void avo_coarse_search_row(const AvoLookahead *la, const AvoLowres *cur, const AvoLowres *ref,
                           int dir, int by);
/* Whether pictures are large enough. */
bool avo_coarse_is_possible(const AvoLowres *lr);

/* ---- fields.c ---- */

void avo_fields_carve(AvoLookahead *la, AvoArena *arena);
/* Notes the fields of a picture over distances past and future (0: none), unless they are known. */
void avo_fields_want(const AvoLookahead *la, int index, int past, int future);
/* Searches what was noted. */
void avo_fields_search(const AvoLookahead *la);

/* ---- examine.c ---- */

void avo_examine_carve(AvoLookahead *la, AvoArena *arena);
/* Begins to examine the picture that the window got last. */
void avo_examine_begin(AvoLookahead *la);
/* Returns once all pictures are examined. */
void avo_examine_finish(AvoLookahead *la);

/* Samples of a reference that a block's vector points at; at: the block's place in the plane. */
AVO_INLINE const pixel *avo_lowres_at(const AvoSource *ref, AvoMv mv, ptrdiff_t at)
{
    const AvoLowres *lr = ref->lookahead;
    int which = (mv.x & 1) | (mv.y & 1) << 1;
    const AvoPlane *p = which ? &lr->hpel[which - 1] : &ref->half;
    return p->data + at + (mv.y >> 1) * p->stride + (mv.x >> 1);
}

/* ---- scenecut.c ---- */

/* Whether a new scene starts at this picture; since_idr: pictures since the last IDR. */
bool avo_scenecut_at(const AvoLookahead *la, int index, int64_t since_idr);
/* Whether an intra picture shows something else than the picture before, wherever it is and even if
 * cuts are not looked for. */
bool avo_scenecut_is_new(const AvoLookahead *la, int index);

/* ---- weight_estimate.c ---- */

/* Mean and deviation of the planes into the cache: sums of each row of macroblocks, in any order;
 * then the end. */
void avo_weight_examine_row(const AvoLookahead *la, const AvoSource *source, int y);
void avo_weight_examined(const AvoLookahead *la, AvoSource *source);
/* Luma weights that make up for a change of brightness between a picture and a reference; false:
 * there is none worth looking at. */
bool avo_weight_luma(const AvoLowres *cur, const AvoLowres *ref, AvoPlanWeight *out);
/* Adds the chroma planes' weights, using the field of vectors of that distance. Returns whether
 * they do so much that it is sure to be a fade, even if luma has none. */
bool avo_weight_chroma(const AvoLookahead *la, int index, int past, AvoPlanWeight *weight);
/* A half-size plane under luma weights, with as much of its surroundings as vectors reach. */
void avo_weight_plane(const AvoLookahead *la, const AvoPlane *to, const AvoPlane *from,
                      const AvoPlanWeight *weight);
bool avo_weight_pays(uint64_t weighted, uint64_t plain);

/* ---- weight_fit.c ---- */

/* A plane as weights see it. */
typedef struct AvoLight {
    int mean_q8, deviation_q8;
} AvoLight;

/* A plane of a picture and of its references before and behind. */
typedef struct AvoFade {
    AvoLight cur, ref[2];
} AvoFade;

/* Of both references, in one plane. */
typedef struct AvoFadeWeights {
    int log2_denom;
    int scale[2], offset[2];
} AvoFadeWeights;

/* clang-format off */
#define AVO_FADE_PLAIN(denom) {(denom), {1 << (denom), 1 << (denom)}, {0, 0}}
/* clang-format on */

AVO_INLINE bool avo_fade_is_plain(const AvoFadeWeights *w, int list)
{
    return w->scale[list] == 1 << w->log2_denom && w->offset[list] == 0;
}

AVO_INLINE int avo_fade_offset_of_mixture(const AvoFadeWeights *w)
{
    return (w->offset[0] + w->offset[1] + 1) >> 1;
}

/* From the shortest form to the longest: offsets each for itself; offsets that suit the mixture,
 * too; scales with such offsets, or the first if none fits better. */
void avo_fade_by_mean(const AvoFade *f, AvoFadeWeights *out);
void avo_fade_by_mixture(const AvoFade *f, AvoFadeWeights *out);
void avo_fade_by_contrast(const AvoFade *f, AvoFadeWeights *out);

/* A B picture of a fade, its references before and behind and the vectors to them. */
typedef struct AvoFadePictures {
    const AvoLookahead *la;
    const AvoSource *cur, *ref[2];
    const AvoMv *mv[2];
} AvoFadePictures;

AvoFade avo_fade_of(const AvoFadePictures *p, int plane);

/* ---- weight_chroma.c ---- */

#define AVO_FADE_BOTH 2 /* beside 0, the past, and 1, the future */

/* Chroma weights of a B picture. choice: what each block is predicted from. */
void avo_weight_chroma_pair(const AvoFadePictures *p, const uint16_t *choice,
                            AvoFadeWeights out[2]);

/* ---- weight_pair.c ---- */

/* Weights of a B picture of a fade, for its reference `past` before and the one `future` behind it;
 * both fields have been searched. */
void avo_weight_pair(const AvoLookahead *la, int index, int past, int future, AvoPlanWeight out[2]);

/* ---- adaptive_quant.c ---- */

/* Fills source->aq_q8 and the cache's aq_factor_q8 of a row of macroblocks. */
void avo_aq_row(const AvoLookahead *la, AvoSource *source, int y);

/* ---- propagate.c ---- */

/* Pictures that may pass on importance at once: so many of the scratch arrays. */
#define AVO_LA_PASSES 16
int avo_propagate_passes(const AvoLookahead *la);

/* Display duration as importance counts it, limited, 1/256. */
int avo_propagate_duration_q8(const AvoLookahead *la, int index);
/* Importance over the whole structure in la->entry, then the QP offsets of the decided mini-GOP. */
void avo_propagate_window(AvoLookahead *la);

/* ---- lookahead.c ---- */

/* Whether work is shared out: there are threads, and pictures are not too small for it. */
bool avo_lookahead_shares(const AvoLookahead *la);
/* Calls fn(context, 0 .. count - 1, worker), side by side if there are threads. */
void avo_lookahead_run(const AvoLookahead *la, AvoTaskFn fn, void *context, int count);

/* Display duration of a picture relative to 1/fps, 1/65536. */
int64_t avo_lookahead_duration_q16(const AvoLookahead *la, int index);

/* ---- gop_shape.c ---- */

/* Coding order of the mini-GOP whose anchors are at window indexes lo and hi: hi first, then the B
 * pictures between by halving. Writes hi - lo entries, returns their number. */
int avo_gop_order(AvoGopEntry *out, int lo, int hi, AvocetFrameType anchor_type,
                  const AvoGopLimits *limits);
/* Decides the structure of the whole window: la->entry, entry_count, minigop_length. */
void avo_gop_decide(AvoLookahead *la);
/* At the end of the stream, once importance is known: also all intra pictures behind the run and
 * what follows them. */
void avo_gop_append_rest(AvoLookahead *la);

#endif
