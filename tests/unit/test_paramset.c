/* Parameter sets: every limit of every level from the CSV table, at the limit and one above;
 * automatic choice of levels; fall-back of scaling lists; range checks; sample aspect ratios.
 *
 *     test_paramset [scripts/spec/levels.csv] */
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "h264/paramset.h"

/* ---- levels ---- */

enum {
    COL_IDC = 1,
    COL_MBPS,
    COL_FS,
    COL_DPB,
    COL_BR,
    COL_CPB,
    COL_VMV_MIN,
    COL_VMV_MAX,
    COL_CR,
    COL_MVS,
    COL_SLICE_RATE,
    COL_BIPRED,
    COL_DIRECT,
    COL_FRAME,
    COLUMNS
};

/* Splits a CSV line in place; empty cells become -1. */
static void split(char *line, double cells[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        char *comma = line + strcspn(line, ",\r\n");
        *comma = 0;
        cells[i] = *line ? atof(line) : -1;
        line = comma + 1;
    }
}

static bool breaks(const AvoLevelLimits *level, const AvoLevelDemand *demand, const char *what)
{
    const char *violation = avo_level_violation(level, demand);
    return violation && !strcmp(violation, what);
}

/* The largest square that fits, so that sides are no obstacle. */
static int square_side(int max_fs)
{
    int side = 1;
    while ((side + 1) * (side + 1) <= max_fs)
        side++;
    return side;
}

static void check_rates(const AvoLevelLimits *level, AvoLevelDemand d)
{
    int mbs = d.mb_width * d.mb_height;
    d.fps_num = (uint32_t)level->max_mbps;
    d.fps_den = (uint32_t)mbs;
    CHECK(!avo_level_violation(level, &d), "level %d at its rate", level->level_idc);
    d.fps_num++;
    CHECK(breaks(level, &d, "macroblock rate"), "level %d", level->level_idc);
    d.fps_num = d.fps_den = 0;
    for (int profile = 66; profile <= 100; profile += 11) {
        int factor = profile == 100 ? 1250 : 1000;
        d.profile_idc = profile;
        d.max_bitrate = (int64_t)level->max_br * factor;
        d.cpb_bits = (int64_t)level->max_cpb * factor;
        CHECK(!avo_level_violation(level, &d), "level %d profile %d", level->level_idc, profile);
        d.max_bitrate++;
        CHECK(breaks(level, &d, "bitrate"), "level %d profile %d", level->level_idc, profile);
        d.max_bitrate = 0;
        d.cpb_bits++;
        CHECK(breaks(level, &d, "buffer size"), "level %d profile %d", level->level_idc, profile);
        d.cpb_bits = 0;
    }
}

static void check_frame(const AvoLevelLimits *level, AvoLevelDemand d)
{
    int long_side = 1;
    while ((long_side + 1) * (long_side + 1) <= 8 * level->max_fs)
        long_side++;
    d.mb_width = long_side;
    d.mb_height = 1;
    CHECK(!avo_level_violation(level, &d), "level %d, width %d", level->level_idc, long_side);
    d.mb_width++;
    CHECK(breaks(level, &d, "frame size"), "level %d, width %d", level->level_idc, long_side + 1);
    d.mb_width = 1;
    d.mb_height = long_side + 1;
    CHECK(breaks(level, &d, "frame size"), "level %d, height %d", level->level_idc, long_side + 1);
    d.mb_width = 2;
    d.mb_height = level->max_fs / 2 + 1;
    CHECK(breaks(level, &d, "frame size"), "level %d area", level->level_idc);
}

static void check_dpb(const AvoLevelLimits *level, AvoLevelDemand d)
{
    int frames = level->max_dpb_mbs / (d.mb_width * d.mb_height);
    d.dpb_frames = frames < 16 ? frames : 16;
    CHECK(!avo_level_violation(level, &d), "level %d, %d frames", level->level_idc, d.dpb_frames);
    d.dpb_frames++;
    CHECK(breaks(level, &d, "decoded picture buffer"), "level %d, %d frames", level->level_idc,
          d.dpb_frames);
}

