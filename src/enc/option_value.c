/* Values of options: from text, to text, and range checks, one small function per kind of row. See
 * options.h.
 *
 * Members are read and written through memcpy at the row's offset, so that the table needs no types
 * of its own; enum members have the size of int (asserted below). */
#include "enc/options.h"
#include "base/text.h"
#include "dsp/cpu.h"
#include "h264/paramset.h"

_Static_assert(sizeof(AvocetRateMode) == sizeof(int) && sizeof(AvocetFormat) == sizeof(int),
               "enum members are accessed as int");

#define ALL_PARTITIONS                                                                             \
    (AVOCET_PART_I4x4 | AVOCET_PART_I8x8 | AVOCET_PART_P8x8 | AVOCET_PART_P4x4 | AVOCET_PART_B8x8)

/* ---- members ---- */

static int get_int(const AvocetEncoderConfig *config, const AvoOptionRow *row)
{
    int v;
    memcpy(&v, (const char *)config + row->offset, sizeof v);
    return v;
}

static void set_int(AvocetEncoderConfig *config, const AvoOptionRow *row, int v)
{
    memcpy((char *)config + row->offset, &v, sizeof v);
}

static int64_t get_bits(const AvocetEncoderConfig *config, const AvoOptionRow *row)
{
    int64_t v;
    memcpy(&v, (const char *)config + row->offset, sizeof v);
    return v;
}

static AvocetRational get_ratio(const AvocetEncoderConfig *config, const AvoOptionRow *row)
{
    AvocetRational v;
    memcpy(&v, (const char *)config + row->offset, sizeof v);
    return v;
}

/* ---- words ---- */

static bool same(const char *text, const char *word)
{
    return avo_text_is_word(text, avo_text_length(text), word);
}

/* Length of the list's first item ("a|b|c" or "a,b"). */
static size_t item_length(const char *list, char separator)
{
    size_t n = 0;
    while (list[n] && list[n] != separator)
        n++;
    return n;
}

/* Index of the word among "a|b|c", or -1. */
static int find_choice(const char *choices, const char *word, size_t n)
{
    for (int i = 0;; i++) {
        size_t length = item_length(choices, '|');
        if (length == n) {
            size_t k = 0;
            char name[32];
            for (; k < n && k < sizeof name - 1; k++)
                name[k] = choices[k];
            name[k] = 0;
            if (avo_text_is_word(word, n, name))
                return i;
        }
        if (!choices[length])
            return -1;
        choices += length + 1;
    }
}

static size_t write_choice(const char *choices, int index, char *text, size_t size)
{
    while (index-- > 0)
        choices += item_length(choices, '|') + 1;
    size_t n = item_length(choices, '|');
    if (n >= size)
        n = size ? size - 1 : 0;
    memcpy(text, choices, n);
    if (size)
        text[n] = 0;
    return n;
}

static int fail_choice(AvoMessage *msg, const AvoOptionRow *row, const char *text)
{
    return avo_fail(msg, AVOCET_ERR_ARGUMENT, "%s \"%s\": must be one of %s", row->pub.name, text,
                    row->pub.choices);
}

static int fail_form(AvoMessage *msg, const AvoOptionRow *row, const char *text)
{
    return avo_fail(msg, AVOCET_ERR_ARGUMENT, "%s \"%s\": must have the form %s", row->pub.name,
                    text, row->pub.form);
}

/* Not above 0, or so close to it that it reads as 0. */
static int fail_sign(AvoMessage *msg, const AvoOptionRow *row, const char *text)
{
    return avo_fail(msg, AVOCET_ERR_ARGUMENT, "%s \"%s\": must be above 0", row->pub.name, text);
}

/* ---- numbers ---- */

static const char *read_int(const char *text, int *value)
{
    int64_t v;
    text = avo_text_read_fixed(text, 0, &v);
    if (!text || v < INT32_MIN || v > INT32_MAX)
        return NULL;
    *value = (int)v;
    return text;
}

/* Two integers with one of the separators between; only the whole text counts. */
static bool read_pair(const char *text, const char *separators, int *a, int *b)
{
    text = read_int(text, a);
    if (!text || !*text)
        return false;
    for (; *separators && *separators != *text; separators++)
        ;
    if (!*separators)
        return false;
    text = read_int(text + 1, b);
    return text && !*text;
}

