/* See word.h. Lanes are handled with ordinary additions;
 * comments say why none spills into its neighbour. */
#include "dsp/word.h"
#include "dsp/dsp_internal.h"

#define EVEN  0x00ff00ffu
#define LOW7  0x7f7f7f7fu
#define HIGH1 0x80808080u

/* Aligned words, whose lowest byte is the first sample. Compilers for cores that cannot load from
 * any address make calls of small memcpys, whatever they are told of the alignment. */
#if defined(__GNUC__) || defined(__clang__)

typedef uint32_t __attribute__((may_alias)) AliasedWord;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define SWAP(v) __builtin_bswap32(v)
#else
#define SWAP(v) (v)
#endif

AVO_INLINE uint32_t load_aligned(const void *p)
{
    return SWAP(*(const AliasedWord *)p);
}

AVO_INLINE void store_aligned(void *p, uint32_t v)
{
    *(AliasedWord *)p = SWAP(v);
}

#else

AVO_INLINE uint32_t load_aligned(const void *p)
{
    const uint8_t *b = p;
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

AVO_INLINE void store_aligned(void *p, uint32_t v)
{
    uint8_t *b = p;
    b[0] = (uint8_t)v, b[1] = (uint8_t)(v >> 8), b[2] = (uint8_t)(v >> 16);
    b[3] = (uint8_t)(v >> 24);
}

#endif

/* Words from any address, line by line, lines a multiple of 4 apart. Where unaligned loads are slow
 * (RISC-V), from two aligned ones; the aligned words around a block lie in the same buffer. */
typedef struct WordReader {
    const pixel *line, *p;
#if defined(__riscv)
    uint32_t last;
    unsigned shift;
#endif
} WordReader;

AVO_INLINE WordReader read_from(const pixel *p)
{
#if defined(__riscv)
    unsigned at = (unsigned)((uintptr_t)p & 3);
    return (WordReader){p - at, NULL, 0, 8 * at};
#else
    return (WordReader){p, NULL};
#endif
}

AVO_INLINE void begin_line(WordReader *r)
{
    r->p = r->line;
#if defined(__riscv)
    r->last = load_aligned(r->p);
    r->p += 4;
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
    v = load_aligned(&v);
#endif
    r->p += 4;
    return v;
}

/* Half of each of the next four samples. */
AVO_INLINE uint32_t next_half(WordReader *r)
{
#if defined(__riscv)
    uint32_t next = load_aligned(r->p);
    uint32_t v = r->last >> (r->shift + 1) | next << (31 - r->shift);
    r->last = next;
    r->p += 4;
    return v & LOW7;
#else
    return next_word(r) >> 1 & LOW7;
#endif
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

/* 127 less the coarse difference of each of four samples, whose halves are given, those of cur plus
 * 128. t is 128 + d in each byte: no borrow. m: d was not negative there; q has 0xff in those
 * bytes.
 */
AVO_INLINE uint32_t likeness(uint32_t half_cur, uint32_t half_ref)
{
    uint32_t t = half_cur - half_ref;
    uint32_t m = t & HIGH1;
    return t ^ ((m << 1) - (m >> 7));
}

/* The coarse SAD of n samples from the sum of their likenesses, in two lanes: up to 512 fit. */
AVO_INLINE int sad_of_likeness(uint32_t sum, int n)
{
    return 127 * n - (int)((sum & 0xffff) + (sum >> 16));
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
    WordReader r = read_from(ref);
    uint32_t sum = 0;
    for (int y = 0; y < rows; y++, cur += stride_cur, r.line += stride_ref) {
        begin_line(&r);
        AVO_UNROLL
        for (int i = 0; i < 16; i += 8) {
            uint32_t l = likeness(load_aligned(cur + i), next_half(&r));
            sum += widen(l + likeness(load_aligned(cur + i + 4), next_half(&r)));
        }
    }
    return sad_of_likeness(sum, 16 * rows);
}

int avo_word_sad_8(const pixel *cur, ptrdiff_t stride_cur, const pixel *ref, ptrdiff_t stride_ref,
                   int rows)
{
    WordReader r = read_from(ref);
    uint32_t sum = 0;
    for (int y = 0; y < rows; y++, cur += stride_cur, r.line += stride_ref) {
        begin_line(&r);
        uint32_t l = likeness(halve(load_aligned(cur)), next_half(&r));
        sum += widen(l + likeness(halve(load_aligned(cur + 4)), next_half(&r)));
    }
    return sad_of_likeness(sum, 8 * rows);
}

AVO_INLINE uint32_t mean(uint32_t a, uint32_t b)
{
    return (a | b) - ((a ^ b) >> 1 & LOW7);
}

void avo_word_mean(pixel *dst, ptrdiff_t stride_dst, const pixel *a, ptrdiff_t stride_a,
                   const pixel *b, ptrdiff_t stride_b, int width, int rows)
{
    WordReader ra = read_from(a), rb = read_from(b);
    for (int y = 0; y < rows; y++, dst += stride_dst, ra.line += stride_a, rb.line += stride_b) {
        begin_line(&ra);
        begin_line(&rb);
        for (int x = 0; x < width; x += 8) {
            store_aligned(dst + x, mean(next_word(&ra), next_word(&rb)));
            store_aligned(dst + x + 4, mean(next_word(&ra), next_word(&rb)));
        }
    }
}

void avo_word_copy(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                   int width, int rows)
{
    WordReader r = read_from(src);
    for (int y = 0; y < rows; y++, dst += stride_dst, r.line += stride_src) {
        begin_line(&r);
        for (int x = 0; x < width; x += 8) {
            store_aligned(dst + x, next_word(&r));
            store_aligned(dst + x + 4, next_word(&r));
        }
    }
}

/* Eight samples of one line between two columns: the even and the odd ones of each four as lanes,
 * times 8. */
typedef struct ChromaLine {
    uint32_t even[2], odd[2];
} ChromaLine;

AVO_INLINE ChromaLine chroma_line(WordReader *r, uint32_t fx)
{
    ChromaLine out;
    begin_line(r);
    uint32_t w = next_word(r), even = w & EVEN, odd = w >> 8 & EVEN;
    AVO_UNROLL
    for (int i = 0; i < 2; i++) {
        uint32_t next = next_word(r), right = even >> 16 | next << 16;
        out.even[i] = even * (8 - fx) + odd * fx;
        out.odd[i] = odd * (8 - fx) + (right & EVEN) * fx;
        even = next & EVEN, odd = next >> 8 & EVEN;
    }
    return out;
}

/* Lanes reach 64 * 255 + 32. */
AVO_INLINE uint32_t chroma_mean(uint32_t above, uint32_t below, uint32_t fy)
{
    return (above * (8 - fy) + below * fy + 0x00200020u) >> 6 & EVEN;
}

void avo_word_chroma(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride_src,
                     int fx, int fy, int rows)
{
    if (!(fx | fy)) {
        avo_word_copy(dst, stride_dst, src, stride_src, 8, rows);
        return;
    }
    WordReader r = read_from(src);
    ChromaLine above = chroma_line(&r, (uint32_t)fx);
    for (int y = 0; y < rows; y++, dst += stride_dst) {
        r.line += stride_src;
        ChromaLine below = chroma_line(&r, (uint32_t)fx);
        AVO_UNROLL
        for (int i = 0; i < 2; i++)
            store_aligned(dst + 4 * i, chroma_mean(above.even[i], below.even[i], (uint32_t)fy) |
                                           chroma_mean(above.odd[i], below.odd[i], (uint32_t)fy)
                                               << 8);
        above = below;
    }
}

/* a - 5b + 20c + 20d - 5e + f in two lanes, biased: between 10 and 13270. Borrows between lanes on
 * the way cancel out, since the end result of each is not negative. */
AVO_INLINE uint32_t six_taps(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f)
{
    uint32_t inner = (c + d) * 4 - (b + e);
    return a + f + inner * 5 + (AVO_WORD_BIAS << 16 | AVO_WORD_BIAS);
}

/* Out of line: it is rare, and there are many places. */
static AVO_NOINLINE uint32_t clip_each_lane(uint32_t v, uint32_t bias)
{
    int low = avo_clip_pixel((int)(v & 0xffff) - (int)bias);
    return (uint32_t)avo_clip_pixel((int)(v >> 16) - (int)bias) << 16 | (uint32_t)low;
}

/* Both lanes less `bias`, clipped to a sample. What is outside 0..255 shows in the upper byte. */
AVO_INLINE uint32_t clip_lanes(uint32_t v, uint32_t bias)
{
    uint32_t x = v - (bias << 16 | bias);
    return AVO_UNLIKELY(x & 0xff00ff00u) ? clip_each_lane(v, bias) : x;
}

/* (v + 16) >> 5 of both lanes, which with the bias are 80 too high, as samples. */
AVO_INLINE uint32_t round_and_clip(uint32_t v)
{
    return clip_lanes(((v + 0x00100010u) >> 5) & 0x07ff07ffu, AVO_WORD_BIAS >> 5);
}

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

AVO_INLINE void store_lanes(uint16_t *p, uint32_t v)
{
    p[0] = (uint16_t)v;
    p[1] = (uint16_t)(v >> 16);
}

void avo_word_half_horizontal(uint16_t *mid, const pixel *src, ptrdiff_t stride, int words,
                              int rows)
{
    FOR_HORIZONTAL_SUMS(store_lanes(mid, first); store_lanes(mid + 2, second); mid += 4, (void)0)
}

void avo_word_half_across(pixel *dst, ptrdiff_t stride_dst, const pixel *src, ptrdiff_t stride,
                          int words, int rows)
{
    FOR_HORIZONTAL_SUMS(
        store_aligned(dst + 4 * i, round_and_clip(first) | round_and_clip(second) << 8),
        dst += stride_dst)
}

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
    WordReader ra = read_from(a), rb = read_from(b);
    uint32_t sum = 0;
    for (int y = 0; y < rows; y++, cur += stride_cur, ra.line += stride_a, rb.line += stride_b) {
        begin_line(&ra);
        begin_line(&rb);
        for (int i = 0; i < 16; i += 4) {
            uint32_t m = mean(next_word(&ra), next_word(&rb));
            sum += widen(likeness(load_aligned(cur + i), m >> 1 & LOW7));
        }
    }
    return sad_of_likeness(sum, 16 * rows);
}

/* ---- transforms ---- */

/* Signed lanes: a word is high * 65536 + low, so sums and multiples need no care. */
AVO_INLINE uint32_t high_lane(uint32_t v)
{
    return (v + 0x8000) & 0xffff0000u;
}

AVO_INLINE uint32_t lanes(int low, int high)
{
    return (uint32_t)low + ((uint32_t)high << 16);
}

AVO_INLINE coef upper(uint32_t v)
{
    return (coef)((int32_t)v >> 16);
}

/* The columns first, two at a time; then row by row, in the upper halves of words: compilers add
 * work to sums of which only the lower half is wanted. */
AVO_INLINE void sub_dct_4x4(coef out[16], const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                            ptrdiff_t stride_pred)
{
    uint32_t v[2][4]; /* columns 0 and 2, 1 and 3 */
    AVO_UNROLL
    for (int y = 0; y < 4; y++, cur += stride_cur, pred += stride_pred) {
        uint32_t c = load_aligned(cur), p = load_aligned(pred);
        v[0][y] = (c & EVEN) - (p & EVEN);
        v[1][y] = (c >> 8 & EVEN) - (p >> 8 & EVEN);
    }
    AVO_UNROLL
    for (int i = 0; i < 2; i++) {
        uint32_t s03 = v[i][0] + v[i][3], s12 = v[i][1] + v[i][2];
        uint32_t t03 = v[i][0] - v[i][3], t12 = v[i][1] - v[i][2];
        v[i][0] = s03 + s12;
        v[i][1] = 2 * t03 + t12;
        v[i][2] = s03 - s12;
        v[i][3] = t03 - 2 * t12;
    }
    for (int y = 0; y < 4; y++, out += 4) {
        uint32_t d0 = v[0][y] << 16, d1 = v[1][y] << 16;
        uint32_t d2 = high_lane(v[0][y]), d3 = high_lane(v[1][y]);
        uint32_t s03 = d0 + d3, s12 = d1 + d2, t03 = d0 - d3, t12 = d1 - d2;
        out[0] = upper(s03 + s12);
        out[1] = upper(2 * t03 + t12);
        out[2] = upper(s03 - s12);
        out[3] = upper(t03 - 2 * t12);
    }
}

void avo_word_sub_dct(coef *out, const pixel *cur, ptrdiff_t stride_cur, const pixel *pred,
                      ptrdiff_t stride_pred, int blocks)
{
    for (int i = 0; i < blocks; i++, out += 16) {
        sub_dct_4x4(out, cur, stride_cur, pred, stride_pred);
        cur += i == 1 ? 4 * stride_cur - 4 : 4;
        pred += i == 1 ? 4 * stride_pred - 4 : 4;
    }
}

/* Adds residuals, 512 too high, to four samples. */
AVO_INLINE void add_lanes(pixel *dst, uint32_t even, uint32_t odd)
{
    uint32_t w = load_aligned(dst);
    uint32_t low = clip_lanes((w & EVEN) + even, 512);
    store_aligned(dst, low | clip_lanes((w >> 8 & EVEN) + odd, 512) << 8);
}

/* Row by row first, each then in two words; then the columns, two at a time. What is added makes
 * lanes positive and rounds. */
void avo_word_add_idct_4x4(pixel *dst, ptrdiff_t stride, const coef in[16])
{
    const uint32_t bias = 0x80008000u + 0x00200020u;
    uint32_t v[2][4], half[2][4];
    AVO_UNROLL
    for (int y = 0; y < 4; y++, in += 4) {
        int a = in[0] + in[2], b = in[0] - in[2];
        int c = (in[1] >> 1) - in[3], d = in[1] + (in[3] >> 1);
        v[0][y] = lanes(a + d, b - c);
        v[1][y] = lanes(b + c, a - d);
        half[0][y] = lanes((a + d) >> 1, (b - c) >> 1);
        half[1][y] = lanes((b + c) >> 1, (a - d) >> 1);
    }
    uint32_t row[4][2];
    AVO_UNROLL
    for (int i = 0; i < 2; i++) {
        uint32_t a = v[i][0] + v[i][2] + bias, b = v[i][0] - v[i][2] + bias;
        uint32_t c = half[i][1] - v[i][3], d = v[i][1] + half[i][3];
        row[0][i] = a + d;
        row[1][i] = b + c;
        row[2][i] = b - c;
        row[3][i] = a - d;
    }
    for (int y = 0; y < 4; y++, dst += stride)
        add_lanes(dst, row[y][0] >> 6 & 0x03ff03ffu, row[y][1] >> 6 & 0x03ff03ffu);
}

void avo_word_add_4x4(pixel *dst, ptrdiff_t stride, int residual)
{
    uint32_t both = (uint32_t)(avo_clip3(-255, 255, residual) + 512) * 0x00010001u;
    for (int y = 0; y < 4; y++, dst += stride)
        add_lanes(dst, both, both);
}
