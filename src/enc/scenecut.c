/* Scene cuts: a picture that costs nearly as much from the picture before as on its own.
 *
 * A cut close to the last IDR must be clearer than one that falls where an IDR is due anyway: the
 * threshold rises from a quarter of its full value at min_keyint to the whole at keyint. Flashes
 * are no cuts, neither where they begin (one of the next pictures matches the one before) nor where
 * they end (the picture itself matches one of those before): the scene has come back. Strong noise
 * and fast pans are none either, though little can be predicted in them: as little as in the
 * pictures around. */
#include "enc/lookahead_internal.h"

#define NEGLIGIBLE   40   /* cost per block of a picture that is nearly black or the same: no cut */
#define NEW_Q16      9830 /* part of the intra cost that new content saves at most */
#define STANDING_OUT 2    /* a cut saves at most 1 / 2 of what a picture beside it does, */
#define MARGIN_Q16   2048 /* less that, as hardly anything falls to half of it by chance */

/* Part of the intra cost, 1/65536, that the inter cost may save at a cut. */
static int64_t tolerance_q16(const AvocetEncoderConfig *c, int64_t since_idr, int min_keyint)
{
    int64_t most = (int64_t)c->scenecut * 65536 / 100, least = most / 4;
    if (since_idr <= min_keyint / 4)
        return least / 4;
    if (since_idr <= min_keyint)
        return least * since_idr / min_keyint;
    return least + (most - least) * (since_idr - min_keyint) / avo_max(1, c->keyint - min_keyint);
}

/* Part of its intra cost, 1/65536, that the picture saves by the one `past` pictures before; twice
 * all of it where there is next to nothing to save. */
static int64_t saved_q16(const AvoLookahead *la, int index, int past)
{
    uint64_t inter = avo_lowres_cost(la, index, past, 0);
    uint64_t blocks = avo_lowres_inner_count(la);
    uint64_t intra = avo_lowres(la, index)->intra_sum + blocks * AVO_LOWRES_PENALTY;
    return inter <= blocks * NEGLIGIBLE ? 2 * 65536 : 65536 - (int64_t)((inter << 16) / intra);
}

/* Whether the picture has next to nothing in common with the one `past` pictures before. */
static bool differs(const AvoLookahead *la, int index, int past, int64_t tolerance)
{
    return saved_q16(la, index, past) <= tolerance;
}

static bool saves_less(const AvoLookahead *la, int index, int other)
{
    return saved_q16(la, index, 1) * STANDING_OUT + MARGIN_Q16 <= saved_q16(la, other, 1);
}

/* Whether it saves much less than the picture before it or the one behind it: the scene that ends
 * or the one that begins can be predicted. Without neighbours whatever differs stands out. */
static bool stands_out(const AvoLookahead *la, int index)
{
    bool has_before = index > 1 ? la->window[index - 2] != NULL : avo_lowres(la, 0)->searched[0][0];
    bool has_next = index < la->count;
    return (!has_before && !has_next) || (has_before && saves_less(la, index, index - 1)) ||
           (has_next && saves_less(la, index, index + 1));
}

bool avo_scenecut_is_new(const AvoLookahead *la, int index)
{
    return la->window[index - 1] && differs(la, index, 1, NEW_Q16) && stands_out(la, index);
}

bool avo_scenecut_at(const AvoLookahead *la, int index, int64_t since_idr)
{
    const AvocetEncoderConfig *c = &la->config;
    if (!c->scenecut || c->intra_refresh || index < 1 || !la->window[index - 1])
        return false;
    int64_t tolerance = tolerance_q16(c, since_idr, la->min_keyint);
    if (!differs(la, index, 1, tolerance) || !stands_out(la, index))
        return false;
    for (int k = 1; k <= AVO_LA_FLASH_MAX && k + 1 <= la->past_max; k++) {
        bool begins = index + k <= la->count && !differs(la, index + k, k + 1, tolerance);
        bool ends = index > k && la->window[index - k - 1] && !differs(la, index, k + 1, tolerance);
        if (begins || ends)
            return false;
    }
    return true;
}
