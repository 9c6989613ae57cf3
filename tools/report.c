/* See report.h. PSNR is given both as the mean over pictures and of the summed error ("global"),
 * because the two tell different things and published figures use either. */
#include "report.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define RATE_TOLERANCE 0.015 /* within which an average bit rate ends */

static const char *const type_names[] = {"all", "IDR", "I", "P", "Bref", "B"};

void report_start(Report *r, const char *input, const char *output,
                  const AvocetEncoderConfig *config, int monochrome)
{
    int64_t w = config->width, h = config->height;
    memset(r, 0, sizeof *r);
    r->input = input;
    r->output = output;
    r->luma_samples = w * h;
    r->chroma_samples = monochrome ? 0 : (w + 1) / 2 * ((h + 1) / 2);
    r->with_psnr = config->psnr;
    r->with_ssim = config->ssim;
    r->fps = (double)config->fps.num / config->fps.den;
    r->kbps_asked = config->rate_mode == AVOCET_RATE_BITRATE ? (double)config->bitrate / 1000 : 0;
    r->qp_min = config->qp_min;
    r->qp_max = config->qp_max;
}

/* Decibels of a mean squared error; 100 where there is no difference, as is the custom. */
static double psnr(double sse, int64_t samples)
{
    return sse <= 0 || samples == 0 ? 100.0 : 10 * log10(255.0 * 255.0 * (double)samples / sse);
}

static int64_t samples_of(const Report *r, int plane)
{
    return plane ? r->chroma_samples : r->luma_samples;
}

static double psnr_all(const Report *r, const double sse[3], int64_t pictures)
{
    return psnr(sse[0] + sse[1] + sse[2], pictures * (r->luma_samples + 2 * r->chroma_samples));
}

static void add_to(const Report *r, ReportType *t, const AvocetPacket *packet)
{
    double sse[3];
    t->count++;
    t->bytes += (int64_t)packet->size;
    t->qp_sum += packet->qp;
    for (int p = 0; p < 3; p++) {
        sse[p] = (double)packet->sse[p];
        t->sse[p] += sse[p];
        t->psnr_sum[p] += psnr(sse[p], samples_of(r, p));
    }
    t->psnr_sum[3] += psnr_all(r, sse, 1);
    t->ssim_sum += packet->ssim;
}

void report_add(Report *r, const AvocetPacket *packet)
{
    if (packet->type > AVOCET_TYPE_AUTO && packet->type <= AVOCET_TYPE_B)
        add_to(r, &r->type[packet->type], packet);
    add_to(r, &r->type[AVOCET_TYPE_AUTO], packet);
}

static double ssim_db(double ssim)
{
    return ssim >= 1 ? 100.0 : -10 * log10(1 - ssim);
}

static double kbps(const Report *r)
{
    const ReportType *all = &r->type[AVOCET_TYPE_AUTO];
    return all->count ? (double)all->bytes * 8 / 1000 * r->fps / (double)all->count : 0;
}

static double speed(const Report *r)
{
    return r->seconds > 0 ? (double)r->type[AVOCET_TYPE_AUTO].count / r->seconds : 0;
}

void report_print_picture(const Report *r, const AvocetPacket *packet)
{
    fprintf(stderr, "%-4s pts %6" PRId64 " dts %6" PRId64 " qp %2d %8zu bytes",
            type_names[packet->type], packet->pts, packet->dts, packet->qp, packet->size);
    if (r->with_psnr) {
        fprintf(stderr, "  PSNR Y %.2f", psnr((double)packet->sse[0], r->luma_samples));
        if (r->chroma_samples)
            fprintf(stderr, " U %.2f V %.2f", psnr((double)packet->sse[1], r->chroma_samples),
                    psnr((double)packet->sse[2], r->chroma_samples));
    }
    if (r->with_ssim)
        fprintf(stderr, "  SSIM %.5f", packet->ssim);
    fputc('\n', stderr);
}

