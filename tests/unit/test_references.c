/* Which pictures stay as references where P pictures follow each other: the picture before, and the
 * fine ones of the chain, every fourth from the keyframe on (plan.h). Lists are checked as decoders
 * will see them: the buffer is marked by the headers' syntax alone. */
#include <string.h>
#include "check.h"
#include "enc/references.h"

enum { PICTURES = 40, KEYINT = 18, POOL = 8 };

typedef struct Setup {
    AvoSps sps;
    AvoPps pps;
    AvoFrame pool[POOL];
    AvoReferences references;
    AvoMessage message;
} Setup;

static void setup(Setup *s, int refs)
{
    memset(s, 0, sizeof *s);
    AvocetEncoderConfig config = {.ref = refs, .bframes = 0};
    s->sps.log2_max_frame_num = 4; /* wraps within the stream */
    s->sps.log2_max_poc_lsb = 8;
    s->sps.max_num_ref_frames = refs;
    s->pps.num_ref_idx_default[0] = s->pps.num_ref_idx_default[1] = 1;
    avo_references_init(&s->references, &s->sps, &s->pps, s->pool, POOL, &config);
}

/* Order counts, in pictures since the keyframe, that picture `since` ought to list: the one before,
 * then fine ones, then whatever else there has been, nearest first. */
static int expected(int since, int refs, int *out)
{
    int n = 0;
    out[n++] = since - 1;
    for (int p = since - 2; p >= 0 && n < refs; p--)
        if (p % AVO_CHAIN == 0)
            out[n++] = p;
    return n;
}

static bool lists(const AvoSliceRefs *refs, int picture)
{
    for (int i = 0; i < refs->count[0]; i++)
        if (refs->frame[0][i]->poc == 2 * picture)
            return true;
    return false;
}

static void check_list(const AvoSliceRefs *refs, int since, int max_refs)
{
    int wanted[16], count = expected(since, max_refs, wanted);
    CHECK(refs->count[0] == (since < max_refs ? since : max_refs), "%d references at %d of %d",
          refs->count[0], since, max_refs);
    CHECK(refs->frame[0][0]->poc == 2 * (since - 1), "first in the list of %d", since);
    for (int i = 0; i < count; i++)
        CHECK(lists(refs, wanted[i]), "picture %d, %d references: %d is missing", since, max_refs,
              wanted[i]);
    for (int i = 1; i < refs->count[0]; i++)
        CHECK(refs->frame[0][i]->poc < refs->frame[0][i - 1]->poc, "order of the list of %d",
              since);
}

static void run(int max_refs)
{
    Setup s;
    setup(&s, max_refs);
    AvoSource source = {.pts = 0};
    for (int n = 0; n < PICTURES; n++) {
        int since = n % KEYINT;
        AvoPlan plan = {.src = &source,
                        .type = since ? AVOCET_TYPE_P : AVOCET_TYPE_IDR,
                        .poc = 2 * since,
                        .minigop_start = n - 1,
                        .minigop_end = n,
                        .coded_index = n};
        source.display_index = n;
        AvoSliceHeader header;
        AvoSliceRefs refs;
        memset(&header, 0, sizeof header);
        memset(&refs, 0, sizeof refs);
        header.type = since ? AVO_SLICE_P : AVO_SLICE_I;
        AvoFrame *f = avo_references_start(&s.references, &plan, &header, &refs, &s.message);
        CHECK(f, "picture %d: %s", n, s.message.text);
        if (!f)
            return;
        if (since)
            check_list(&refs, since, max_refs);
        CHECK(avo_references_finish(&s.references, &header, f, &s.message) == AVOCET_OK, "%s",
              s.message.text);
        f->refcount--;
    }
}

int main(void)
{
    for (int refs = 1; refs <= 5; refs++)
        run(refs);
    return check_finish();
}
