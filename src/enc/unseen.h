/* Samples of a macroblock that lie outside the picture: nobody sees them, so they may be whatever
 * is cheapest. */
#ifndef AVO_ENC_UNSEEN_H
#define AVO_ENC_UNSEEN_H

#include "enc/row.h"

/* P and B: in the loaded source macroblock, row->cur, replaces what will be cropped by an inter
 * prediction that suits the rest. */
void avo_fill_unseen(AvoRowCtx *row);

#endif