static void print_type(const Report *r, int type)
{
    const ReportType *t = &r->type[type];
    double n = (double)t->count;
    if (!t->count)
        return;
    fprintf(stderr, "%-4s %6" PRId64 "  mean QP %5.2f  mean size %8.0f", type_names[type], t->count,
            (double)t->qp_sum / n, (double)t->bytes / n);
    if (r->with_psnr && r->chroma_samples)
        fprintf(stderr, "  PSNR mean Y %.3f U %.3f V %.3f", t->psnr_sum[0] / n, t->psnr_sum[1] / n,
                t->psnr_sum[2] / n);
    else if (r->with_psnr)
        fprintf(stderr, "  PSNR mean Y %.3f", t->psnr_sum[0] / n);
    if (r->with_ssim)
        fprintf(stderr, "  SSIM %.5f", t->ssim_sum / n);
    fputc('\n', stderr);
}

static void print_psnr(const Report *r, const ReportType *all)
{
    double n = (double)all->count, global[3];
    for (int p = 0; p < 3; p++)
        global[p] = psnr(all->sse[p], samples_of(r, p) * all->count);
    if (r->chroma_samples)
        fprintf(stderr,
                "PSNR mean Y %.3f U %.3f V %.3f all %.3f  global Y %.3f U %.3f V %.3f all %.3f\n",
                all->psnr_sum[0] / n, all->psnr_sum[1] / n, all->psnr_sum[2] / n,
                all->psnr_sum[3] / n, global[0], global[1], global[2],
                psnr_all(r, all->sse, all->count));
    else
        fprintf(stderr, "PSNR mean Y %.3f  global Y %.3f\n", all->psnr_sum[0] / n, global[0]);
}

/* A rate that cannot be met is no error, but whoever asked for it should know why. Near the lowest
 * quantiser: offsets of macroblocks keep the mean above it. */
static void print_limit(const Report *r, const ReportType *all)
{
    enum { NEAR_QP = 6 };
    double off = kbps(r) / r->kbps_asked - 1, qp = (double)all->qp_sum / (double)all->count;
    const char *limit = off < -RATE_TOLERANCE && qp <= r->qp_min + NEAR_QP ? "lowest"
                        : off > RATE_TOLERANCE && qp >= r->qp_max - 1      ? "highest"
                                                                           : NULL;
    if (limit)
        fprintf(stderr, "asked for %.0f kb/s, took %.0f kb/s: pictures are at the %s quantiser\n",
                r->kbps_asked, kbps(r), limit);
}

void report_print(const Report *r)
{
    const ReportType *all = &r->type[AVOCET_TYPE_AUTO];
    double n = (double)all->count;
    for (int type = AVOCET_TYPE_IDR; type <= AVOCET_TYPE_B; type++)
        print_type(r, type);
    if (r->with_psnr && all->count)
        print_psnr(r, all);
    if (r->with_ssim && all->count)
        fprintf(stderr, "SSIM mean Y %.6f (%.3f dB)\n", all->ssim_sum / n,
                ssim_db(all->ssim_sum / n));
    fprintf(stderr, "encoded %" PRId64 " pictures, %.2f fps, %.2f kb/s\n", all->count, speed(r),
            kbps(r));
    if (r->kbps_asked > 0 && all->count)
        print_limit(r, all);
}

/* ---- JSON ---- */

static void put_string(FILE *f, const char *text)
{
    fputc('"', f);
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            fprintf(f, "\\%c", *p);
        else if (*p < 0x20)
            fprintf(f, "\\u%04x", *p);
        else
            fputc(*p, f);
    }
    fputc('"', f);
}

static void put_member(FILE *f, const char *name, const char *value)
{
    fprintf(f, "  \"%s\": ", name);
    put_string(f, value);
    fputs(",\n", f);
}

