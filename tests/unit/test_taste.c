/* Rows coded for a try (taste.c): which they are, that each stands alone, and which quantisers its
 * macroblocks have when the loop filter is tried on them. How a row is coded is played here: this
 * file's avo_row_encode takes the place of the library's, which is not linked then. */
#include <string.h>
#include "check.h"
#include "enc/taste.h"

enum { ROWS = 9, COLUMNS = 8, STEP = 2, PICTURE_QP = 30, UNTOUCHED = 99 };

/* A row as decided: what the quantiser of each macroblock was meant to be, and what it is for the
 * decoder, and with that for the loop filter: macroblocks without coefficients have that of the one
 * before them (7.4.5: QP_Y,PRED), the first that of the slice, but Intra16x16, which always says.
 */
static const struct {
    uint8_t type, cbp;
    int8_t meant, is;
} decided[COLUMNS] = {
    {AVO_MB_I4x4, 0, 22, PICTURE_QP}, {AVO_MB_I4x4, 0x0f, 25, 25}, {AVO_MB_I4x4, 0, 41, 25},
    {AVO_MB_I8x8, 0x10, 28, 28},      {AVO_MB_I8x8, 0, 12, 28},    {AVO_MB_I16x16, 0, 37, 37},
    {AVO_MB_IPCM, 0x2f, 0, 0},        {AVO_MB_I4x4, 0, 18, 37},
};

static AvoMbInfo info[ROWS * COLUMNS];
static AvoFrame frame;
static AvoPicJob job;
static AvoProgress progress[ROWS];
static int8_t last_qp[ROWS];
static int coded[ROWS];

static int slice_of(const AvoPicJob *j, int mb_y)
{
    int slice = 0;
    while (mb_y >= j->slice_end_row[slice])
        slice++;
    return slice;
}

void avo_row_encode(AvoRowCtx *row, const AvoPicJob *j, int mb_y)
{
    (void)row;
    int slice = slice_of(j, mb_y);
    coded[mb_y]++;
    CHECK(mb_y > 0 && slice > 0 && j->slice_end_row[slice - 1] == mb_y &&
              j->slice_end_row[slice] == mb_y + 1,
          "row %d is no slice of its own", mb_y);
    CHECK(avo_progress_get(&progress[mb_y - 1]) > COLUMNS, "row %d would wait for ever", mb_y);
    for (int x = 0; x < COLUMNS; x++) {
        AvoMbInfo *mb = &info[mb_y * COLUMNS + x];
        mb->type = decided[x].type;
        mb->cbp = decided[x].cbp;
        mb->qp = decided[x].meant;
    }
}

static void set_job(void)
{
    memset(&job, 0, sizeof job);
    memset(coded, 0, sizeof coded);
    memset(info, UNTOUCHED, sizeof info);
    memset(last_qp, UNTOUCHED, sizeof last_qp);
    for (int y = 0; y < ROWS; y++)
        avo_progress_reset(&progress[y]);
    frame.info = info;
    job.rec = &frame;
    job.mb_width = COLUMNS;
    job.mb_height = ROWS;
    job.slice_qp = PICTURE_QP;
    job.slice_count = 2;
    job.slice_end_row[0] = 4;
    job.slice_end_row[1] = ROWS;
    job.row_progress = progress;
    job.row_last_qp = last_qp;
}

static void check_row(int mb_y)
{
    for (int x = 0; x < COLUMNS; x++)
        CHECK(info[mb_y * COLUMNS + x].qp == decided[x].is,
              "row %d, macroblock %d: the loop filter is tried at QP %d, not %d", mb_y, x,
              info[mb_y * COLUMNS + x].qp, decided[x].is);
    CHECK(last_qp[mb_y] == decided[COLUMNS - 1].is, "row %d ends at QP %d", mb_y, last_qp[mb_y]);
}

static void test_rows(AvoTaskPool *pool, AvoRowCtx *workers)
{
    AvoTaste taste = {.job = &job,
                      .pool = pool,
                      .workers = workers,
                      .rows = ROWS,
                      .count = avo_taste_count(ROWS, STEP, AVO_TASTE_ROWS)};
    bool tasted[ROWS] = {false};
    set_job();
    avo_taste_begin(&taste);
    for (int i = 0; i < taste.count; i++) {
        int mb_y = avo_taste_row(ROWS, taste.count, i);
        tasted[mb_y] = true;
        check_row(mb_y);
    }
    for (int y = 0; y < ROWS; y++) {
        CHECK(coded[y] == tasted[y], "row %d is coded %d times", y, coded[y]);
        CHECK(tasted[y] || last_qp[y] == UNTOUCHED, "row %d is not tasted, but has a QP", y);
    }
    avo_taste_end(&taste);
    CHECK(job.slice_count == 2 && job.slice_end_row[0] == 4 && job.slice_end_row[1] == ROWS,
          "the picture has not got its slices back");
}

/* Never the first row, which has no row above it; none twice; spread over the whole height. */
static void test_which(void)
{
    for (int rows = 2; rows <= 140; rows++)
        for (int step = 2; step <= 8; step++) {
            int count = avo_taste_count(rows, step, AVO_TASTE_ROWS), before = 0;
            CHECK(count >= 1 && count <= AVO_TASTE_ROWS && count * 2 <= rows, "%d of %d rows",
                  count, rows);
            for (int i = 0; i < count; i++) {
                int row = avo_taste_row(rows, count, i);
                CHECK(row > before && row < rows, "%d of %d rows: row %d behind row %d", count,
                      rows, row, before);
                before = row;
            }
            CHECK(2 * before >= rows - 1, "%d of %d rows: none below row %d", count, rows, before);
        }
}

int main(void)
{
    static AVO_ALIGN(64) uint8_t memory[1 << 16];
    static AvoRowCtx workers[1];
    AvoArena arena;
    avo_arena_init(&arena, memory, sizeof memory);
    AvoTaskPool *pool = avo_pool_carve(&arena, 1);
    CHECK(avo_pool_start(pool), "no pool");
    test_which();
    test_rows(pool, workers);
    avo_pool_stop(pool);
    return check_finish();
}
