/* The option table and what walks it. See options.h.
 *
 * Names and meanings are x264's where the same thing is meant, so that habits and command lines
 * carry over. Bit rates on the command line are thousands of bits ("--bitrate 800") or carry a unit
 * ("800k", "2M", "64000b"); in AvocetEncoderConfig they are always bits. Fractions are written as
 * decimals and kept as integers in 1/100. */
#include "enc/options.h"
#include "base/text.h"

#define MEMBER(m) offsetof(AvocetEncoderConfig, m)

/* Row makers: one line of name and help, one of type and range. */
#define INT_WITH(flags, name, alias, group, m, lo, hi, def, help)                                  \
    {                                                                                              \
        {name, group, "<integer>", NULL, lo, hi, def, help}, alias, AVO_OPTION_INT, flags,         \
            MEMBER(m), lo, hi, NULL, 0                                                             \
    }
#define INT(...)      INT_WITH(0, __VA_ARGS__)
#define INT_NO(...)   INT_WITH(AVO_OPTION_NO_ZERO, __VA_ARGS__)
#define INT_LIVE(...) INT_WITH(AVO_OPTION_LIVE, __VA_ARGS__)
#define CENTI(name, alias, group, m, lo100, hi100, def, help)                                      \
    {                                                                                              \
        {name, group, "<number>", NULL, (lo100) / 100.0, (hi100) / 100.0, def, help}, alias,       \
            AVO_OPTION_CENTI, 0, MEMBER(m), lo100, hi100, NULL, 0                                  \
    }
#define FLAG(name, alias, group, m, def, help)                                                     \
    {                                                                                              \
        {name, group, "<flag>", NULL, 0, 0, def, help}, alias, AVO_OPTION_FLAG, 0, MEMBER(m), 0,   \
            1, NULL, 0                                                                             \
    }
#define CHOICE(name, alias, group, m, choices, codes, def, help)                                   \
    {                                                                                              \
        {name, group, "<name>", choices, 0, 0, def, help}, alias, AVO_OPTION_CHOICE, 0, MEMBER(m), \
            0, 0, codes, 0                                                                         \
    }
#define BITS(name, alias, group, form, m, def, help)                                               \
    {                                                                                              \
        {name, group, form, NULL, 0, 4e9, def, help}, alias, AVO_OPTION_BITS, AVO_OPTION_LIVE,     \
            MEMBER(m), 0, 4000000000, NULL, 0                                                      \
    }
#define SPECIAL(name, alias, group, form, choices, kind, flags, m, lo, hi, def, help)              \
    {                                                                                              \
        {name, group, form, choices, 0, 0, def, help}, alias, kind, flags, MEMBER(m), lo, hi,      \
            NULL, 0                                                                                \
    }
#define MATRIX(name, m, first, count, help)                                                        \
    {                                                                                              \
        {name, "stream", "<list>", NULL, 1, 255, "", help}, NULL, AVO_OPTION_MATRIX, 0, MEMBER(m), \
            first, count, NULL, 0                                                                  \
    }

/* Codes of ITU-T H.273; matrix 0 (GBR) is left out because it needs 4:4:4.
 * -1: by picture height. */
#define PRIMARIES                                                                                  \
    "auto|undef|bt709|bt470m|bt470bg|smpte170m|smpte240m|film|bt2020|smpte428|smpte431|smpte432"
static const int8_t primaries_codes[] = {-1, 2, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12};
#define TRANSFERS                                                                                  \
    "auto|undef|bt709|bt470m|bt470bg|smpte170m|smpte240m|linear|log100|log316|iec61966-2-4|"       \
    "bt1361e|iec61966-2-1|bt2020-10|bt2020-12|smpte2084|smpte428|arib-std-b67"
static const int8_t transfer_codes[] = {-1, 2,  1,  4,  5,  6,  7,  8,  9,
                                        10, 11, 12, 13, 14, 15, 16, 17, 18};
#define MATRICES                                                                                   \
    "auto|undef|bt709|fcc|bt470bg|smpte170m|smpte240m|ycgco|bt2020nc|bt2020c|smpte2085|"           \
    "chroma-derived-nc|chroma-derived-c|ictcp"
