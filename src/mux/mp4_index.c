/* See mp4_index.h. */
#include "mux/mp4_index.h"

const uint8_t avo_journal_mark[5] = {0x1f, 'a', 'v', 'o', 'j'};
const uint8_t avo_repair_mark[8] = {'a', 'v', 'o', 'j', 0, 0, 0, 1};

/* ---- integers of variable length ---- */

/* 7 bits a byte, low ones first; the high bit is set on all but the last. */

static uint8_t *put_varint(uint8_t *p, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        *p++ = (uint8_t)(v | 0x80);
    *p++ = (uint8_t)v;
    return p;
}

static uint64_t zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

/* NULL: cut off or too long. */
static const uint8_t *get_varint(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
    *v = 0;
    for (int shift = 0; p < end && shift < 64; shift += 7) {
        *v |= (uint64_t)(*p & 0x7f) << shift;
        if (!(*p++ & 0x80))
            return p;
    }
    return NULL;
}

/* ---- groups ---- */

void avo_group_add(AvoGroup *g, const AvoIndexSample *s)
{
    int64_t step = g->count ? s->dts - g->last_dts : 0;
    bool new_step = step != g->step, new_cts = s->cts != g->cts;
    uint8_t *p = g->data + g->used;
    p = put_varint(p, (uint64_t)s->size << 3 | (uint64_t)s->keyframe << 2 |
                          (uint64_t)new_step << 1 | new_cts);
    if (new_step)
        p = put_varint(p, zigzag(step));
    if (new_cts)
        p = put_varint(p, zigzag(s->cts));
    g->used = (size_t)(p - g->data);
    if (!g->count)
        g->first_dts = s->dts;
    g->last_dts = s->dts;
    g->step = step;
    g->cts = s->cts;
    g->bytes += s->size;
    g->count++;
}

size_t avo_group_close(const AvoGroup *g, uint8_t *out)
{
    uint8_t *p = put_varint(out, (uint64_t)g->count);
    p = put_varint(p, zigzag(g->first_dts));
    memcpy(p, g->data, g->used);
    return (size_t)(p - out) + g->used;
}

bool avo_group_open(AvoGroupReader *r, const uint8_t *data, size_t size)
{
    uint64_t dts = 0;
    memset(r, 0, sizeof *r);
    r->end = data + size;
    r->data = get_varint(data, r->end, &r->left);
    if (r->data)
        r->data = get_varint(r->data, r->end, &dts);
    r->dts = unzigzag(dts);
    r->first = true;
    return r->data != NULL;
}

/* The sum wraps around on hostile input instead of overflowing;
 * whoever reads a file checks the times. */
static int64_t add_wrapping(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

int avo_group_next(AvoGroupReader *r, AvoIndexSample *s)
{
    uint64_t head, v;
    if (!r->left)
        return 0;
    const uint8_t *p = get_varint(r->data, r->end, &head);
    if (p && head & 2) {
        p = get_varint(p, r->end, &v);
        r->step = unzigzag(v);
    }
    if (p && head & 1) {
        p = get_varint(p, r->end, &v);
        r->cts = unzigzag(v);
    }
    if (!p || head >> 3 > UINT32_MAX)
        return AVOCET_ERR_DATA;
    r->data = p;
    r->left--;
    if (!r->first)
        r->dts = add_wrapping(r->dts, r->step);
    r->first = false;
    s->size = (uint32_t)(head >> 3);
    s->keyframe = head & 4;
    s->dts = r->dts;
    s->cts = r->cts;
    return 1;
}

/* ---- index ---- */

static AvoIndexBlock *new_block(const AvoIndex *index, size_t bytes)
{
    const AvocetAllocator *a = &index->allocator;
    AvoIndexBlock *block = a->alloc(a->opaque, sizeof *block + bytes, 16);
    if (block) {
        block->next = NULL;
        block->capacity = bytes;
        block->used = 0;
    }
    return block;
}

bool avo_index_init(AvoIndex *index, const AvocetAllocator *allocator, size_t bytes, bool fixed,
                    bool journal)
{
    memset(index, 0, sizeof *index);
    index->allocator = *allocator;
    index->fixed = fixed;
    index->journal = journal;
    index->gap = journal ? AVO_JOURNAL_LEAD : 0;
    index->first = index->last = new_block(index, bytes);
    return index->first != NULL;
}

bool avo_index_reserve(AvoIndex *index)
{
    if (index->last->capacity - index->last->used >= AVO_GROUP_BYTES + 2)
        return true;
    AvoIndexBlock *block = index->fixed ? NULL : new_block(index, AVO_INDEX_BLOCK);
    if (!block)
        return false;
    index->last->next = block;
    index->last = block;
    return true;
}

void avo_index_add(AvoIndex *index, const uint8_t *group, size_t size, int samples)
{
    uint8_t length[10];
    size_t lead = (size_t)(put_varint(length, size) - length);
    AvoIndexBlock *block = index->last;
    memcpy(block->data + block->used, length, lead);
    memcpy(block->data + block->used + lead, group, size);
    block->used += lead + size;
    index->samples += samples;
    index->groups++;
}

void avo_index_free(AvoIndex *index)
{
    while (index->first) {
        AvoIndexBlock *next = index->first->next;
        index->allocator.free(index->allocator.opaque, index->first);
        index->first = next;
    }
}

void avo_index_walk(AvoIndexWalk *w, const AvoIndex *index)
{
    memset(w, 0, sizeof *w);
    w->index = index;
    w->block = index->first;
    w->offset = index->start;
}

/* Opens the next group; false at the end. */
static bool next_group(AvoIndexWalk *w)
{
    uint64_t size;
    w->offset += w->after;
    while (w->block && w->position >= w->block->used) {
        w->block = w->block->next;
        w->position = 0;
    }
    if (!w->block)
        return false;
    const uint8_t *end = w->block->data + w->block->used;
    const uint8_t *p = get_varint(w->block->data + w->position, end, &size);
    w->position = (size_t)(p - w->block->data) + (size_t)size;
    w->after = w->index->journal ? w->index->gap + (size_t)size : 0;
    return avo_group_open(&w->group, p, (size_t)size);
}

bool avo_index_next(AvoIndexWalk *w, AvoIndexSample *s)
{
    s->starts_group = false;
    if (!w->group.left) {
        if (!next_group(w))
            return false;
        s->starts_group = true;
    }
    if (avo_group_next(&w->group, s) <= 0)
        return false;
    s->offset = w->offset;
    w->offset += s->size;
    return true;
}
