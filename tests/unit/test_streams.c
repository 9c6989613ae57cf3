/* Whole streams of random macroblocks, decoded by FFmpeg (skipped if there is none).
 *
 * Every kind of macroblock, slice and header is written with random contents. FFmpeg must report no
 * error, and the I_PCM macroblocks strewn into all pictures must come out sample by sample: with
 * the loop filter off they are exactly what was written, and one wrong bit or context before them
 * would turn them into noise. */
#define _POSIX_C_SOURCE 200809L /* popen, getpid */
#include <unistd.h>
#include "base/bitwriter.h"
#include "enc/headers_write.h"
#include "enc/slice_write.h"
#include "h264/nal.h"
#include "random_mb.h"

enum { FRAMES_MAX = 16, STREAM_MAX = 1 << 23 };

typedef struct Stream {
    const char *name;
    AvoSps sps;
    AvoPps pps;
    RandomPicture picture;
    int frames, slices, refs;
    bool b_frames;
    uint8_t *bytes;
    size_t size;
    /* I420 as far as known, by display order; known: 1 per macroblock that is I_PCM. */
    uint8_t *expected[FRAMES_MAX], *known[FRAMES_MAX];
} Stream;

static uint8_t rbsp[STREAM_MAX];

static void append_nal(Stream *s, int ref_idc, int type, const AvoBitWriter *w)
{
    CHECK(!w->overflow, "%s", s->name);
    size_t n = avo_nal_write(s->bytes + s->size, STREAM_MAX - s->size, true, true, ref_idc, type,
                             w->start, (size_t)(w->pos - w->start));
    CHECK(n, "%s", s->name);
    s->size += n;
}

/* ---- parameter sets ---- */

static void random_scaling(Random *r, AvoScalingMatrix *m, int count)
{
    m->present = random_chance(r, 50);
    for (int i = 0; m->present && i < count; i++) {
        uint8_t *list = i < 6 ? m->list4x4[i] : m->list8x8[i - 6];
        int size = i < 6 ? 16 : 64, flat_from = random_below(r, size);
        m->list_present[i] = random_chance(r, 60);
        m->use_default[i] = random_chance(r, 20);
        for (int k = 0; k < size; k++)
            list[k] = k > flat_from ? list[k - 1] : (uint8_t)random_in(r, 4, 255);
    }
}

static void random_hrd(Random *r, AvoHrd *hrd)
{
    hrd->cpb_count = random_in(r, 1, 3);
    hrd->bit_rate_scale = random_below(r, 16);
    hrd->cpb_size_scale = random_below(r, 16);
    for (int i = 0; i < hrd->cpb_count; i++) {
        hrd->bit_rate_value_minus1[i] = (uint32_t)random_below(r, 1 << 20);
        hrd->cpb_size_value_minus1[i] = (uint32_t)random_below(r, 1 << 20);
        hrd->cbr_flag[i] = random_chance(r, 50);
    }
    hrd->initial_cpb_removal_delay_length = random_in(r, 1, 32);
    hrd->cpb_removal_delay_length = random_in(r, 1, 32);
    hrd->dpb_output_delay_length = random_in(r, 1, 32);
    hrd->time_offset_length = random_below(r, 32);
}

static void random_vui(Random *r, AvoVui *vui, int reorder)
{
    vui->aspect_ratio_info_present = random_chance(r, 50);
    vui->aspect_ratio_idc = random_chance(r, 50) ? 255 : random_in(r, 1, 16);
    vui->sar_width = random_in(r, 1, 65535);
    vui->sar_height = random_in(r, 1, 65535);
    vui->overscan_info_present = random_chance(r, 50);
    vui->video_signal_type_present = random_chance(r, 50);
    vui->video_format = 5;
    vui->colour_description_present = random_chance(r, 50);
    vui->colour_primaries = vui->transfer_characteristics = vui->matrix_coefficients = 1;
    vui->chroma_loc_info_present = random_chance(r, 50);
    vui->chroma_sample_loc_type_top = vui->chroma_sample_loc_type_bottom = random_below(r, 6);
    vui->timing_info_present = random_chance(r, 50);
    vui->num_units_in_tick = 1001;
    vui->time_scale = 60000;
    vui->fixed_frame_rate = true;
    vui->nal_hrd_present = random_chance(r, 50);
    vui->vcl_hrd_present = random_chance(r, 50);
    random_hrd(r, &vui->nal_hrd);
    vui->vcl_hrd = vui->nal_hrd;
    vui->pic_struct_present = random_chance(r, 50);
    vui->bitstream_restriction = true;
    vui->motion_vectors_over_pic_boundaries = true;
    vui->log2_max_mv_length_horizontal = vui->log2_max_mv_length_vertical = 15;
    vui->max_num_reorder_frames = reorder;
    vui->max_dec_frame_buffering = 4;
}

