/* CABAC: random bin strings and residual blocks through the encoder, read back by a decoder written
 * bit by bit after 9.3.3.2, which knows nothing of the encoder's registers. */
#include <stdlib.h>
#include <string.h>
#include "base/bitreader.h"
#include "check.h"
#include "enc/syntax_sink.h"

/* ---- the decoder ---- */

typedef struct Decoder {
    AvoBitReader r;
    uint32_t range, offset;
    uint8_t state[AVO_CABAC_CONTEXTS]; /* pStateIdx << 1 | valMPS, as in the encoder */
} Decoder;

static void decoder_start(Decoder *d)
{
    d->range = 510;
    d->offset = avo_br_get(&d->r, 9);
}

static void renorm(Decoder *d)
{
    while (d->range < 256) {
        d->range <<= 1;
        d->offset = d->offset << 1 | avo_br_get(&d->r, 1);
    }
}

static int decode_bin(Decoder *d, int ctx)
{
    uint8_t *state = &d->state[ctx];
    int bin = *state & 1;
    uint32_t lps = avo_cabac_range_lps[*state >> 1][d->range >> 6 & 3];
    d->range -= lps;
    if (d->offset >= d->range) {
        bin = !bin;
        d->offset -= d->range;
        d->range = lps;
    }
    *state = avo_cabac_next[*state][bin];
    renorm(d);
    return bin;
}

static int decode_bypass(Decoder *d)
{
    d->offset = d->offset << 1 | avo_br_get(&d->r, 1);
    if (d->offset < d->range)
        return 0;
    d->offset -= d->range;
    return 1;
}

static int decode_terminate(Decoder *d)
{
    d->range -= 2;
    if (d->offset >= d->range)
        return 1;
    renorm(d);
    return 0;
}

/* 9.3.2.3, suffix of order k */
static uint32_t decode_exp_golomb(Decoder *d, int k)
{
    uint32_t v = 0;
    while (decode_bypass(d) && k < 31)
        v += 1u << k++;
    while (k--)
        v += (uint32_t)decode_bypass(d) << k;
    return v;
}

/* 7.3.5.3.3 of a block of `size` levels with at least one (coded_block_flag is read before). */
static void decode_levels(Decoder *d, AvoBlockCat cat, int16_t *levels, int size)
{
    const AvoCabacCatBase *base = &avo_cabac_cat[cat];
    bool is_8x8 = cat == AVO_CAT_LUMA_8x8;
    int at[64], count = 0, i = 0, equal = 0, greater = 0;
    memset(levels, 0, (size_t)size * sizeof *levels);
    for (; i < size - 1; i++) {
        if (!decode_bin(d, base->significant + (is_8x8 ? avo_cabac_sig_inc_8x8[i] : i)))
            continue;
        at[count++] = i;
        if (decode_bin(d, base->last + (is_8x8 ? avo_cabac_last_inc_8x8[i] : i)))
            break;
    }
    if (i == size - 1)
        at[count++] = i;
    while (count-- > 0) {
        int magnitude = 0;
        int ctx = base->abs_level + (greater ? 0 : equal + 1 < 4 ? equal + 1 : 4);
        int limit = cat == AVO_CAT_CHROMA_DC ? 3 : 4;
        while (magnitude < 14 && decode_bin(d, ctx)) {
            magnitude++;
            ctx = base->abs_level + 5 + (greater < limit ? greater : limit);
        }
        if (magnitude == 14)
            magnitude += (int)decode_exp_golomb(d, 0);
        magnitude++;
        equal += magnitude == 1;
        greater += magnitude > 1;
        levels[at[count]] = (int16_t)(decode_bypass(d) ? -magnitude : magnitude);
    }
}

/* ---- random bins ---- */

enum { BIN_CONTEXT, BIN_BYPASS, BIN_TERMINATE, BIN_PCM, BIN_KINDS };

typedef struct Bin {
    uint8_t kind, size;
    uint16_t ctx;
    uint32_t value;
} Bin;

enum { BINS = 20000 };
static Bin bins[BINS];
static uint8_t buffer[1 << 17];

/* A string with its own habits: how often bypass, how predictable, how many contexts. Strings that
 * always take one side of the interval drive long carries. */
