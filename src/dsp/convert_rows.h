/* Rows of other pixel formats in steps of 16 samples. Rows that are no multiple of 16 end with a
 * step that overlaps the one before; short ones go sample by sample.
 *
 * Included once by each SIMD file, after its luma_16(), chroma_16(), unpack_3_16(), unpack_4_16(),
 * unpack_565_le_16() and unpack_565_be_16(). */
#ifndef AVO_DSP_CONVERT_ROWS_H
#define AVO_DSP_CONVERT_ROWS_H

AVO_INLINE void luma_422_rows(pixel *luma, const uint8_t *src, int n, int luma_at)
{
    for (int i = 0; n < 16 && i < n; i++)
        luma[i] = src[2 * i + luma_at];
    for (int i = 0; n >= 16 && i < n; i += 16) {
        int at = avo_min(i, n - 16);
        luma_16(luma + at, src + 2 * at, luma_at);
    }
}

AVO_INLINE void chroma_422_rows(pixel *cb, pixel *cr, const uint8_t *upper, const uint8_t *lower,
                                int n, int luma_at)
{
    int b = !luma_at, r = b + 2;
    for (int i = 0; n < 16 && i < n; i++) {
        cb[i] = (pixel)((upper[4 * i + b] + lower[4 * i + b] + 1) >> 1);
        cr[i] = (pixel)((upper[4 * i + r] + lower[4 * i + r] + 1) >> 1);
    }
    for (int i = 0; n >= 16 && i < n; i += 16) {
        int at = avo_min(i, n - 16);
        chroma_16(cb + at, cr + at, upper + 4 * at, lower + 4 * at, luma_at);
    }
}

/* One row of 16 samples at most: a copy, with room behind it, is unpacked. size: bytes of each. */
#define AVO_UNPACK_SHORT(step, size)                                                               \
    uint8_t copy_[16 * (size)] = {0};                                                              \
    pixel out_[3][16];                                                                             \
    memcpy(copy_, src, (size_t)n *(size));                                                         \
    step(out_[0], out_[1], out_[2], copy_);                                                        \
    memcpy(a, out_[0], (size_t)n);                                                                 \
    memcpy(b, out_[1], (size_t)n);                                                                 \
    memcpy(c, out_[2], (size_t)n);

#define AVO_UNPACK_ROWS(name, size)                                                                \
    AVO_INLINE void name##_rows(pixel *a, pixel *b, pixel *c, const uint8_t *src, int n)           \
    {                                                                                              \
        if (n < 16) {                                                                              \
            AVO_UNPACK_SHORT(name##_16, size)                                                      \
            return;                                                                                \
        }                                                                                          \
        for (int i = 0; i < n; i += 16) {                                                          \
            int at = avo_min(i, n - 16);                                                           \
            name##_16(a + at, b + at, c + at, src + at * (size));                                  \
        }                                                                                          \
    }

AVO_UNPACK_ROWS(unpack_3, 3)
AVO_UNPACK_ROWS(unpack_4, 4)
AVO_UNPACK_ROWS(unpack_565_le, 2)
AVO_UNPACK_ROWS(unpack_565_be, 2)

#endif
