/* Frame types and the shape of mini-GOPs.
 *
 * A mini-GOP is an anchor (IDR, I or P) and the B pictures that precede it in display order. Its
 * coding order comes from halving: the middle picture first, as a reference for both halves, until
 * single pictures are left, the layers are used up, or the decoder's buffer is full:
 *
 *     display   0 1 2 3 4 5 6 7 8
 *     layer     0 3 2 3 1 3 2 3 0        coding order 8 4 2 1 3 6 5 7
 *
 * While the first quarter is coded, most references are held: 0, 2, 4 and 8 here. A buffer of four
 * (level 4 at 1920x1080) holds sixteen pictures, too, if there they are leaves one layer earlier:
 *
 *     display   0 1 2 3 4 5 6 7 8 9 ..  12 ..  16
 *     layer     0 3 3 3 2 4 3 4 1 4 ..   2 ..   0
 *
 * Intra pictures stand alone: the picture before one is a P, so nothing refers across.
 *
 * How long the mini-GOPs are: b_adapt 0: as long as allowed. 1: a stretch of the full length is
 * halved as long as two halves cost less than the whole; where that leaves many parts, as 2. 2:
 * shortest path over all lengths. Costs are those of the half-size search with the references that
 * each picture would have, weighted by kind of picture. */
#include "enc/lookahead_internal.h"

/* What a unit of cost means in bits, P = 256. SATD of the sources knows nothing of quantisers: P
 * pictures are coded finest because the others build on them, B pictures coarsest, and what a
 * coarse step swallows costs nothing. Measured as bits per cost of each kind at its own quantiser.
 */
#define WEIGHT_BREF 105
#define WEIGHT_B    55

#define SURE_LENGTH 8 /* of mini-GOPs that pay at any motion */
#define MANY_PARTS  3 /* mini-GOPs in the place of one, too many for their ends to be right */

/* ---- structure ---- */

/* What is still to be ordered: the pictures between lo and hi. `held` references are needed now or
 * later, those two among them. */
typedef struct Between {
    int lo, hi, layer, held;
} Between;

/* Leaves: pictures that nothing refers to, in display order, so that a decoder can show each at
 * once. */
static int order_leaves(AvoGopEntry *out, const Between *b)
{
    int n = b->hi - b->lo - 1;
    for (int i = 0; i < n; i++)
        out[i] = (AvoGopEntry){.index = (int16_t)(b->lo + 1 + i),
                               .past = (int16_t)b->lo,
                               .future = (int16_t)b->hi,
                               .layer = (int8_t)b->layer,
                               .type = AVOCET_TYPE_B};
    return n;
}

/* The first half keeps the middle besides what is held; before the second, lo makes room for it. */
static int order_between(AvoGopEntry *out, const Between *b, const AvoGopLimits *limits)
{
    int middle = (b->lo + b->hi) / 2;
    if (b->hi - b->lo <= 2 || b->layer == limits->layers || b->held == limits->frames)
        return order_leaves(out, b);
    out[0] = (AvoGopEntry){.index = (int16_t)middle,
                           .past = (int16_t)b->lo,
                           .future = (int16_t)b->hi,
                           .layer = (int8_t)b->layer,
                           .type = AVOCET_TYPE_BREF};
    Between first = {b->lo, middle, b->layer + 1, b->held + 1};
    Between second = {middle, b->hi, b->layer + 1, b->held};
    int count = 1 + order_between(out + 1, &first, limits);
    return count + order_between(out + count, &second, limits);
}

int avo_gop_order(AvoGopEntry *out, int lo, int hi, AvocetFrameType anchor_type,
                  const AvoGopLimits *limits)
{
    out[0] = (AvoGopEntry){.index = (int16_t)hi,
                           .past = (int16_t)(anchor_type == AVOCET_TYPE_P ? lo : -1),
                           .future = -1,
                           .layer = 0,
                           .type = (int8_t)anchor_type};
    return 1 + order_between(out + 1, &(Between){lo, hi, 1, 2}, limits);
}

/* ---- intra pictures ---- */

/* Type in the first pass; AUTO: there was none, or it was shorter. */
static AvocetFrameType recorded_type(const AvoLookahead *la, int index)
{
    int64_t at = la->window[index]->display_index;
    return la->types && at < la->types_count ? (AvocetFrameType)la->types[at] : AVOCET_TYPE_AUTO;
}

