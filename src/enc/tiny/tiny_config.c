/* See tiny_config.h. The same table idea as options.c, with the few options that exist here; names,
 * forms and ranges are the same, so programs need not know which encoder they were built with. */
#include "enc/tiny/tiny_config.h"
#include "base/text.h"
#include "enc/tiny/tiny.h"
#include "h264/paramset.h"
#include "base/divide.h"
#include "base/small_code.h"

#if AVOCET_TINY

#define KEYINT_INFINITE (1 << 30) /* "infinite" */

/* ---- the table ---- */

typedef enum Kind {
    KIND_INT,
    KIND_FLAG,
    KIND_CENTI, /* int, 1/100 of what is written */
    KIND_LEVEL,
    KIND_BITS,
    KIND_SIZE,
    KIND_FORMAT,
    KIND_RATIO,
    KIND_KEYINT,
    KIND_DEBLOCK,
    KIND_SAR,
    KIND_CONTAINER,
    KIND_RANGE,
    KIND_COUNT
} Kind;

typedef struct Row {
    AvocetOption pub;
    Kind kind;
    size_t member;
    int32_t low, high; /* in the member's unit */
    bool live;
    int8_t sets_rate; /* AvocetRateMode that it selects, or -1 */
} Row;

/* AVOCET_NO_HELP: on a chip nobody asks what options mean. */
#if AVOCET_NO_HELP
#define HELP(text) ""
#else
#define HELP(text) text
#endif

#define MEMBER(name) offsetof(AvocetEncoderConfig, name)
#define UNIT(kind)   ((kind) == KIND_CENTI ? 100 : (kind) == KIND_BITS ? 0 : 1)
#define ROW(name, group, form, low, high, preset, help, kind, member, live, rate)                  \
    {                                                                                              \
        {name, group, form, NULL, low, high, preset, HELP(help)}, kind, MEMBER(member),            \
            (int32_t)((low)*UNIT(kind)), (int32_t)((high)*UNIT(kind)), live, rate                  \
    }

/* clang-format off */
static const Row rows[] = {
    ROW("size", "input", "<width>x<height>", 0, 0, "0x0", "Size of the pictures.", KIND_SIZE, width, false, -1),
    ROW("format", "input", "<name>", 0, 0, "i420", "Pixel format of the pictures.", KIND_FORMAT, format, false, -1),
    ROW("fps", "input", "<number>", 0, 0, "25", "Pictures per second: 25, 29.97 or 30000/1001.", KIND_RATIO, fps, true, -1),
    ROW("level", "stream", "<number>", 0, 6.2, "0", "Level (3.1); 0: the lowest that fits.", KIND_LEVEL, level, false, -1),
    ROW("keyint", "stream", "<integer>", 1, KEYINT_INFINITE, "250", "Most pictures from keyframe to keyframe, or infinite.", KIND_KEYINT, keyint, false, -1),
    ROW("deblock", "stream", "<alpha:beta>", -6, 6, "0:0", "Loop filter strength and threshold; off: no loop filter.", KIND_DEBLOCK, deblock, false, -1),
    ROW("subme", "analysis", "<integer>", 0, 2, "1", "Vectors: 0 whole samples, 1 cheap quarters, 2 all quarters.", KIND_INT, subme, true, -1),
    ROW("qp", "rate", "<integer>", 0, 51, "28", "Constant quantiser of P pictures.", KIND_INT, qp, true, AVOCET_RATE_QP),
    ROW("crf", "rate", "<number>", 0, 51, "28", "Here the same as qp.", KIND_CENTI, crf, true, AVOCET_RATE_CRF),
    ROW("bitrate", "rate", "<bits/s>", 0, 4e9, "0", "Average bit rate: 800 or 800k, 2M (kbit/s without unit).", KIND_BITS, bitrate, true, AVOCET_RATE_BITRATE),
    ROW("vbv-maxrate", "rate", "<bits/s>", 0, 4e9, "0", "Taken, but without effect.", KIND_BITS, vbv_maxrate, true, -1),
    ROW("vbv-bufsize", "rate", "<bits>", 0, 4e9, "0", "Bits that one picture should stay below by a quarter.", KIND_BITS, vbv_bufsize, true, -1),
    ROW("qpmin", "rate", "<integer>", 0, 51, "10", "Lowest QP.", KIND_INT, qp_min, true, -1),
    ROW("qpmax", "rate", "<integer>", 0, 51, "51", "Highest QP.", KIND_INT, qp_max, true, -1),
    ROW("ipratio", "rate", "<number>", 0.1, 10, "1.4", "Quantiser of P relative to I.", KIND_CENTI, ip_ratio, false, -1),
    ROW("container", "headers", "<name>", 0, 0, "annexb", "Start codes (annexb), or four-byte lengths (avcc).", KIND_CONTAINER, container, false, -1),
    ROW("repeat-headers", "headers", "<flag>", 0, 0, "1", "Parameter sets before every keyframe.", KIND_FLAG, repeat_headers, false, -1),
    ROW("aud", "headers", "<flag>", 0, 0, "0", "Access unit delimiters.", KIND_FLAG, aud, false, -1),
    ROW("sar", "headers", "<W:H>", 0, 65535, "1:1", "Sample aspect ratio.", KIND_SAR, sar_width, false, -1),
    ROW("range", "headers", "<name>", 0, 0, "tv", "Sample range: tv 16..235, pc 0..255.", KIND_RANGE, full_range, false, -1),
    ROW("threads", "machine", "<integer>", 0, 256, "1", "Taken, but there is one.", KIND_INT, threads, false, -1),
};
/* clang-format on */

