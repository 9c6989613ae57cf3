/* Settings in effect: what validation fills in, adjusts and refuses; and that its result is always
 * fit to be encoded. */
#include <string.h>
#include <avocet/avocet.h>
#include "check.h"
#include "enc/options.h"
#include "enc/validate.h"
#include "h264/paramset.h"

static AvoAdjustments told;
static AvoMessage message;

static AvocetEncoderConfig start(const char *preset, int width, int height)
{
    AvocetEncoderConfig config;
    avocet_encoder_config_init(&config, preset, NULL);
    config.width = width;
    config.height = height;
    return config;
}

static int validate(AvocetEncoderConfig *config)
{
    message.text[0] = 0;
    return avo_config_validate(config, &told, &message);
}

static bool was_told(const char *piece)
{
    for (int i = 0; i < told.count; i++)
        if (strstr(told.text[i], piece))
            return true;
    return false;
}

static void test_filled_in(void)
{
    AvocetEncoderConfig c = start("medium", 640, 360);
    CHECK(validate(&c) == AVOCET_OK && told.count == 0, "%s", message.text);
    CHECK(c.profile == AVOCET_PROFILE_HIGH && c.level == 30 && c.min_keyint == 25,
          "profile %d level %d", c.profile, c.level);
    CHECK(c.time_base.num == 1 && c.time_base.den == 25, "time base");
    CHECK(c.colour_primaries == 6 && c.transfer == 6 && c.colour_matrix == 6,
          "colours of small pictures");
    c = start("medium", 1280, 720);
    CHECK(validate(&c) == AVOCET_OK && c.colour_primaries == 1 && c.transfer == 1 &&
              c.colour_matrix == 1,
          "colours of large ones");
    CHECK(c.level == 31, "level %d", c.level);
    c = start("ultrafast", 176, 144);
    CHECK(validate(&c) == AVOCET_OK && c.profile == AVOCET_PROFILE_MAIN && c.level == 11,
          "profile %d level %d", c.profile, c.level);
    c.fps = (AvocetRational){15, 1};
    c.level = 0;
    CHECK(validate(&c) == AVOCET_OK && c.level == 10, "level %d", c.level);
    c = start("medium", 64, 64);
    c.transform_8x8 = 0;
    c.partitions &= ~(unsigned)AVOCET_PART_I8x8;
    CHECK(validate(&c) == AVOCET_OK && c.profile == AVOCET_PROFILE_MAIN && told.count == 0, "main");
    c = start("ultrafast", 64, 64);
    c.format = AVOCET_FORMAT_GRAY8;
    CHECK(validate(&c) == AVOCET_OK && c.profile == AVOCET_PROFILE_HIGH, "grey");
}

static void test_profiles(void)
{
    AvocetEncoderConfig c = start("medium", 640, 360);
    c.profile = AVOCET_PROFILE_BASELINE;
    c.cqm = AVOCET_CQM_JVT;
    CHECK(validate(&c) == AVOCET_OK, "%s", message.text);
    CHECK(!c.cabac && !c.bframes && !c.weightp && !c.transform_8x8 && c.cqm == AVOCET_CQM_FLAT,
          "tools that Baseline lacks");
    CHECK(was_told("cabac off") && was_told("bframes off") && was_told("weightp off") &&
              was_told("8x8dct off") && was_told("cqm"),
          "told");
    c = start("medium", 640, 360);
    c.profile = AVOCET_PROFILE_MAIN;
    CHECK(validate(&c) == AVOCET_OK && c.cabac && c.bframes == 15 && !c.transform_8x8, "main");
    CHECK(was_told("8x8dct off") && was_told("i8x8 off") && told.count == 2, "told %d", told.count);
}

static void test_levels(void)
{
    AvocetEncoderConfig c = start("veryslow", 1920, 1080);
    c.level = 40;
    CHECK(validate(&c) == AVOCET_OK && c.ref == 4 && avo_config_reorder_frames(&c) == 3,
          "ref %d reordered %d", c.ref, avo_config_reorder_frames(&c));
    CHECK(was_told("ref lowered from 16 to 4: level 4 holds 4"), "told");
    c = start("medium", 1920, 1080);
    c.level = 31;
    CHECK(validate(&c) == AVOCET_ERR_CONFLICT &&
              strstr(message.text, "level 3.1 is exceeded (frame size)"),
          "%s", message.text);
    CHECK(strstr(message.text, "it needs level 4") != NULL, "%s", message.text);
    c = start("medium", 640, 360);
    c.level = 30;
    c.rate_mode = AVOCET_RATE_BITRATE;
    c.bitrate = 50000000;
    CHECK(validate(&c) == AVOCET_ERR_CONFLICT && strstr(message.text, "bitrate"), "%s",
          message.text);
    c = start("placebo", 8192, 8192);
    CHECK(validate(&c) == AVOCET_OK && c.level == 62 && c.ref == 2 && c.bframes == 1,
          "level %d ref %d bframes %d", c.level, c.ref, c.bframes);
    CHECK(was_told("no level is enough"), "told");
}

