/* The nine 4x4 intra modes as byte shuffles, SSE4.1; see dsp/intra_masks_4x4.h. */
#ifndef AVO_DSP_X86_INTRA_MODES_4X4_H
#define AVO_DSP_X86_INTRA_MODES_4X4_H

#include "dsp/intra_masks_4x4.h"
#include "dsp/x86/x86.h"
#include "dsp/x86/intra_rows_sse41.h"

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
    __m128i block = _mm_shuffle_epi8(line, load16(avo_intra_4x4_masks[mode]));
    if (mode >= AVO_I4_VR)
        block = _mm_or_si128(
            block, _mm_shuffle_epi8(lines->taps2, load16(avo_intra_4x4_masks2[mode - AVO_I4_VR])));
    return block;
}

AVO_TARGET_END

#endif