static void put_quality(FILE *f, const Report *r, const ReportType *t)
{
    double n = t->count ? (double)t->count : 1;
    if (r->with_psnr)
        fprintf(f,
                ", \"psnr_y\": %.4f, \"psnr_all\": %.4f, \"psnr_global_y\": %.4f, "
                "\"psnr_global_all\": %.4f",
                t->psnr_sum[0] / n, t->psnr_sum[3] / n, psnr(t->sse[0], r->luma_samples * t->count),
                psnr_all(r, t->sse, t->count));
    if (r->with_psnr && r->chroma_samples)
        fprintf(f, ", \"psnr_u\": %.4f, \"psnr_v\": %.4f", t->psnr_sum[1] / n, t->psnr_sum[2] / n);
    if (r->with_ssim)
        fprintf(f, ", \"ssim\": %.6f, \"ssim_db\": %.4f", t->ssim_sum / n,
                ssim_db(t->ssim_sum / n));
}

static void put_types(FILE *f, const Report *r)
{
    const char *separator = "";
    fputs("  \"types\": {", f);
    for (int type = AVOCET_TYPE_AUTO; type <= AVOCET_TYPE_B; type++) {
        const ReportType *t = &r->type[type];
        if (!t->count)
            continue;
        fprintf(
            f, "%s\n    \"%s\": {\"pictures\": %" PRId64 ", \"bytes\": %" PRId64 ", \"qp\": %.3f",
            separator, type_names[type], t->count, t->bytes, (double)t->qp_sum / (double)t->count);
        put_quality(f, r, t);
        fputc('}', f);
        separator = ",";
    }
    fputs("\n  },\n", f);
}

static void put_settings(FILE *f, const AvocetEncoderConfig *config)
{
    const char *separator = "";
    fputs("  \"settings\": {", f);
    for (int i = 0; i < avocet_encoder_option_count(); i++) {
        char value[512];
        const char *name = avocet_encoder_option(i)->name;
        avocet_encoder_config_get(config, name, value, sizeof value);
        fprintf(f, "%s\n    \"%s\": ", separator, name);
        put_string(f, value);
        separator = ",";
    }
    fputs("\n  },\n", f);
}

static void put_adjustments(FILE *f, const AvocetEncoder *encoder)
{
    const char *sentence;
    fputs("  \"adjustments\": [", f);
    for (int i = 0; (sentence = avocet_encoder_adjustment(encoder, i)) != NULL; i++) {
        fputs(i ? ",\n    " : "\n    ", f);
        put_string(f, sentence);
    }
    fputs("],\n", f);
}

int report_write_json(const Report *r, const char *name, const AvocetEncoder *encoder,
                      const char *error, Fault *fault)
{
    const AvocetEncoderConfig *config = avocet_encoder_config(encoder);
    FILE *f = strcmp(name, "-") ? fopen(name, "w") : stdout;
    if (!f)
        return fault_set(fault, "cannot create %s: %s", name, strerror(errno));
    fputs("{\n", f);
    put_member(f, "encoder", "avocet");
    put_member(f, "version", avocet_version());
    put_member(f, "input", r->input);
    put_member(f, "output", r->output);
    put_member(f, "error", error);
    fprintf(f, "  \"width\": %d,\n  \"height\": %d,\n  \"video_fps\": %.6f,\n", config->width,
            config->height, r->fps);
    fprintf(f, "  \"profile_idc\": %d,\n  \"level_idc\": %d,\n",
            avocet_encoder_profile_idc(encoder), avocet_encoder_level_idc(encoder));
    fprintf(f, "  \"delay\": %d,\n", avocet_encoder_delay(config));
    put_types(f, r);
    put_adjustments(f, encoder);
    put_settings(f, config);
    fprintf(f, "  \"pictures\": %" PRId64 ",\n  \"bytes\": %" PRId64 ",\n",
            r->type[AVOCET_TYPE_AUTO].count, r->type[AVOCET_TYPE_AUTO].bytes);
    fprintf(f, "  \"kbps\": %.3f,\n  \"seconds\": %.4f,\n  \"fps\": %.3f\n}\n", kbps(r), r->seconds,
            speed(r));
    int failed = fflush(f) != 0 || ferror(f);
    if (f != stdout && fclose(f) != 0)
        failed = 1;
    return failed ? fault_set(fault, "cannot write %s: %s", name, strerror(errno)) : 0;
}