static void fill_sps(Stream *s, int profile)
{
    Random *r = &s->picture.random;
    AvoSps *sps = &s->sps;
    sps->profile_idc = profile;
    sps->level_idc = 40;
    sps->id = random_below(r, 32);
    sps->chroma_format_idc = s->picture.syntax.chroma_format;
    sps->bit_depth_luma = sps->bit_depth_chroma = 8;
    avo_scaling_flat(&sps->scaling);
    if (profile == AVO_PROFILE_HIGH)
        random_scaling(r, &sps->scaling, 8);
    sps->log2_max_frame_num = random_in(r, 4, 16);
    sps->poc_type = s->b_frames ? 0 : random_below(r, 3);
    sps->log2_max_poc_lsb = random_in(r, 5, 16);
    sps->offset_for_non_ref_pic = -1;
    sps->num_ref_frames_in_poc_cycle = 1;
    sps->offset_for_ref_frame[0] = 2;
    sps->max_num_ref_frames = s->refs;
    sps->mb_width = s->picture.mb_width;
    sps->mb_height = s->picture.mb_height;
    sps->frame_mbs_only = true;
    sps->direct_8x8_inference = s->picture.syntax.direct_8x8_inference;
    sps->vui_present = true;
    random_vui(r, &sps->vui, s->b_frames ? 1 : 0);
    CHECK(avo_sps_check(sps, NULL) == AVOCET_OK, "%s", s->name);
}

static void fill_pps(Stream *s)
{
    Random *r = &s->picture.random;
    AvoPps *pps = &s->pps;
    bool baseline = s->sps.profile_idc == AVO_PROFILE_BASELINE;
    pps->id = random_below(r, 256);
    pps->sps_id = s->sps.id;
    pps->cabac = s->picture.syntax.cabac;
    pps->num_slice_groups = 1;
    pps->num_ref_idx_default[0] = random_in(r, 1, 3);
    pps->num_ref_idx_default[1] = random_in(r, 1, 3);
    pps->weighted_pred = !baseline && random_chance(r, 50);
    pps->weighted_bipred_idc = baseline ? 0 : random_below(r, 3);
    pps->init_qp = random_below(r, 52);
    pps->init_qs = 26;
    pps->chroma_qp_offset[0] = pps->chroma_qp_offset[1] = random_in(r, -12, 12);
    pps->deblocking_control_present = true;
    pps->transform_8x8_mode = s->picture.syntax.transform_8x8_mode;
    pps->has_high_part = s->sps.profile_idc == AVO_PROFILE_HIGH;
    if (pps->has_high_part) {
        pps->chroma_qp_offset[1] = random_in(r, -12, 12);
        random_scaling(r, &pps->scaling, pps->transform_8x8_mode ? 8 : 6);
    }
    CHECK(avo_pps_check(pps, &s->sps, NULL) == AVOCET_OK, "%s", s->name);
}

static void append_parameter_sets(Stream *s)
{
    static const uint8_t uuid[16] = "avocet unit test";
    static uint8_t text[300];
    AvoBitWriter w;
    avo_bw_init(&w, rbsp, sizeof rbsp);
    avo_write_aud(&w, s->b_frames ? AVO_SLICE_B : AVO_SLICE_P);
    append_nal(s, 0, AVO_NAL_AUD, &w);
    avo_bw_init(&w, rbsp, sizeof rbsp);
    avo_write_sps(&w, &s->sps);
    append_nal(s, 3, AVO_NAL_SPS, &w);
    avo_bw_init(&w, rbsp, sizeof rbsp);
    avo_write_pps(&w, &s->pps, &s->sps);
    append_nal(s, 3, AVO_NAL_PPS, &w);
    if (s->sps.vui.nal_hrd_present || s->sps.vui.vcl_hrd_present) {
        avo_bw_init(&w, rbsp, sizeof rbsp);
        avo_write_sei_buffering_period(&w, &s->sps, 1, 1);
        append_nal(s, 0, AVO_NAL_SEI, &w);
    }
    avo_bw_init(&w, rbsp, sizeof rbsp);
    avo_write_sei_pic_timing(&w, &s->sps, 1, 1, 0);
    append_nal(s, 0, AVO_NAL_SEI, &w);
    avo_bw_init(&w, rbsp, sizeof rbsp);
    avo_write_sei_user_data(&w, uuid, text, sizeof text);
    append_nal(s, 0, AVO_NAL_SEI, &w);
    avo_bw_init(&w, rbsp, sizeof rbsp);
    avo_write_sei_recovery_point(&w, 0, true, false);
    append_nal(s, 0, AVO_NAL_SEI, &w);
}