/* The type that a picture must have; AUTO: no intra picture here. */
static AvocetFrameType intra_type(const AvoLookahead *la, int index, int64_t last_idr)
{
    const AvocetEncoderConfig *c = &la->config;
    const AvoSource *s = la->window[index];
    int64_t since_idr = s->display_index - last_idr;
    if (la->types) {
        AvocetFrameType type = recorded_type(la, index);
        return type == AVOCET_TYPE_IDR || type == AVOCET_TYPE_I ? type : AVOCET_TYPE_AUTO;
    }
    if (last_idr < 0 || s->wish == AVOCET_TYPE_IDR)
        return AVOCET_TYPE_IDR;
    if (!c->intra_refresh && since_idr >= c->keyint)
        return AVOCET_TYPE_IDR;
    bool cut = avo_scenecut_at(la, index, since_idr);
    if (cut && since_idr >= la->min_keyint)
        return AVOCET_TYPE_IDR;
    return cut || s->wish == AVOCET_TYPE_I ? AVOCET_TYPE_I : AVOCET_TYPE_AUTO;
}

/* ---- cost of a mini-GOP ---- */

/* Cost of a picture, weighted by its kind. */
static uint64_t weighted(const AvoGopEntry *e, uint32_t cost)
{
    int weight = e->type == AVOCET_TYPE_B      ? WEIGHT_B
                 : e->type == AVOCET_TYPE_BREF ? WEIGHT_BREF
                                               : 256;
    return (uint64_t)cost * (unsigned)weight >> 8;
}

static uint64_t entry_cost(const AvoLookahead *la, const AvoGopEntry *e)
{
    return weighted(e, avo_lowres_cost(la, e->index, avo_gop_past(e), avo_gop_future(e)));
}

/* A long mini-GOP builds on few pictures, far from each other. Where little of the anchor can be
 * predicted over that distance, the pictures between have little to build on either, which their
 * costs under perfect references do not show: what it costs beyond half of its intra cost counts as
 * part of the whole. */
static uint64_t reach_penalty(const AvoLookahead *la, int lo, int hi, uint64_t cost)
{
    if (hi - lo <= SURE_LENGTH)
        return 0;
    int64_t intra = (int64_t)avo_lowres(la, hi)->intra_sum + 1;
    int64_t excess = (int64_t)avo_lowres_cost(la, hi, hi - lo, 0) - intra / 2;
    return excess > 0 ? cost * (uint64_t)(excess * 256 / intra) >> 8 : 0;
}

/* Pictures whose costs have to be found before it goes on. */
typedef struct Wanted {
    AvoGopEntry entry[AVO_LA_BFRAMES_MAX + 1];
    int count;
} Wanted;

#define UNKNOWN UINT64_MAX

static uint64_t sum_edge(const AvoLookahead *la, const AvoGopEntry *order, int n, int lo, int hi)
{
    uint64_t cost = 0;
    for (int k = 0; k < n; k++)
        cost += entry_cost(la, &order[k]);
    return cost + reach_penalty(la, lo, hi, cost);
}

/* The part of what a picture costs with nearer references that farther ones will not save, 1/8. All
 * of it costs 1.1 % of the bits of scrolling text, where paths are looked for. */
#define NEARER_P 6
#define NEARER_B 7

/* What it costs at least, as far as can be told without a search. */
static uint64_t least_edge(const AvoLookahead *la, const AvoGopEntry *order, int n)
{
    uint64_t cost = 0;
    for (int k = 0; k < n; k++) {
        const AvoGopEntry *e = &order[k];
        uint64_t nearer = weighted(e, avo_lowres_nearer_cost(la, e));
        unsigned share = e->type == AVOCET_TYPE_P ? NEARER_P : NEARER_B;
        cost += avo_lowres_knows(la, e) ? nearer : nearer * share >> 3;
    }
    return cost;
}

/* Cost of a P at hi with B pictures back to lo, or UNKNOWN if it is above most for all that is
 * known of nearer references or of the P: then the rest is not searched. */