int avocet_encoder_option_count(void)
{
    return (int)AVO_COUNT(rows);
}

const AvocetOption *avocet_encoder_option(int index)
{
    return index >= 0 && index < (int)AVO_COUNT(rows) ? &rows[index].pub : NULL;
}

static AVO_NOINLINE bool is(const char *text, const char *word)
{
    return avo_text_is_word(text, avo_text_length(text), word);
}

static const Row *find_row(const char *name)
{
    static const char *const synonyms[][2] = {
        {"qp-min", "qpmin"}, {"qp-max", "qpmax"}, {"ip-ratio", "ipratio"}};
    for (size_t i = 0; i < AVO_COUNT(synonyms); i++)
        if (is(name, synonyms[i][0]))
            name = synonyms[i][1];
    for (size_t i = 0; i < AVO_COUNT(rows); i++)
        if (is(name, rows[i].pub.name))
            return &rows[i];
    return NULL;
}

/* ---- reading ---- */

static int *int_of(AvocetEncoderConfig *c, const Row *row)
{
    return (int *)(void *)((char *)c + row->member);
}

/* Two numbers with a character of `between` in the middle. */
static AVO_NOINLINE bool read_pair(const char *text, const char *between, int64_t *a, int64_t *b)
{
    const char *p = avo_text_read_fixed(text, 0, a);
    if (!p || !*p || (*p != between[0] && *p != between[1]))
        return false;
    p = avo_text_read_fixed(p + 1, 0, b);
    return p && !*p;
}

static AVO_NOINLINE bool read_number(const char *text, int decimals, int64_t low, int64_t high,
                                     int64_t *value)
{
    const char *end = avo_text_read_fixed(text, decimals, value);
    return end && !*end && *value >= low && *value <= high;
}

/* The number of the word among the names, or -1. */
static AVO_NOINLINE int find_word(const char *text, const char *const names[4])
{
    for (int i = 0; i < 4; i++)
        if (names[i] && is(text, names[i]))
            return i;
    return -1;
}

/* ---- reading, by kind ---- */

static AVO_NOINLINE bool read_int(AvocetEncoderConfig *c, const Row *row, const char *text)
{
    int64_t v;
    if (!read_number(text, row->kind == KIND_CENTI ? 2 : 0, row->low, row->high, &v))
        return false;
    *int_of(c, row) = (int)v;
    return true;
}

