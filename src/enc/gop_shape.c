/* Frame types and the shape of mini-GOPs.
 *
 * A mini-GOP is an anchor (IDR, I or P) and the B pictures that precede it in display order. Its
 * coding order comes from halving: the middle picture first, as a reference for both halves, until
 * single pictures are left or the layers are used up:
 *
 *     display   0 1 2 3 4 5 6 7 8
 *     layer     0 3 2 3 1 3 2 3 0        coding order 8 4 2 1 3 6 5 7
 *
 * Intra pictures stand alone: the picture before one is a P, so nothing refers across. */
#include "enc/lookahead_internal.h"

static int order_between(AvoGopEntry *out, int lo, int hi, int layer, int layers)
{
    int n = hi - lo - 1;
    if (n <= 0)
        return 0;
    AvoGopEntry b = {.past = (int16_t)lo, .future = (int16_t)hi, .layer = (int8_t)layer};
    if (n == 1 || layer == layers) {
        b.type = AVOCET_TYPE_B;
        for (int i = 0; i < n; i++) {
            b.index = (int16_t)(lo + 1 + i);
            out[i] = b;
        }
        return n;
    }
    int middle = (lo + hi) / 2;
    b.index = (int16_t)middle;
    b.type = AVOCET_TYPE_BREF;
    out[0] = b;
    int count = 1;
    count += order_between(out + count, lo, middle, layer + 1, layers);
    count += order_between(out + count, middle, hi, layer + 1, layers);
    return count;
}

int avo_gop_order(AvoGopEntry *out, int lo, int hi, AvocetFrameType anchor_type, int layers)
{
    bool intra = anchor_type != AVOCET_TYPE_P;
    out[0] = (AvoGopEntry){.index = (int16_t)hi,
                           .past = (int16_t)(intra ? -1 : lo),
                           .future = -1,
                           .layer = 0,
                           .type = (int8_t)anchor_type};
    return 1 + order_between(out + 1, lo, hi, 1, layers);
}

/* AUTO: no intra picture is wanted here. */
static AvocetFrameType intra_type(const AvoLookahead *la, int index, int64_t last_idr)
{
    const AvoSource *s = la->window[index];
    if (last_idr < 0 || s->wish == AVOCET_TYPE_IDR)
        return AVOCET_TYPE_IDR;
    if (!la->config.intra_refresh && s->display_index - last_idr >= la->config.keyint)
        return AVOCET_TYPE_IDR;
    if (s->wish == AVOCET_TYPE_I)
        return AVOCET_TYPE_I;
    return AVOCET_TYPE_AUTO;
}

void avo_gop_decide(AvoLookahead *la)
{
    int64_t last_idr = la->last_idr;
    la->entry_count = 0;
    la->minigop_length = 0;
    AvocetFrameType type = intra_type(la, 1, last_idr);
    int lo = 0;
    if (type != AVOCET_TYPE_AUTO) {
        la->entry_count = avo_gop_order(la->entry, 0, 1, type, la->layers);
        la->minigop_length = 1;
        lo = 1;
        if (type == AVOCET_TYPE_IDR)
            last_idr = la->window[1]->display_index;
    }
    while (lo < la->count) {
        int hi = lo + 1;
        if (intra_type(la, hi, last_idr) != AVOCET_TYPE_AUTO)
            break;
        while (hi < la->count && hi - lo <= la->bframes &&
               intra_type(la, hi + 1, last_idr) == AVOCET_TYPE_AUTO)
            hi++;
        la->entry_count +=
            avo_gop_order(la->entry + la->entry_count, lo, hi, AVOCET_TYPE_P, la->layers);
        if (!la->minigop_length)
            la->minigop_length = la->entry_count;
        lo = hi;
    }
}
