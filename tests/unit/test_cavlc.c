/* CAVLC residual blocks: what the writer writes is read back by a plain decoder that follows 9.2
 * word by word, and the count is the number of bits written. */
#include <stdlib.h>
#include <string.h>
#include "base/bitreader.h"
#include "check.h"
#include "enc/syntax_sink.h"

/* ---- the decoder ---- */

/* The code of a table row that the next bits start with; -1 if none does. */
static int read_code(AvoBitReader *r, const AvoVlc *row, int count)
{
    for (int i = 0; i < count; i++)
        if (row[i].size && avo_br_peek(r, row[i].size) == row[i].bits) {
            avo_br_skip(r, row[i].size);
            return i;
        }
    return -1;
}

static int read_prefix(AvoBitReader *r)
{
    int n = 0;
    while (!avo_br_flag(r) && !r->error)
        n++;
    return n;
}

/* 9.2.2.1 */
static int read_level(AvoBitReader *r, int suffix_length, bool add_2)
{
    int prefix = read_prefix(r), size = suffix_length;
    if (prefix == 14 && suffix_length == 0)
        size = 4;
    if (prefix >= 15)
        size = prefix - 3;
    int code = (prefix < 15 ? prefix : 15) << suffix_length;
    code += (int)avo_br_get(r, size);
    if (prefix >= 15 && suffix_length == 0)
        code += 15;
    if (prefix >= 16)
        code += (1 << (prefix - 3)) - 4096;
    code += add_2 ? 2 : 0;
    return code & 1 ? (-code - 1) >> 1 : (code + 2) >> 1;
}

/* 9.2: levels[0..max - 1]; returns TotalCoeff, -1 on an invalid code. */
static int read_block(AvoBitReader *r, int nc, int max, int16_t *levels)
{
    int table = nc == -1 ? 4 : nc <= 1 ? 0 : nc <= 3 ? 1 : nc <= 7 ? 2 : 3;
    int token = read_code(r, &avo_coeff_token[table][0][0], 17 * 4);
    if (token < 0)
        return -1;
    int total = token / 4, ones = token % 4, value[16], run[16];
    int suffix_length = total > 10 && ones < 3 ? 1 : 0;
    memset(levels, 0, (size_t)max * sizeof *levels);
    for (int i = 0; i < total; i++) {
        if (i < ones) {
            value[i] = avo_br_flag(r) ? -1 : 1;
            continue;
        }
        value[i] = read_level(r, suffix_length, i == ones && ones < 3);
        if (suffix_length == 0)
            suffix_length = 1;
        if (abs(value[i]) > (3 << (suffix_length - 1)) && suffix_length < 6)
            suffix_length++;
    }
    int zeros = 0;
    if (total && total < max)
        zeros = max == 4 ? read_code(r, avo_total_zeros_chroma_dc[total - 1], 4)
                         : read_code(r, avo_total_zeros[total - 1], 16);
    for (int i = 0; i + 1 < total; i++) {
        run[i] = zeros > 0 ? read_code(r, avo_run_before[(zeros < 7 ? zeros : 7) - 1], 15) : 0;
        zeros -= run[i];
        if (zeros < 0 || run[i] < 0)
            return -1;
    }
    if (total && zeros < 0)
        return -1;
    if (total)
        run[total - 1] = zeros;
    for (int i = total - 1, at = -1; i >= 0; i--) {
        at += run[i] + 1;
        if (at >= max)
            return -1;
        levels[at] = (int16_t)value[i];
    }
    return total;
}

/* ---- the comparison ---- */

static int level_of(Random *r)
{
    static const int tops[] = {1, 1, 2, 3, 7, 15, 16, 31, 64, 200, 1000, 2063, 2100, 5000, 32767};
    int level = random_in(r, 1, tops[random_below(r, 15)]);
    return random_chance(r, 50) ? -level : level;
}

static void check_block(Random *r, AvoBlockCat cat, int nc, int percent)
{
    int16_t stored[16], back[16];
    uint8_t buffer[256];
    AvoBitWriter w;
    AvoBitReader reader;
    int first = avo_block_first(cat), max = avo_block_stored(cat) - first, total = 0;
    memset(stored, 0x55, sizeof stored); /* what is not part of the block must not matter */
    for (int i = first; i < first + max; i++) {
        stored[i] = (int16_t)(random_chance(r, percent) ? level_of(r) : 0);
        total += stored[i] != 0;
    }
    int lead = random_below(r, 8);
    avo_bw_init(&w, buffer, sizeof buffer);
    avo_bw_put(&w, lead, 0);
    avo_cavlc_write_block(&w, cat, nc, total > 0, stored);
    size_t bits = avo_bw_bits(&w) - (size_t)lead;
    CHECK(bits == avo_cavlc_count_block(cat, nc, total > 0, stored), "category %d", cat);
    CHECK(bits * 256 == avo_block_bits_cavlc(cat, nc, stored), "category %d", cat);
    avo_bw_trailing(&w);
    avo_br_init(&reader, buffer, (size_t)(w.pos - buffer));
    avo_br_get(&reader, lead);
    int got = read_block(&reader, nc, max, back);
    CHECK(got == total, "category %d, nC %d: %d levels instead of %d", cat, nc, got, total);
    CHECK(!memcmp(back, stored + first, (size_t)max * sizeof *back), "category %d, nC %d", cat, nc);
    CHECK(avo_br_position(&reader) == (int64_t)bits + lead, "category %d, nC %d", cat, nc);
}

/* Codes of one table must be free of prefixes of each other. */
static void check_prefix_free(const AvoVlc *codes, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            const AvoVlc *a = &codes[i], *b = &codes[j];
            if (i == j || !a->size || !b->size || a->size > b->size)
                continue;
            CHECK(b->bits >> (b->size - a->size) != a->bits, "%s: %d and %d", name, i, j);
        }
}

int main(void)
{
    static const AvoBlockCat cats[] = {AVO_CAT_I16_DC, AVO_CAT_I16_AC, AVO_CAT_LUMA_4x4,
                                       AVO_CAT_CHROMA_DC, AVO_CAT_CHROMA_AC};
    static const int percents[] = {0, 5, 20, 50, 80, 95, 100};
    Random r = {7};
    for (int round = 0; round < 4000; round++)
        for (int c = 0; c < 5; c++) {
            int nc = cats[c] == AVO_CAT_CHROMA_DC ? -1 : random_below(&r, 17);
            check_block(&r, cats[c], nc, percents[round % 7]);
        }
    for (int t = 0; t < 5; t++)
        check_prefix_free(&avo_coeff_token[t][0][0], 17 * 4, "coeff_token");
    for (int t = 0; t < 15; t++)
        check_prefix_free(avo_total_zeros[t], 16, "total_zeros");
    for (int t = 0; t < 3; t++)
        check_prefix_free(avo_total_zeros_chroma_dc[t], 4, "total_zeros chroma DC");
    for (int t = 0; t < 7; t++)
        check_prefix_free(avo_run_before[t], 15, "run_before");
    return check_finish();
}