static uint64_t edge_cost(const AvoLookahead *la, int lo, int hi, uint64_t most)
{
    AvoGopEntry order[AVO_LA_BFRAMES_MAX + 1];
    int n = avo_gop_order(order, lo, hi, AVOCET_TYPE_P, &la->limits);
    if (least_edge(la, order, n) > most)
        return UNKNOWN;
    avo_lowres_find_costs(la, order, 1);
    if (least_edge(la, order, n) > most)
        return UNKNOWN;
    avo_lowres_find_costs(la, order, n);
    return sum_edge(la, order, n, lo, hi);
}

/* Its cost if all that it consists of is known; otherwise UNKNOWN, and what is not is wanted. */
static uint64_t ask_edge(const AvoLookahead *la, int lo, int hi, Wanted *wanted)
{
    AvoGopEntry order[AVO_LA_BFRAMES_MAX + 1];
    int n = avo_gop_order(order, lo, hi, AVOCET_TYPE_P, &la->limits), before = wanted->count;
    for (int k = 0; k < n; k++)
        if (!avo_lowres_knows(la, &order[k]))
            wanted->entry[wanted->count++] = order[k];
    return wanted->count > before ? UNKNOWN : sum_edge(la, order, n, lo, hi);
}

/* ---- placement of anchors ----
 * Each fills anchor[] with window indexes in (lo, end], the last one end, and returns their number.
 */

static int place_fixed(const AvoLookahead *la, int lo, int end, int16_t *anchor)
{
    int n = 0;
    while (lo < end) {
        lo = avo_min(lo + la->bframes + 1, end);
        anchor[n++] = (int16_t)lo;
    }
    return n;
}

/* Bottom up: two halves join when both are whole and their join costs less. Where that cannot be
 * told, the cost is UNKNOWN. */
static uint64_t join_halves(const AvoLookahead *la, int lo, int hi, int16_t *anchor, int *count,
                            Wanted *wanted)
{
    if (hi - lo == 1) {
        anchor[(*count)++] = (int16_t)hi;
        return ask_edge(la, lo, hi, wanted);
    }
    int before = *count, middle = (lo + hi) / 2;
    uint64_t first = join_halves(la, lo, middle, anchor, count, wanted);
    uint64_t second = join_halves(la, middle, hi, anchor, count, wanted);
    if (first == UNKNOWN || second == UNKNOWN)
        return UNKNOWN;
    if (*count - before > 2)
        return first + second;
    uint64_t joined = ask_edge(la, lo, hi, wanted);
    if (joined > first + second)
        return joined == UNKNOWN ? UNKNOWN : first + second;
    *count = before;
    anchor[(*count)++] = (int16_t)hi;
    return joined;
}

/* The same for as much as is there, up to end, of a tile from lo on whose rest is yet to come: the
 * parts that the whole will be halved into, since what is found out about them will be asked for
 * again. */
static void join_begun(const AvoLookahead *la, int lo, int length, int end, int16_t *anchor,
                       int *count, Wanted *wanted)
{
    int middle = lo + length / 2;
    if (lo + length <= end) {
        join_halves(la, lo, lo + length, anchor, count, wanted);
        return;
    }
    join_begun(la, lo, middle - lo, end, anchor, count, wanted);
    if (middle < end)
        join_begun(la, middle, lo + length - middle, end, anchor, count, wanted);
}

/* Level by level, so that all searches of a level can be done side by side. Returns the number of
 * anchors. */
static int place_halves(const AvoLookahead *la, int lo, int length, int end, int16_t *anchor)
{
    Wanted wanted;
    int count;
    do {
        count = wanted.count = 0;
        join_begun(la, lo, length, end, anchor, &count, &wanted);
        avo_lowres_find_costs(la, wanted.entry, wanted.count);
    } while (wanted.count);
    return count;
}

/* The anchors that are still to come of the tile decided last. An intra picture among them ends the
 * tile there. */
static int recall_tile(const AvoLookahead *la, int lo, int end, int16_t *anchor)
{
    int n = 0;
    int64_t zero = la->window[1]->display_index - 1; /* of window index 0 */
    for (int k = 0; k < la->planned_count; k++) {
        int64_t index = la->planned_anchor[k] - zero;
        if (index > end)
            break;
        if (index > lo)
            anchor[n++] = (int16_t)index;
    }
    return n;
}