static void check_slices(const AvoLevelLimits *level, AvoLevelDemand d)
{
    if (level->slice_rate < 0)
        return;
    d.profile_idc = AVO_PROFILE_MAIN;
    d.fps_num = 10;
    d.fps_den = 1;
    d.mb_width = d.mb_height = 1;
    d.slices = level->max_mbps / 10 / level->slice_rate;
    CHECK(!avo_level_violation(level, &d), "level %d, %d slices", level->level_idc, d.slices);
    d.slices++;
    CHECK(breaks(level, &d, "slice rate"), "level %d, %d slices", level->level_idc, d.slices);
    d.profile_idc = AVO_PROFILE_BASELINE;
    CHECK(!avo_level_violation(level, &d), "level %d Baseline", level->level_idc);
}

static void check_level_row(const double c[COLUMNS])
{
    const AvoLevelLimits *level = avo_level_find((int)c[COL_IDC]);
    CHECK(level != NULL, "level %d", (int)c[COL_IDC]);
    if (!level)
        return;
    CHECK(level->max_mbps == c[COL_MBPS] && level->max_fs == c[COL_FS] &&
              level->max_dpb_mbs == c[COL_DPB] && level->max_br == c[COL_BR] &&
              level->max_cpb == c[COL_CPB] && -level->max_vmv == c[COL_VMV_MIN] &&
              level->max_vmv - 0.25 == c[COL_VMV_MAX] && level->min_cr == c[COL_CR] &&
              level->max_mvs_per_2mb == c[COL_MVS] && level->slice_rate == c[COL_SLICE_RATE] &&
              level->min_luma_bipred_8x8 == c[COL_BIPRED] &&
              level->direct_8x8_inference == c[COL_DIRECT] && level->frame_mbs_only == c[COL_FRAME],
          "level %d", level->level_idc);
    AvoLevelDemand d = {.profile_idc = AVO_PROFILE_HIGH, .slices = 1};
    d.mb_width = d.mb_height = square_side(level->max_fs);
    CHECK(!avo_level_violation(level, &d), "level %d", level->level_idc);
    check_rates(level, d);
    check_frame(level, d);
    check_dpb(level, d);
    check_slices(level, d);
}

static void check_levels(const char *path)
{
    char line[256];
    double cells[COLUMNS];
    int rows = 0;
    FILE *f = fopen(path, "r");
    CHECK(f != NULL, "cannot open %s", path);
    if (!f || !fgets(line, sizeof line, f))
        return;
    for (; fgets(line, sizeof line, f); rows++) {
        split(line, cells);
        check_level_row(cells);
    }
    fclose(f);
    CHECK(rows == AVO_LEVEL_COUNT, "%d rows", rows);
    CHECK(!avo_level_find(14) && !avo_level_find(0), "levels that do not exist");
}

static void check_choice(int width, int height, uint32_t fps, int dpb, int64_t rate, int want)
{
    AvoLevelDemand d = {.profile_idc = AVO_PROFILE_HIGH,
                        .mb_width = (width + 15) / 16,
                        .mb_height = (height + 15) / 16,
                        .fps_num = fps,
                        .fps_den = 1,
                        .dpb_frames = dpb,
                        .max_bitrate = rate,
                        .slices = 1};
    const AvoLevelLimits *level = avo_level_choose(&d);
    CHECK(want ? level && level->level_idc == want : !level, "%dx%d %u: level %d", width, height,
          fps, level ? level->level_idc : 0);
}

/* Well-known pictures and their levels. */
static void check_choices(void)
{
    check_choice(176, 144, 15, 1, 0, 10);
    check_choice(176, 144, 15, 4, 0, 10);
    check_choice(176, 144, 15, 5, 0, 11);
    check_choice(176, 144, 15, 1, 80001, 11); /* 1b is never chosen */
    check_choice(352, 288, 30, 1, 0, 13);
    check_choice(720, 576, 25, 5, 0, 30);
    check_choice(1280, 720, 30, 5, 0, 31);
    check_choice(1280, 720, 60, 5, 0, 32);
    check_choice(1920, 1080, 30, 4, 0, 40);
    check_choice(1920, 1080, 30, 4, 25000001, 41);
    check_choice(1920, 1080, 30, 5, 0, 50);
    check_choice(1920, 1080, 60, 4, 0, 42);
    check_choice(3840, 2160, 30, 5, 0, 51);
    check_choice(3840, 2160, 60, 5, 0, 52);
    check_choice(7680, 4320, 30, 5, 0, 60);
    check_choice(16384, 16384, 1, 1, 0, 0);
    check_choice(640, 480, 0, 1, 0, 22); /* rate unknown */
}