static bool read_flag(AvocetEncoderConfig *c, const Row *row, const char *text)
{
    static const char *const names[4] = {"0", "1", "no", "yes"};
    int found = find_word(text, names);
    *int_of(c, row) = found & 1;
    return found >= 0;
}

static bool read_level(AvocetEncoderConfig *c, const Row *row, const char *text)
{
    int64_t v;
    (void)row;
    if (is(text, "1b")) {
        c->level = 9;
        return true;
    }
    if (!read_number(text, 1, 0, 620, &v))
        return false;
    c->level = v >= 100 ? (int)v / 10 : (int)v;
    return true;
}

/* Kilobits, or with a unit: 800, 800k, 2.5M, 64000b. */
static bool read_bits(AvocetEncoderConfig *c, const Row *row, const char *text)
{
    int64_t milli, unit = 1000;
    const char *end = avo_text_read_fixed(text, 3, &milli);
    if (!end || milli < 0)
        return false;
    if (*end == 'M' || *end == 'm')
        unit = 1000000, end++;
    else if (*end == 'k' || *end == 'K')
        end++;
    else if (*end == 'b')
        unit = 1, end++;
    if (*end || milli > avo_divide(4000000000000, unit))
        return false;
    int64_t bits = avo_divide(milli * unit, 1000);
    memcpy((char *)c + row->member, &bits, sizeof bits);
    return true;
}

static bool read_size(AvocetEncoderConfig *c, const Row *row, const char *text)
{
    int64_t a, b;
    (void)row;
    if (!read_pair(text, "xX", &a, &b) || a < 0 || b < 0 || a > 8192 || b > 8192)
        return false;
    c->width = (int)a;
    c->height = (int)b;
    return true;
}

static bool read_format(AvocetEncoderConfig *c, const Row *row, const char *text)
{
    int format = avocet_format_find(text);
    (void)row;
    if (format >= 0)
        c->format = (AvocetFormat)format;
    return format >= 0;
}

static bool read_ratio(AvocetEncoderConfig *c, const Row *row, const char *text)
{
    int64_t num, den;
    (void)row;
    if (!read_pair(text, "/:", &num, &den)) {
        if (!read_number(text, 3, 1, 2000000000, &num))
            return false;
        int n = (int)num, d = 1000;
        for (; d > 1 && n % 10 == 0; d /= 10)
            n /= 10;
        num = n;
        den = d;
    }
    if (num < 1 || den < 1 || num > INT32_MAX || den > INT32_MAX)
        return false;
    c->fps = (AvocetRational){(int)num, (int)den};
    return true;
}

static bool read_keyint(AvocetEncoderConfig *c, const Row *row, const char *text)
{
    if (!is(text, "infinite"))
        return read_int(c, row, text);
    c->keyint = KEYINT_INFINITE;
    return true;
}

static bool read_deblock(AvocetEncoderConfig *c, const Row *row, const char *text)
{
    int64_t a, b;
    if (is(text, "off")) {
        c->deblock = 0;
        return true;
    }
    if (!read_pair(text, ":,", &a, &b)) {
        if (!read_number(text, 0, row->low, row->high, &a))
            return false;
        b = a;
    }
    if (a < row->low || a > row->high || b < row->low || b > row->high)
        return false;
    c->deblock = 1;
    c->deblock_alpha = (int)a;
    c->deblock_beta = (int)b;
    return true;
}

static bool read_sar(AvocetEncoderConfig *c, const Row *row, const char *text)
{
    int64_t a, b;
    if (!read_pair(text, ":/", &a, &b) || a < 0 || b < 0 || a > row->high || b > row->high)
        return false;
    c->sar_width = (int)a;
    c->sar_height = (int)b;
    return true;
}