/* { option, value } pairs, then a piece of the message. */
static void refuse(const char *says, const char *const (*options)[2], int count)
{
    AvocetEncoderConfig c = start("medium", 640, 360);
    for (int i = 0; i < count; i++)
        CHECK(avocet_encoder_config_set(&c, options[i][0], options[i][1], NULL, 0) == AVOCET_OK,
              "%s", options[i][0]);
    int status = validate(&c);
    CHECK(status == AVOCET_ERR_CONFLICT || status == AVOCET_ERR_ARGUMENT, "status %d, expected: %s",
          status, says);
    CHECK(strstr(message.text, says) != NULL, "\"%s\", expected: %s", message.text, says);
}

#define REFUSE(says, ...)                                                                          \
    do {                                                                                           \
        static const char *const options_[][2] = {__VA_ARGS__};                                    \
        refuse(says, options_, (int)(sizeof options_ / sizeof options_[0]));                       \
    } while (0)

static void test_contradictions(void)
{
    REFUSE("min-keyint 30 is above keyint 20", {"keyint", "20"}, {"min-keyint", "30"});
    REFUSE("qpmin 30 is above qpmax 20", {"qpmin", "30"}, {"qpmax", "20"});
    REFUSE("qp 40 is outside", {"qp", "40"}, {"qpmax", "30"});
    REFUSE("bitrate is not set", {"rate-mode", "bitrate"});
    REFUSE("vbv-maxrate needs vbv-bufsize", {"vbv-maxrate", "1M"});
    REFUSE("vbv-bufsize needs vbv-maxrate", {"vbv-bufsize", "1M"});
    REFUSE("contradict qp", {"qp", "20"}, {"vbv-maxrate", "1M"}, {"vbv-bufsize", "1M"});
    REFUSE("vbv-maxrate is below bitrate", {"bitrate", "2M"}, {"vbv-maxrate", "1M"},
           {"vbv-bufsize", "1M"});
    REFUSE("nal-hrd needs", {"nal-hrd", "vbr"});
    REFUSE("nal-hrd cbr needs", {"nal-hrd", "cbr"}, {"bitrate", "1M"}, {"vbv-maxrate", "2M"},
           {"vbv-bufsize", "1M"});
    REFUSE("filler needs", {"filler", "1"});
    REFUSE("filler needs", {"filler", "1"}, {"crf", "20"}, {"vbv-maxrate", "2M"},
           {"vbv-bufsize", "1M"});
    REFUSE("intra-refresh contradicts", {"intra-refresh", "1"}, {"keyint", "1"});
    REFUSE("RGB input", {"format", "rgb24"}, {"colormatrix", "bt2020nc"});
}

static void test_adjustments(void)
{
    AvocetEncoderConfig c = start("medium", 33, 17);
    CHECK(validate(&c) == AVOCET_OK && was_told("33x17 is shown as 34x18"), "odd size");
    c.format = AVOCET_FORMAT_GRAY8;
    c.weightb = 2;
    CHECK(validate(&c) == AVOCET_OK && !c.weightp && c.weightb == 1 && was_told("weightp off"),
          "grey pictures are not weighted");
    CHECK(!was_told("shown as"), "an odd grey size can be cropped");
    c = start("medium", 64, 64);
    c.rate_mode = AVOCET_RATE_QP;
    CHECK(validate(&c) == AVOCET_OK && !c.aq_mode && !c.mbtree &&
              was_told("aq-mode and mbtree off"),
          "qp");
    c = start("medium", 64, 64);
    c.lookahead = 0;
    CHECK(validate(&c) == AVOCET_OK && !c.mbtree && was_told("mbtree off"), "no lookahead");
    c = start("medium", 64, 64);
    c.slices = 9;
    CHECK(validate(&c) == AVOCET_OK && c.slices == 4 && was_told("slices lowered from 9 to 4"),
          "slices");
    c = start("medium", 64, 64);
    c.intra_refresh = 1;
    CHECK(validate(&c) == AVOCET_OK && !c.bframes && was_told("bframes off"), "intra refresh");
    c = start("medium", 64, 64);
    c.keyint = 3;
    CHECK(validate(&c) == AVOCET_OK && c.bframes == 1 && was_told("bframes lowered"), "keyint 3");
    c = start("medium", 64, 64);
    c.rate_mode = AVOCET_RATE_BITRATE;
    c.bitrate = 100000;
    c.vbv_bufsize = 1000;
    CHECK(validate(&c) == AVOCET_OK && c.vbv_maxrate == 100000 && c.vbv_bufsize == 4000, "buffer");
    CHECK(was_told("vbv-maxrate set") && was_told("vbv-bufsize raised from 1000 to 4000"), "told");
    c.nal_hrd = AVOCET_HRD_CBR;
    CHECK(validate(&c) == AVOCET_OK && c.filler && was_told("filler on"), "cbr");
    c = start("medium", 64, 64);
    c.format = AVOCET_FORMAT_RGB24;
    c.colour_matrix = 2;
    CHECK(validate(&c) == AVOCET_OK && c.colour_matrix == 6 &&
              was_told("colormatrix set to smpte170m"),
          "unknown matrix");
    c = start("medium", 64, 64);
    c.partitions = AVOCET_PART_P4x4;
    CHECK(validate(&c) == AVOCET_OK && c.partitions == 0 && was_told("p4x4 off"), "p4x4 alone");
}