static void remember_tile(AvoLookahead *la, const int16_t *anchor, int count)
{
    for (int k = 0; k < count; k++)
        la->planned_anchor[k] = la->window[anchor[k]]->display_index;
    la->planned_count = count;
}

/* Lengths worth a look: all short ones, then those whose halves share their searches with others,
 * and the longest allowed. */
static int next_length(int d, int longest)
{
    int next = d < 4 ? d + 1 : d == 4 ? 6 : d == 6 ? 8 : d + 4;
    return d < longest ? avo_min(next, longest) : next;
}

/* Whether a real end follows the window's last picture:
 * the end of the stream or an intra picture. */
static bool ends_at(const AvoLookahead *la, int end)
{
    return la->flushing || end < la->count;
}

/* Where the path should end. Before an open end the last mini-GOP may stick out of the window: the
 * place with the least cost per picture wins. */
static int best_end(const AvoLookahead *la, const uint64_t *path, int n, bool open)
{
    int best = n;
    for (int i = avo_max(1, n - la->bframes); open && i < n; i++)
        if (path[i] * (uint64_t)best < path[best] * (uint64_t)i)
            best = i;
    return best;
}

/* Shortest ways from lo to each of the next n pictures. path[i]: cost of the best way to lo + i;
 * length[i]: its last mini-GOP. to_end: all lengths are tried for the last one. */
static uint64_t find_path(const AvoLookahead *la, int lo, int n, bool to_end)
{
    uint64_t *path = la->path_cost;
    uint8_t *length = la->path_length;
    path[0] = 0;
    for (int i = 1; i <= n; i++) {
        int longest = la->bframes + 1;
        path[i] = UINT64_MAX;
        for (int d = 1; d <= avo_min(i, longest);
             d = i == n && to_end ? d + 1 : next_length(d, longest)) {
            if (path[i - d] >= path[i])
                continue;
            uint64_t most = path[i] - path[i - d], edge = edge_cost(la, lo + i - d, lo + i, most);
            if (edge < most) {
                path[i] = path[i - d] + edge;
                length[i] = (uint8_t)d;
            }
        }
    }
    return path[n];
}

/* Anchors of the way found to lo + n; returns their number. */
static int follow_path(const AvoLookahead *la, int lo, int n, int16_t *anchor)
{
    const uint8_t *length = la->path_length;
    int count = 0;
    for (int i = n; i > 0; i -= length[i])
        count++;
    for (int i = n, k = count; i > 0; i -= length[i])
        anchor[--k] = (int16_t)(lo + i);
    return count;
}

static int place_shortest(const AvoLookahead *la, int lo, int end, int16_t *anchor)
{
    int n = end - lo;
    bool open = !ends_at(la, end);
    find_path(la, lo, n, !open);
    int last = best_end(la, la->path_cost, n, open), count = follow_path(la, lo, last, anchor);
    if (last < n)
        anchor[count++] = (int16_t)end;
    return count;
}

/* A tile from lo on, up to hi or near it: by halves; but where those are many, things happen at any
 * time, not only at halves and quarters. There, and only there, a path over all lengths is worth
 * its time; it is looked for up to end, so that the last mini-GOP may be long, too. */
static int place_tile(const AvoLookahead *la, int lo, int hi, int end, int16_t *anchor)
{
    int count = place_halves(la, lo, hi - lo, hi, anchor);
    if (count < MANY_PARTS)
        return count;
    find_path(la, lo, end - lo, false);
    count = follow_path(la, lo, end - lo, anchor);
    while (count > 1 && anchor[count - 1] > hi)
        count--;
    return count;
}

/* Tiles of the full length, one after another; each is decided once, when all of it is there, and
 * used up before the next. */
static int place_tiles(AvoLookahead *la, int lo, int end, int16_t *anchor)
{
    int count = recall_tile(la, lo, end, anchor), first_tile = count, length = la->bframes + 1;
    if (count)
        lo = anchor[count - 1];
    for (; lo < end && (lo + length <= end || ends_at(la, end)); lo = anchor[count - 1]) {
        int hi = avo_min(lo + length, end);
        count += place_tile(la, lo, hi, avo_min(lo + 2 * length, end), anchor + count);
        if (!first_tile)
            first_tile = count;
    }
    remember_tile(la, anchor, first_tile);
    if (lo < end)
        count += place_halves(la, lo, length, end, anchor + count);
    return count;
}