static bool read_container(AvocetEncoderConfig *c, const Row *row, const char *text)
{
    static const char *const names[4] = {"annexb", "avcc"};
    int found = find_word(text, names);
    (void)row;
    if (found >= 0)
        c->container = (AvocetContainer)found;
    return found >= 0;
}

static bool read_range(AvocetEncoderConfig *c, const Row *row, const char *text)
{
    static const char *const names[4] = {"tv", "pc", "limited", "full"};
    int found = find_word(text, names);
    (void)row;
    c->full_range = found & 1;
    return found >= 0;
}

/* A failure may leave c changed: it is a copy. */
static bool (*const readers[KIND_COUNT])(AvocetEncoderConfig *c, const Row *row,
                                         const char *text) = {
    [KIND_INT] = read_int,         [KIND_FLAG] = read_flag,   [KIND_CENTI] = read_int,
    [KIND_LEVEL] = read_level,     [KIND_BITS] = read_bits,   [KIND_SIZE] = read_size,
    [KIND_FORMAT] = read_format,   [KIND_RATIO] = read_ratio, [KIND_KEYINT] = read_keyint,
    [KIND_DEBLOCK] = read_deblock, [KIND_SAR] = read_sar,     [KIND_CONTAINER] = read_container,
    [KIND_RANGE] = read_range,
};

int avo_tiny_config_read(AvocetEncoderConfig *c, const char *name, const char *value, bool live,
                         AvoMessage *msg)
{
    const Row *row = name ? find_row(name) : NULL;
    if (!row)
        return avo_fail(msg, AVOCET_ERR_OPTION, "no option \"%s\" in this small build",
                        name ? name : "(null)");
    if (live && !row->live)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "%s cannot change while the encoder runs", name);
    if (!value && row->kind == KIND_FLAG)
        value = "1";
    AvocetEncoderConfig changed = *c;
    if (!value || !readers[row->kind](&changed, row, value))
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "%s: \"%s\" is no %s in its range", row->pub.name,
                        value ? value : "", row->pub.form);
    if (row->sets_rate >= 0)
        changed.rate_mode = (AvocetRateMode)row->sets_rate;
    *c = changed;
    return AVOCET_OK;
}

int avocet_encoder_config_set(AvocetEncoderConfig *config, const char *name, const char *value,
                              char *message, size_t message_size)
{
    AvoMessage msg = {""};
    int status = config ? avo_tiny_config_read(config, name, value, false, &msg)
                        : avo_fail(&msg, AVOCET_ERR_ARGUMENT, "config is NULL");
    avo_text_copy(message, message_size, msg.text);
    return status;
}

/* ---- writing ---- */

int avocet_encoder_config_get(const AvocetEncoderConfig *c, const char *name, char *text,
                              size_t size)
{
    const Row *row = c && name ? find_row(name) : NULL;
    if (!c || !name || !text || !size)
        return AVOCET_ERR_ARGUMENT;
    if (!row)
        return AVOCET_ERR_OPTION;
    int value = *(const int *)(const void *)((const char *)c + row->member);
    int64_t bits;
    switch (row->kind) {
    case KIND_SIZE:
        return (int)avo_format(text, size, "%dx%d", c->width, c->height);
    case KIND_FORMAT:
        return (int)avo_format(text, size, "%s", avocet_format_name(c->format));
    case KIND_RATIO:
        return (int)avo_format(text, size, c->fps.den == 1 ? "%d" : "%d/%d", c->fps.num,
                               c->fps.den);
    case KIND_BITS:
        memcpy(&bits, (const char *)c + row->member, sizeof bits);
        return (int)avo_format(text, size, "%lb", bits);
    case KIND_DEBLOCK:
        return (int)avo_format(text, size, c->deblock ? "%d:%d" : "off", c->deblock_alpha,
                               c->deblock_beta);
    case KIND_SAR:
        return (int)avo_format(text, size, "%d:%d", c->sar_width, c->sar_height);
    case KIND_CONTAINER:
        return (int)avo_format(text, size, "%s", value ? "avcc" : "annexb");
    case KIND_RANGE:
        return (int)avo_format(text, size, "%s", value ? "pc" : "tv");
    case KIND_CENTI:
        return (int)avo_text_write_fixed(text, size, value, 2);
    case KIND_LEVEL:
        if (value == 9)
            return (int)avo_format(text, size, "1b");
        return (int)avo_text_write_fixed(text, size, value, 1);
    case KIND_KEYINT:
        if (value >= KEYINT_INFINITE)
            return (int)avo_format(text, size, "infinite");
        break;
    default:
        break;
    }
    return (int)avo_format(text, size, "%d", value);
}