static int random_bins(Random *r)
{
    int count = random_in(r, 1, random_chance(r, 80) ? 300 : BINS);
    int bypass = random_below(r, 100), ones = random_below(r, 101),
        contexts = random_in(r, 1, 1024);
    for (int i = 0; i < count; i++) {
        Bin *b = &bins[i];
        int kind = random_below(r, 100);
        b->kind = kind < bypass ? BIN_BYPASS : kind < 98 ? BIN_CONTEXT : BIN_TERMINATE;
        if (b->kind == BIN_TERMINATE && random_chance(r, 5))
            b->kind = BIN_PCM;
        b->ctx = (uint16_t)random_below(r, contexts);
        b->size = (uint8_t)random_in(r, 1, 16);
        b->value = (uint32_t)random_chance(r, ones);
        if (b->kind == BIN_BYPASS)
            b->value = (ones == 100 ? ~0u : ones == 0 ? 0 : random_next(r)) >> (32 - b->size);
    }
    return count;
}

static size_t encode_bins(Random *r, int count, AvoCabacContexts *contexts, uint64_t *coded)
{
    AvoCabacCoder c;
    avo_cabac_start(&c, buffer, buffer + sizeof buffer);
    for (int i = 0; i < count; i++) {
        const Bin *b = &bins[i];
        switch (b->kind) {
        case BIN_CONTEXT:
            avo_cabac_encode(&c, &contexts->state[b->ctx], (int)b->value);
            break;
        case BIN_BYPASS:
            avo_cabac_bypass(&c, b->size, b->value);
            break;
        case BIN_TERMINATE:
            avo_cabac_continue(&c);
            break;
        default:
            avo_cabac_finish(&c);
            *c.pos++ = (uint8_t)random_below(r, 2);
            avo_cabac_restart(&c);
        }
    }
    avo_cabac_finish(&c);
    CHECK(!c.overflow, "%d bins", count);
    *coded = c.bins;
    return (size_t)(c.pos - buffer);
}

static bool decode_matches(Decoder *d, const Bin *b)
{
    switch (b->kind) {
    case BIN_CONTEXT:
        return decode_bin(d, b->ctx) == (int)b->value;
    case BIN_BYPASS: {
        uint32_t v = 0;
        for (int i = 0; i < b->size; i++)
            v = v << 1 | (uint32_t)decode_bypass(d);
        return v == b->value;
    }
    case BIN_TERMINATE:
        return !decode_terminate(d);
    default:
        if (!decode_terminate(d))
            return false;
        /* The last bit that was read is the final one bit; zeros to the byte boundary;
         * one sample. */
        while (!avo_br_aligned(&d->r))
            if (avo_br_flag(&d->r))
                return false;
        avo_br_get(&d->r, 8);
        decoder_start(d);
        return true;
    }
}

static void check_bins(Random *r)
{
    AvoCabacContexts contexts;
    Decoder d;
    uint64_t coded, expected = 1;
    avo_cabac_init_contexts(&contexts, (AvoSliceType)random_below(r, 3), random_below(r, 3),
                            random_below(r, 52));
    memcpy(d.state, contexts.state, sizeof d.state);
    int count = random_bins(r), bad = -1;
    size_t size = encode_bins(r, count, &contexts, &coded);
    avo_br_init(&d.r, buffer, size);
    decoder_start(&d);
    for (int i = 0; i < count && bad < 0; i++) {
        expected += bins[i].kind == BIN_BYPASS ? bins[i].size : 1;
        if (!decode_matches(&d, &bins[i]))
            bad = i;
    }
    CHECK(bad < 0, "bin %d of %d", bad, count);
    CHECK(decode_terminate(&d), "end of %d bins", count);
    CHECK(coded == expected, "%d bins", count);
    CHECK(!memcmp(d.state, contexts.state, sizeof d.state), "contexts after %d bins", count);
    /* The 9-bit register ends on the stop bit, and what follows it is less than a byte of zeros. */
    CHECK(!d.r.error && avo_br_position(&d.r) == d.r.stop + 1, "%d bins", count);
    CHECK(d.r.stop / 8 == (int64_t)size - 1, "%d bins", count);
}

/* A buffer that is too small is noticed, and nothing is written behind or before it. */
static void check_overflow(Random *r)
{
    int size = random_below(r, 30), count = 60 + random_below(r, 300);
    uint8_t *small = malloc((size_t)size + 1), guard = 0xff;
    AvoCabacCoder c;
    uint8_t state = 0;
    small[0] = guard;
    avo_cabac_start(&c, small + 1, small + 1 + size);
    for (int i = 0; i < count; i++) {
        avo_cabac_bypass(&c, 16, random_chance(r, 90) ? 0xffff : random_next(r) & 0xffff);
        avo_cabac_encode(&c, &state, random_below(r, 2));
    }
    avo_cabac_finish(&c);
    CHECK(c.overflow && c.pos <= c.end && small[0] == guard, "%d bytes", size);
    free(small);
}