static const int8_t matrix_codes[] = {-1, 2, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
static const int8_t range_codes[] = {0, 1, 0, 1};
static const int8_t video_format_codes[] = {0, 1, 2, 3, 4, 5};

static const AvoOptionRow rows[] = {
    /* ---- input ---- */
    SPECIAL("size", "input-res", "input", "<WxH>", NULL, AVO_OPTION_SIZE, 0, width, 16, 8192, "0x0",
            "Picture size in samples, 16x16 to 8192x8192. Odd sizes are fine."),
    SPECIAL("format", "input-csp", "input", "<name>",
            "i420|nv12|nv21|yuyv|uyvy|gray8|rgb24|bgr24|rgba|bgra|rgb565le|rgb565be",
            AVO_OPTION_FORMAT, 0, format, 0, AVOCET_FORMAT_COUNT - 1, "i420",
            "Pixel format of the input."),
    SPECIAL("fps", NULL, "input", "<N/D>", NULL, AVO_OPTION_RATIO, AVO_OPTION_LIVE, fps, 1, 0, "25",
            "Pictures per second: 25, 30000/1001 or 29.97 (taken as 30000/1001)."),
    SPECIAL("timebase", "time-base", "input", "<N/D>", NULL, AVO_OPTION_RATIO, 0, time_base, 0, 0,
            "auto", "Seconds per unit of the timestamps; auto: 1/fps."),

    /* ---- stream ---- */
    CHOICE("profile", NULL, "stream", profile, "auto|baseline|main|high", NULL, "auto",
           "H.264 profile; auto: the lowest that has the tools in use. "
           "Tools that the profile lacks are switched off."),
    SPECIAL("level", NULL, "stream", "<level>", NULL, AVO_OPTION_LEVEL, 0, level, 0, 0, "auto",
            "H.264 level, 1 to 6.2 (also 1b, 31 for 3.1); auto: the lowest that fits."),
    SPECIAL("keyint", NULL, "stream", "<integer>", NULL, AVO_OPTION_KEYINT, 0, keyint, 1,
            AVO_KEYINT_INFINITE, "250", "Most pictures from keyframe to keyframe, or infinite."),
    INT("min-keyint", NULL, "stream", min_keyint, 0, AVO_KEYINT_INFINITE, "0",
        "Fewest pictures from keyframe to keyframe; 0: a tenth of keyint."),
    INT_NO("scenecut", NULL, "stream", scenecut, 0, 100, "40",
           "How readily a scene change becomes a keyframe; 0: never."),
    FLAG("intra-refresh", NULL, "stream", intra_refresh, "0",
         "A column of intra macroblocks that sweeps the picture, instead of keyframes."),
    INT("bframes", NULL, "stream", bframes, 0, 16, "15", "Most B pictures in a row."),
    INT("b-adapt", NULL, "stream", b_adapt, 0, 2, "1",
        "Placement of B pictures: 0 fixed, 1 fast, 2 optimal."),
    CHOICE("b-pyramid", NULL, "stream", b_pyramid, "none|strict|normal", NULL, "normal",
           "B pictures as references: none, strict: one level, normal: any depth."),
    INT("ref", NULL, "stream", ref, 1, 16, "3", "Reference pictures."),
    INT("long-term", NULL, "stream", long_term, 0, 65535, "0",
        "Every n-th reference picture is kept as a long-term reference; 0: none."),
    INT("slices", NULL, "stream", slices, 0, 512, "0", "Slices per picture; 0: one."),
    FLAG("cabac", NULL, "stream", cabac, "1", "Arithmetic coding (CABAC); off: CAVLC."),
    FLAG("8x8dct", "transform-8x8", "stream", transform_8x8, "1",
         "8x8 transform and intra 8x8 prediction (High profile)."),
    CHOICE("cqm", NULL, "stream", cqm, "flat|jvt|custom", NULL, "flat",
           "Quantisation matrices; custom: those given by cqm4*, cqm8*."),
    MATRIX("cqm4", cqm4, 0, 6, "All 4x4 matrices: 16 numbers 1..255, row by row."),
    MATRIX("cqm4i", cqm4, 0, 3, "4x4 matrices of intra blocks."),
    MATRIX("cqm4p", cqm4, 3, 3, "4x4 matrices of inter blocks."),
    MATRIX("cqm4iy", cqm4, 0, 1, "4x4 matrix of intra luma."),
    MATRIX("cqm4ic", cqm4, 1, 2, "4x4 matrix of intra chroma."),
    MATRIX("cqm4py", cqm4, 3, 1, "4x4 matrix of inter luma."),
    MATRIX("cqm4pc", cqm4, 4, 2, "4x4 matrix of inter chroma."),
    MATRIX("cqm8", cqm8, 0, 2, "Both 8x8 matrices: 64 numbers 1..255, row by row."),
    MATRIX("cqm8i", cqm8, 0, 1, "8x8 matrix of intra luma."),
    MATRIX("cqm8p", cqm8, 1, 1, "8x8 matrix of inter luma."),
    INT("chroma-qp-offset", NULL, "stream", chroma_qp_offset, -12, 12, "0",
        "QP of chroma relative to luma."),
    SPECIAL("deblock", "filter", "stream", "<alpha:beta>", NULL, AVO_OPTION_DEBLOCK,
            AVO_OPTION_NO_ZERO, deblock, -6, 6, "0:0",
            "Loop filter strength and threshold, -6:-6 to 6:6; off: no loop filter."),
    INT_NO("weightp", NULL, "stream", weightp, 0, 2, "2",
           "Weighted prediction in P pictures: 0 off, 1 on, 2 with duplicated references."),
    INT_WITH(
        AVO_OPTION_NO_ZERO | AVO_OPTION_ALONE, "weightb", NULL, "stream", weightb, 0, 2, "1",
        "Weighted prediction in B pictures: 0 off, 1 implicit by distance, explicit in fades (also "
        "without a number), 2 always explicit by brightness."),
    CHOICE("direct", NULL, "stream", direct, "none|spatial|temporal|auto", NULL, "spatial",
           "Direct prediction in B pictures."),
    FLAG("constrained-intra", NULL, "stream", constrained_intra, "0",
         "Intra blocks are predicted from intra blocks only (error resilience)."),

    /* ---- decisions ---- */
    CHOICE("me", NULL, "decisions", me, "dia|hex|umh|esa|tesa", NULL, "hex",
           "Motion search: diamond, hexagon, multi-hexagon, exhaustive, exhaustive by SATD."),
    INT("merange", NULL, "decisions", merange, 4, 1024, "16",
        "Range of the motion search in samples."),
    INT("subme", "subq", "decisions", subme, 0, 11, "7",
        "Effort of sub-sample search and mode decision; from 6 on by true rate-distortion cost."),
    SPECIAL("partitions", "analyse", "decisions", "<list>", "none|all|p8x8|p4x4|b8x8|i8x8|i4x4",
            AVO_OPTION_PARTITIONS, 0, partitions, 0, 31, "p8x8,b8x8,i8x8,i4x4",
            "Block sizes to try, comma separated; p4x4 needs p8x8, i8x8 needs 8x8dct."),
    INT_NO("trellis", NULL, "decisions", trellis, 0, 2, "1",
           "Rate-distortion quantisation: 0 off, 1 for the final decision (without B pictures, in "
           "every fourth picture for all decisions), 2 for all decisions."),
    FLAG("chroma-me", NULL, "decisions", chroma_me, "1", "Chroma takes part in the motion search."),
    FLAG("mixed-refs", NULL, "decisions", mixed_refs, "1",
         "Parts of a macroblock may have different references."),
    FLAG("fast-pskip", NULL, "decisions", fast_pskip, "1",
         "Early decision for skipped macroblocks in P."),
    FLAG("dct-decimate", NULL, "decisions", dct_decimate, "1",
         "Drop blocks with only a few small coefficients."),
    FLAG("deblock-trial", NULL, "decisions", deblock_trial, "1",
         "I and P pictures try loop filter offsets around those of --deblock; setting --deblock "
         "switches it off."),
    FLAG("qp-rd", NULL, "decisions", qp_rd, "1",
         "Each macroblock tries neighbouring quantisers by true cost "
         "(subme 8 and up, not with qp)."),
    SPECIAL("psy-rd", NULL, "decisions", "<number>", NULL, AVO_OPTION_PSY_RD, AVO_OPTION_NO_ZERO,
            psy_rd, 0, 1000, "1",
            "Psycho-visual strength: keeps texture at the cost of PSNR; 0: off."),
    SPECIAL("psy", NULL, "decisions", "<flag>", NULL, AVO_OPTION_PSY, AVO_OPTION_DERIVED, psy_rd, 0,
            0, "1", "no-psy: no psycho-visual tools (psy-rd 0)."),

    /* ---- rate ---- */
    {{"qp", "rate", "<integer>", NULL, 0, 51, "23",
      "Constant quantiser of P pictures; see ipratio, pbratio. Without B pictures and buffer it is "
      "their mean: every fourth is 3 finer, the others 1 coarser, keyframes 6 finer."},
     NULL,
     AVO_OPTION_INT,
     AVO_OPTION_LIVE | AVO_OPTION_SETS_RATE,
     MEMBER(qp),
     0,
     51,
     NULL,
     AVOCET_RATE_QP},
    {{"crf", "rate", "<number>", NULL, 0, 63, "23",
      "Constant quality; lower is better. The default."},
     NULL,
     AVO_OPTION_CENTI,
     AVO_OPTION_LIVE | AVO_OPTION_SETS_RATE,
     MEMBER(crf),
     0,
     6300,
     NULL,
     AVOCET_RATE_CRF},
    {{"bitrate", "rate", "<bits/s>", NULL, 0, 4e9, "0",
      "Average bit rate: 800 or 800k, 2M (kbit/s without unit)."},
     NULL,
     AVO_OPTION_BITS,
     AVO_OPTION_LIVE | AVO_OPTION_SETS_RATE,
     MEMBER(bitrate),
     0,
     4000000000,
     NULL,
     AVOCET_RATE_BITRATE},
    CHOICE("rate-mode", NULL, "rate", rate_mode, "crf|qp|bitrate", NULL, "crf",
           "Which of crf, qp and bitrate applies; setting one of them selects it."),
    BITS("vbv-maxrate", NULL, "rate", "<bits/s>", vbv_maxrate, "0",
         "Highest rate into the decoder's buffer (kbit/s without unit); 0: no limit."),
    BITS("vbv-bufsize", NULL, "rate", "<bits>", vbv_bufsize, "0",
         "Size of the decoder's buffer (kbit without unit)."),
    CENTI("vbv-init", NULL, "rate", vbv_init, 0, 100, "0.9",
          "How full the buffer is at the start, 0 to 1."),
    INT_LIVE("qpmin", "qp-min", "rate", qp_min, 0, 51, "0", "Lowest QP."),
    INT_LIVE("qpmax", "qp-max", "rate", qp_max, 0, 51, "51", "Highest QP."),
    INT("qpstep", "qp-step", "rate", qp_step, 1, 51, "4",
        "Greatest change of QP between pictures."),
    CENTI("ipratio", "ip-ratio", "rate", ip_ratio, 10, 1000, "1.4",
          "Quantiser of P relative to I."),
    CENTI("pbratio", "pb-ratio", "rate", pb_ratio, 10, 1000, "1.3",
          "Quantiser of B relative to P. Without B pictures, lookahead and buffer it sets fine "
          "P pictures apart from coarse ones; 1: all alike."),
    CENTI("qcomp", NULL, "rate", qcomp, 0, 100, "0.6",
          "Curve of the quantiser: 0 constant bit rate, 1 constant quantiser."),
    INT_NO("aq-mode", NULL, "rate", aq_mode, 0, 2, "1",
           "Adaptive quantisation: 0 off, 1 by variance, 2 by variance as SSIM weighs errors."),
    CENTI("aq-strength", NULL, "rate", aq_strength, 0, 300, "1",
          "Strength of adaptive quantisation."),
    FLAG("mbtree", NULL, "rate", mbtree, "1", "Better quality where later pictures build upon it."),
    FLAG(
        "steady", NULL, "rate", steady, "1",
        "Even quality: keyframes as good as what is before them; with mbtree B pictures, too."),
    INT("rc-lookahead", "lookahead", "rate", lookahead, 0, 250, "40", "Pictures to look ahead."),
    INT_NO("temporal-filter", NULL, "rate", temporal_filter, 0, 10, "4",
           "Denoises I and P pictures before coding, by averaging them with their neighbours in "
           "time: strength; 0: off."),
    CHOICE("nal-hrd", NULL, "rate", nal_hrd, "none|vbr|cbr", NULL, "none",
           "Buffer model in the stream (needs vbv-bufsize)."),
    FLAG("filler", NULL, "rate", filler, "0",
         "Fill up to the constant bit rate with filler units."),
    INT("pass", NULL, "rate", pass, 0, 3, "0",
        "1: first pass; 2: last pass, to bitrate; 3: between them, to bitrate."),
    FLAG("slow-firstpass", NULL, "rate", slow_firstpass, "0",
         "Pass 1 decides as carefully as the others."),

    /* ---- headers ---- */
    CHOICE("container", NULL, "headers", container, "annexb|avcc", NULL, "annexb",
           "Start codes, or four-byte lengths as MP4 wants."),
    FLAG("repeat-headers", NULL, "headers", repeat_headers, "1",
         "Parameter sets before every keyframe."),
    FLAG("aud", NULL, "headers", aud, "0", "Access unit delimiters."),
    FLAG("pic-struct", NULL, "headers", pic_struct, "0",
         "Picture structure in picture timing SEI."),
    FLAG("sei-version", NULL, "headers", sei_version, "1",
         "SEI that names the encoder and its settings."),
    SPECIAL("sar", NULL, "headers", "<W:H>", NULL, AVO_OPTION_SAR, 0, sar_width, 0, 65535, "1:1",
            "Sample aspect ratio."),
    CHOICE("overscan", NULL, "headers", overscan, "undef|show|crop", NULL, "undef",
           "Whether displays may crop the edges."),
    CHOICE("videoformat", "video-format", "headers", video_format,
           "component|pal|ntsc|secam|mac|undef", video_format_codes, "undef",
           "Video format of the source."),
    CHOICE("range", "full-range", "headers", full_range, "tv|pc|limited|full", range_codes, "tv",
           "Sample range: tv 16..235, pc 0..255; RGB input is converted to it."),
    SPECIAL("color", "colour", "headers", "<name>", "auto|bt601|bt709|bt2020|srgb",
            AVO_OPTION_COLOR, AVO_OPTION_DERIVED, colour_primaries, 0, 0, "auto",
            "Shorthand for colorprim, transfer and colormatrix."),
    CHOICE("colorprim", "colour-primaries", "headers", colour_primaries, PRIMARIES, primaries_codes,
           "auto", "Colour primaries; auto: bt709 from 577 lines on, else smpte170m."),
    CHOICE("transfer", NULL, "headers", transfer, TRANSFERS, transfer_codes, "auto",
           "Transfer characteristics; auto as colorprim."),
    CHOICE("colormatrix", "colour-matrix", "headers", colour_matrix, MATRICES, matrix_codes, "auto",
           "Matrix between RGB and YCbCr, also for converting RGB input; auto as colorprim."),
    INT("chromaloc", "chroma-loc", "headers", chroma_loc, 0, 5, "0", "Position of chroma samples."),

    /* ---- machine ---- */
    INT("threads", NULL, "machine", threads, 0, 256, "0",
        "Threads; 0: one per core. The stream does not depend on it."),
    SPECIAL("cpu", NULL, "machine", "<name>", "auto|c|sse41|avx2|avx512|neon", AVO_OPTION_CPU, 0,
            cpu_mask, 0, 0, "auto",
            "Highest instruction set to use. The stream does not depend on it."),
    FLAG("psnr", NULL, "machine", psnr, "0", "Measure PSNR."),
    FLAG("ssim", NULL, "machine", ssim, "0", "Measure SSIM."),
};

int avo_option_count(void)
{
    return (int)AVO_COUNT(rows);
}

const AvoOptionRow *avo_option_row(int index)
{
    return index >= 0 && index < avo_option_count() ? &rows[index] : NULL;
}

static const AvoOptionRow *find_name(const char *name)
{
    size_t n = avo_text_length(name);
    for (size_t i = 0; i < AVO_COUNT(rows); i++)
        if (avo_text_is_word(name, n, rows[i].pub.name) ||
            (rows[i].alias && avo_text_is_word(name, n, rows[i].alias)))
            return &rows[i];
    return NULL;
}

static bool can_negate(const AvoOptionRow *row)
{
    return row->kind == AVO_OPTION_FLAG || row->kind == AVO_OPTION_PSY ||
           (row->flags & AVO_OPTION_NO_ZERO) != 0;
}

const AvoOptionRow *avo_option_find(const char *name, bool *negated)
{
    const AvoOptionRow *row = find_name(name);
    *negated = false;
    if (!row && avo_text_is_word(name, 3, "no-")) {
        row = find_name(name + 3);
        *negated = row != NULL;
        if (row && !can_negate(row))
            row = NULL;
    }
    return row;
}

static bool is_flag(const AvoOptionRow *row)
{
    return row->kind == AVO_OPTION_FLAG || row->kind == AVO_OPTION_PSY;
}

/* Text of the opposite for "no-NAME": flags may carry a value ("no-cabac" "0" is cabac on),
 * others none. */
static const char *negated_text(const AvoOptionRow *row, const char *value, AvoMessage *msg)
{
    bool yes = !value || !*value || avo_text_is_word(value, avo_text_length(value), "1");
    if (yes)
        return row->kind == AVO_OPTION_DEBLOCK ? "off" : "0";
    if (is_flag(row) && avo_text_is_word(value, avo_text_length(value), "0"))
        return "1";
    avo_fail(msg, AVOCET_ERR_ARGUMENT, "no-%s takes no value", row->pub.name);
    return NULL;
}

int avo_option_set(AvocetEncoderConfig *config, const char *name, const char *value,
                   AvoMessage *msg)
{
    bool negated;
    const AvoOptionRow *row = name ? avo_option_find(name, &negated) : NULL;
    if (!row)
        return avo_fail(msg, AVOCET_ERR_OPTION, "no option \"%s\"", name ? name : "(null)");
    if (negated)
        value = negated_text(row, value, msg);
    else if (!value && (is_flag(row) || (row->flags & AVO_OPTION_ALONE)))
        value = "1";
    else if (!value)
        return avo_fail(msg, AVOCET_ERR_ARGUMENT, "%s needs a value: %s", row->pub.name,
                        row->pub.form);
    if (!value)
        return AVOCET_ERR_ARGUMENT;

    AvocetEncoderConfig changed = *config; /* a failure leaves the config as it was */
    AVO_RETURN_IF_ERROR(avo_option_read(&changed, row, value, msg));
    AVO_RETURN_IF_ERROR(avo_option_check(&changed, row, msg));
    if (row->flags & AVO_OPTION_SETS_RATE)
        changed.rate_mode = row->rate_mode;
    *config = changed;
    return AVOCET_OK;
}

size_t avo_options_describe(const AvocetEncoderConfig *config, char *text, size_t size)
{
    size_t used = avo_format(text, size, "");
    for (size_t i = 0; i < AVO_COUNT(rows); i++) {
        const AvoOptionRow *row = &rows[i];
        char group = row->pub.group[0];
        if ((group != 's' && group != 'd' && group != 'r') || (row->flags & AVO_OPTION_DERIVED) ||
            row->kind == AVO_OPTION_MATRIX)
            continue;
        char value[128];
        avo_option_write(config, row, value, sizeof value);
        if (avo_text_is_word(value, avo_text_length(value), row->pub.default_text))
            continue;
        used +=
            avo_format(text + used, size - used, used ? " %s=%s" : "%s=%s", row->pub.name, value);
    }
    return used;
}

/* ---- public ---- */

#if !AVOCET_TINY /* tiny/tiny_config.c then */

int avocet_encoder_option_count(void)
{
    return avo_option_count();
}

const AvocetOption *avocet_encoder_option(int index)
{
    const AvoOptionRow *row = avo_option_row(index);
    return row ? &row->pub : NULL;
}

int avocet_encoder_config_set(AvocetEncoderConfig *config, const char *name, const char *value,
                              char *message, size_t message_size)
{
    AvoMessage msg = {""};
    int status = config ? avo_option_set(config, name, value, &msg)
                        : avo_fail(&msg, AVOCET_ERR_ARGUMENT, "config is NULL");
    avo_text_copy(message, message_size, msg.text);
    return status;
}

int avocet_encoder_config_get(const AvocetEncoderConfig *config, const char *name, char *text,
                              size_t text_size)
{
    bool negated;
    if (!config || !name || !text || !text_size)
        return AVOCET_ERR_ARGUMENT;
    const AvoOptionRow *row = avo_option_find(name, &negated);
    if (!row || negated)
        return AVOCET_ERR_OPTION;
    return (int)avo_option_write(config, row, text, text_size);
}
#endif