/* ---- pictures ---- */

static void random_weights(Stream *s, AvoSliceHeader *h)
{
    Random *r = &s->picture.random;
    h->luma_log2_denom = random_below(r, 8);
    h->chroma_log2_denom = random_below(r, 8);
    for (int list = 0; list < 2; list++)
        for (int i = 0; i < h->num_ref_idx[list]; i++) {
            AvoWeight *weight = &h->weight[list][i];
            weight->luma_flag = random_chance(r, 50);
            weight->chroma_flag = random_chance(r, 50);
            for (int c = 0; c < 3; c++) {
                weight->w[c] = (int16_t)random_in(r, -60, 60);
                weight->o[c] = (int16_t)random_in(r, -128, 127);
            }
        }
}

/* Header of a picture; `available` reference pictures are in the buffer. */
static AvoSliceHeader picture_header(Stream *s, AvoSliceType type, bool idr, int frame_num, int poc,
                                     bool is_ref, int available)
{
    Random *r = &s->picture.random;
    AvoSliceHeader h;
    memset(&h, 0, sizeof h);
    h.nal_unit_type = idr ? AVO_NAL_IDR : AVO_NAL_SLICE;
    h.nal_ref_idc = is_ref ? 1 + random_below(r, 3) : 0;
    h.type = type;
    h.pps_id = s->pps.id;
    h.frame_num = frame_num;
    h.idr_pic_id = random_below(r, 65536);
    h.poc_lsb = poc;
    h.direct_spatial = random_chance(r, 60);
    for (int list = 0; list < 2; list++)
        h.num_ref_idx[list] = random_in(r, 1, available > 0 ? available : 1);
    if (!h.direct_spatial)
        h.num_ref_idx[0] = available; /* temporal: list 0 must hold what the co-located one used */
    h.num_ref_idx_override = true;
    if (available > 1 && random_chance(r, 50) && h.direct_spatial) {
        h.modification_count[0] = 1;
        h.modification[0][0] = (AvoRefModification){0, (uint32_t)random_below(r, available - 1)};
    }
    random_weights(s, &h);
    h.cabac_init_idc = random_below(r, 3);
    h.disable_deblocking_idc = 1;
    return h;
}

static void append_slice(Stream *s, AvoSliceHeader *h, int number, int first, int end)
{
    RandomPicture *p = &s->picture;
    AvoBitWriter w;
    p->qp = h->qp = random_below(&p->random, 52);
    p->qp_step = random_chance(&p->random, 50) ? random_below(&p->random, 52) : 0;
    h->first_mb = (uint32_t)first;
    for (int addr = first; addr < end; addr++)
        random_mb(p, addr, number);
    AvoSliceData data = {
        .syntax = p->syntax,
        .mb_width = p->mb_width,
        .first_mb = first,
        .end_mb = end,
        .slice_qp = h->qp,
        .cabac_init_idc = h->cabac_init_idc,
        .info = p->info,
        .code = p->code,
        .levels = p->levels,
    };
    AvoSliceStats stats = {0};
    avo_bw_init(&w, rbsp, sizeof rbsp);
    avo_write_slice_header(&w, h, &s->sps, &s->pps);
    size_t header_bits = avo_bw_bits(&w);
    avo_slice_data_write(&w, &data, &stats);
    CHECK(stats.bits == avo_bw_bits(&w) - header_bits && !w.fill, "%s", s->name);
    append_nal(s, h->nal_ref_idc, h->nal_unit_type, &w);
}

static void copy_samples(uint8_t *plane, int stride, int mb_x, int mb_y, int side,
                         const uint8_t *from)
{
    for (int y = 0; y < side; y++)
        memcpy(plane + (mb_y * side + y) * stride + mb_x * side, from + y * side, (size_t)side);
}

