/* Plans of the lookahead: every picture planned once, in an order that a decoder can follow, for
 * all combinations of the options that shape it. */
#include <stdio.h>
#include <stdlib.h>
#include "enc/lookahead.h"

static int n_passed, n_failed;

static void check(bool ok, const char *what, const char *where)
{
    if (ok) {
        n_passed++;
        return;
    }
    if (n_failed++ < 20)
        printf("FAILED: %s (%s)\n", what, where);
}

/* What a run of the lookahead is asked for. */
typedef struct Case {
    AvocetEncoderConfig config;
    int pictures, dpb_frames;
    int scene_length; /* a new scene every so many pictures; 0: one scene */
    int wish_at;      /* this picture is wished to be wish_type; -1: none */
    AvocetFrameType wish_type;
    char name[160];
} Case;

enum { WIDTH = 64, HEIGHT = 48, PICTURES_MAX = 80 };

/* A picture of smooth blobs that move with time; scenes differ in everything. */
static void draw(uint8_t *luma, int n, int scene)
{
    unsigned seed = (unsigned)scene * 2654435761u + 12345u;
    int fx = 3 + (int)(seed >> 8 & 7), fy = 2 + (int)(seed >> 12 & 7),
        base = (int)(seed >> 16 & 127);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            int v = base + ((x + n) * fx & 63) + ((y + n / 2) * fy & 63);
            luma[y * WIDTH + x] = (uint8_t)v;
        }
}

typedef struct Setup {
    AvoDsp dsp;
    AvoInputPool pool;
    AvoLookahead *la;
    void *memory;
} Setup;

static void setup(Setup *s, const Case *c)
{
    avo_dsp_init(&s->dsp, 0);
    s->memory = NULL;
    size_t size = 0;
    for (int pass = 0; pass < 2; pass++) {
        AvoArena arena;
        avo_arena_init(&arena, s->memory, size);
        avo_input_carve(&s->pool, &arena, &c->config, 1,
                        avo_lookahead_sources(&c->config) + 2 + 17);
        s->la = avo_lookahead_carve(&arena, &s->pool, NULL, 1, &c->config, &s->dsp, c->dpb_frames);
        if (pass == 0) {
            size = arena.used;
            s->memory = aligned_alloc(64, avo_align_up(size, 64));
        } else {
            check(!arena.overflow && arena.used == size && s->la, "dry run counts the same",
                  c->name);
        }
    }
}

/* All the state that a decoder's rules need. */
typedef struct Checker {
    const Case *c;
    int seen[PICTURES_MAX];
    int type_of[PICTURES_MAX], layer_of[PICTURES_MAX];
    int64_t held[16]; /* references, display indexes */
    int held_count;
    int coded, foreseen_end;
    int64_t last_idr, last_anchor;
} Checker;

/* A picture becomes a reference: an IDR empties the buffer, and out of a full one falls the
 * picture shown first. */
static void hold(Checker *k, const AvoPlan *p)
{
    int first = 0;
    if (p->type == AVOCET_TYPE_B)
        return;
    if (p->type == AVOCET_TYPE_IDR)
        k->held_count = 0;
    for (int i = 1; i < k->held_count; i++)
        if (k->held[i] < k->held[first])
            first = i;
    if (k->held_count == k->c->dpb_frames)
        k->held[first] = k->held[--k->held_count];
    k->held[k->held_count++] = p->src->display_index;
}

/* Nearest pictures on both sides that the buffer holds: they must lie in lower layers and inside
 * the mini-GOP. */
static void check_b(Checker *k, const AvoPlan *p)
{
    int64_t d = p->src->display_index, past = -1, future = INT64_MAX;
    for (int i = 0; i < k->held_count; i++) {
        int64_t r = k->held[i];
        if (r < d && r > past)
            past = r;
        if (r > d && r < future)
            future = r;
    }
    const char *name = k->c->name;
    check(past >= p->minigop_start, "B has a past reference in its mini-GOP", name);
    check(future <= p->minigop_end, "B has a future reference in its mini-GOP", name);
    if (past < 0 || future == INT64_MAX)
        return;
    check(k->layer_of[past] < p->layer && k->layer_of[future] < p->layer,
          "references in lower layers", name);
    check(avo_max(k->layer_of[past], k->layer_of[future]) == p->layer - 1, "layers are consecutive",
          name);
    int layers = avo_lookahead_layers(&k->c->config, k->c->dpb_frames);
    check(p->layer <= layers, "layer within the limit", name);
    if (p->type == AVOCET_TYPE_BREF)
        check(p->layer < layers, "deepest layer is never a reference", name);
}

