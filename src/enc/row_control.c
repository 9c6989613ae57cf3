/* See row_control.h. */
#include "enc/row_control.h"
#include "base/fixmath.h"

#define STEP_Q8   512  /* change from row to row, at most */
#define RAISE_Q8  5120 /* and in all */
#define LOWER_Q8  768
#define TRUST     8    /* the plan counts like 1 / TRUST of the picture's bits already seen */

/* More rows can run at once in larger pictures; every one of them is a row later to react. */
static int lag_of(int rows)
{
    return 2 + rows / 16;
}

void avo_row_control_carve(AvoRowControl *rc, AvoArena *arena, int rows)
{
    rc->rows = rows;
    rc->lag = lag_of(rows);
    rc->shift_q8 = avo_arena_take(arena, (size_t)rows * sizeof *rc->shift_q8, 0);
    rc->bits = avo_arena_take(arena, (size_t)rows * sizeof *rc->bits, 0);
    rc->starved = avo_arena_take(arena, (size_t)rows, 0);
}

/* A row without any error still takes something. */
static uint64_t row_cost(const AvoRowControl *rc, int row)
{
    return rc->cost ? (uint64_t)rc->cost[row] + 16 : 1;
}

void avo_row_control_start(AvoRowControl *rc, const AvoFrameQp *goal, const uint32_t *cost,
                           int64_t bits_before)
{
    rc->on = goal->bits_high > 0;
    rc->goal = *goal;
    rc->cost = cost;
    rc->bits_before = bits_before;
    rc->cost_sum = 0;
    for (int i = 0; i < rc->rows; i++) {
        rc->shift_q8[i] = 0;
        rc->starved[i] = 0;
        rc->cost_sum += row_cost(rc, i);
    }
}

/* Rows are kept from another one on in every picture, so that all are coded now and then. */
void avo_row_control_starve(AvoRowControl *rc, int64_t bits, int64_t coded_index)
{
    int first = (int)(coded_index * (rc->rows / 3 + 1) % rc->rows);
    for (int i = 0; i < rc->rows; i++) {
        int row = (first + i) % rc->rows;
        bits -= rc->bits[row];
        rc->starved[row] = bits < 0;
    }
}

/* Bits that the plan has for rows [from, to), at the quantisers they got. */
static int64_t planned(const AvoRowControl *rc, int from, int to)
{
    uint64_t sum = 0;
    for (int i = from; i < to; i++) {
        uint64_t cost = row_cost(rc, i);
        sum += rc->shift_q8[i] ? avo_mul_q16(cost, avo_step_ratio_q16(-rc->shift_q8[i])) : cost;
    }
    return (int64_t)avo_muldiv(sum, (uint64_t)avo_max64(rc->goal.bits_planned, 1), rc->cost_sum);
}

/* The shift at which `rest` bits become `room`. */
static int shift_for(int64_t rest, int64_t room)
{
    if (room <= 0)
        return RAISE_Q8;
    return avo_qp_delta_q8(
        avo_log2_ratio_q16((uint64_t)avo_max64(rest, 1), (uint64_t)room));
}

void avo_row_control_row(AvoRowControl *rc, int row)
{
    int known = row - rc->lag + 1; /* rows whose bits are known */
    if (!rc->on || known <= 0)
        return;
    int64_t spent = 0;
    for (int i = 0; i < known; i++)
        spent += rc->bits[i];
    int64_t trust = rc->goal.bits_planned / TRUST + 1;
    uint64_t ratio_q16 = avo_muldiv((uint64_t)(spent + trust), 65536,
                                    (uint64_t)(planned(rc, 0, known) + trust));
    rc->shift_q8[row] = 0;
    int64_t between = (int64_t)avo_mul_q16((uint64_t)planned(rc, known, row), ratio_q16);
    int64_t rest = (int64_t)avo_mul_q16((uint64_t)planned(rc, row, rc->rows), ratio_q16);
    int64_t fixed = rc->bits_before + spent + between;

    int shift = 0, last = rc->shift_q8[row - 1];
    if (fixed + rest > rc->goal.bits_high)
        shift = shift_for(rest, rc->goal.bits_high - fixed);
    else if (fixed + rest < rc->goal.bits_low)
        shift = shift_for(rest, rc->goal.bits_low - fixed);
    shift = avo_clip3(-LOWER_Q8, RAISE_Q8, shift);
    rc->shift_q8[row] = avo_clip3(last - STEP_Q8, last + STEP_Q8, shift);
}

int avo_row_control_mean_q8(const AvoRowControl *rc)
{
    int64_t sum = 0;
    for (int i = 0; i < rc->rows; i++)
        sum += rc->shift_q8[i] * (int64_t)row_cost(rc, i);
    return rc->cost_sum ? (int)(sum / (int64_t)rc->cost_sum) : 0;
}
