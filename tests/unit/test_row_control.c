/* Correction of rows: pictures whose rows take more or less than planned end within the band. */
#include <math.h>
#include "check.h"
#include "enc/row_control.h"

enum { ROWS = 45 };

/* Codes a picture whose rows take `factor` times the plan. Returns its bits. */
static int64_t code(AvoRowControl *rc, const AvoFrameQp *goal, const uint32_t *cost, double factor)
{
    double cost_sum = 0;
    int64_t bits = 1000;
    for (int i = 0; i < ROWS; i++)
        cost_sum += cost[i] + 16;
    avo_row_control_start(rc, goal, cost, bits);
    for (int i = 0; i < ROWS; i++) {
        avo_row_control_row(rc, i);
        int step = i ? rc->shift_q8[i] - rc->shift_q8[i - 1] : rc->shift_q8[i];
        CHECK(step >= -512 && step <= 512, "row %d moves by %d", i, step);
        double row = factor * (double)goal->bits_planned * (cost[i] + 16) / cost_sum;
        avo_row_control_done(rc, i, (int64_t)(row * pow(2, -rc->shift_q8[i] / 1536.0)));
        bits += rc->bits[i];
    }
    return bits;
}

int main(void)
{
    static uint64_t memory[1024];
    uint32_t cost[ROWS];
    AvoArena arena;
    AvoRowControl rc = {0};
    avo_arena_init(&arena, memory, sizeof memory);
    avo_row_control_carve(&rc, &arena, ROWS);
    for (int i = 0; i < ROWS; i++)
        cost[i] = (uint32_t)(300 + 200 * (i % 7));
    AvoFrameQp goal = {.bits_planned = 100000, .bits_low = 60000, .bits_high = 120000};

    for (int k = 4; k <= 40; k++) {
        double factor = k / 10.0;
        int64_t bits = code(&rc, &goal, cost, factor);
        double most = factor > 2 ? 1.35 : 1.05; /* rows already coded cannot be taken back */
        CHECK(bits < most * 120000 && bits > 0.9 * 60000 * (factor < 0.5 ? factor / 0.5 : 1),
              "factor %.1f: %d bits", factor, (int)bits);
        bool moves = avo_row_control_mean_q8(&rc) != 0;
        CHECK(moves == (factor > 1.2 || factor < 0.6) || fabs(factor - 1.2) < 0.15 ||
                  fabs(factor - 0.6) < 0.15,
              "factor %.1f: the rows %s", factor, moves ? "move" : "stay");
    }

    goal.bits_high = 0;
    code(&rc, &goal, cost, 5);
    CHECK(avo_row_control_mean_q8(&rc) == 0, "rows move without a band");

    int starved = 0;
    avo_row_control_starve(&rc, 200000, 3);
    int64_t kept = 0;
    for (int i = 0; i < ROWS; i++) {
        starved += rc.starved[i];
        kept += rc.starved[i] ? 0 : rc.bits[i];
    }
    CHECK(starved > 0 && starved < ROWS && kept <= 200000, "%d rows starved, %d bits kept", starved,
          (int)kept);
    return check_finish();
}
