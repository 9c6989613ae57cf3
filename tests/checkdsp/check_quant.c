/* Kernel check: quantisation, scaling, scans, level counts; all QPs, extremes included. */
#include "checkdsp/checkdsp.h"

static AVO_ALIGN(64) coef want[96], have[96], input[96];
static AVO_ALIGN(64) uint16_t mf[64], bias[64], scale[64];

/* A sensible quantiser for a QP, or (one in four) any numbers at all. */
static void refill(int qp)
{
    bool wild = rnd() % 4 == 0;
    for (int i = 0; i < 64; i++) {
        int step = (1 << (qp / 6)) * rnd_range(10, 40);
        mf[i] = (uint16_t)(wild ? rnd() : (uint32_t)avo_min(65535, 131072 / avo_max(step / 8, 2)));
        bias[i] = (uint16_t)(wild ? rnd() : (uint32_t)avo_min(65535, step / rnd_range(2, 6)));
        scale[i] = (uint16_t)(wild ? rnd_range(1, 255 * 36) : rnd_range(160, 29 * 32));
    }
    fill_coefs(input, AVO_COUNT(input), rnd() & 1 ? 32767 : rnd() & 1 ? 9180 : 40);
    if (rnd() % 8 == 0)
        input[16 + rnd() % 64] = -32768;
}

static void load(void)
{
    memcpy(want, input, sizeof(want));
    memcpy(have, input, sizeof(have));
}

static bool same(void)
{
    return !memcmp(want, have, sizeof(want));
}

typedef int (*QuantFn)(coef *c, const uint16_t *mf, const uint16_t *bias);
typedef int (*QuantDcFn)(coef *c, int mf, int bias);
typedef void (*DequantFn)(coef *c, const uint16_t *scale, int qp);
typedef void (*ScanFn)(coef *out, const coef *in);

static void check_quant_one(Tester *t, const char *name, QuantFn ref, QuantFn below, QuantFn got)
{
    if (!check_begin(t, got != below, "%s", name))
        return;
    for (int round = 0; round < 52 * 10; round++) {
        refill(round % 52);
        load();
        CHECK(t, ref(want + 16, mf, bias) == got(have + 16, mf, bias));
        CHECK(t, same());
    }
    BENCH(t, bench_sink = ref(want + 16, mf, bias), bench_sink = got(have + 16, mf, bias));
    check_end(t);
}

static void check_quant_dc(Tester *t, const char *name, QuantDcFn ref, QuantDcFn below,
                           QuantDcFn got)
{
    if (!check_begin(t, got != below, "%s", name))
        return;
    for (int round = 0; round < 52 * 10; round++) {
        refill(round % 52);
        load();
        CHECK(t, ref(want + 16, mf[0], bias[0]) == got(have + 16, mf[0], bias[0]));
        CHECK(t, same());
    }
    BENCH(t, bench_sink = ref(want + 16, mf[0], bias[0]),
          bench_sink = got(have + 16, mf[0], bias[0]));
    check_end(t);
}

static void check_dequant(Tester *t, const char *name, DequantFn ref, DequantFn below,
                          DequantFn got)
{
    if (!check_begin(t, got != below, "%s", name))
        return;
    for (int round = 0; round < 52 * 10; round++) {
        refill(round % 52);
        load();
        ref(want + 16, scale, round % 52);
        got(have + 16, scale, round % 52);
        CHECK(t, same());
    }
    BENCH(t, ref(want + 16, scale, 28), got(have + 16, scale, 28));
    check_end(t);
}

static void check_dequant_dc(Tester *t)
{
    if (!check_begin(t, t->got->dequant_4x4_dc != t->below->dequant_4x4_dc, "dequant_4x4_dc"))
        return;
    for (int round = 0; round < 52 * 10; round++) {
        refill(round % 52);
        load();
        t->ref->dequant_4x4_dc(want + 16, scale[0], round % 52);
        t->got->dequant_4x4_dc(have + 16, scale[0], round % 52);
        CHECK(t, same());
    }
    BENCH(t, t->ref->dequant_4x4_dc(want + 16, 160, 28),
          t->got->dequant_4x4_dc(have + 16, 160, 28));
    check_end(t);
}

static void check_scan(Tester *t, const char *name, ScanFn ref, ScanFn below, ScanFn got)
{
    if (!check_begin(t, got != below, "%s", name))
        return;
    for (int round = 0; round < 20; round++) {
        refill(20);
        memset(want, 1, sizeof(want));
        memset(have, 1, sizeof(have));
        ref(want + 16, input + 16);
        got(have + 16, input + 16);
        CHECK(t, same());
    }
    BENCH(t, ref(want + 16, input + 16), got(have + 16, input + 16));
    check_end(t);
}

