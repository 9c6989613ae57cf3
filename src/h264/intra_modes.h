/* Modes of intra prediction (8.3) against the neighbours that are there: which may be used, and
 * which predictor of the dsp table serves them, since DC has a variant for each set of missing
 * neighbours. `have`: AVO_EDGE_* bits. Mode numbers are the standard's. */
#ifndef AVO_H264_INTRA_MODES_H
#define AVO_H264_INTRA_MODES_H

#include "base/util.h"
#include "dsp/dsp.h"

/* What each mode reads: of 4x4 and 8x8 blocks, of Intra 16x16, of chroma. */
extern const uint8_t avo_i4_needs[9], avo_i16_needs[4], avo_chroma_needs[4];

/* 0: both sides, 1: left alone, 2: top alone, 3: none. */
AVO_INLINE int avo_dc_variant(unsigned have)
{
    bool left = have & AVO_EDGE_LEFT, top = have & AVO_EDGE_TOP;
    return left && top ? 0 : left ? 1 : top ? 2 : 3;
}

AVO_INLINE bool avo_i4_mode_legal(int mode, unsigned have)
{
    return !(avo_i4_needs[mode] & ~have);
}

AVO_INLINE bool avo_i16_mode_legal(int mode, unsigned have)
{
    return !(avo_i16_needs[mode] & ~have);
}

AVO_INLINE bool avo_chroma_mode_legal(int mode, unsigned have)
{
    return !(avo_chroma_needs[mode] & ~have);
}

/* The entry of AvoDsp.intra_4x4 or intra_8x8; of intra_16x16; of intra_chroma. */
AVO_INLINE int avo_i4_predictor(int mode, unsigned have)
{
    static const uint8_t dc[4] = {AVO_I4_DC, AVO_I4_DC_LEFT, AVO_I4_DC_TOP, AVO_I4_DC_128};
    return mode == AVO_I4_DC ? dc[avo_dc_variant(have)] : mode;
}

AVO_INLINE int avo_i16_predictor(int mode, unsigned have)
{
    static const uint8_t dc[4] = {AVO_I16_DC, AVO_I16_DC_LEFT, AVO_I16_DC_TOP, AVO_I16_DC_128};
    return mode == AVO_I16_DC ? dc[avo_dc_variant(have)] : mode;
}

AVO_INLINE int avo_chroma_predictor(int mode, unsigned have)
{
    static const uint8_t dc[4] = {AVO_IC_DC, AVO_IC_DC_LEFT, AVO_IC_DC_TOP, AVO_IC_DC_128};
    return mode == AVO_IC_DC ? dc[avo_dc_variant(have)] : mode;
}

#endif