/* ---- scaling lists ---- */

static bool all(const uint8_t *list, int size, int value)
{
    for (int i = 0; i < size; i++)
        if (list[i] != value)
            return false;
    return true;
}

static void check_scaling(void)
{
    AvoScalingMatrix sps, pps;
    avo_scaling_flat(&sps);
    CHECK(!sps.present && all(sps.list4x4[5], 16, 16) && all(sps.list8x8[1], 64, 16), "flat");
    memset(&sps, 0x11, sizeof sps);
    sps.present = false;
    avo_scaling_resolve_sps(&sps);
    CHECK(all(sps.list4x4[0], 16, 16) && all(sps.list8x8[0], 64, 16), "absent: flat");

    /* Rule A: Y falls back on the default, Cb on Y, Cr on Cb. */
    memset(&sps, 0, sizeof sps);
    sps.present = sps.list_present[1] = sps.list_present[3] = sps.list_present[7] = true;
    sps.use_default[3] = true;
    memset(sps.list4x4[1], 40, 16);
    memset(sps.list8x8[1], 50, 64);
    avo_scaling_resolve_sps(&sps);
    CHECK(!memcmp(sps.list4x4[0], avo_scaling_default_4x4[0], 16), "rule A, intra Y");
    CHECK(all(sps.list4x4[1], 16, 40) && all(sps.list4x4[2], 16, 40), "Cr follows Cb");
    for (int i = 3; i < 6; i++)
        CHECK(!memcmp(sps.list4x4[i], avo_scaling_default_4x4[1], 16), "default, list %d", i);
    CHECK(!memcmp(sps.list8x8[0], avo_scaling_default_8x8[0], 64), "rule A, 8x8 intra");
    CHECK(all(sps.list8x8[1], 64, 50), "8x8 inter sent");

    /* A PPS without a matrix takes the sequence's. */
    memset(&pps, 0, sizeof pps);
    avo_scaling_resolve_pps(&pps, &sps, true);
    CHECK(!memcmp(pps.list4x4, sps.list4x4, sizeof pps.list4x4) &&
              !memcmp(pps.list8x8, sps.list8x8, sizeof pps.list8x8),
          "PPS without matrix");
    /* Rule B: Y falls back on the sequence's list. */
    memset(&pps, 0, sizeof pps);
    pps.present = pps.list_present[4] = true;
    memset(pps.list4x4[4], 60, 16);
    avo_scaling_resolve_pps(&pps, &sps, true);
    CHECK(!memcmp(pps.list4x4[0], sps.list4x4[0], 16) &&
              !memcmp(pps.list4x4[2], sps.list4x4[0], 16),
          "rule B, intra");
    CHECK(!memcmp(pps.list4x4[3], sps.list4x4[3], 16) && all(pps.list4x4[5], 16, 60), "inter");
    CHECK(!memcmp(pps.list8x8, sps.list8x8, sizeof pps.list8x8), "rule B, 8x8");
    /* Rule A in a PPS when the sequence has no matrix. */
    avo_scaling_flat(&sps);
    memset(&pps, 0, sizeof pps);
    pps.present = true;
    avo_scaling_resolve_pps(&pps, &sps, true);
    CHECK(!memcmp(pps.list4x4[2], avo_scaling_default_4x4[0], 16) &&
              !memcmp(pps.list8x8[1], avo_scaling_default_8x8[1], 64),
          "rule A in a PPS");
}

/* ---- ranges ---- */

static AvoSps good_sps(void)
{
    AvoSps sps;
    memset(&sps, 0, sizeof sps);
    sps.profile_idc = AVO_PROFILE_HIGH;
    sps.level_idc = 40;
    sps.chroma_format_idc = 1;
    sps.bit_depth_luma = sps.bit_depth_chroma = 8;
    sps.log2_max_frame_num = sps.log2_max_poc_lsb = 4;
    sps.mb_width = 120;
    sps.mb_height = 68;
    sps.frame_mbs_only = sps.direct_8x8_inference = true;
    return sps;
}

