/* See vlc_read.h. */
#include "dec/vlc_read.h"
#include "h264/cavlc_tables.h"
#include "h264/tables.h"

/* Enters a code of at most `bits` bits into a table that is indexed by that many bits. */
static void enter(AvoVlcEntry *table, int bits, AvoVlc code, int symbol)
{
    if (code.size == 0)
        return;
    int free_bits = bits - code.size, first = code.bits << free_bits;
    for (int i = 0; i < 1 << free_bits; i++)
        table[first + i] = (AvoVlcEntry){code.size, (uint8_t)symbol};
}

/* Codes longer than 8 bits share few 8-bit prefixes; each gets one second table. */
static void enter_long(AvoCoeffTokenTable *t, int *rests, AvoVlc code, int symbol)
{
    if (code.size <= 8) {
        enter(t->first, 8, code, symbol);
        return;
    }
    AvoVlcEntry *prefix = &t->first[code.bits >> (code.size - 8)];
    if (prefix->length == 0)
        *prefix = (AvoVlcEntry){AVO_VLC_LONG, (uint8_t)(*rests)++};
    AVO_ASSERT(prefix->symbol < AVO_VLC_RESTS);
    int tail = code.size - 8, free_bits = 8 - tail;
    int first = (code.bits & ((1 << tail) - 1)) << free_bits;
    for (int i = 0; i < 1 << free_bits; i++)
        t->rest[prefix->symbol][first + i] = (AvoVlcEntry){code.size, (uint8_t)symbol};
}

static void init_coeff_token(AvoVlcTables *t)
{
    int rests[3] = {0, 0, 0};
    for (int total = 0; total <= 16; total++)
        for (int ones = 0; ones < 4; ones++) {
            int symbol = total << 2 | ones;
            for (int table = 0; table < 3; table++)
                enter_long(&t->coeff_token[table], &rests[table],
                           avo_coeff_token[table][total][ones], symbol);
            enter(t->coeff_token_fixed, 6, avo_coeff_token[3][total][ones], symbol);
            enter(t->coeff_token_dc, 8, avo_coeff_token[4][total][ones], symbol);
        }
}

void avo_vlc_tables_init(AvoVlcTables *t)
{
    memset(t, 0, sizeof *t);
    init_coeff_token(t);
    for (int total = 1; total <= 15; total++)
        for (int zeros = 0; zeros < 16; zeros++)
            enter(t->total_zeros[total - 1], 9, avo_total_zeros[total - 1][zeros], zeros);
    for (int total = 1; total <= 3; total++)
        for (int zeros = 0; zeros < 4; zeros++)
            enter(t->total_zeros_dc[total - 1], 3, avo_total_zeros_chroma_dc[total - 1][zeros],
                  zeros);
    for (int left = 1; left <= 6; left++)
        for (int run = 0; run <= left; run++)
            enter(t->run_before[left - 1], 3, avo_run_before[left - 1][run], run);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 16; k++)
            t->scan_8x8_cavlc[i][k] = avo_zigzag_8x8[4 * k + i];
}