static int read_number(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                       AvoMessage *msg)
{
    int64_t v;
    const char *end = avo_text_read_fixed(text, row->kind == AVO_OPTION_INT ? 0 : 2, &v);
    if (!end || *end || v < INT32_MIN || v > INT32_MAX)
        return fail_form(msg, row, text);
    set_int(config, row, (int)v);
    return AVOCET_OK;
}

/* "800" and "800k": 800000; "2M", "2.5M", "64000b". */
static int read_bits(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                     AvoMessage *msg)
{
    int64_t milli, unit = 1000;
    const char *end = avo_text_read_fixed(text, 3, &milli);
    if (!end)
        return fail_form(msg, row, text);
    if (*end == 'k' || *end == 'K')
        end++;
    else if (*end == 'M' || *end == 'm')
        unit = 1000000, end++;
    else if (*end == 'G' || *end == 'g')
        unit = 1000000000, end++;
    else if (*end == 'b')
        unit = 1, end++;
    if (*end)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT,
                        "%s \"%s\": must be a number of kbit, or carry a unit: 800k, 2M, 64000b",
                        row->pub.name, text);
    int64_t bits = milli > INT64_MAX / unit ? row->hi + 1 : milli * unit / 1000;
    memcpy((char *)config + row->offset, &bits, sizeof bits);
    return AVOCET_OK;
}

static size_t write_bits(int64_t bits, char *text, size_t size)
{
    size_t n = avo_text_write_fixed(text, size, bits, bits ? 3 : 0);
    return bits ? n + avo_format(text + n, size - n, "k") : n;
}

static int gcd(int a, int b)
{
    while (b) {
        int r = a % b;
        a = b;
        b = r;
    }
    return a;
}

/* Thousandths as a ratio; the decimals that people write for N * 1000 / 1001 mean just that. */
static AvocetRational ratio_of_decimal(int milli)
{
    int64_t nominal = (milli + 999) / 1000;
    int ntsc = (int)((nominal * 1000000 + 500) / 1001);
    if (milli % 1000 && (milli == ntsc || milli == (ntsc + 5) / 10 * 10))
        return (AvocetRational){(int)nominal * 1000, 1001};
    int divisor = gcd(milli, 1000);
    return (AvocetRational){milli / divisor, 1000 / divisor};
}

static int read_ratio(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                      AvoMessage *msg)
{
    AvocetRational r = {0, 0};
    int64_t milli;
    bool automatic = !row->lo && same(text, "auto");
    if (!automatic && !read_pair(text, "/:", &r.num, &r.den)) {
        const char *end = avo_text_read_fixed(text, 3, &milli);
        if (!end || *end || milli > INT32_MAX)
            return fail_form(msg, row, text);
        if (milli <= 0)
            return fail_sign(msg, row, text);
        r = ratio_of_decimal((int)milli);
    } else if (!automatic && (r.num <= 0 || r.den <= 0)) {
        return fail_sign(msg, row, text);
    }
    memcpy((char *)config + row->offset, &r, sizeof r);
    return AVOCET_OK;
}

/* ---- kinds with a text of their own ---- */

static int read_flag(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                     AvoMessage *msg)
{
    static const char *const words[2] = {"0|off|no|false", "1|on|yes|true"};
    for (int v = 0; v < 2; v++)
        if (find_choice(words[v], text, avo_text_length(text)) >= 0) {
            set_int(config, row, v);
            return AVOCET_OK;
        }
    return avo_fail(msg, AVOCET_ERR_ARGUMENT, "%s \"%s\": must be on or off", row->pub.name, text);
}

static int read_choice(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                       AvoMessage *msg)
{
    int index = find_choice(row->pub.choices, text, avo_text_length(text));
    if (index < 0)
        return fail_choice(msg, row, text);
    set_int(config, row, row->codes ? row->codes[index] : index);
    return AVOCET_OK;
}

static int choice_index(const AvocetEncoderConfig *config, const AvoOptionRow *row)
{
    int value = get_int(config, row), count = 1;
    for (const char *c = row->pub.choices; *c; c++)
        count += *c == '|';
    for (int i = 0; i < count; i++)
        if (value == (row->codes ? row->codes[i] : i))
            return i;
    return -1;
}

static int read_size(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                     AvoMessage *msg)
{
    if (!read_pair(text, "xX", &config->width, &config->height))
        return fail_form(msg, row, text);
    return AVOCET_OK;
}

static int read_format(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                       AvoMessage *msg)
{
    int format = avocet_format_find(text);
    if (format < 0)
        return fail_choice(msg, row, text);
    config->format = (AvocetFormat)format;
    return AVOCET_OK;
}