static void check_anchor(Checker *k, const AvoPlan *p)
{
    const AvocetEncoderConfig *config = &k->c->config;
    int64_t d = p->src->display_index;
    const char *name = k->c->name;
    check(p->layer == 0, "anchors are layer 0", name);
    check(d > k->last_anchor, "anchors in display order", name);
    for (int64_t i = 0; i <= k->last_anchor; i++)
        check(k->seen[i] == 1, "all before the last anchor is coded before the next one", name);
    if (p->type != AVOCET_TYPE_P)
        check(d == k->last_anchor + 1, "nothing waits before an intra picture", name);
    else
        check(p->minigop_start == k->last_anchor, "mini-GOP starts at the last anchor", name);
    check(p->minigop_end == d, "mini-GOP ends at its anchor", name);
    check(d - k->last_anchor <= avo_max(1, config->bframes + 1), "at most bframes B in a row",
          name);
    if (p->type == AVOCET_TYPE_IDR)
        k->last_idr = d;
    check(k->last_idr >= 0, "stream starts with IDR", name);
    bool refreshes = config->intra_refresh && d != 0;
    check(refreshes || d - k->last_idr < config->keyint, "keyint is kept", name);
    if (p->type == AVOCET_TYPE_IDR && d > 0 && d != k->c->wish_at)
        check(!config->intra_refresh, "no IDR with intra refresh", name);
    k->last_anchor = d;
}

static void check_plan(Checker *k, const AvoPlan *p)
{
    int64_t d = p->src->display_index;
    const char *name = k->c->name;
    check(p->coded_index == k->coded, "coded_index counts", name);
    check(d >= 0 && d < k->c->pictures && !k->seen[d], "each picture once", name);
    bool b = p->type == AVOCET_TYPE_B || p->type == AVOCET_TYPE_BREF;
    check(b == (p->layer > 0), "layer 0 exactly for anchors", name);
    if (b)
        check_b(k, p);
    else
        check_anchor(k, p);
    check(p->poc == 2 * (d - k->last_idr), "POC counts from the IDR", name);
    if (p->ahead_is_all)
        check(p->coded_index + 1 + p->ahead_count == k->c->pictures, "all that follows is foreseen",
              name);
    k->foreseen_end += p->ahead_is_all;
    if (d == k->c->wish_at)
        check(p->type == k->c->wish_type || p->type == AVOCET_TYPE_IDR, "wish granted", name);
    if (p->closes_minigop)
        for (int64_t i = 0; i <= k->last_anchor; i++)
            check(k->seen[i] == 1 || i == d, "closed mini-GOP is complete", name);
    k->seen[d]++;
    k->type_of[d] = p->type;
    k->layer_of[d] = p->layer;
    k->coded++;
    hold(k, p);
}

static void drain(Setup *s, Checker *k)
{
    AvoPlan plan;
    while (avo_lookahead_pop(s->la, &plan)) {
        check_plan(k, &plan);
        avo_plan_release(&plan);
    }
}

static void run(Case *c)
{
    Setup s;
    setup(&s, c);
    Checker k = {.c = c, .last_idr = -1, .last_anchor = -1};
    static uint8_t luma[WIDTH * HEIGHT];
    static const uint8_t grey[WIDTH * HEIGHT / 4] = {128};
    AvoMessage msg;
    int delay = avo_lookahead_delay(&c->config);
    for (int n = 0; n < c->pictures; n++) {
        draw(luma, n, c->scene_length ? n / c->scene_length : 0);
        AvocetPicture picture = {.format = AVOCET_FORMAT_I420,
                                 .width = WIDTH,
                                 .height = HEIGHT,
                                 .plane = {luma, grey, grey},
                                 .stride = {WIDTH, WIDTH / 2, WIDTH / 2},
                                 .pts = n};
        if (n == c->wish_at)
            picture.type = c->wish_type;
        AvoSource *source = avo_input_take(&s.pool);
        check(source != NULL, "pool is large enough", c->name);
        if (!source)
            return;
        avo_input_convert(&s.pool, source, &picture, &c->config, &s.dsp, &msg);
        avo_lookahead_push(s.la, source);
        avo_input_release(source);
        drain(&s, &k);
        check(k.coded >= n - delay + (n >= delay), "not later than the delay", c->name);
        check(n >= delay || k.coded == 0, "not before the delay", c->name);
    }
    avo_lookahead_flush(s.la);
    drain(&s, &k);
    check(k.coded == c->pictures, "all pictures are planned", c->name);
    if (c->config.rate_mode == AVOCET_RATE_BITRATE)
        check(k.foreseen_end >= avo_min(delay, c->pictures) - c->config.bframes,
              "the end is seen by the lookahead", c->name);
    int held = 0;
    for (int i = 0; i < s.pool.count; i++)
        held += s.pool.sources[i].refcount;
    check(held <= 1, "all sources but the last anchor are free again", c->name);
    free(s.memory);
}