#define CHECK_SPS(change, good)                                                                    \
    do {                                                                                           \
        AvoSps sps = good_sps();                                                                   \
        AvoMessage msg = {""};                                                                     \
        change;                                                                                    \
        int status = avo_sps_check(&sps, &msg);                                                    \
        CHECK(status == ((good) ? AVOCET_OK : AVOCET_ERR_DATA), "%s", #change);                    \
        CHECK((good) == !msg.text[0], "%s: \"%s\"", #change, msg.text);                            \
    } while (0)

static void check_sps_ranges(void)
{
    CHECK_SPS((void)0, true);
    CHECK_SPS(sps.id = 32, false);
    CHECK_SPS(sps.chroma_format_idc = 4, false);
    CHECK_SPS(sps.bit_depth_luma = 15, false);
    CHECK_SPS(sps.log2_max_frame_num = 17, false);
    CHECK_SPS(sps.log2_max_poc_lsb = 3, false);
    CHECK_SPS((sps.poc_type = 2, sps.log2_max_poc_lsb = 0), true);
    CHECK_SPS(sps.poc_type = 3, false);
    CHECK_SPS(sps.max_num_ref_frames = 17, false);
    CHECK_SPS(sps.mb_width = 0, false);
    CHECK_SPS(sps.mb_height = 100000, false);
    CHECK_SPS(sps.frame_mbs_only = sps.direct_8x8_inference = false, false);
    CHECK_SPS((sps.cropping = true, sps.crop_bottom = 4), true);
    CHECK_SPS((sps.cropping = true, sps.crop_left = 959), true);
    CHECK_SPS((sps.cropping = true, sps.crop_left = 960), false);
    CHECK_SPS((sps.cropping = true, sps.crop_left = sps.crop_right = 480), false);
    CHECK_SPS((sps.cropping = true, sps.crop_top = -1), false);
    CHECK_SPS((sps.vui_present = true, sps.vui.sar_width = 65536), false);
    CHECK_SPS((sps.vui_present = true, sps.vui.nal_hrd_present = true), false);
    CHECK_SPS((sps.vui_present = sps.vui.bitstream_restriction = true,
               sps.vui.max_num_reorder_frames = 2, sps.vui.max_dec_frame_buffering = 1),
              false);
}

static void check_pps_ranges(void)
{
    AvoSps sps = good_sps();
    AvoPps good, pps;
    AvoMessage msg = {""};
    memset(&good, 0, sizeof good);
    good.num_slice_groups = good.num_ref_idx_default[0] = good.num_ref_idx_default[1] = 1;
    good.init_qp = good.init_qs = 26;
    CHECK(avo_pps_check(&good, &sps, &msg) == AVOCET_OK, "%s", msg.text);
    pps = good;
    pps.num_ref_idx_default[1] = 33;
    CHECK(avo_pps_check(&pps, &sps, &msg) == AVOCET_ERR_DATA, "num_ref_idx");
    CHECK(strstr(msg.text, "num_ref_idx_l1") != NULL, "%s", msg.text);
    pps = good;
    pps.init_qp = -1;
    CHECK(avo_pps_check(&pps, &sps, &msg) == AVOCET_ERR_DATA, "init_qp");
    pps = good;
    pps.chroma_qp_offset[1] = -13;
    CHECK(avo_pps_check(&pps, &sps, &msg) == AVOCET_ERR_DATA, "chroma_qp_offset");
    pps = good;
    pps.sps_id = 1;
    CHECK(avo_pps_check(&pps, &sps, &msg) == AVOCET_ERR_DATA, "another SPS");
}

int main(int argc, char **argv)
{
    check_levels(argc > 1 ? argv[1] : "scripts/spec/levels.csv");
    check_choices();
    check_scaling();
    check_sps_ranges();
    check_pps_ranges();
    CHECK(avo_profile_cpb_factor(100, true) == 1500 && avo_profile_cpb_factor(100, false) == 1250 &&
              avo_profile_cpb_factor(66, true) == 1200 && avo_profile_cpb_factor(77, false) == 1000,
          "factors");
    return check_finish();
}