static int read_level(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                      AvoMessage *msg)
{
    int64_t tenths;
    if (same(text, "auto") || same(text, "0")) {
        config->level = 0;
        return AVOCET_OK;
    }
    if (same(text, "1b")) {
        config->level = 9;
        return AVOCET_OK;
    }
    const char *end = avo_text_read_fixed(text, 1, &tenths);
    if (end && tenths >= 90)
        tenths /= 10; /* "31" */
    if (!end || *end || tenths > 255 || !avo_level_find((int)tenths))
        return avo_fail(
            msg, AVOCET_ERR_ARGUMENT,
            "level \"%s\": must be auto, 1, 1b, 1.1, 1.2, 1.3, 2, 2.1, 2.2, 3, 3.1, 3.2, 4, 4.1, "
            "4.2, 5, 5.1, 5.2, 6, 6.1 or 6.2",
            text);
    set_int(config, row, (int)tenths);
    return AVOCET_OK;
}

static size_t write_level(int level, char *text, size_t size)
{
    if (level == 0 || level == 9)
        return avo_format(text, size, level ? "1b" : "auto");
    return avo_text_write_fixed(text, size, level, 1);
}

static int read_keyint(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                       AvoMessage *msg)
{
    if (same(text, "infinite")) {
        config->keyint = AVO_KEYINT_INFINITE;
        return AVOCET_OK;
    }
    int v;
    const char *end = read_int(text, &v);
    if (!end || *end)
        return fail_form(msg, row, text);
    config->keyint = v;
    return AVOCET_OK;
}

static int read_deblock(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                        AvoMessage *msg)
{
    int a = 0, b = 0;
    bool off = same(text, "off");
    if (!off && !same(text, "on") && !read_pair(text, ":,", &a, &b)) {
        const char *end = read_int(text, &a);
        if (!end || *end)
            return fail_form(msg, row, text);
        b = a;
    }
    config->deblock = !off;
    config->deblock_alpha = a;
    config->deblock_beta = b;
    config->deblock_trial = 0; /* exactly what was asked for */
    return AVOCET_OK;
}

static const struct {
    const char *name;
    unsigned bit;
} partition_names[] = {{"p8x8", AVOCET_PART_P8x8},
                       {"p4x4", AVOCET_PART_P4x4},
                       {"b8x8", AVOCET_PART_B8x8},
                       {"i8x8", AVOCET_PART_I8x8},
                       {"i4x4", AVOCET_PART_I4x4},
                       {"all", ALL_PARTITIONS},
                       {"none", 0}};

static int read_partitions(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                           AvoMessage *msg)
{
    unsigned mask = 0;
    for (const char *item = text;;) {
        size_t n = item_length(item, ','), i = 0;
        while (i < AVO_COUNT(partition_names) &&
               !avo_text_is_word(item, n, partition_names[i].name))
            i++;
        if (i == AVO_COUNT(partition_names))
            return fail_choice(msg, row, text);
        mask |= partition_names[i].bit;
        if (!item[n])
            break;
        item += n + 1;
    }
    config->partitions = mask;
    return AVOCET_OK;
}

static size_t write_partitions(unsigned mask, char *text, size_t size)
{
    if (!(mask & ALL_PARTITIONS))
        return avo_format(text, size, "none");
    size_t used = 0;
    for (size_t i = 0; i < 5; i++)
        if (mask & partition_names[i].bit)
            used +=
                avo_format(text + used, size - used, used ? ",%s" : "%s", partition_names[i].name);
    return used;
}

/* Custom scaling lists: text in raster order, members in zig-zag order; row->lo is the first list,
 * row->hi their number. */
static uint8_t *matrix_list(AvocetEncoderConfig *config, const AvoOptionRow *row, int i)
{
    bool is_8x8 = row->offset == offsetof(AvocetEncoderConfig, cqm8);
    return is_8x8 ? config->cqm8[row->lo + i] : config->cqm4[row->lo + i];
}

static int matrix_size(const AvoOptionRow *row)
{
    return row->offset == offsetof(AvocetEncoderConfig, cqm8) ? 64 : 16;
}

