/* See coded_writer.h. */
#include "coded_writer.h"
#include <string.h>

enum { CRF = 1800 }; /* thin lines and small text should stay readable */

int coded_writer_wanted(const char *name)
{
    OutputOptions options;
    Fault ignored;
    memset(&options, 0, sizeof options);
    return strchr(name, '%') == NULL && strncmp(name, "/dev/", 5) != 0 && strcmp(name, "-") != 0 &&
           output_check_name(name, &options, &ignored) == 0;
}

static int open_writer(CodedWriter *w, const char *name, const AvocetPicture *p,
                       const AvocetStreamInfo *info, Fault *fault)
{
    AvocetEncoderConfig config;
    OutputOptions options;
    char message[256];
    memset(&options, 0, sizeof options);
    avocet_encoder_config_init(&config, "fast", NULL);
    config.width = p->width;
    config.height = p->height;
    config.fps = info->fps.den ? info->fps : (AvocetRational){25, 1};
    config.crf = CRF;
    config.full_range = info->full_range;
    config.colour_matrix = info->colour_matrix == 2 ? -1 : info->colour_matrix;
    if (info->sar_width && info->sar_height) {
        config.sar_width = info->sar_width;
        config.sar_height = info->sar_height;
    }
    if (avocet_encoder_open(&w->encoder, &config, NULL, message, sizeof message) < 0)
        return fault_set(fault, "%s: %s", name, message);
    const OutputTrack track = output_track(w->encoder);
    w->name = name;
    w->output = output_open(name, &options, &track, fault);
    return w->output ? 0 : -1;
}

static int fail_encoder(const CodedWriter *w, Fault *fault)
{
    return fault_set(fault, "%s: %s", w->name, avocet_encoder_error(w->encoder));
}

static int receive_all(CodedWriter *w, Fault *fault)
{
    AvocetPacket packet;
    int status;
    while ((status = avocet_encoder_receive(w->encoder, &packet)) == AVOCET_OK)
        if (w->output->write(w->output, &packet, fault) < 0)
            return -1;
    return status < 0 ? fail_encoder(w, fault) : 0;
}

int coded_writer_add(CodedWriter *w, const char *name, const AvocetPicture *picture,
                     const AvocetStreamInfo *info, Fault *fault)
{
    if (!w->encoder && open_writer(w, name, picture, info, fault) < 0)
        return -1;
    const AvocetEncoderConfig *config = avocet_encoder_config(w->encoder);
    if (picture->width != config->width || picture->height != config->height)
        return fault_set(fault, "the pictures change from %dx%d to %dx%d; %s holds one size",
                         config->width, config->height, picture->width, picture->height, name);
    AvocetPicture p = *picture;
    p.pts = w->count++;
    p.type = AVOCET_TYPE_AUTO;
    if (avocet_encoder_send(w->encoder, &p) < 0)
        return fail_encoder(w, fault);
    return receive_all(w, fault);
}

int coded_writer_close(CodedWriter *w, Fault *fault)
{
    int status = 0;
    if (w->encoder && w->output) {
        avocet_encoder_flush(w->encoder);
        status = receive_all(w, fault);
    }
    Fault last;
    if (w->output && w->output->close(w->output, &last) < 0 && status == 0) {
        *fault = last;
        status = -1;
    }
    avocet_encoder_close(&w->encoder);
    w->output = NULL;
    return status;
}