static Case base_case(void)
{
    Case c = {.pictures = 40, .dpb_frames = 16, .wish_at = -1};
    AvocetEncoderConfig *k = &c.config;
    k->width = WIDTH;
    k->height = HEIGHT;
    k->format = AVOCET_FORMAT_I420;
    k->fps = (AvocetRational){25, 1};
    k->keyint = 250;
    k->ref = 4;
    k->crf = 2300;
    k->qcomp = 60;
    k->aq_mode = 1;
    k->aq_strength = 100;
    k->ip_ratio = 140;
    k->pb_ratio = 130;
    k->qp_max = 51;
    return c;
}

static void name_case(Case *c)
{
    const AvocetEncoderConfig *k = &c->config;
    snprintf(c->name, sizeof c->name,
             "bframes %d adapt %d pyramid %d keyint %d min %d lookahead %d dpb %d cut %d scene %d "
             "wish %d@%d refresh %d n %d",
             k->bframes, k->b_adapt, k->b_pyramid, k->keyint, k->min_keyint, k->lookahead,
             c->dpb_frames, k->scenecut, c->scene_length, c->wish_type, c->wish_at,
             k->intra_refresh, c->pictures);
}

static void all_shapes(void)
{
    static const int keyints[] = {1, 2, 7, 250}, depths[] = {0, 5, 20};
    static const int dpbs[] = {1, 2, 3, 4, 5, 16};
    static const int bframes[] = {0, 1, 2, 3, 4, 5, 7, 8, 15, 16};
    for (size_t b = 0; b < AVO_COUNT(bframes); b++)
        for (int adapt = 0; adapt <= 2; adapt++)
            for (int pyramid = 0; pyramid <= 2; pyramid++)
                for (size_t i = 0; i < AVO_COUNT(keyints) * AVO_COUNT(depths) * AVO_COUNT(dpbs);
                     i++) {
                    Case c = base_case();
                    c.config.bframes = bframes[b];
                    c.config.b_adapt = adapt;
                    c.config.b_pyramid = (AvocetPyramid)pyramid;
                    c.config.keyint = keyints[i % AVO_COUNT(keyints)];
                    c.config.lookahead = depths[i / AVO_COUNT(keyints) % AVO_COUNT(depths)];
                    c.config.mbtree = c.config.steady = c.config.lookahead > 0;
                    c.dpb_frames = dpbs[i / AVO_COUNT(keyints) / AVO_COUNT(depths)];
                    c.pictures = 22;
                    name_case(&c);
                    run(&c);
                }
}

static void wishes_and_cuts(void)
{
    for (int wish = 0; wish < 12; wish++)
        for (int type = AVOCET_TYPE_IDR; type <= AVOCET_TYPE_I; type++)
            for (int refresh = 0; refresh <= 1; refresh++)
                for (int cut = 0; cut <= 40; cut += 40) {
                    Case c = base_case();
                    c.config.bframes = 7;
                    c.config.b_adapt = 2;
                    c.config.b_pyramid = AVOCET_PYRAMID_NORMAL;
                    c.config.lookahead = 12;
                    c.config.mbtree = 1;
                    c.config.scenecut = cut;
                    c.config.min_keyint = 4;
                    c.config.keyint = 30;
                    c.config.intra_refresh = refresh;
                    c.scene_length = cut ? 9 : 0;
                    c.wish_at = wish;
                    c.wish_type = (AvocetFrameType)type;
                    name_case(&c);
                    run(&c);
                }
}

/* Streams of every short length, so that each way of ending occurs. */
static void short_streams(void)
{
    for (int n = 1; n < 14; n++)
        for (int bframes = 0; bframes <= 8; bframes += 4) {
            Case c = base_case();
            c.pictures = n;
            c.config.bframes = bframes;
            c.config.b_adapt = n % 3;
            c.config.b_pyramid = AVOCET_PYRAMID_NORMAL;
            c.config.lookahead = 8;
            name_case(&c);
            run(&c);
        }
}

/* With a bit rate to meet, the pictures ahead reach over keyframes and cuts to the end. */
static void ends(void)
{
    for (int keyint = 3; keyint < 40; keyint += 6)
        for (int bframes = 0; bframes <= 8; bframes += 4) {
            Case c = base_case();
            c.config.rate_mode = AVOCET_RATE_BITRATE;
            c.config.bitrate = 100000;
            c.config.keyint = keyint;
            c.config.bframes = bframes;
            c.config.b_adapt = keyint % 3;
            c.config.b_pyramid = AVOCET_PYRAMID_NORMAL;
            c.config.lookahead = 12;
            c.scene_length = keyint == 15 ? 13 : 0;
            name_case(&c);
            run(&c);
        }
}

int main(void)
{
    all_shapes();
    ends();
    wishes_and_cuts();
    short_streams();
    printf("%d passed, %d failed\n", n_passed, n_failed);
    return n_failed != 0;
}