/* ---- presets ---- */

int avocet_encoder_config_init(AvocetEncoderConfig *c, const char *preset, const char *tune)
{
    if (!c)
        return AVOCET_ERR_ARGUMENT;
    *c = (AvocetEncoderConfig){
        .size = sizeof *c,
        .fps = {25, 1},
        .profile = AVOCET_PROFILE_BASELINE,
        .keyint = 250,
        .ref = 1,
        .deblock = 1,
        .merange = AVO_TINY_REACH,
        .subme = 1,
        .partitions = AVOCET_PART_I4x4,
        .rate_mode = AVOCET_RATE_CRF,
        .qp = 28,
        .crf = 2800,
        .qp_min = AVO_TINY_QP_MIN,
        .qp_max = 51,
        .ip_ratio = 140,
        .repeat_headers = 1,
        .video_format = 5,
        .colour_primaries = -1,
        .transfer = -1,
        .colour_matrix = -1,
        .threads = 1,
    };
    if (preset && !is(preset, "tiny"))
        return AVOCET_ERR_ARGUMENT;
    while (tune && *tune) {
        size_t n = 0;
        while (tune[n] && tune[n] != ',')
            n++;
        if (avo_text_is_word(tune, n, "fastdecode"))
            c->deblock = 0;
        else if (!avo_text_is_word(tune, n, "zerolatency") && !avo_text_is_word(tune, n, "psnr"))
            return AVOCET_ERR_ARGUMENT;
        tune += n + (tune[n] == ',');
    }
    return AVOCET_OK;
}

const char *avocet_encoder_preset_name(int index)
{
    return index == 0 ? "tiny" : NULL;
}

const char *avocet_encoder_tune_name(int index)
{
    static const char *const names[] = {"psnr", "fastdecode", "zerolatency"};
    return index >= 0 && index < (int)AVO_COUNT(names) ? names[index] : NULL;
}

/* ---- checks ---- */

enum { ADJUSTED_QP_MIN = 1, ADJUSTED_PROFILE = 2, ADJUSTED_LEVEL = 4 };

const char *avo_tiny_adjustment(int bit)
{
    static const char *const texts[] = {
        "qpmin raised to 10: below, Baseline has no codes for all levels",
        "profile: Constrained Baseline is what this small build has",
        "the pictures exceed all levels: level 6.2 is written",
    };
    return bit >= 0 && bit < (int)AVO_COUNT(texts) ? texts[bit] : NULL;
}

static void settle_colour(AvocetEncoderConfig *c)
{
    int code = c->height > 576 ? 1 : 6; /* BT.709, SMPTE 170M */
    if (c->colour_primaries < 0)
        c->colour_primaries = code;
    if (c->transfer < 0)
        c->transfer = code;
    if (c->colour_matrix < 0)
        c->colour_matrix = code;
}