static int read_matrix(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                       AvoMessage *msg)
{
    uint8_t raster[64];
    int n = matrix_size(row);
    const char *at = text;
    for (int i = 0; i < n; i++) {
        int v = 0;
        at = read_int(at, &v);
        if (!at || v < 1 || v > 255 || *at != (i < n - 1 ? ',' : 0))
            return avo_fail(msg, AVOCET_ERR_ARGUMENT,
                            "%s: needs %d numbers 1 to 255 with commas between", row->pub.name, n);
        raster[i] = (uint8_t)v;
        at++;
    }
    for (int i = 0; i < row->hi; i++)
        for (int k = 0; k < n; k++)
            matrix_list(config, row, i)[k] =
                raster[n == 64 ? avo_zigzag_8x8[k] : avo_zigzag_4x4[k]];
    config->cqm = AVOCET_CQM_CUSTOM;
    return AVOCET_OK;
}

static size_t write_matrix(const AvocetEncoderConfig *config, const AvoOptionRow *row, char *text,
                           size_t size)
{
    uint8_t raster[64];
    int n = matrix_size(row);
    if (config->cqm != AVOCET_CQM_CUSTOM)
        return avo_format(text, size, "");
    const uint8_t *list = n == 64 ? config->cqm8[row->lo] : config->cqm4[row->lo];
    for (int k = 0; k < n; k++)
        raster[n == 64 ? avo_zigzag_8x8[k] : avo_zigzag_4x4[k]] = list[k];
    size_t used = 0;
    for (int k = 0; k < n; k++)
        used += avo_format(text + used, size - used, k ? ",%d" : "%d", raster[k]);
    return used;
}

/* "A", or x264's "A:B" as far as B, its psycho-visual trellis, is 0. */
static int read_psy_rd(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                       AvoMessage *msg)
{
    int64_t v, trellis = 0;
    const char *end = avo_text_read_fixed(text, 2, &v);
    if (end && (*end == ':' || *end == ','))
        end = avo_text_read_fixed(end + 1, 2, &trellis);
    if (!end || *end || v < INT32_MIN || v > INT32_MAX)
        return fail_form(msg, row, text);
    if (trellis)
        return avo_fail(msg, AVOCET_ERR_UNSUPPORTED,
                        "psy-rd \"%s\": there is no psycho-visual trellis, give one number", text);
    set_int(config, row, (int)v);
    return AVOCET_OK;
}

static int read_psy(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                    AvoMessage *msg)
{
    int before = config->psy_rd;
    AVO_RETURN_IF_ERROR(read_flag(config, row, text, msg));
    if (config->psy_rd)
        config->psy_rd = before ? before : 100;
    return AVOCET_OK;
}

static int read_sar(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                    AvoMessage *msg)
{
    if (!read_pair(text, ":/", &config->sar_width, &config->sar_height))
        return fail_form(msg, row, text);
    return AVOCET_OK;
}

/* H.273 codes of the shorthands: primaries, transfer, matrix. */
static const int8_t color_codes[5][3] = {
    {-1, -1, -1}, {6, 6, 6}, {1, 1, 1}, {9, 14, 9}, {1, 13, 1}};

static int read_color(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                      AvoMessage *msg)
{
    int index = find_choice(row->pub.choices, text, avo_text_length(text));
    if (index < 0)
        return fail_choice(msg, row, text);
    config->colour_primaries = color_codes[index][0];
    config->transfer = color_codes[index][1];
    config->colour_matrix = color_codes[index][2];
    return AVOCET_OK;
}

static size_t write_color(const AvocetEncoderConfig *config, const AvoOptionRow *row, char *text,
                          size_t size)
{
    for (int i = 0; i < (int)AVO_COUNT(color_codes); i++)
        if (config->colour_primaries == color_codes[i][0] &&
            config->transfer == color_codes[i][1] && config->colour_matrix == color_codes[i][2])
            return write_choice(row->pub.choices, i, text, size);
    return avo_format(text, size, "");
}

static const uint32_t cpu_masks[] = {AVO_CPU_ALL,
                                     0,
                                     AVO_CPU_SSE41,
                                     AVO_CPU_SSE41 | AVO_CPU_AVX2,
                                     AVO_CPU_SSE41 | AVO_CPU_AVX2 | AVO_CPU_AVX512,
                                     AVO_CPU_NEON};

static int read_cpu(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                    AvoMessage *msg)
{
    int index = find_choice(row->pub.choices, text, avo_text_length(text));
    if (index < 0)
        return fail_choice(msg, row, text);
    config->cpu_mask = cpu_masks[index];
    return AVOCET_OK;
}