static void remember_pcm(Stream *s, int display)
{
    RandomPicture *p = &s->picture;
    int width = 16 * p->mb_width, luma = width * 16 * p->mb_height;
    size_t count = (size_t)p->mb_width * (size_t)p->mb_height;
    s->expected[display] = calloc(count, 384);
    s->known[display] = calloc(count, 1);
    for (int addr = 0; addr < p->mb_width * p->mb_height; addr++) {
        const uint8_t *samples = (const uint8_t *)p->levels[addr].luma;
        uint8_t *y = s->expected[display], *cb = y + luma, *cr = cb + luma / 4;
        int mb_x = addr % p->mb_width, mb_y = addr / p->mb_width;
        if (p->info[addr].type != AVO_MB_IPCM)
            continue;
        s->known[display][addr] = 1;
        copy_samples(y, width, mb_x, mb_y, 16, samples);
        copy_samples(cb, width / 2, mb_x, mb_y, 8, samples + 256);
        copy_samples(cr, width / 2, mb_x, mb_y, 8, samples + 320);
    }
}

static void append_picture(Stream *s, AvoSliceHeader *h, int display)
{
    RandomPicture *p = &s->picture;
    int count = p->mb_width * p->mb_height, first = 0;
    for (int i = 0; i < count; i++)
        p->info[i].slice = AVO_SLICE_NONE;
    for (int n = 0; first < count; n++) {
        int end = n + 1 == s->slices ? count : random_in(&p->random, first + 1, count);
        AvoSliceHeader slice = *h;
        /* Slices of other types may be mixed in. */
        if (h->type != AVO_SLICE_I && random_chance(&p->random, 20))
            slice.type = AVO_SLICE_I;
        p->syntax.slice_type = slice.type;
        memcpy(p->syntax.num_ref_idx, slice.num_ref_idx, sizeof slice.num_ref_idx);
        append_slice(s, &slice, n, first, end);
        first = end;
    }
    remember_pcm(s, display);
}

/* IDR, then P pictures; with b_frames every P is followed by a B that is displayed before it. */
static void build(Stream *s)
{
    s->bytes = malloc(STREAM_MAX);
    append_parameter_sets(s);
    int frame_num = 0, refs = 0;
    for (int i = 0; i < s->frames; i++) {
        bool is_b = s->b_frames && i && i % 2 == 0;
        int display = !s->b_frames || !i ? i : is_b ? i - 1 : i + 1;
        if (s->b_frames && i == s->frames - 1 && !is_b)
            display = i;
        AvoSliceType type = i == 0 ? AVO_SLICE_I : is_b ? AVO_SLICE_B : AVO_SLICE_P;
        AvoSliceHeader h = picture_header(s, type, i == 0, frame_num, 2 * display, !is_b, refs);
        h.frame_num &= (1 << s->sps.log2_max_frame_num) - 1;
        append_picture(s, &h, display);
        if (!is_b) {
            frame_num++;
            refs = refs < s->refs ? refs + 1 : refs;
        }
    }
}

/* ---- decoding ---- */

static bool have_ffmpeg(void)
{
    return system("ffmpeg -version >/dev/null 2>&1") == 0;
}

/* Decodes with FFmpeg into frames of I420 (also 4:0:0); false if it printed anything. */
static bool decode(const Stream *s, uint8_t *out, size_t size)
{
    char command[400], line[256], in[64], errors[64];
    bool clean = true;
    snprintf(in, sizeof in, "/tmp/avocet-test-streams-%d.264", (int)getpid());
    snprintf(errors, sizeof errors, "/tmp/avocet-test-streams-%d.txt", (int)getpid());
    FILE *f = fopen(in, "wb");
    if (!f || fwrite(s->bytes, 1, s->size, f) != s->size || fclose(f))
        return false;
    snprintf(
        command, sizeof command,
        "ffmpeg -nostdin -v warning -err_detect explode -threads 1 -flags +output_corrupt -i %s "
        "-fps_mode passthrough -f rawvideo -pix_fmt yuv420p - 2>%s",
        in, errors);
    FILE *pipe = popen(command, "r");
    size_t got = fread(out, 1, size, pipe), more = fread(line, 1, 1, pipe);
    clean = pclose(pipe) == 0 && got == size && !more;
    if (got != size || more)
        printf("%s: %zu bytes instead of %zu\n", s->name, got + more, size);
    f = fopen(errors, "r");
    while (f && fgets(line, sizeof line, f)) {
        if (strstr(line, "deprecated pixel format") ||
            strstr(line, "not enough frames to estimate"))
            continue;
        printf("%s: %s", s->name, line);
        clean = false;
    }
    if (f)
        fclose(f);
    if (clean) {
        remove(in);
        remove(errors);
    }
    return clean;
}

static bool mb_equal(const uint8_t *a, const uint8_t *b, int stride, int mb_x, int mb_y, int side)
{
    for (int y = 0; y < side; y++) {
        int at = (mb_y * side + y) * stride + mb_x * side;
        if (memcmp(a + at, b + at, (size_t)side))
            return false;
    }
    return true;
}

