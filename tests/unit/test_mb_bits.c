/* Counting is what writing does: over random macroblock records,
 * - CAVLC bits counted are the bits written (the skip runs and the alignment of I_PCM set aside),
 * - CABAC bits counted are the sum of the entropies of exactly the bins written, and the contexts
 * end up the same,
 * - a slice written in pieces has the bytes of one written at once.
 *
 * The CABAC writer is compiled into this file with its engine's four entrances replaced by ones
 * that add up entropies before they do the work. */
#include "enc/cabac_engine.h"

static uint64_t entropy;

static inline void spy_encode(AvoCabacCoder *c, uint8_t *state, int bin)
{
    entropy += avo_cabac_entropy[*state ^ bin];
    avo_cabac_encode(c, state, bin);
}

static inline void spy_bypass(AvoCabacCoder *c, int n, uint32_t value)
{
    entropy += 256 * (uint64_t)n;
    avo_cabac_bypass(c, n, value);
}

enum { SPY_TERMINATE_0 = 2, SPY_TERMINATE_1 = 1920 };

static inline void spy_continue(AvoCabacCoder *c)
{
    entropy += SPY_TERMINATE_0;
    avo_cabac_continue(c);
}

static inline void spy_finish(AvoCabacCoder *c)
{
    entropy += SPY_TERMINATE_1;
    avo_cabac_finish(c);
}

#define avo_cabac_encode   spy_encode
#define avo_cabac_bypass   spy_bypass
#define avo_cabac_continue spy_continue
#define avo_cabac_finish   spy_finish
#include "../../src/enc/cabac_write.c"
#undef avo_cabac_encode
#undef avo_cabac_bypass
#undef avo_cabac_continue
#undef avo_cabac_finish

#include "h264/tables.h"
#include "random_mb.h"

enum { BUFFER = 1 << 21, MBS_MAX = 100 };
static uint8_t buffer[BUFFER], pieces[BUFFER];

static RandomPicture picture;

static void fill_picture(RandomPicture *p, AvoSliceData *slice)
{
    Random *r = &p->random;
    p->syntax = (AvoSyntaxCtx){
        .slice_type = (AvoSliceType)random_below(r, 3),
        .cabac = random_chance(r, 60),
        .transform_8x8_mode = random_chance(r, 60),
        .direct_8x8_inference = random_chance(r, 60),
        .chroma_format = random_chance(r, 80),
        .num_ref_idx = {random_in(r, 1, 5), random_in(r, 1, 32)},
    };
    p->max_level = random_chance(r, 50) ? 32767 : 2063;
    p->pcm_percent = random_below(r, 10);
    p->skip_percent = random_below(r, 80);
    p->intra_percent = random_below(r, 60);
    p->qp = random_below(r, 52);
    p->qp_step = random_below(r, 52);
    random_picture_alloc(p, random_in(r, 1, 10), random_in(r, 1, 10));
    int count = p->mb_width * p->mb_height, first = random_below(r, count);
    *slice = (AvoSliceData){
        .syntax = p->syntax,
        .mb_width = p->mb_width,
        .first_mb = first,
        .end_mb = count,
        .slice_qp = p->qp,
        .cabac_init_idc = random_below(r, 3),
        .info = p->info,
        .code = p->code,
        .levels = p->levels,
    };
    for (int addr = 0; addr < count; addr++)
        random_mb(p, addr, addr >= first);
}

/* The macroblock as mode decision would describe it. */
static AvoMbSyntax describe(const AvoSliceData *slice, int addr, int qp, int delta_nonzero)
{
    const AvoMbInfo *info = &slice->info[addr];
    int w = slice->mb_width;
    AvoMbSyntax mb = {.info = info,
                      .code = &slice->code[addr],
                      .levels = &slice->levels[addr],
                      .qp_pred = qp,
                      .prev_qp_delta_nonzero = delta_nonzero};
    if (addr % w && info[-1].slice == info->slice)
        mb.nb.a = info - 1;
    if (addr >= w && info[-w].slice == info->slice)
        mb.nb.b = info - w;
    return mb;
}

/* Bits of the skip runs and I_PCM alignments in a CAVLC slice, which counting guesses. */
typedef struct Guesses {
    uint64_t counted_q8, written;
    unsigned run;
} Guesses;

static void add_guesses(Guesses *g, const AvoSliceData *slice, const AvoMbInfo *info)
{
    if (slice->syntax.slice_type == AVO_SLICE_I)
        return;
    if (AVO_MB_IS_SKIP(info->type)) {
        g->counted_q8 += 128;
        g->run++;
        return;
    }
    g->counted_q8 += 256;
    g->written += (uint64_t)avo_ue_bits(g->run);
    g->run = 0;
}

/* CABAC: the count is the entropy of the bins written, to the last unit. */
static void check_cabac_mb(const AvoSliceData *slice, int addr, uint32_t count)
{
    int type = slice->info[addr].type;
    uint64_t end = addr + 1 == slice->end_mb ? SPY_TERMINATE_1 : SPY_TERMINATE_0;
    uint64_t pcm =
        type == AVO_MB_IPCM ? 256 * (4 + (slice->syntax.chroma_format ? 3072u : 2048u)) : 0;
    CHECK(count == entropy - end + pcm, "macroblock %d, type %d: %u instead of %u", addr, type,
          count, (unsigned)(entropy - end + pcm));
}