static void test_range_of_members(void)
{
    AvocetEncoderConfig c = start("medium", 640, 360);
    c.size--;
    CHECK(validate(&c) == AVOCET_ERR_ARGUMENT && strstr(message.text, "config.size"), "%s",
          message.text);
    c = start("medium", 0, 0);
    CHECK(validate(&c) == AVOCET_ERR_ARGUMENT && strstr(message.text, "size is not set"), "%s",
          message.text);
    c = start("medium", 640, 360);
    c.me = (AvocetMe)17;
    CHECK(validate(&c) == AVOCET_ERR_ARGUMENT && strstr(message.text, "me 17"), "%s", message.text);
    c = start("medium", 640, 360);
    c.cabac = 2;
    CHECK(validate(&c) == AVOCET_ERR_ARGUMENT && strstr(message.text, "cabac"), "%s", message.text);
    c = start("medium", 640, 360);
    c.cqm = AVOCET_CQM_CUSTOM;
    c.cqm8[1][5] = 0;
    CHECK(validate(&c) == AVOCET_ERR_ARGUMENT && strstr(message.text, "cqm8"), "%s", message.text);
    c = start("medium", 640, 360);
    c.time_base = (AvocetRational){0, 5};
    CHECK(validate(&c) == AVOCET_ERR_ARGUMENT && strstr(message.text, "timebase"), "%s",
          message.text);
}

/* Random settings: what is accepted obeys its level and profile, and validating the result again
 * changes nothing. */
static void test_random(void)
{
    Random r = {12345};
    int accepted = 0;
    for (int n = 0; n < 20000; n++) {
        AvocetEncoderConfig c = start(avocet_encoder_preset_name(random_below(&r, 10)),
                                      16 + random_below(&r, 2000), 16 + random_below(&r, 1200));
        for (int k = 0; k < 6; k++) {
            const AvoOptionRow *row = avo_option_row(random_below(&r, avo_option_count()));
            char text[32];
            int64_t span = row->hi - row->lo;
            if (row->pub.choices || row->kind == AVO_OPTION_SIZE || row->kind == AVO_OPTION_RATIO ||
                row->kind == AVO_OPTION_MATRIX)
                continue;
            int64_t v =
                row->lo +
                (span > 0 ? (int64_t)(random_next(&r) % (uint64_t)(span > 300 ? 300 : span + 1))
                          : 0);
            snprintf(text, sizeof text, "%d", (int)(row->kind == AVO_OPTION_CENTI ? v / 100 : v));
            avocet_encoder_config_set(&c, row->pub.name, text, NULL, 0);
        }
        if (random_chance(&r, 40))
            c.profile = (AvocetProfile)random_below(&r, 4);
        if (random_chance(&r, 40))
            c.level = avo_levels[random_below(&r, AVO_LEVEL_COUNT)].level_idc;
        if (validate(&c) < 0) {
            CHECK(message.text[0], "refused without a word");
            continue;
        }
        accepted++;
        CHECK(told.count < AVO_ADJUSTMENTS_MAX, "too many sentences");
        const AvoLevelLimits *level = avo_level_find(c.level);
        CHECK(level &&
                  avo_config_dpb_frames(&c) <=
                      avo_level_max_dpb_frames(level, (c.width + 15) / 16, (c.height + 15) / 16),
              "%dx%d level %d: %d pictures", c.width, c.height, c.level, avo_config_dpb_frames(&c));
        CHECK(c.profile != AVOCET_PROFILE_BASELINE || (!c.cabac && !c.bframes && !c.weightp),
              "Baseline");
        CHECK(c.profile == AVOCET_PROFILE_HIGH || (!c.transform_8x8 && c.cqm == AVOCET_CQM_FLAT),
              "below High");
        AvocetEncoderConfig again = c;
        CHECK(validate(&again) == AVOCET_OK && memcmp(&again, &c, sizeof c) == 0,
              "a second validation changes something: %s", message.text);
    }
    CHECK(accepted > 5000, "only %d accepted", accepted);
}

int main(void)
{
    test_filled_in();
    test_profiles();
    test_levels();
    test_contradictions();
    test_adjustments();
    test_range_of_members();
    test_random();
    return check_finish();
}