static void compare(const Stream *s, const uint8_t *out, size_t frame_size)
{
    const RandomPicture *p = &s->picture;
    int width = 16 * p->mb_width, luma = width * 16 * p->mb_height;
    for (int n = 0; n < s->frames; n++) {
        const uint8_t *y = out + (size_t)n * frame_size, *e = s->expected[n];
        for (int addr = 0; addr < p->mb_width * p->mb_height; addr++) {
            int x = addr % p->mb_width, row = addr / p->mb_width;
            if (!s->known[n][addr])
                continue;
            bool equal = mb_equal(y, e, width, x, row, 16);
            if (p->syntax.chroma_format)
                for (int c = 0; c < 2; c++)
                    equal &= mb_equal(y + luma + c * luma / 4, e + luma + c * luma / 4, width / 2,
                                      x, row, 8);
            CHECK(equal, "%s: I_PCM macroblock %d of picture %d", s->name, addr, n);
        }
    }
}

typedef struct Kind {
    const char *name;
    int profile;
    bool cabac, b_frames, transform_8x8, direct_8x8_inference;
    int chroma_format, slices, refs, max_level;
} Kind;

static const Kind kinds[] = {
    {"baseline", AVO_PROFILE_BASELINE, false, false, false, true, 1, 1, 1, 2063},
    {"baseline refs slices", AVO_PROFILE_BASELINE, false, false, false, false, 1, 5, 3, 2063},
    {"main cavlc", AVO_PROFILE_MAIN, false, true, false, true, 1, 1, 3, 2063},
    {"main cabac", AVO_PROFILE_MAIN, true, true, false, false, 1, 4, 3, 32767},
    {"main cabac 1 ref", AVO_PROFILE_MAIN, true, true, false, true, 1, 1, 2, 32767},
    {"high cavlc", AVO_PROFILE_HIGH, false, true, true, true, 1, 3, 4, 32767},
    {"high cabac", AVO_PROFILE_HIGH, true, true, true, true, 1, 3, 4, 32767},
    {"high cabac one slice", AVO_PROFILE_HIGH, true, true, true, true, 1, 1, 3, 32767},
    {"high cabac no inference", AVO_PROFILE_HIGH, true, true, true, false, 1, 1, 3, 32767},
    {"high mono cavlc", AVO_PROFILE_HIGH, false, true, true, true, 0, 2, 2, 32767},
    {"high mono cabac", AVO_PROFILE_HIGH, true, true, true, true, 0, 2, 2, 32767},
};

static void run(const Kind *kind, uint64_t seed)
{
    Stream s = {.name = kind->name,
                .frames = 9,
                .slices = kind->slices,
                .refs = kind->refs,
                .b_frames = kind->b_frames};
    RandomPicture *p = &s.picture;
    p->random.s = seed * 0x9e3779b97f4a7c15 + 1;
    p->syntax = (AvoSyntaxCtx){.cabac = kind->cabac,
                               .transform_8x8_mode = kind->transform_8x8,
                               .direct_8x8_inference = kind->direct_8x8_inference,
                               .chroma_format = kind->chroma_format};
    p->max_level = kind->max_level;
    p->pcm_percent = random_chance(&p->random, 70) ? 4 : 1;
    p->skip_percent = random_chance(&p->random, 50) ? 15 : 70;
    p->intra_percent = random_chance(&p->random, 50) ? 10 : 40;
    random_picture_alloc(p, random_in(&p->random, 1, 12), random_in(&p->random, 1, 9));
    fill_sps(&s, kind->profile);
    fill_pps(&s);
    build(&s);

    size_t frame_size = 384 * (size_t)p->mb_width * (size_t)p->mb_height;
    uint8_t *out = malloc(frame_size * (size_t)s.frames);
    bool clean = decode(&s, out, frame_size * (size_t)s.frames);
    CHECK(clean, "%s, seed %d: FFmpeg is not content", s.name, (int)seed);
    if (clean)
        compare(&s, out, frame_size);
    for (int i = 0; i < s.frames; i++) {
        free(s.expected[i]);
        free(s.known[i]);
    }
    free(out);
    free(s.bytes);
    random_picture_free(p);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 3, from = argc > 2 ? atoi(argv[2]) : 0;
    if (!have_ffmpeg()) {
        printf("no ffmpeg: skipped\n");
        return check_finish();
    }
    for (int seed = from; seed < from + rounds; seed++)
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            run(&kinds[i], (uint64_t)seed * 100 + i);
    return check_finish();
}
