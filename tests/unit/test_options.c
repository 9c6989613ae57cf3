/* The option table against itself and against the configuration: defaults, ranges, texts that read
 * back, presets. */
#include <string.h>
#include <avocet/avocet.h>
#include "base/text.h"
#include "check.h"
#include "enc/options.h"

static AvocetEncoderConfig fresh(void)
{
    AvocetEncoderConfig config;
    avocet_encoder_config_init(&config, NULL, NULL);
    return config;
}

static int set(AvocetEncoderConfig *config, const char *name, const char *value)
{
    return avocet_encoder_config_set(config, name, value, NULL, 0);
}

static int same(const AvocetEncoderConfig *a, const AvocetEncoderConfig *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* ---- the table ---- */

static void test_table(void)
{
    static const char *const groups[] = {"input", "stream",  "decisions",
                                         "rate",  "headers", "machine"};
    AvocetEncoderConfig config = fresh();
    int group = 0;
    for (int i = 0; i < avocet_encoder_option_count(); i++) {
        const AvocetOption *o = avocet_encoder_option(i);
        char text[512];
        avocet_encoder_config_get(&config, o->name, text, sizeof text);
        CHECK(strcmp(text, o->default_text) == 0, "%s: default %s, table says %s", o->name, text,
              o->default_text);
        while (group < 5 && strcmp(o->group, groups[group]) != 0)
            group++;
        CHECK(strcmp(o->group, groups[group]) == 0, "%s: group %s", o->name, o->group);
        CHECK(o->help[0] && o->help[strlen(o->help) - 1] == '.', "%s: help is no sentence",
              o->name);
        CHECK(o->form[0] == '<', "%s: form %s", o->name, o->form);
        for (int k = 0; k < i; k++)
            CHECK(strcmp(avocet_encoder_option(k)->name, o->name) != 0, "%s twice", o->name);
    }
    CHECK(avocet_encoder_option(-1) == NULL &&
              avocet_encoder_option(avocet_encoder_option_count()) == NULL,
          "ends");
}

/* Every byte of the configuration that is no padding belongs to an option: changing any member
 * shows in some text. Here: each choice of each option reads back as itself. */
static void test_choices(void)
{
    for (int i = 0; i < avocet_encoder_option_count(); i++) {
        const AvocetOption *o = avocet_encoder_option(i);
        const char *c = o->choices;
        while (c && *c) {
            AvocetEncoderConfig config = fresh(), again;
            char name[40], text[512];
            size_t n = strcspn(c, "|");
            memcpy(name, c, n);
            name[n] = 0;
            CHECK(set(&config, o->name, name) == AVOCET_OK, "%s %s", o->name, name);
            again = config;
            avocet_encoder_config_get(&config, o->name, text, sizeof text);
            CHECK(set(&again, o->name, text) == AVOCET_OK && same(&config, &again),
                  "%s %s reads %s", o->name, name, text);
            c += n + (c[n] == '|');
        }
    }
}

/* The ends of a range are in, what lies beyond is out, and a refused value changes nothing. */
static void test_ranges(void)
{
    for (int i = 0; i < avocet_encoder_option_count(); i++) {
        const AvoOptionRow *row = avo_option_row(i);
        bool number = row->kind == AVO_OPTION_INT || row->kind == AVO_OPTION_CENTI ||
                      row->kind == AVO_OPTION_PSY_RD;
        int decimals = row->kind == AVO_OPTION_INT ? 0 : 2;
        for (int side = 0; side < 2 && number; side++) {
            AvocetEncoderConfig config = fresh(), before;
            char in[32], out[32], message[200] = "";
            avo_text_write_fixed(in, sizeof in, side ? row->hi : row->lo, decimals);
            avo_text_write_fixed(out, sizeof out, side ? row->hi + 1 : row->lo - 1, decimals);
            CHECK(set(&config, row->pub.name, in) == AVOCET_OK, "%s %s", row->pub.name, in);
            before = config;
            CHECK(avocet_encoder_config_set(&config, row->pub.name, out, message, sizeof message) ==
                      AVOCET_ERR_ARGUMENT,
                  "%s %s", row->pub.name, out);
            CHECK(same(&config, &before), "%s %s changes something", row->pub.name, out);
            CHECK(strstr(message, row->pub.name) && strstr(message, "must be"), "%s", message);
        }
    }
}

/* All options of all presets and tunes: text, then back, gives the same configuration. */
static void test_round_trip(void)
{
    const char *preset, *tune;
    for (int p = 0; (preset = avocet_encoder_preset_name(p)) != NULL; p++)
        for (int t = 0; (tune = avocet_encoder_tune_name(t)) != NULL; t++) {
            AvocetEncoderConfig config, copy = fresh();
            char text[512];
            CHECK(avocet_encoder_config_init(&config, preset, tune) == AVOCET_OK, "%s %s", preset,
                  tune);
            config.width = copy.width = 64;
            config.height = copy.height = 64;
            for (int i = 0; i < avocet_encoder_option_count(); i++) {
                const AvocetOption *o = avocet_encoder_option(i);
                int n = avocet_encoder_config_get(&config, o->name, text, sizeof text);
                CHECK(n == (int)strlen(text), "%s: length %d of \"%s\"", o->name, n, text);
                if (n > 0)
                    CHECK(set(&copy, o->name, text) == AVOCET_OK, "%s %s", o->name, text);
            }
            copy.sar_width = copy.sar_height = 0; /* "1:1" stands for "not set" too */
            if (!config.deblock)                  /* "off" says nothing of its strength */
                config.deblock_alpha = config.deblock_beta = 0;
            copy.rate_mode = config.rate_mode;
            CHECK(same(&config, &copy), "%s %s does not read back", preset, tune);
        }
}

/* ---- forms ---- */

static void expect_text(const char *name, const char *value, const char *reads)
{
    AvocetEncoderConfig config = fresh();
    char text[512] = "", message[256] = "";
    int status = avocet_encoder_config_set(&config, name, value, message, sizeof message);
    avocet_encoder_config_get(&config, name, text, sizeof text);
    if (reads)
        CHECK(status == AVOCET_OK && strcmp(text, reads) == 0, "%s %s: %d \"%s\", not \"%s\": %s",
              name, value, status, text, reads, message);
    else
        CHECK(status < 0 && message[0], "%s %s is accepted as %s", name, value, text);
}

/* Name, text, and how it reads afterwards (NULL: it is refused). */
static const char *const forms[][3] = {
    {"crf", "23.5", "23.5"},
    {"crf", "23.456", "23.46"},
    {"crf", "23.", "23"},
    {"crf", ".5", "0.5"},
    {"crf", "1e3", NULL},
    {"crf", "", NULL},
    {"crf", "-", NULL},
    {"ref", "3.5", NULL},
    {"ref", "+3", "3"},
    {"ref", "0x3", NULL},
    {"ref", "99999999999999999999", NULL},
    {"bitrate", "800", "800k"},
    {"bitrate", "800k", "800k"},
    {"bitrate", "2M", "2000k"},
    {"bitrate", "2.5M", "2500k"},
    {"bitrate", "64001b", "64.001k"},
    {"bitrate", "10000000b", "10000k"},
    {"bitrate", "4000000000b", "4000000k"},
    {"bitrate", "4000000001b", NULL},
    {"bitrate", "64.001k", "64.001k"},
    {"bitrate", "5G", NULL},
    {"bitrate", "9999999999999", NULL},
    {"bitrate", "-1", NULL},
    {"bitrate", "12x", NULL},
    {"fps", "25", "25"},
    {"fps", "30000/1001", "30000/1001"},
    {"fps", "30000:1001", "30000/1001"},
    {"fps", "29.97", "30000/1001"},
    {"fps", "23.976", "24000/1001"},
    {"fps", "23.98", "24000/1001"},
    {"fps", "59.94", "60000/1001"},
    {"fps", "12.5", "25/2"},
    {"fps", "29.9", "299/10"},
    {"fps", "0", NULL},
    {"fps", "25/0", NULL},
    {"fps", "-25", NULL},
    {"fps", "auto", NULL},
    {"timebase", "1/90000", "1/90000"},
    {"timebase", "auto", "auto"},
    {"level", "3.1", "3.1"},
    {"level", "31", "3.1"},
    {"level", "1b", "1b"},
    {"level", "4", "4"},
    {"level", "auto", "auto"},
    {"level", "3.3", NULL},
    {"level", "63", NULL},
    {"keyint", "infinite", "infinite"},
    {"keyint", "0", NULL},
    {"deblock", "-1:2", "-1:2"},
    {"deblock", "2", "2:2"},
    {"deblock", "off", "off"},
    {"deblock", "7:0", NULL},
    {"deblock", "1:2:3", NULL},
    {"partitions", "all", "p8x8,p4x4,b8x8,i8x8,i4x4"},
    {"partitions", "none", "none"},
    {"partitions", "i4x4,p8x8", "p8x8,i4x4"},
    {"partitions", "i4x4,", NULL},
    {"partitions", "", NULL},
    {"psy-rd", "0.4", "0.4"},
    {"psy-rd", "1.0:0.0", "1"},
    {"psy-rd", "1:0.15", NULL},
    {"sar", "16:11", "16:11"},
    {"sar", "4/3", "4:3"},
    {"sar", "0:5", NULL},
    {"size", "640x360", "640x360"},
    {"size", "640X360", "640x360"},
    {"size", "640", NULL},
    {"size", "15x16", NULL},
    {"size", "8192x8193", NULL},
    {"format", "YUV420P", "i420"},
    {"format", "rgb565", "rgb565le"},
    {"format", "i444", NULL},
    {"cpu", "AVX2", "avx2"},
    {"cpu", "auto", "auto"},
    {"cpu", "mmx", NULL},
    {"range", "pc", "pc"},
    {"range", "limited", "tv"},
    {"color", "bt709", "bt709"},
    {"colormatrix", "GBR", NULL},
    {"psy", "0", "0"},
    {"cabac", "maybe", NULL},
    {"me", "hexagon", NULL},
    {"cqm4", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"},
    {"cqm4", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", NULL},
    {"cqm4", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,256", NULL},
    {"no such", "1", NULL},
    {"", "1", NULL},
};

static void test_forms(void)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        expect_text(forms[i][0], forms[i][1], forms[i][2]);
}

static void test_names(void)
{
    AvocetEncoderConfig config = fresh();
    CHECK(set(&config, "no-cabac", NULL) == AVOCET_OK && config.cabac == 0, "no-cabac");
    CHECK(set(&config, "cabac", NULL) == AVOCET_OK && config.cabac == 1, "cabac alone");
    CHECK(set(&config, "no-cabac", "0") == AVOCET_OK && config.cabac == 1, "no-cabac 0");
    CHECK(set(&config, "NO_CABAC", "1") == AVOCET_OK && config.cabac == 0, "NO_CABAC");
    CHECK(set(&config, "no-scenecut", NULL) == AVOCET_OK && config.scenecut == 0, "no-scenecut");
    CHECK(set(&config, "no-scenecut", "5") == AVOCET_ERR_ARGUMENT, "no-scenecut 5");
    CHECK(set(&config, "no-deblock", NULL) == AVOCET_OK && config.deblock == 0, "no-deblock");
    CHECK(set(&config, "deblock", "0:0") == AVOCET_OK && config.deblock == 1, "deblock");
    CHECK(set(&config, "no-ref", NULL) == AVOCET_ERR_OPTION, "no-ref");
    CHECK(set(&config, "no-", NULL) == AVOCET_ERR_OPTION &&
              set(&config, "n", NULL) == AVOCET_ERR_OPTION,
          "stumps");
    CHECK(set(&config, "ref", NULL) == AVOCET_ERR_ARGUMENT, "ref without a value");
    CHECK(set(&config, NULL, "1") == AVOCET_ERR_OPTION &&
              set(NULL, "ref", "1") == AVOCET_ERR_ARGUMENT,
          "NULL");
    CHECK(set(&config, "qp_min", "3") == AVOCET_OK && config.qp_min == 3, "the member's name");
    CHECK(set(&config, "lookahead", "7") == AVOCET_OK && config.lookahead == 7,
          "the member's name");
    CHECK(set(&config, "no-psy", NULL) == AVOCET_OK && config.psy_rd == 0, "no-psy");
    CHECK(set(&config, "psy", NULL) == AVOCET_OK && config.psy_rd == 100, "psy");
    CHECK(set(&config, "qp", "30") == AVOCET_OK && config.rate_mode == AVOCET_RATE_QP &&
              config.qp == 30,
          "qp");
    CHECK(set(&config, "crf", "20") == AVOCET_OK && config.rate_mode == AVOCET_RATE_CRF &&
              config.crf == 2000,
          "crf");
    CHECK(set(&config, "bitrate", "1M") == AVOCET_OK && config.rate_mode == AVOCET_RATE_BITRATE &&
              config.bitrate == 1000000,
          "bitrate");
    CHECK(set(&config, "crf", "200") < 0 && config.rate_mode == AVOCET_RATE_BITRATE,
          "a refused crf selects crf");
}

/* Custom matrices: raster order in texts, zig-zag order in the configuration. */
static void test_matrices(void)
{
    AvocetEncoderConfig config = fresh();
    CHECK(set(&config, "cqm4py", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16") == AVOCET_OK &&
              config.cqm == AVOCET_CQM_CUSTOM,
          "cqm4py");
    static const uint8_t zigzag[16] = {1, 2, 5, 9, 6, 3, 4, 7, 10, 13, 14, 11, 8, 12, 15, 16};
    CHECK(memcmp(config.cqm4[3], zigzag, 16) == 0, "order of 4x4");
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 16 && i != 3; k++)
            CHECK(config.cqm4[i][k] == 16, "list %d is changed", i);
    char text[400];
    size_t n = 0;
    for (int k = 0; k < 64; k++)
        n += (size_t)sprintf(text + n, k ? ",%d" : "%d", k + 1);
    CHECK(set(&config, "cqm8p", text) == AVOCET_OK, "cqm8p");
    CHECK(config.cqm8[1][1] == 2 && config.cqm8[1][2] == 9 && config.cqm8[1][63] == 64 &&
              config.cqm8[0][1] == 16,
          "order of 8x8");
}

static void test_small_buffers(void)
{
    AvocetEncoderConfig config = fresh();
    char none[4] = "zzz";
    CHECK(avo_options_describe(&config, none, sizeof none) == 0 && !none[0],
          "defaults need no words");
    avocet_encoder_config_init(&config, "placebo", "film");
    char text[4] = "zzz";
    CHECK(avocet_encoder_config_get(&config, "partitions", text, sizeof text) <= 3 && !text[3],
          "cut text");
    CHECK(avocet_encoder_config_get(&config, "partitions", text, 1) == 0 && !text[0],
          "room for nothing");
    CHECK(avocet_encoder_config_get(&config, "profile", text, 0) == AVOCET_ERR_ARGUMENT, "no room");
    CHECK(avocet_encoder_config_get(&config, "nonsense", text, sizeof text) == AVOCET_ERR_OPTION,
          "unknown");
    for (size_t size = 1; size < 900; size += 7) {
        char line[900];
        memset(line, 'z', sizeof line);
        size_t n = avo_options_describe(&config, line, size);
        CHECK(n < size && !line[n] && (size == sizeof line || line[size] == 'z'),
              "describe into %d bytes", (int)size);
    }
}

/* ---- presets and formats ---- */

static void test_presets(void)
{
    AvocetEncoderConfig medium = fresh(), other;
    int count = 0;
    for (; avocet_encoder_preset_name(count); count++) {
        char digit[2] = {(char)('0' + count), 0};
        AvocetEncoderConfig by_number;
        CHECK(avocet_encoder_config_init(&other, avocet_encoder_preset_name(count), NULL) ==
                  AVOCET_OK,
              "preset");
        CHECK(avocet_encoder_config_init(&by_number, digit, NULL) == AVOCET_OK &&
                  same(&other, &by_number),
              "preset %s", digit);
        CHECK(same(&other, &medium) == (count == 5), "preset %d against medium", count);
    }
    CHECK(count == 10, "%d presets", count);
    CHECK(avocet_encoder_config_init(&other, "turbo", NULL) == AVOCET_ERR_ARGUMENT, "turbo");
    CHECK(avocet_encoder_config_init(&other, "", NULL) == AVOCET_ERR_ARGUMENT, "no name");
    CHECK(avocet_encoder_config_init(&other, NULL, "dull") == AVOCET_ERR_ARGUMENT, "dull");
    CHECK(avocet_encoder_config_init(&other, NULL, "film,grain") == AVOCET_ERR_CONFLICT,
          "two visual tunes");
    CHECK(avocet_encoder_config_init(&other, NULL, "ssim,fastdecode,zerolatency") == AVOCET_OK,
          "three tunes");
    CHECK(!other.cabac && !other.lookahead && other.aq_mode == 2, "three tunes in effect");
    /* The temporal filter averages away what these are to keep, or has no later pictures. */
    static const char *const unfiltered[] = {"grain", "stillimage", "zerolatency"};
    for (int i = 0; i < 3; i++)
        CHECK(avocet_encoder_config_init(&other, NULL, unfiltered[i]) == AVOCET_OK &&
                  medium.temporal_filter > 0 && !other.temporal_filter,
              "temporal filter in tune %s", unfiltered[i]);
    CHECK(avocet_encoder_config_init(NULL, NULL, NULL) == AVOCET_ERR_ARGUMENT, "NULL");
}

static void test_formats(void)
{
    static const size_t sizes_7x5[] = {7 * 5 + 2 * 4 * 3,
                                       7 * 5 + 8 * 3,
                                       7 * 5 + 8 * 3,
                                       16 * 5,
                                       16 * 5,
                                       35,
                                       105,
                                       105,
                                       140,
                                       140,
                                       70,
                                       70};
    for (int f = 0; f < AVOCET_FORMAT_COUNT; f++) {
        AvocetFormat format = (AvocetFormat)f;
        AvocetPicture picture;
        uint8_t buffer[256];
        CHECK(avocet_format_find(avocet_format_name(format)) == f, "%d", f);
        CHECK(avocet_format_size(format, 7, 5) == sizes_7x5[f], "%s: %d",
              avocet_format_name(format), (int)avocet_format_size(format, 7, 5));
        avocet_picture_init(&picture, format, 7, 5, buffer);
        CHECK(picture.plane[0] == buffer && picture.stride[0] > 0, "%s",
              avocet_format_name(format));
        int planes = f == AVOCET_FORMAT_I420 ? 3 : f <= AVOCET_FORMAT_NV21 ? 2 : 1;
        for (int p = 0; p < 3; p++)
            CHECK((picture.plane[p] != NULL) == (p < planes), "%s plane %d",
                  avocet_format_name(format), p);
        const uint8_t *end = planes == 1
                                 ? buffer + picture.stride[0] * 5
                                 : picture.plane[planes - 1] + picture.stride[planes - 1] * 3;
        CHECK(end == buffer + sizes_7x5[f], "%s ends elsewhere", avocet_format_name(format));
    }
    CHECK(avocet_format_find("bogus") == -1 && avocet_format_find(NULL) == -1 &&
              !avocet_format_name(AVOCET_FORMAT_COUNT),
          "unknown");
    CHECK(avocet_format_size(AVOCET_FORMAT_COUNT, 8, 8) == 0 &&
              avocet_format_size(AVOCET_FORMAT_I420, -8, 8) == 0,
          "unknown");
    for (int status = -20; status < 10; status++)
        CHECK(avocet_status_text(status)[0], "status %d", status);
}

int main(void)
{
    test_table();
    test_choices();
    test_ranges();
    test_round_trip();
    test_forms();
    test_names();
    test_matrices();
    test_small_buffers();
    test_presets();
    test_formats();
    return check_finish();
}
