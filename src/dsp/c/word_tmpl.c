/* See word.h. Lanes are handled with ordinary additions;
 * comments say why none spills into its neighbour. */
#include "dsp/word.h"
#include "dsp/dsp_internal.h"

#define EVEN  0x00ff00ffu
#define LOW7  0x7f7f7f7fu
#define HIGH1 0x80808080u

/* Aligned words. Compilers for cores that cannot load from any address make calls of small memcpys,
 * whatever they are told of the alignment. */
#if defined(__GNUC__) || defined(__clang__)

typedef uint32_t __attribute__((may_alias)) AliasedWord;

AVO_INLINE uint32_t load_aligned(const void *p)
{
    return *(const AliasedWord *)p;
}

AVO_INLINE void store_aligned(void *p, uint32_t v)
{
    *(AliasedWord *)p = v;
}

#else

AVO_INLINE uint32_t load_aligned(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

AVO_INLINE void store_aligned(void *p, uint32_t v)
{
    memcpy(p, &v, sizeof v);
}

#endif

/* Words from any address, one after the other. Where unaligned loads are slow (RISC-V), from two
 * aligned ones; the aligned words around a block lie in the same buffer. */
typedef struct WordReader {
    const pixel *p;
#if defined(__riscv)
    uint32_t last;
    unsigned shift;
#endif
} WordReader;

AVO_INLINE WordReader read_from(const pixel *p)
{
#if defined(__riscv)
    unsigned at = (unsigned)((uintptr_t)p & 3);
    p -= at;
    return (WordReader){p + 4, load_aligned(p), 8 * at};
#else
    return (WordReader){p};
#endif
}

AVO_INLINE uint32_t next_word(WordReader *r)
{
    uint32_t v;
#if defined(__riscv)
    uint32_t next = load_aligned(r->p);
    v = r->last >> r->shift | next << 1 << (31 - r->shift);
    r->last = next;
#else
    memcpy(&v, r->p, 4);
#endif
    r->p += 4;
    return v;
}

/* Sum of the four bytes, each below 0x80 so that two such words may be added before. */
AVO_INLINE uint32_t widen(uint32_t v)
{
    return (v & EVEN) + (v >> 8 & EVEN);
}

/* Half of each sample, plus 128. */
AVO_INLINE uint32_t halve(uint32_t samples)
{
    return (samples >> 1 & LOW7) | HIGH1;
}

/* The coarse difference of four samples, one byte each; half: those of cur halved. t is 128 + d in
 * each byte: no borrow. m: d was not negative there; q has 0xff in those bytes. */
AVO_INLINE uint32_t coarse_difference(uint32_t half, uint32_t ref)
{
    uint32_t t = half - (ref >> 1 & LOW7);
    uint32_t m = t & HIGH1;
    uint32_t q = (m << 1) - (m >> 7);
    return t ^ LOW7 ^ q;
}

AVO_INLINE uint32_t load_half(const pixel *cur, bool is_half)
{
    uint32_t v = load_aligned(cur);
    return is_half ? v : halve(v);
}

/* Lanes reach 16 * 4 * 2 * 127 = 16256. */
AVO_INLINE int coarse_sad(const pixel *cur, bool is_half, ptrdiff_t stride_cur, const pixel *ref,
                          ptrdiff_t stride_ref, int words, int rows)
{
    uint32_t sum = 0;
    for (int y = 0; y < rows; y++, cur += stride_cur, ref += stride_ref) {
        WordReader r = read_from(ref);
        for (int i = 0; i < words; i += 2) {
            const pixel *p = cur + 4 * i;
            uint32_t d = coarse_difference(load_half(p, is_half), next_word(&r));
            sum += widen(d + coarse_difference(load_half(p + 4, is_half), next_word(&r)));
        }
    }
    return (int)((sum & 0xffff) + (sum >> 16));
}

void avo_word_halve(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                    int width, int rows)
{
    for (int y = 0; y < rows; y++, dst += stride_dst, src += stride_src)
        for (int x = 0; x < width; x += 4)
            store_aligned(dst + x, halve(load_aligned(src + x)));
}

int avo_word_sad_16(const pixel *cur, ptrdiff_t stride_cur, const pixel *ref, ptrdiff_t stride_ref,
                    int rows)
{
    return coarse_sad(cur, true, stride_cur, ref, stride_ref, 4, rows);
}

int avo_word_sad_8(const pixel *cur, ptrdiff_t stride_cur, const pixel *ref, ptrdiff_t stride_ref,
                   int rows)
{
    return coarse_sad(cur, false, stride_cur, ref, stride_ref, 2, rows);
}

void avo_word_mean(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                   const pixel *b, ptrdiff_t stride_b, int width, int rows)
{
    for (int y = 0; y < rows; y++, dst += stride_dst, a += stride_a, b += stride_b) {
        WordReader ra = read_from(a), rb = read_from(b);
        for (int x = 0; x < width; x += 4) {
            uint32_t va = next_word(&ra), vb = next_word(&rb);
            store_aligned(dst + x, (va | vb) - ((va ^ vb) >> 1 & LOW7));
        }
    }
}

void avo_word_copy(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                   int width, int rows)
{
    for (int y = 0; y < rows; y++, dst += stride_dst, src += stride_src) {
        WordReader r = read_from(src);
        for (int x = 0; x < width; x += 4)
            store_aligned(dst + x, next_word(&r));
    }
}

/* Lanes reach 64 * 255 + 32. A row's words are weighted once more than needed: as the upper of two
 * rows and as the lower; keeping them costs more registers than small cores have. */
void avo_word_chroma(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                     int fx, int fy, int rows)
{
    if (!(fx | fy)) {
        avo_word_copy(dst, stride_dst, src, stride_src, 8, rows);
        return;
    }
    uint32_t wa = (uint32_t)((8 - fx) * (8 - fy)), wb = (uint32_t)(fx * (8 - fy));
    uint32_t wc = (uint32_t)((8 - fx) * fy), wd = (uint32_t)(fx * fy);
    ptrdiff_t right = fx ? 1 : 0, below = fy ? stride_src : 0;
    for (int y = 0; y < rows; y++, dst += stride_dst, src += stride_src) {
        WordReader ra = read_from(src), rb = read_from(src + right);
        WordReader rc = read_from(src + below), rd = read_from(src + below + right);
        for (int x = 0; x < 8; x += 4) {
            uint32_t a = next_word(&ra), b = next_word(&rb), c = next_word(&rc), d = next_word(&rd);
            uint32_t even = (a & EVEN) * wa + (b & EVEN) * wb + (c & EVEN) * wc + (d & EVEN) * wd;
            uint32_t odd = (a >> 8 & EVEN) * wa + (b >> 8 & EVEN) * wb + (c >> 8 & EVEN) * wc +
                           (d >> 8 & EVEN) * wd;
            even = (even + 0x00200020u) >> 6 & EVEN;
            odd = (odd + 0x00200020u) >> 6 & EVEN;
            store_aligned(dst + x, even | odd << 8);
        }
    }
}

/* a - 5b + 20c + 20d - 5e + f in two lanes, biased: between 10 and 13270. Borrows between lanes on
 * the way cancel out, since the end result of each is not negative. */
AVO_INLINE uint32_t six_taps(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f)
{
    uint32_t inner = (c + d) * 4 - (b + e);
    return a + f + inner * 5 + (AVO_WORD_BIAS << 16 | AVO_WORD_BIAS);
}

/* (v + 16) >> 5 of both lanes, clipped to a sample. With the bias the lanes are 80 too high; what
 * is outside 0..255 shows in the upper byte, and is rare. */
AVO_INLINE uint32_t round_and_clip(uint32_t v)
{
    uint32_t high = ((v + 0x00100010u) >> 5) & 0x07ff07ffu;
    uint32_t x = high - 0x00500050u;
    if (AVO_UNLIKELY(x & 0xff00ff00u)) {
        int low = avo_clip_pixel((int)(high & 0xffff) - 80);
        x = (uint32_t)avo_clip_pixel((int)(high >> 16) - 80) << 16 | (uint32_t)low;
    }
    return x;
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

/* The horizontal sums of each four columns: lanes 0 and 2, then 1 and 3. Samples p0 .. of three
 * words as lanes: e even ones, o odd ones. */
#define FOR_HORIZONTAL_SUMS(statement, next_row)                                                   \
    for (int y = 0; y < rows; y++, src += stride, next_row) {                                      \
        uint32_t w0 = load_aligned(src), w1 = load_aligned(src + 4);                               \
        uint32_t e0 = w0 & EVEN, o0 = w0 >> 8 & EVEN, e1 = w1 & EVEN, o1 = w1 >> 8 & EVEN;         \
        for (int i = 0; i < words; i++) {                                                          \
            uint32_t w2 = load_aligned(src + 4 * i + 8);                                           \
            uint32_t e2 = w2 & EVEN, o2 = w2 >> 8 & EVEN;                                          \
            uint32_t c = e0 >> 16 | e1 << 16, d = o0 >> 16 | o1 << 16; /* p2 p4, p3 p5 */          \
            uint32_t f = e1 >> 16 | e2 << 16;                          /* p6 p8 */                 \
            uint32_t first = six_taps(e0, o0, c, d, e1, o1);                                       \
            uint32_t second = six_taps(o0, c, d, e1, o1, f);                                       \
            statement;                                                                             \
            e0 = e1, o0 = o1, e1 = e2, o1 = o2;                                                    \
        }                                                                                          \
    }

void avo_word_half_horizontal(uint16_t *mid, const pixel *src, ptrdiff_t stride, int words,
                              int rows)
{
    FOR_HORIZONTAL_SUMS(store_aligned(mid, first); store_aligned(mid + 2, second);
                        mid += 4, (void)0)
}

void avo_word_half_across(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride,
                          int words, int rows)
{
    FOR_HORIZONTAL_SUMS(
        store_aligned(dst + 4 * i, round_and_clip(first) | round_and_clip(second) << 8),
        dst += stride_dst)
}

#else

/* By samples; the order of mid is that of the lanes above. */
static const uint8_t lane_order[4] = {0, 2, 1, 3};

AVO_INLINE int horizontal_sum(const pixel *p)
{
    return p[0] + p[5] - 5 * (p[1] + p[4]) + 20 * (p[2] + p[3]);
}

void avo_word_half_horizontal(uint16_t *mid, const pixel *src, ptrdiff_t stride, int words,
                              int rows)
{
    for (int y = 0; y < rows; y++, src += stride)
        for (int i = 0; i < 4 * words; i++)
            *mid++ = (uint16_t)(horizontal_sum(src + (i & ~3) + lane_order[i & 3]) + AVO_WORD_BIAS);
}

void avo_word_half_across(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride,
                          int words, int rows)
{
    for (int y = 0; y < rows; y++, src += stride, dst += stride_dst)
        for (int i = 0; i < 4 * words; i++)
            dst[i] = avo_clip_pixel((horizontal_sum(src + i) + 16) >> 5);
}

#endif

/* Six rows at a time, so that the lines in registers change their roles instead of their places. */
void avo_word_half_vertical(pixel *dst, const pixel *src, ptrdiff_t stride, int words, int rows)
{
    for (int i = 0; i < words; i++, src += 4, dst += 4) {
        uint32_t e[6], o[6];
        const pixel *p = src - 2 * stride;
        pixel *q = dst;
        for (int k = 0; k < 5; k++, p += stride) {
            uint32_t w = load_aligned(p);
            e[k] = w & EVEN, o[k] = w >> 8 & EVEN;
        }
        for (int left = rows; left > 0; left -= 6) {
            AVO_UNROLL
            for (int k = 0; k < 6; k++) {
                const int a = k, b = (k + 1) % 6, c = (k + 2) % 6, d = (k + 3) % 6;
                const int f = (k + 4) % 6, g = (k + 5) % 6;
                if (k >= left)
                    break;
                uint32_t w = load_aligned(p);
                e[g] = w & EVEN, o[g] = w >> 8 & EVEN;
                uint32_t x = round_and_clip(six_taps(e[a], e[b], e[c], e[d], e[f], e[g]));
                x |= round_and_clip(six_taps(o[a], o[b], o[c], o[d], o[f], o[g])) << 8;
                store_aligned(q, x);
                p += stride;
                q += stride;
            }
        }
    }
}

/* The taps add up to 32, so a sum of biased values is 32 biases too high. */
void avo_word_half_centre(pixel *dst, const uint16_t *mid, int stride, int columns, int rows)
{
    static const uint8_t order[4] = {0, 2, 1, 3};
    for (int x = 0; x < columns; x++) {
        const uint16_t *p = mid + (x & ~3) + order[x & 3];
        pixel *q = dst + x;
        int a = p[0], b = p[stride], c = p[2 * stride], d = p[3 * stride], e = p[4 * stride];
        p += 5 * stride;
        for (int y = 0; y < rows; y++, p += stride, q += stride) {
            int f = *p, inner = 4 * (c + d) - (b + e);
            *q = avo_clip_pixel((a + f + 5 * inner - 32 * AVO_WORD_BIAS + 512) >> 10);
            a = b, b = c, c = d, d = e, e = f;
        }
    }
}

int avo_word_sad_mean_16(const pixel *cur, ptrdiff_t stride_cur, const pixel *a, ptrdiff_t stride_a,
                         const pixel *b, ptrdiff_t stride_b, int rows)
{
    uint32_t sum = 0;
    for (int y = 0; y < rows; y++, cur += stride_cur, a += stride_a, b += stride_b) {
        WordReader ra = read_from(a), rb = read_from(b);
        for (int i = 0; i < 16; i += 4) {
            uint32_t va = next_word(&ra), vb = next_word(&rb);
            uint32_t mean = (va | vb) - ((va ^ vb) >> 1 & LOW7);
            sum += widen(coarse_difference(load_aligned(cur + i), mean));
        }
    }
    return (int)((sum & 0xffff) + (sum >> 16));
}
