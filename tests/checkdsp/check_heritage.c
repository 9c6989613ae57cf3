/* Kernel check: what blocks of the lookahead pass on. Rows of every length, where costs are alike,
 * extreme or nothing, so that shares are whole, nearly whole and none. */
#include "checkdsp/checkdsp.h"

enum { GUARD = 16, MOST = 70, ROW = MOST + 2 * GUARD };

static uint16_t blocks[ROW], intra[ROW], weight[ROW];
static uint32_t inherited[ROW], want[ROW], have[ROW];

static int random_cost(int round)
{
    static const int often[] = {0, 1, 2, 3, 0x1000, 0x3ffe, 0x3fff};
    return round % 3 == 0 ? often[rnd_range(0, 6)] : rnd_range(0, round % 3 == 1 ? 0x3fff : 40);
}

static void refill(int round)
{
    for (int i = 0; i < ROW; i++) {
        blocks[i] = (uint16_t)(random_cost(round) | rnd_range(0, 3) << 14);
        intra[i] = (uint16_t)random_cost(round);
        weight[i] = (uint16_t)(rnd() & 1 ? 0xffff : rnd());
        inherited[i] = rnd() & 1 ? 0x0fffffffu : rnd() >> rnd_range(4, 31);
        want[i] = have[i] = rnd();
    }
}

void check_heritage(Tester *t)
{
    if (!check_begin(t, t->got->heritage != t->below->heritage, "heritage"))
        return;
    AvoHeritage of = {blocks + GUARD, intra + GUARD, weight + GUARD, inherited + GUARD, 0, 256, 0};
    for (int round = 0; round < 3000; round++) {
        int n = rnd_range(1, MOST), at = GUARD + rnd_range(0, 7);
        refill(round);
        of.swallowed = round & 1 ? rnd_range(0, 0x3fff) : 0;
        of.duration_q8 = round & 2 ? 2048 : rnd_range(1, 2048);
        of.shift = round & 4 ? rnd_range(0, 15) : 0;
        t->ref->heritage(want + at, &of, n);
        t->got->heritage(have + at, &of, n);
        CHECK(t, !memcmp(want, have, sizeof want));
    }
    BENCH(t, t->ref->heritage(want, &of, 64), t->got->heritage(have, &of, 64));
    check_end(t);
}