/* Scans that tell which levels are not 0. */
#define CHECK_MASKED_SCAN(entry)                                                                   \
    do {                                                                                           \
        if (!check_begin(t, t->got->entry != t->below->entry, #entry))                             \
            break;                                                                                 \
        for (int round = 0; round < 200; round++) {                                                \
            refill(20);                                                                            \
            if (round & 1)                                                                         \
                fill_coefs(input, AVO_COUNT(input), 1 + (round & 2));                              \
            memset(want, 1, sizeof(want));                                                         \
            memset(have, 1, sizeof(have));                                                         \
            CHECK(t,                                                                               \
                  t->ref->entry(want + 16, input + 16) == t->got->entry(have + 16, input + 16));   \
            CHECK(t, same());                                                                      \
        }                                                                                          \
        BENCH(t, bench_sink = (int)t->ref->entry(want + 16, input + 16),                           \
              bench_sink = (int)t->got->entry(have + 16, input + 16));                             \
        check_end(t);                                                                              \
    } while (0)

static void check_masked_scans(Tester *t)
{
    CHECK_MASKED_SCAN(scan_4x4);
    CHECK_MASKED_SCAN(scan_8x8);
}

/* Few levels, so that every position gets to be the last.
 * Neighbours outside the block are non-zero. */
static void fill_levels(int n)
{
    int count = rnd_range(0, 3);
    memset(input, 0x55, sizeof(input));
    memset(input + 16, 0, (size_t)n * sizeof(coef));
    for (int i = 0; i < count; i++)
        input[16 + rnd_range(0, n - 1)] = (coef)(rnd() % 3 ? rnd_range(-3, 3) : (int)(rnd() << 8));
}

static void check_levels(Tester *t)
{
    static const int sizes[4] = {4, 15, 16, 64};
    for (int i = 0; i < 4; i++) {
        if (!check_begin(t, t->got->last_nonzero[i] != t->below->last_nonzero[i], "last_nonzero_%d",
                         sizes[i]))
            continue;
        for (int round = 0; round < 1000; round++) {
            fill_levels(sizes[i]);
            CHECK(t, t->ref->last_nonzero[i](input + 16) == t->got->last_nonzero[i](input + 16));
        }
        BENCH(t, bench_sink = t->ref->last_nonzero[i](input + 16),
              bench_sink = t->got->last_nonzero[i](input + 16));
        check_end(t);
    }
    if (check_begin(t, t->got->count_nonzero_16 != t->below->count_nonzero_16,
                    "count_nonzero_16")) {
        for (int round = 0; round < 1000; round++) {
            fill_coefs(input, AVO_COUNT(input), rnd() & 1 ? 2 : 32767);
            CHECK(t, t->ref->count_nonzero_16(input + 16) == t->got->count_nonzero_16(input + 16));
        }
        BENCH(t, bench_sink = t->ref->count_nonzero_16(input + 16),
              bench_sink = t->got->count_nonzero_16(input + 16));
        check_end(t);
    }
}

void check_quant(Tester *t)
{
    const AvoDsp *ref = t->ref, *below = t->below, *got = t->got;
    check_quant_one(t, "quant_4x4", ref->quant_4x4, below->quant_4x4, got->quant_4x4);
    check_quant_one(t, "quant_4x4_x4", ref->quant_4x4_x4, below->quant_4x4_x4, got->quant_4x4_x4);
    check_quant_one(t, "quant_8x8", ref->quant_8x8, below->quant_8x8, got->quant_8x8);
    check_quant_dc(t, "quant_4x4_dc", ref->quant_4x4_dc, below->quant_4x4_dc, got->quant_4x4_dc);
    check_quant_dc(t, "quant_2x2_dc", ref->quant_2x2_dc, below->quant_2x2_dc, got->quant_2x2_dc);
    check_dequant(t, "dequant_4x4", ref->dequant_4x4, below->dequant_4x4, got->dequant_4x4);
    check_dequant(t, "dequant_8x8", ref->dequant_8x8, below->dequant_8x8, got->dequant_8x8);
    check_dequant_dc(t);
    check_masked_scans(t);
    check_scan(t, "scan_8x8_cavlc", ref->scan_8x8_cavlc, below->scan_8x8_cavlc,
               got->scan_8x8_cavlc);
    check_levels(t);
}
