/* See mb_table.h. */
#include "mb_table.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *type_name(const AvocetMacroblock *mb)
{
    static const char *const names[] = {"missing", "I4x4", "I8x8",   "I16x16",   "IPCM", "P_SKIP",
                                        "P",       "P8x8", "B_SKIP", "B_DIRECT", "B",    "B8x8"};
    return names[mb->type];
}

static int is_inter(const AvocetMacroblock *mb)
{
    return mb->type >= AVOCET_MB_P_SKIP;
}

static int uses_list(const AvocetMacroblock *mb, int list)
{
    for (int i = 0; i < 4; i++)
        if (mb->ref_idx[list][i] >= 0)
            return is_inter(mb);
    return 0;
}

/* "16x8", or the four kinds of sub-partitions: "8x8+4x8+8x8+direct". */
static void partition_text(const AvocetMacroblock *mb, char *text, size_t size)
{
    static const char *const parts[] = {"16x16", "16x8", "8x16"};
    static const char *const subs[] = {"8x8", "8x4", "4x8", "4x4", "direct"};
    text[0] = '\0';
    if (is_inter(mb) && mb->partition != AVOCET_PART_8X8)
        snprintf(text, size, "%s", parts[mb->partition]);
    else if (is_inter(mb))
        snprintf(text, size, "%s+%s+%s+%s", subs[mb->sub[0]], subs[mb->sub[1]], subs[mb->sub[2]],
                 subs[mb->sub[3]]);
}

int mb_table_open(MbTable *t, const char *name, int is_json, Fault *fault)
{
    memset(t, 0, sizeof *t);
    if (!name)
        return 0;
    t->is_json = is_json;
    t->name = strcmp(name, "-") ? name : "standard output";
    t->file = strcmp(name, "-") ? fopen(name, "w") : stdout;
    if (!t->file)
        return fault_set(fault, "cannot create %s: %s", name, strerror(errno));
    fputs(is_json ? "{\"pictures\": [\n"
                  : "picture,coded,type,poc,mb_x,mb_y,mb_type,partition,slice,qp,cbp,transform_8x8,"
                    "bits,residual,intra_modes,ref0,ref_poc0,mv0,ref1,ref_poc1,mv1\n",
          t->file);
    return 0;
}

/* ---- CSV ---- */

static void put_csv_list(FILE *f, const AvocetMacroblock *mb, int list)
{
    if (!uses_list(mb, list)) {
        fputs(",,,", f);
        return;
    }
    for (int i = 0; i < 4; i++)
        fprintf(f, "%c%d", i ? ' ' : ',', mb->ref_idx[list][i]);
    for (int i = 0; i < 4; i++)
        fprintf(f, "%c%" PRId32, i ? ' ' : ',', mb->ref_poc[list][i]);
    for (int i = 0; i < 16; i++)
        fprintf(f, "%c%d:%d", i ? ' ' : ',', mb->mv[list][i].x, mb->mv[list][i].y);
}

static void put_csv(const MbTable *t, const AvocetDecodedPicture *p, const AvocetInspection *in)
{
    char partition[40];
    for (int i = 0; i < in->mb_width * in->mb_height; i++) {
        const AvocetMacroblock *mb = &in->mb[i];
        partition_text(mb, partition, sizeof partition);
        fprintf(t->file,
                "%" PRId64 ",%" PRId64 ",%s,%d,%d,%d,%s,%s,%d,%d,%d,%d,%" PRIu32 ",%" PRIu32 ",",
                t->pictures, p->coding_number - 1, overlay_frame_type(p->picture.type), p->poc,
                i % in->mb_width, i / in->mb_width, type_name(mb), partition, mb->slice, mb->qp,
                mb->cbp, mb->transform_8x8, mb->bits, mb->residual);
        for (int k = 0; k < 16 && mb->intra_mode[0] >= 0; k++)
            fprintf(t->file, "%s%d", k ? " " : "", mb->intra_mode[k]);
        put_csv_list(t->file, mb, 0);
        put_csv_list(t->file, mb, 1);
        fputc('\n', t->file);
    }
}

