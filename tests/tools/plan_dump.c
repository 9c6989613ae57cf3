/* Prints the lookahead's plans and the rate control's quantisers for a .y4m file, one line per
 * picture in coding order: what the encoder would do, without coding anything. For looking at
 * decisions, for timing the lookahead alone and as a regression test of it.
 *
 *     plan_dump [option=value ...] file.y4m
 *
 * Options: bframes b_adapt b_pyramid lookahead keyint min_keyint scenecut mbtree aq_mode
 * aq_strength qcomp crf qp dpb weightp limit (pictures), maps=1 (offsets of every macroblock),
 * quiet=1 (totals only). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "enc/lookahead.h"
#include "enc/ratecontrol.h"

typedef struct Settings {
    AvocetEncoderConfig config;
    int dpb_frames, limit, maps, quiet;
} Settings;

static const struct {
    const char *name;
    size_t offset;
} options[] = {
    {"bframes", offsetof(Settings, config.bframes)},
    {"b_adapt", offsetof(Settings, config.b_adapt)},
    {"b_pyramid", offsetof(Settings, config.b_pyramid)},
    {"lookahead", offsetof(Settings, config.lookahead)},
    {"keyint", offsetof(Settings, config.keyint)},
    {"min_keyint", offsetof(Settings, config.min_keyint)},
    {"scenecut", offsetof(Settings, config.scenecut)},
    {"mbtree", offsetof(Settings, config.mbtree)},
    {"aq_mode", offsetof(Settings, config.aq_mode)},
    {"aq_strength", offsetof(Settings, config.aq_strength)},
    {"qcomp", offsetof(Settings, config.qcomp)},
    {"crf", offsetof(Settings, config.crf)},
    {"qp", offsetof(Settings, config.qp)},
    {"rate_mode", offsetof(Settings, config.rate_mode)},
    {"weightp", offsetof(Settings, config.weightp)},
    {"dpb", offsetof(Settings, dpb_frames)},
    {"limit", offsetof(Settings, limit)},
    {"maps", offsetof(Settings, maps)},
    {"quiet", offsetof(Settings, quiet)},
};

static Settings defaults(void)
{
    Settings s = {.dpb_frames = 4, .limit = 1 << 30};
    AvocetEncoderConfig *c = &s.config;
    c->format = AVOCET_FORMAT_I420;
    c->keyint = 250;
    c->scenecut = 40;
    c->bframes = 7;
    c->b_adapt = 2;
    c->b_pyramid = AVOCET_PYRAMID_NORMAL;
    c->lookahead = 40;
    c->ref = 3;
    c->weightp = 2;
    c->rate_mode = AVOCET_RATE_CRF;
    c->crf = 2300;
    c->qp = 23;
    c->qp_max = 51;
    c->qp_step = 4;
    c->ip_ratio = 140;
    c->pb_ratio = 130;
    c->qcomp = 60;
    c->aq_mode = 1;
    c->aq_strength = 100;
    c->mbtree = 1;
    return s;
}

static bool set_option(Settings *s, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals)
        return false;
    for (size_t i = 0; i < AVO_COUNT(options); i++) {
        if (strlen(options[i].name) == (size_t)(equals - text) &&
            !memcmp(options[i].name, text, (size_t)(equals - text))) {
            int value = atoi(equals + 1);
            memcpy((char *)s + options[i].offset, &value, sizeof value);
            return true;
        }
    }
    fprintf(stderr, "unknown option %s\n", text);
    exit(2);
}

static bool read_header(FILE *f, AvocetEncoderConfig *c)
{
    char line[256];
    if (!fgets(line, sizeof line, f) || strncmp(line, "YUV4MPEG2 ", 10))
        return false;
    for (char *p = strchr(line, ' '); p; p = strchr(p + 1, ' ')) {
        if (p[1] == 'W')
            c->width = atoi(p + 2);
        else if (p[1] == 'H')
            c->height = atoi(p + 2);
        else if (p[1] == 'F')
            sscanf(p + 2, "%d:%d", &c->fps.num, &c->fps.den);
        else if (p[1] == 'C' && strncmp(p + 2, "420", 3))
            return false;
    }
    return c->width > 0 && c->height > 0;
}

static bool read_picture(FILE *f, AvocetPicture *picture, uint8_t *buffer, size_t size)
{
    char line[256];
    (void)picture;
    return fgets(line, sizeof line, f) && fread(buffer, 1, size, f) == size;
}

typedef struct Totals {
    int pictures, by_type[AVOCET_TYPE_B + 1];
    double qp;
} Totals;

static void print_map(const AvoPlan *plan, int mb_width, int mb_count)
{
    for (int i = 0; plan->qp_offset_q8 && i < mb_count; i++)
        printf("%5.1f%s", plan->qp_offset_q8[i] / 256.0, (i + 1) % mb_width ? "" : "\n");
}

static void print_weight(const AvoPlanWeight *weight, int list)
{
    for (int i = 0; i < 3; i++)
        if (weight->used[i])
            printf(" list%d w%d=%d/%d%+d", list, i, weight->w[i], 1 << weight->log2_denom[i > 0],
                   weight->o[i]);
}

static void print_plan(const Settings *s, const AvoPlan *p, const AvoFrameQp *qp, Totals *totals,
                       int mbs)
{
    static const char *const names[] = {"?", "IDR", "I", "P", "BREF", "b"};
    double mean = p->qp_offset_mean_q8 / 256.0;
    totals->pictures++;
    totals->by_type[p->type]++;
    totals->qp += qp->qp_q8 / 256.0 + mean;
    if (s->quiet)
        return;
    printf("%4d shown %4d %-4s layer %d poc %4d gop %d..%d intra %6.1f inter %6.1f bits %6.1f "
           "qp %5.2f offset %6.2f%s%s",
           (int)p->coded_index, (int)p->src->display_index, names[p->type], p->layer, p->poc,
           (int)p->minigop_start, (int)p->minigop_end, (double)p->intra_cost / mbs,
           (double)p->inter_cost / mbs, (double)p->bits_cost / mbs, qp->qp_q8 / 256.0, mean,
           p->scenecut ? " CUT" : "", p->closes_minigop ? "" : " +");
    for (int list = 0; list < 2; list++)
        print_weight(&p->weight[list], list);
    printf("\n");
    if (s->maps)
        print_map(p, (s->config.width + 15) / 16, mbs);
}

typedef struct Run {
    AvoDsp dsp;
    AvoInputPool pool;
    AvoLookahead *la;
    AvoRateControl rc;
    size_t memory;
} Run;

static void carve(Run *run, const Settings *s)
{
    void *memory = NULL;
    avo_dsp_init(&run->dsp, ~0u);
    for (int pass = 0; pass < 2; pass++) {
        AvoArena arena;
        avo_arena_init(&arena, memory, run->memory);
        avo_input_carve(&run->pool, &arena, &s->config, 1, avo_lookahead_sources(&s->config) + 20);
        run->la =
            avo_lookahead_carve(&arena, &run->pool, NULL, 1, &s->config, &run->dsp, s->dpb_frames);
        if (pass == 0) {
            run->memory = avo_align_up(arena.used, 64);
            memory = aligned_alloc(64, run->memory);
        }
    }
}

static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void drain(Run *run, const Settings *s, Totals *totals)
{
    AvoPlan plan;
    AvoFrameQp qp;
    while (avo_lookahead_pop(run->la, &plan)) {
        avo_rc_start(&run->rc, &plan, &qp);
        print_plan(s, &plan, &qp, totals, run->pool.mb_width * run->pool.mb_height);
        avo_plan_release(&plan);
    }
}

int main(int argc, char **argv)
{
    Settings s = defaults();
    int i = 1;
    while (i < argc && set_option(&s, argv[i]))
        i++;
    FILE *f = i < argc ? fopen(argv[i], "rb") : NULL;
    if (!f || !read_header(f, &s.config)) {
        fprintf(stderr, "usage: plan_dump [option=value ...] file.y4m (4:2:0)\n");
        return 2;
    }
    static Run run;
    AvoMessage msg;
    carve(&run, &s);
    int mbs = run.pool.mb_width * run.pool.mb_height;
    avo_rc_init(&run.rc, &s.config, mbs, &msg);
    size_t luma = (size_t)s.config.width * (size_t)s.config.height;
    int cw = (s.config.width + 1) / 2, ch = (s.config.height + 1) / 2;
    size_t size = luma + 2 * (size_t)cw * (size_t)ch;
    uint8_t *buffer = malloc(size);
    AvocetPicture picture = {
        .format = AVOCET_FORMAT_I420,
        .width = s.config.width,
        .height = s.config.height,
        .plane = {buffer, buffer + luma, buffer + luma + (size_t)cw * (size_t)ch},
        .stride = {s.config.width, cw, cw}};
    Totals totals = {0};
    double spent = 0;
    int n = 0;
    for (; n < s.limit && read_picture(f, &picture, buffer, size); n++) {
        double start = seconds();
        AvoSource *source = avo_input_take(&run.pool);
        picture.pts = n;
        avo_input_convert(&run.pool, source, &picture, &s.config, &run.dsp, &msg);
        avo_lookahead_push(run.la, source);
        avo_input_release(source);
        drain(&run, &s, &totals);
        spent += seconds() - start;
    }
    double start = seconds();
    avo_lookahead_flush(run.la);
    drain(&run, &s, &totals);
    spent += seconds() - start;
    printf("%d pictures, IDR %d I %d P %d BREF %d b %d, mean QP %.2f, %.1f MB, %.0f ns per "
           "macroblock\n",
           totals.pictures, totals.by_type[1], totals.by_type[2], totals.by_type[3],
           totals.by_type[4], totals.by_type[5], totals.qp / totals.pictures,
           (double)run.memory / 1e6, spent * 1e9 / mbs / n);
    return 0;
}