/* CAVLC: the bits written, but for those that the count can only guess. */
static void check_cavlc_mb(const AvoSliceData *slice, int addr, uint32_t count, uint64_t written,
                           Guesses *guesses)
{
    Guesses before = *guesses;
    int type = slice->info[addr].type;
    add_guesses(guesses, slice, &slice->info[addr]);
    uint64_t known = written - (guesses->written - before.written);
    uint64_t want = (count - (guesses->counted_q8 - before.counted_q8)) / 256;
    if (type == AVO_MB_IPCM) /* aligned */
        CHECK(known + 4 - want < 8, "I_PCM at %d", addr);
    else
        CHECK(known == want, "macroblock %d, type %d: %d instead of %d", addr, type, (int)want,
              (int)known);
}

/* Steps the writer through the slice and compares macroblock by macroblock. */
static void check_slice(const AvoSliceData *slice, uint64_t *bits_q8)
{
    AvoBitWriter w;
    AvoSliceWriter sw;
    AvoCabacContexts counted;
    Guesses guesses = {0, 0, 0};
    int qp = slice->slice_qp, delta_nonzero = 0;
    bool cabac = slice->syntax.cabac;

    avo_bw_init(&w, pieces, BUFFER);
    avo_slice_writer_begin(&sw, &w, slice, NULL);
    avo_cabac_init_contexts(&counted, slice->syntax.slice_type, slice->cabac_init_idc, qp);
    *bits_q8 = 0;
    for (int addr = slice->first_mb; addr < slice->end_mb; addr++) {
        const AvoMbInfo *info = &slice->info[addr];
        AvoMbSyntax mb = describe(slice, addr, qp, delta_nonzero);
        uint32_t count = avo_mb_bits(&slice->syntax, &mb, cabac ? &counted : NULL);
        size_t before = avo_bw_bits(&w);
        entropy = 0;
        avo_slice_writer_put(&sw, 1, mb.code, mb.levels);
        if (cabac) {
            check_cabac_mb(slice, addr, count);
            CHECK(!memcmp(&counted, &sw.contexts, sizeof counted), "contexts at %d", addr);
        } else {
            check_cavlc_mb(slice, addr, count, avo_bw_bits(&w) - before, &guesses);
            CHECK(info->type != AVO_MB_IPCM || !w.fill, "I_PCM at %d behind %zu bits", addr,
                  before);
        }
        *bits_q8 += count;
        bool sends_qp = info->type == AVO_MB_I16x16 || (info->cbp && info->type != AVO_MB_IPCM);
        delta_nonzero = sends_qp && mb.code->qp != qp;
        qp = sends_qp ? mb.code->qp : qp;
    }
    AvoSliceStats stats = {0};
    avo_slice_writer_end(&sw, &stats);
    CHECK(!w.overflow && stats.bits == avo_bw_bits(&w), "%d bits", (int)stats.bits);
}

/* At once into a buffer of just the right size, and one byte less. */
static void check_whole(const AvoSliceData *slice, size_t size)
{
    static uint32_t mb_bits[MBS_MAX];
    AvoSliceStats stats = {.mb_bits = mb_bits};
    AvoBitWriter w;
    uint64_t sum = 0;
    avo_bw_init(&w, buffer, size);
    avo_slice_data_write(&w, slice, &stats);
    CHECK(!w.overflow && w.pos == w.end && !memcmp(buffer, pieces, size), "%zu bytes", size);
    for (int addr = slice->first_mb; addr < slice->end_mb; addr++)
        sum += mb_bits[addr];
    CHECK(sum <= stats.bits && stats.bits - sum < 64, "%d of %d bits", (int)sum, (int)stats.bits);
    avo_bw_init(&w, buffer, size - 1);
    avo_slice_data_write(&w, slice, NULL);
    CHECK(w.overflow, "%zu bytes", size);
}

static size_t slice_size(const AvoSliceData *slice)
{
    AvoBitWriter w;
    avo_bw_init(&w, buffer, BUFFER);
    avo_slice_data_write(&w, slice, NULL);
    return (size_t)(w.pos - w.start);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 400;
    double counted = 0, written = 0;
    for (int i = 0; i < rounds; i++) {
        AvoSliceData slice;
        uint64_t bits_q8;
        picture.random.s = (uint64_t)i * 77777 + 5;
        fill_picture(&picture, &slice);
        check_slice(&slice, &bits_q8);
        size_t size = slice_size(&slice);
        check_whole(&slice, size);
        if (slice.syntax.cabac) {
            counted += (double)bits_q8 / 256;
            written += (double)size * 8;
        }
        random_picture_free(&picture);
    }
    /* The model's entropy is close to what the coder really spends. */
    CHECK(counted > 0.97 * written && counted < 1.03 * written, "%.0f and %.0f", counted, written);
    return check_finish();
}