/* ---- JSON ---- */

static void put_json_list(FILE *f, const AvocetMacroblock *mb, int list)
{
    if (!uses_list(mb, list))
        return;
    fprintf(f, ", \"ref%d\": [", list);
    for (int i = 0; i < 4; i++)
        fprintf(f, "%s%d", i ? "," : "", mb->ref_idx[list][i]);
    fprintf(f, "], \"ref_poc%d\": [", list);
    for (int i = 0; i < 4; i++)
        fprintf(f, "%s%" PRId32, i ? "," : "", mb->ref_poc[list][i]);
    fprintf(f, "], \"mv%d\": [", list);
    for (int i = 0; i < 16; i++)
        fprintf(f, "%s[%d,%d]", i ? "," : "", mb->mv[list][i].x, mb->mv[list][i].y);
    fputc(']', f);
}

static void put_json_mb(FILE *f, const AvocetMacroblock *mb, int x, int y)
{
    char partition[40];
    partition_text(mb, partition, sizeof partition);
    fprintf(f,
            "  {\"x\": %d, \"y\": %d, \"type\": \"%s\", \"slice\": %d, \"qp\": %d, \"cbp\": %d, "
            "\"transform_8x8\": %d, \"bits\": %" PRIu32 ", \"residual\": %" PRIu32,
            x, y, type_name(mb), mb->slice, mb->qp, mb->cbp, mb->transform_8x8, mb->bits,
            mb->residual);
    if (partition[0])
        fprintf(f, ", \"partition\": \"%s\"", partition);
    for (int k = 0; k < 16 && mb->intra_mode[0] >= 0; k++)
        fprintf(f, "%s%d%s", k ? "," : ", \"intra_modes\": [", mb->intra_mode[k],
                k == 15 ? "]" : "");
    put_json_list(f, mb, 0);
    put_json_list(f, mb, 1);
    fputc('}', f);
}

static void put_json(const MbTable *t, const AvocetDecodedPicture *p, const AvocetInspection *in)
{
    fprintf(t->file,
            "%s {\"picture\": %" PRId64 ", \"coded\": %" PRId64 ", \"type\": \"%s\", \"poc\": %d, "
            "\"bytes\": %" PRId64 ", \"mean_qp\": %.3f, \"mb_width\": %d, \"mb_height\": %d, "
            "\"macroblocks\": [\n",
            t->pictures ? ",\n" : "", t->pictures, p->coding_number - 1,
            overlay_frame_type(p->picture.type), p->poc, p->slice_bytes, overlay_mean_qp(in),
            in->mb_width, in->mb_height);
    int count = in->mb_width * in->mb_height;
    for (int i = 0; i < count; i++) {
        put_json_mb(t->file, &in->mb[i], i % in->mb_width, i / in->mb_width);
        fputs(i + 1 < count ? ",\n" : "\n", t->file);
    }
    fputs(" ]}", t->file);
}

int mb_table_add(MbTable *t, const AvocetDecodedPicture *picture, const AvocetInspection *inside,
                 Fault *fault)
{
    if (!t->file)
        return 0;
    (t->is_json ? put_json : put_csv)(t, picture, inside);
    t->pictures++;
    return ferror(t->file) ? fault_set(fault, "cannot write %s: %s", t->name, strerror(errno)) : 0;
}

int mb_table_close(MbTable *t, Fault *fault)
{
    if (!t->file)
        return 0;
    if (t->is_json)
        fputs("\n]}\n", t->file);
    int failed = fflush(t->file) != 0 || ferror(t->file);
    if (t->file != stdout && fclose(t->file) != 0)
        failed = 1;
    t->file = NULL;
    return failed ? fault_set(fault, "cannot write %s: %s", t->name, strerror(errno)) : 0;
}
