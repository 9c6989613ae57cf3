#include "enc/trellis.h"
bool avo_trellis_quant(coef *c, const AvoTrellisBlock *b)
{
    int n = b->cat == AVO_CAT_CHROMA_DC ? 4 : b->cat == AVO_CAT_LUMA_8x8 ? 64 : 16; int any=0;
    for (int i = (b->cat==AVO_CAT_I16_AC||b->cat==AVO_CAT_CHROMA_AC); i < n; i++) { int mf=b->mf[b->mf_is_single?0:i]; int a = c[i]<0?-c[i]:c[i]; int l = (a*mf + 65536/4)>>16; c[i]=(coef)(c[i]<0?-l:l); any|=l; }
    return any;
}
