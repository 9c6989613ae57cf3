/* The nine 4x4 intra modes as byte shuffles, for the kernels that cost all of them at once.
 *
 * Three lines along the edge hold everything a mode can need; byte k belongs to line index
 * k - 4 (see dsp.h): the samples, their 3-tap and their 2-tap averages. A block, 16 bytes, is a
 * shuffle of one line, or of the last two combined. */
#ifndef AVO_DSP_X86_INTRA_MODES_4X4_H
#define AVO_DSP_X86_INTRA_MODES_4X4_H

#include "dsp/x86/x86.h"
#include "dsp/x86/intra_rows_sse41.h"

#define NONE 0x80

/* By mode: V and H from the samples, DDL and after from the 3-tap line. */
static const AVO_ALIGN(16) uint8_t intra_4x4_masks[9][16] = {
    {5, 6, 7, 8, 5, 6, 7, 8, 5, 6, 7, 8, 5, 6, 7, 8}, /* V */
    {3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0}, /* H */
    {0}, /* DC: not from here */
    {6, 7, 8, 9, 7, 8, 9, 10, 8, 9, 10, 11, 9, 10, 11, 12}, /* DDL */
    {4, 5, 6, 7, 3, 4, 5, 6, 2, 3, 4, 5, 1, 2, 3, 4}, /* DDR */
    {NONE, NONE, NONE, NONE, 4, 5, 6, 7, 3, NONE, NONE, NONE, 2, 4, 5, 6}, /* VR */
    {NONE, 4, 5, 6, NONE, 3, NONE, 4, NONE, 2, NONE, 3, NONE, 1, NONE, 2}, /* HD */
    {NONE, NONE, NONE, NONE, 6, 7, 8, 9, NONE, NONE, NONE, NONE, 7, 8, 9, 10}, /* VL */
    {NONE, 2, NONE, 1, NONE, 1, NONE, 0, NONE, 0, 15, 15, 15, 15, 15, 15}, /* HU */
};

/* VR, HD, VL, HU: what comes from the 2-tap line. */
static const AVO_ALIGN(16) uint8_t intra_4x4_masks2[4][16] = {
    {4, 5, 6, 7, NONE, NONE, NONE, NONE, NONE, 4, 5, 6, NONE, NONE, NONE, NONE}, /* VR */
    {3, NONE, NONE, NONE, 2, NONE, 3, NONE, 1, NONE, 2, NONE, 0, NONE, 1, NONE}, /* HD */
    {5, 6, 7, 8, NONE, NONE, NONE, NONE, 6, 7, 8, 9, NONE, NONE, NONE, NONE}, /* VL */
    {2, NONE, 1, NONE, 1, NONE, 0, NONE, 0, NONE, NONE, NONE, NONE, NONE, NONE, NONE}, /* HU */
};

#undef NONE

AVO_TARGET_SSE41

typedef struct IntraLines4x4 {
    __m128i samples, taps3, taps2;
} IntraLines4x4;

/* The ends of the line repeat where a tap reaches beyond them (DDL, HU). Byte 15 of the 3-tap
 * line is the last left sample itself, for the end of HU. */
AVO_INLINE IntraLines4x4 intra_lines_4x4(const pixel *edge)
{
    const __m128i before = _mm_set_epi8(0, 12, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0);
    const __m128i middle = _mm_set_epi8(0, 12, 12, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m128i after = _mm_set_epi8(0, 12, 12, 12, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
    __m128i line = load16(edge - 4);
    __m128i p = _mm_shuffle_epi8(line, before), q = _mm_shuffle_epi8(line, middle);
    __m128i r = _mm_shuffle_epi8(line, after);
    IntraLines4x4 lines = {line, avg3(p, q, r), _mm_avg_epu8(q, r)};
    return lines;
}

/* The 16 samples of a mode other than DC, row by row. mode is a constant. */
AVO_INLINE __m128i intra_block_4x4(const IntraLines4x4 *lines, int mode)
{
    __m128i line = mode == AVO_I4_V || mode == AVO_I4_H ? lines->samples : lines->taps3;
    __m128i block = _mm_shuffle_epi8(line, load16(intra_4x4_masks[mode]));
    if (mode >= AVO_I4_VR)
        block = _mm_or_si128(block, _mm_shuffle_epi8(lines->taps2,
                                                     load16(intra_4x4_masks2[mode - AVO_I4_VR])));
    return block;
}

AVO_TARGET_END

#endif