static size_t write_cpu(uint32_t mask, const AvoOptionRow *row, char *text, size_t size)
{
    for (int i = 0; i < (int)AVO_COUNT(cpu_masks); i++)
        if (mask == cpu_masks[i])
            return write_choice(row->pub.choices, i, text, size);
    return avo_format(text, size, "%l", (int64_t)mask);
}

/* ---- all kinds ---- */

int avo_option_read(AvocetEncoderConfig *config, const AvoOptionRow *row, const char *text,
                    AvoMessage *msg)
{
    switch (row->kind) {
    case AVO_OPTION_INT:
    case AVO_OPTION_CENTI:
        return read_number(config, row, text, msg);
    case AVO_OPTION_FLAG:
        return read_flag(config, row, text, msg);
    case AVO_OPTION_CHOICE:
        return read_choice(config, row, text, msg);
    case AVO_OPTION_BITS:
        return read_bits(config, row, text, msg);
    case AVO_OPTION_RATIO:
        return read_ratio(config, row, text, msg);
    case AVO_OPTION_SIZE:
        return read_size(config, row, text, msg);
    case AVO_OPTION_FORMAT:
        return read_format(config, row, text, msg);
    case AVO_OPTION_LEVEL:
        return read_level(config, row, text, msg);
    case AVO_OPTION_KEYINT:
        return read_keyint(config, row, text, msg);
    case AVO_OPTION_DEBLOCK:
        return read_deblock(config, row, text, msg);
    case AVO_OPTION_PARTITIONS:
        return read_partitions(config, row, text, msg);
    case AVO_OPTION_MATRIX:
        return read_matrix(config, row, text, msg);
    case AVO_OPTION_PSY_RD:
        return read_psy_rd(config, row, text, msg);
    case AVO_OPTION_PSY:
        return read_psy(config, row, text, msg);
    case AVO_OPTION_SAR:
        return read_sar(config, row, text, msg);
    case AVO_OPTION_COLOR:
        return read_color(config, row, text, msg);
    case AVO_OPTION_CPU:
        return read_cpu(config, row, text, msg);
    }
    return AVOCET_ERR_INTERNAL;
}

size_t avo_option_write(const AvocetEncoderConfig *config, const AvoOptionRow *row, char *text,
                        size_t size)
{
    AvocetRational ratio;
    switch (row->kind) {
    case AVO_OPTION_INT:
    case AVO_OPTION_FLAG:
        return avo_format(text, size, "%d", get_int(config, row));
    case AVO_OPTION_CENTI:
    case AVO_OPTION_PSY_RD:
        return avo_text_write_fixed(text, size, get_int(config, row), 2);
    case AVO_OPTION_CHOICE:
        return write_choice(row->pub.choices, avo_max(choice_index(config, row), 0), text, size);
    case AVO_OPTION_BITS:
        return write_bits(get_bits(config, row), text, size);
    case AVO_OPTION_RATIO:
        ratio = get_ratio(config, row);
        if (!ratio.den)
            return avo_format(text, size, "auto");
        return avo_format(text, size, ratio.den == 1 ? "%d" : "%d/%d", ratio.num, ratio.den);
    case AVO_OPTION_SIZE:
        return avo_format(text, size, "%dx%d", config->width, config->height);
    case AVO_OPTION_FORMAT:
        return avo_format(text, size, "%s", avocet_format_name(config->format));
    case AVO_OPTION_LEVEL:
        return write_level(config->level, text, size);
    case AVO_OPTION_KEYINT:
        return avo_format(text, size, config->keyint == AVO_KEYINT_INFINITE ? "infinite" : "%d",
                          config->keyint);
    case AVO_OPTION_DEBLOCK:
        return avo_format(text, size, config->deblock ? "%d:%d" : "off", config->deblock_alpha,
                          config->deblock_beta);
    case AVO_OPTION_PARTITIONS:
        return write_partitions(config->partitions, text, size);
    case AVO_OPTION_MATRIX:
        return write_matrix(config, row, text, size);
    case AVO_OPTION_PSY:
        return avo_format(text, size, "%d", config->psy_rd != 0);
    case AVO_OPTION_SAR:
        return avo_format(text, size, "%d:%d", config->sar_width ? config->sar_width : 1,
                          config->sar_height ? config->sar_height : 1);
    case AVO_OPTION_COLOR:
        return write_color(config, row, text, size);
    case AVO_OPTION_CPU:
        return write_cpu(config->cpu_mask, row, text, size);
    }
    return 0;
}

/* ---- ranges ---- */

