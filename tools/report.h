/* Counts what was coded and tells it: a table on standard error,
 * and a summary in JSON for programs. */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <avocet/avocet.h>
#include "fault.h"

typedef struct ReportType { /* pictures of one type, or all */
    int64_t count, bytes;
    int64_t qp_sum;
    double psnr_sum[4]; /* of the pictures' PSNR: Y, Cb, Cr, all samples */
    double sse[3];
    double ssim_sum;
} ReportType;

typedef struct Report {
    const char *input, *output;
    int64_t luma_samples, chroma_samples; /* per picture and plane; chroma 0: none */
    int with_psnr, with_ssim;
    double fps;
    double kbps_asked; /* average, 0: none */
    int qp_min, qp_max;
    double seconds;
    ReportType type[6]; /* by AvocetFrameType; [AVOCET_TYPE_AUTO] is the sum */
} Report;

void report_start(Report *report, const char *input, const char *output,
                  const AvocetEncoderConfig *config, int monochrome);
void report_add(Report *report, const AvocetPacket *packet);
void report_print_picture(const Report *report, const AvocetPacket *packet);
void report_print(const Report *report);
int report_write_json(const Report *report, const char *name, const AvocetEncoder *encoder,
                      const char *error, Fault *fault);

#endif