/* ---- residual blocks ---- */

static int level_of(Random *r)
{
    static const int tops[] = {1, 1, 1, 2, 3, 14, 15, 16, 17, 40, 300, 3000, 32767};
    int level = random_in(r, 1, tops[random_below(r, 13)]);
    return random_chance(r, 50) ? -level : level;
}

static void check_block(Random *r, AvoBlockCat cat)
{
    static const int percents[] = {0, 2, 10, 40, 90, 100};
    int16_t stored[64], back[64];
    AvoCabacContexts written, counted;
    AvoCabacCoder c;
    Decoder d;
    int first = avo_block_first(cat), size = avo_block_stored(cat) - first, any = 0;
    int percent = percents[random_below(r, 6)], inc = random_below(r, 4);
    bool is_8x8 = cat == AVO_CAT_LUMA_8x8;
    memset(stored, 0x55, sizeof stored);
    for (int i = first; i < first + size; i++)
        any |= stored[i] = (int16_t)(random_chance(r, percent) ? level_of(r) : 0);
    if (is_8x8 && !any)
        any = stored[random_below(r, 64)] = (int16_t)level_of(r);

    avo_cabac_init_contexts(&written, AVO_SLICE_P, random_below(r, 3), random_below(r, 52));
    counted = written;
    memcpy(d.state, written.state, sizeof d.state);
    avo_cabac_start(&c, buffer, buffer + sizeof buffer);
    avo_cabac_write_block(&c, written.state, cat, inc, any != 0, stored);
    avo_cabac_finish(&c);
    avo_block_bits_cabac(&counted, cat, inc, stored,
                         avo_nonzero_mask(stored, avo_block_stored(cat)));
    CHECK(!memcmp(&counted, &written, sizeof written), "category %d", cat);

    avo_br_init(&d.r, buffer, (size_t)(c.pos - buffer));
    decoder_start(&d);
    bool coded = is_8x8 || decode_bin(&d, avo_cabac_cat[cat].coded_block_flag + inc);
    CHECK(coded == (any != 0), "category %d", cat);
    if (coded) {
        decode_levels(&d, cat, back, size);
        CHECK(!memcmp(back, stored + first, (size_t)size * sizeof *back), "category %d", cat);
    }
    CHECK(decode_terminate(&d), "category %d", cat);
    CHECK(!memcmp(d.state, written.state, sizeof d.state), "category %d", cat);
}

/* The numbers in avo_cabac_entropy against the model, from integers alone: the two probabilities of
 * a state add up to 1. 2^(-c/256) is taken by repeated multiplication. */
static double power_of_half(int cost)
{
    double p = 1;
    for (int i = 0; i < cost; i++)
        p *= 0.99729605608547012; /* 2^(-1/256) */
    return p;
}

static void check_entropy(void)
{
    for (int s = 0; s < 64; s++) {
        double mps = power_of_half(avo_cabac_entropy[2 * s]);
        double lps = power_of_half(avo_cabac_entropy[2 * s + 1]);
        CHECK(mps + lps > 0.997 && mps + lps < 1.003, "state %d: %f", s, mps + lps);
        CHECK(!s || avo_cabac_entropy[2 * s + 1] > avo_cabac_entropy[2 * s - 1], "state %d", s);
    }
    CHECK(avo_cabac_entropy[0] == 256 && avo_cabac_entropy[1] == 256, "state 0 is a coin");
    CHECK(power_of_half(avo_cabac_entropy[127]) > 0.0187 &&
              power_of_half(avo_cabac_entropy[127]) < 0.0188,
          "state 63");
    for (int s = 0; s < 128; s++)
        for (int b = 0; b < 2; b++)
            CHECK(avo_cabac_step[s][b] ==
                      ((uint32_t)avo_cabac_entropy[s ^ b] << 8 | avo_cabac_next[s][b]),
                  "state %d bin %d", s, b);
}

int main(void)
{
    Random r = {2024};
    for (int i = 0; i < 3000; i++)
        check_bins(&r);
    for (int i = 0; i < 500; i++)
        check_overflow(&r);
    for (int i = 0; i < 4000; i++)
        for (int cat = 0; cat < 6; cat++)
            check_block(&r, (AvoBlockCat)cat);
    check_entropy();
    return check_finish();
}