/* As in the first pass; an end that was none there becomes one. */
static int place_recorded(const AvoLookahead *la, int lo, int end, int16_t *anchor)
{
    int n = 0;
    for (int i = lo + 1; i <= end; i++)
        if (i == end || recorded_type(la, i) == AVOCET_TYPE_P)
            anchor[n++] = (int16_t)i;
    return n;
}

static int place_anchors(AvoLookahead *la, int lo, int end, int16_t *anchor)
{
    if (la->types)
        return place_recorded(la, lo, end, anchor);
    if (la->config.b_adapt == 0 || la->bframes == 0)
        return place_fixed(la, lo, end, anchor);
    if (la->config.b_adapt == 1)
        return place_tiles(la, lo, end, anchor);
    return place_shortest(la, lo, end, anchor);
}

/* ---- the window ---- */

/* Last picture that belongs to the same run of P and B pictures as lo. */
static int run_end(const AvoLookahead *la, int lo, int64_t last_idr)
{
    int end = lo;
    while (end < la->count && intra_type(la, end + 1, last_idr) == AVOCET_TYPE_AUTO)
        end++;
    return end;
}

static void append_minigop(AvoLookahead *la, int lo, int hi, AvocetFrameType type)
{
    la->entry_count += avo_gop_order(la->entry + la->entry_count, lo, hi, type, &la->limits);
    if (!la->minigop_length)
        la->minigop_length = la->entry_count;
}

static void append_run(AvoLookahead *la, int lo, int count)
{
    for (int k = 0; k < count; k++) {
        append_minigop(la, lo, la->anchor[k], AVOCET_TYPE_P);
        lo = la->anchor[k];
    }
}

/* A keyframe of the same scene and what follows, as if it were predicted. Nothing refers across it,
 * but importance that ended there would make the pictures before it worse and worse, and the
 * keyframe a jump. Costs are those that the next run asks for, too. */
static void append_beyond(AvoLookahead *la, int lo, int end, int64_t last_idr)
{
    int key = end + 1;
    if (!la->config.steady || !la->propagates || end == lo || key > la->count)
        return;
    int64_t since_idr = la->window[key]->display_index - last_idr;
    if (avo_scenecut_at(la, key, since_idr))
        return;
    append_minigop(la, end, key, AVOCET_TYPE_P);
    la->entry[la->run_count].type = AVOCET_TYPE_IDR;
    int next = run_end(la, key, la->window[key]->display_index);
    append_run(la, key, place_fixed(la, key, next, la->anchor));
}

/* In place of what lies beyond the run: nothing refers across, but its bits are to be planned. */
void avo_gop_append_rest(AvoLookahead *la)
{
    int end = la->run_count; /* the run starts at window index 1 */
    bool idr = la->entry[0].type == AVOCET_TYPE_IDR;
    int64_t last_idr = idr ? la->window[1]->display_index : la->last_idr;
    la->entry_count = la->run_count;
    while (end < la->count) {
        AvocetFrameType type = intra_type(la, end + 1, last_idr);
        append_minigop(la, end, end + 1, type);
        end++;
        if (type == AVOCET_TYPE_IDR)
            last_idr = la->window[end]->display_index;
        int next = run_end(la, end, last_idr);
        append_run(la, end, place_fixed(la, end, next, la->anchor));
        end = next;
    }
}

void avo_gop_decide(AvoLookahead *la)
{
    int64_t last_idr = la->last_idr;
    la->entry_count = la->minigop_length = 0;
    AvocetFrameType type = intra_type(la, 1, last_idr);
    la->first_is_cut =
        last_idr >= 0 && avo_scenecut_at(la, 1, la->window[1]->display_index - last_idr);
    int lo = 0;
    if (type != AVOCET_TYPE_AUTO) {
        append_minigop(la, 0, 1, type);
        lo = 1;
        if (type == AVOCET_TYPE_IDR)
            last_idr = la->window[1]->display_index;
    }
    int end = run_end(la, lo, last_idr);
    append_run(la, lo, place_anchors(la, lo, end, la->anchor));
    la->run_count = la->entry_count;
    append_beyond(la, lo, end, last_idr);
}