static int fail_range(AvoMessage *msg, const AvoOptionRow *row, int64_t value, int decimals)
{
    char v[24], lo[24], hi[24];
    avo_text_write_fixed(v, sizeof v, value, decimals);
    avo_text_write_fixed(lo, sizeof lo, row->lo, decimals);
    avo_text_write_fixed(hi, sizeof hi, row->hi, decimals);
    return avo_fail(msg, AVOCET_ERR_ARGUMENT, "%s %s: must be %s to %s", row->pub.name, v, lo, hi);
}

static int check_pair(AvoMessage *msg, const AvoOptionRow *row, int a, int b, int lo, int hi)
{
    if (a >= lo && a <= hi && b >= lo && b <= hi)
        return AVOCET_OK;
    return avo_fail(msg, AVOCET_ERR_ARGUMENT, "%s %d and %d: each must be %d to %d", row->pub.name,
                    a, b, lo, hi);
}

static int check_ratio(const AvocetEncoderConfig *config, const AvoOptionRow *row, AvoMessage *msg)
{
    AvocetRational r = get_ratio(config, row);
    bool automatic = !row->lo && r.num == 0 && r.den == 0;
    if (automatic || (r.num > 0 && r.den > 0))
        return AVOCET_OK;
    return avo_fail(msg, AVOCET_ERR_ARGUMENT, "%s %d/%d: both numbers must be above 0",
                    row->pub.name, r.num, r.den);
}

static int check_matrix(const AvocetEncoderConfig *config, const AvoOptionRow *row, AvoMessage *msg)
{
    int n = matrix_size(row);
    for (int i = 0; i < row->hi; i++) {
        const uint8_t *list = n == 64 ? config->cqm8[row->lo + i] : config->cqm4[row->lo + i];
        for (int k = 0; k < n; k++)
            if (config->cqm == AVOCET_CQM_CUSTOM && !list[k])
                return avo_fail(msg, AVOCET_ERR_ARGUMENT, "%s: entries must be 1 to 255",
                                row->pub.name);
    }
    return AVOCET_OK;
}

int avo_option_check(const AvocetEncoderConfig *config, const AvoOptionRow *row, AvoMessage *msg)
{
    int64_t v;
    switch (row->kind) {
    case AVO_OPTION_INT:
    case AVO_OPTION_FLAG:
    case AVO_OPTION_KEYINT:
    case AVO_OPTION_FORMAT:
    case AVO_OPTION_PARTITIONS:
        v = get_int(config, row);
        return v < row->lo || v > row->hi ? fail_range(msg, row, v, 0) : AVOCET_OK;
    case AVO_OPTION_CENTI:
    case AVO_OPTION_PSY_RD:
        v = get_int(config, row);
        return v < row->lo || v > row->hi ? fail_range(msg, row, v, 2) : AVOCET_OK;
    case AVO_OPTION_BITS:
        v = get_bits(config, row);
        return v < row->lo || v > row->hi ? fail_range(msg, row, v, 0) : AVOCET_OK;
    case AVO_OPTION_CHOICE:
        if (choice_index(config, row) < 0)
            return avo_fail(msg, AVOCET_ERR_ARGUMENT, "%s %d: no such value", row->pub.name,
                            get_int(config, row));
        return AVOCET_OK;
    case AVO_OPTION_RATIO:
        return check_ratio(config, row, msg);
    case AVO_OPTION_SIZE:
        return check_pair(msg, row, config->width, config->height, (int)row->lo, (int)row->hi);
    case AVO_OPTION_LEVEL:
        if (config->level && !avo_level_find(config->level))
            return avo_fail(msg, AVOCET_ERR_ARGUMENT, "level %d: no such level", config->level);
        return AVOCET_OK;
    case AVO_OPTION_DEBLOCK:
        return check_pair(msg, row, config->deblock_alpha, config->deblock_beta, (int)row->lo,
                          (int)row->hi);
    case AVO_OPTION_MATRIX:
        return check_matrix(config, row, msg);
    case AVO_OPTION_SAR:
        if (config->sar_width == 0 && config->sar_height == 0)
            return AVOCET_OK;
        return check_pair(msg, row, config->sar_width, config->sar_height, 1, (int)row->hi);
    case AVO_OPTION_PSY:
    case AVO_OPTION_COLOR:
    case AVO_OPTION_CPU:
        return AVOCET_OK;
    }
    return AVOCET_ERR_INTERNAL;
}