static int settle_level(AvocetEncoderConfig *c, uint32_t *adjusted, AvoMessage *msg)
{
    AvoLevelDemand demand = {.profile_idc = AVO_PROFILE_BASELINE,
                             .mb_width = (c->width + 15) / 16,
                             .mb_height = (c->height + 15) / 16,
                             .fps_num = (uint32_t)c->fps.num,
                             .fps_den = (uint32_t)c->fps.den,
                             .dpb_frames = 1,
                             .max_bitrate = c->rate_mode == AVOCET_RATE_BITRATE ? c->bitrate : 0,
                             .slices = 1};
    if (!c->level) {
        const AvoLevelLimits *level = avo_level_choose(&demand);
        *adjusted |= level ? 0u : ADJUSTED_LEVEL;
        c->level = level ? level->level_idc : 62;
        return AVOCET_OK;
    }
    const AvoLevelLimits *level = avo_level_find(c->level);
    const char *excess = level ? avo_level_violation(level, &demand) : NULL;
    if (!level)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "there is no level %d", c->level);
    if (excess && c->level < 62)
        return avo_fail(msg, AVOCET_ERR_CONFLICT, "level %d is exceeded: %s", c->level, excess);
    return AVOCET_OK;
}

static int check_numbers(const AvocetEncoderConfig *c, AvoMessage *msg)
{
    if (c->size != sizeof *c)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT,
                        "config.size is %l instead of %l: fill the configuration by "
                        "avocet_encoder_config_init of this library's version",
                        (int64_t)c->size, (int64_t)sizeof *c);
    if (c->width < 16 || c->height < 16 || c->width > 8192 || c->height > 8192)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "size %dx%d is outside 16x16 to 8192x8192",
                        c->width, c->height);
    if (c->fps.num < 1 || c->fps.den < 1)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "fps %d/%d is not positive", c->fps.num,
                        c->fps.den);
    if (c->keyint < 1)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "keyint %d is below 1", c->keyint);
    if (c->qp_min > c->qp_max)
        return avo_fail(msg, AVOCET_ERR_CONFLICT, "qpmin %d is above qpmax %d", c->qp_min,
                        c->qp_max);
    if (c->qp_min < 0 || c->qp_max > 51)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "qpmin and qpmax are within 0 to 51");
    if (c->ip_ratio < 10 || c->ip_ratio > 1000)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "ipratio is outside 0.1 to 10");
    if (c->subme < 0 || c->subme > 2)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "subme %d is not within 0 to 2", c->subme);
    if (avo_abs(c->deblock_alpha) > 6 || avo_abs(c->deblock_beta) > 6)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "deblock is outside -6:-6 to 6:6");
    if (c->bframes > 0 || c->cabac || c->transform_8x8 || c->weightp || c->slices > 1)
        return avo_fail(msg, AVOCET_ERR_UNSUPPORTED,
                        "bframes, cabac, 8x8dct, weightp and slices are not in this small build");
    if (c->rate_mode == AVOCET_RATE_BITRATE && c->bitrate <= 0)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "bitrate is not set");
    return AVOCET_OK;
}

int avo_tiny_config_settle(AvocetEncoderConfig *c, uint32_t *adjusted, AvoMessage *msg)
{
    uint32_t unwanted;
    adjusted = adjusted ? adjusted : &unwanted;
    *adjusted = 0;
    AVO_RETURN_IF_ERROR(check_numbers(c, msg));
    if (c->qp_min < AVO_TINY_QP_MIN && c->qp_max >= AVO_TINY_QP_MIN) {
        *adjusted |= c->qp_min > 0 ? ADJUSTED_QP_MIN : 0u;
        c->qp_min = AVO_TINY_QP_MIN;
    } else if (c->qp_max < AVO_TINY_QP_MIN) {
        return avo_fail(msg, AVOCET_ERR_UNSUPPORTED, "qpmax %d is below 10, the lowest QP here",
                        c->qp_max);
    }
    if (c->profile != AVOCET_PROFILE_BASELINE) {
        *adjusted |= c->profile != AVOCET_PROFILE_AUTO ? ADJUSTED_PROFILE : 0u;
        c->profile = AVOCET_PROFILE_BASELINE;
    }
    settle_colour(c);
    if (c->time_base.num == 0 || c->time_base.den == 0)
        c->time_base = (AvocetRational){c->fps.den, c->fps.num};
    return settle_level(c, adjusted, msg);
}
#endif
