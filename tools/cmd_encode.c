/* avocet encode, stream and record: input -> encoder -> output, reconstruction, report.
 *
 * Streaming is encoding to an output that is a network, each picture when its time has come;
 * recording is encoding an input that is a camera. There, a signal is the usual way to end and no
 * fault.
 *
 * Whatever goes wrong while pictures flow (a damaged input, a full disk, Ctrl-C), what has been
 * encoded up to there is kept: the encoder is flushed and files are closed in order, then the fault
 * is told and the exit status is 1. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli_options.h"
#include "commands.h"
#include "file_io.h"
#include "input/input.h"
#include "interrupt.h"
#include "output/output.h"
#include "pass_stats.h"
#include "pace.h"
#include "progress.h"
#include "recon.h"
#include "report.h"

typedef struct Session {
    CliOptions options;
    Input *input;
    AvocetEncoder *encoder;
    Output *output;
    Recon *recon;
    PassStats stats;
    Report report;
    Progress progress;
    int64_t sent;
    const volatile sig_atomic_t *interrupted;
    Pace pace;
    int64_t pts_shift, last_pts; /* loop: what goes before this turn of the input */
    Fault fault;                 /* first one; "" while all is well */
} Session;

/* Keeps the first fault; later ones follow from it. */
static int fail(Session *s, const Fault *fault)
{
    if (!s->fault.text[0])
        s->fault = *fault;
    return -1;
}

static int fail_encoder(Session *s, const char *what, int status)
{
    Fault fault;
    const char *text = avocet_encoder_error(s->encoder);
    fault_set(&fault, "%s: %s", what, text && text[0] ? text : avocet_status_text(status));
    return fail(s, &fault);
}

/* ---- opening ---- */

/* At most one at a time. */
static int open_input(Session *s)
{
    const CliOptions *o = &s->options;
    InputRequest request = {.name = o->input, .format = -1, .frames = o->frames};
    Fault fault;
    if (o->has_size) {
        request.width = o->config.width;
        request.height = o->config.height;
    }
    if (o->has_format)
        request.format = (int)o->config.format;
    if (o->has_fps)
        request.fps = o->config.fps;
    if (request.frames >= 0)
        request.frames += o->seek; /* how far the input must reach */
    if (o->command == CLI_RECORD && !input_v4l2_wanted(o->input)) {
        fault_set(&fault, "%s is no camera: /dev/video0, as an example (avocet encode takes files)",
                  o->input);
        return fail(s, &fault);
    }
    s->input = input_open(&request, &fault);
    if (!s->input)
        return fail(s, &fault);
    if (o->seek > 0 && input_skip(s->input, o->seek, &fault) < 0)
        return fail(s, &fault);
    if (o->config.threads != 1)
        s->input = input_read_ahead(s->input);
    return 0; /* an input that ends before is told when no picture comes */
}

/* What the input says of itself, unless the user said otherwise. */
static void adopt_input(Session *s)
{
    CliOptions *o = &s->options;
    AvocetEncoderConfig *c = &o->config;
    const InputInfo *info = &s->input->info;
    c->width = info->width;
    c->height = info->height;
    c->format = info->format;
    c->fps = info->fps;
    if (info->time_base.den && !o->has_timebase)
        c->time_base = info->time_base;
    if (o->command != CLI_ENCODE && !o->has_keyint && c->fps.den > 0)
        c->keyint = 2 * c->fps.num / c->fps.den > 1 ? 2 * c->fps.num / c->fps.den : 2;
    if (info->sar.den && !o->has_sar) {
        c->sar_width = info->sar.num;
        c->sar_height = info->sar.den;
    }
    if (info->full_range >= 0 && !o->has_range)
        c->full_range = info->full_range;
    if (o->has_color)
        return;
    if (info->primaries >= 0)
        c->colour_primaries = info->primaries;
    if (info->transfer >= 0)
        c->transfer = info->transfer;
    if (info->matrix >= 0)
        c->colour_matrix = info->matrix;
}

/* What the pass before left. */
static int read_stats(Session *s)
{
    AvocetEncoderConfig *c = &s->options.config;
    Fault fault;
    if (c->pass < 2)
        return 0;
    if (pass_stats_read(&s->stats, s->options.stats, c, &fault) < 0)
        return fail(s, &fault);
    c->pass_records = s->stats.record;
    c->pass_count = s->stats.count;
    return 0;
}

/* Returns an exit status. */
static int open_encoder(Session *s)
{
    char message[256];
    Fault fault;
    adopt_input(s);
    if (read_stats(s) < 0)
        return EXIT_FAILED;
    int status =
        avocet_encoder_open(&s->encoder, &s->options.config, NULL, message, sizeof message);
    if (status == AVOCET_OK)
        return EXIT_DONE;
    fault_set(&fault, "%s", message[0] ? message : avocet_status_text(status));
    fail(s, &fault);
    return status == AVOCET_ERR_ARGUMENT || status == AVOCET_ERR_CONFLICT ? EXIT_USAGE
                                                                          : EXIT_FAILED;
}

static void print_adjustments(const Session *s)
{
    const char *sentence;
    for (int i = 0;
         !s->options.quiet && (sentence = avocet_encoder_adjustment(s->encoder, i)) != NULL; i++)
        fprintf(stderr, "avocet: note: %s\n", sentence);
}

/* name NULL: not asked for. */
static int check_not_input(Session *s, const char *name)
{
    Fault fault;
    return name && file_io_check_output(s->options.input, name, &fault) < 0 ? fail(s, &fault) : 0;
}

static int create_stats(Session *s)
{
    Fault fault;
    const AvocetEncoderConfig *c = avocet_encoder_config(s->encoder);
    return pass_stats_create(&s->stats, s->options.stats, c, &fault) < 0 ? fail(s, &fault) : 0;
}

static int open_outputs(Session *s)
{
    const CliOptions *o = &s->options;
    Fault fault;
    const OutputTrack track = output_track(s->encoder);
    if (check_not_input(s, o->output) < 0 || check_not_input(s, o->recon) < 0 ||
        check_not_input(s, o->json) < 0)
        return -1;
    s->options.output_options.tell = !o->quiet;
    s->output = output_open(o->output, &o->output_options, &track, &fault);
    if (!s->output)
        return fail(s, &fault);
    if (o->recon) {
        s->recon = recon_open(o->recon, avocet_encoder_config(s->encoder), &fault);
        if (!s->recon)
            return fail(s, &fault);
    }
    if ((o->config.pass & 1) && (check_not_input(s, o->stats) < 0 || create_stats(s) < 0))
        return -1;
    return 0;
}

static void start_report(Session *s)
{
    const AvocetEncoderConfig *c = avocet_encoder_config(s->encoder);
    int monochrome = c->format == AVOCET_FORMAT_GRAY8 && c->profile == AVOCET_PROFILE_HIGH;
    int64_t total = s->input->info.frames;
    if (total >= 0)
        total = total > s->options.seek ? total - s->options.seek : 0;
    if (s->options.frames >= 0 && (total < 0 || s->options.frames < total))
        total = s->options.frames;
    report_start(&s->report, s->options.input, s->options.output, c, monochrome);
    progress_start(&s->progress,
                   !s->options.quiet && !s->options.no_progress && !s->options.verbose, total,
                   s->report.fps);
}

/* ---- pictures ---- */

static int take_packet(Session *s, const AvocetPacket *packet)
{
    Fault fault;
    report_add(&s->report, packet);
    if (s->options.verbose && !s->options.quiet)
        report_print_picture(&s->report, packet);
    if (s->output->write(s->output, packet, &fault) < 0)
        return fail(s, &fault);
    AvocetPassRecord record;
    if (s->stats.file && (avocet_encoder_pass_record(s->encoder, &record) < 0 ||
                          pass_stats_add(&s->stats, &record, &fault) < 0))
        return fail(s, &fault);
    if (s->recon) {
        AvocetPicture picture;
        int status = avocet_encoder_recon(s->encoder, &picture);
        if (status < 0)
            return fail_encoder(s, "no reconstruction", status);
        if (recon_add(s->recon, packet->pts, &picture, &fault) < 0)
            return fail(s, &fault);
    }
    progress_update(&s->progress, s->report.type[AVOCET_TYPE_AUTO].count, s->output->bytes);
    return 0;
}

/* All packets that are ready. */
static int receive_all(Session *s)
{
    AvocetPacket packet;
    int status;
    while ((status = avocet_encoder_receive(s->encoder, &packet)) == AVOCET_OK)
        if (take_packet(s, &packet) < 0)
            return -1;
    return status < 0 ? fail_encoder(s, "encoding failed", status) : 0;
}

static int send(Session *s, AvocetPicture *picture)
{
    Fault fault;
    picture->pts += s->pts_shift;
    s->last_pts = picture->pts;
    if (s->options.command == CLI_STREAM && !s->input->info.is_live)
        pace_wait(&s->pace, picture->pts, s->interrupted);
    if (s->output->wants_keyframe && s->output->wants_keyframe(s->output, picture->pts))
        picture->type = AVOCET_TYPE_IDR;
    if (s->recon && recon_expect(s->recon, picture->pts, &fault) < 0)
        return fail(s, &fault);
    int status = avocet_encoder_send(s->encoder, picture);
    if (status == AVOCET_ERR_BUSY) {
        if (receive_all(s) < 0)
            return -1;
        status = avocet_encoder_send(s->encoder, picture);
    }
    if (status < 0)
        return fail_encoder(s, "encoding failed", status);
    s->sent++;
    return receive_all(s);
}

/* The input from its start, its times behind those of the last turn. */
static int start_again(Session *s)
{
    const AvocetEncoderConfig *c = avocet_encoder_config(s->encoder);
    const int width = c->width, height = c->height;
    const OutputTrack track = output_track(s->encoder);
    Fault fault;
    s->input->close(s->input);
    s->input = NULL;
    if (open_input(s) < 0)
        return -1;
    if (s->input->info.width != width || s->input->info.height != height) {
        fault_set(&fault, "%s has another size now", s->options.input);
        return fail(s, &fault);
    }
    s->pts_shift = s->last_pts + (track.frame_duration > 0 ? track.frame_duration : 1);
    return 0;
}

/* 0 when the input ends or enough is read, -1 on a fault of the input (the encoder can still be
 * flushed), -2 on one of the encoder or output. */
static int send_pictures(Session *s)
{
    AvocetPicture picture;
    Fault fault;
    int64_t most = s->options.frames;
    while (!*s->interrupted && (most < 0 || s->sent < most)) {
        int got = s->input->read(s->input, &picture, &fault);
        if (got == 0 && s->options.loop && s->sent) {
            if (start_again(s) < 0)
                return -1;
            continue;
        }
        if (got == 0)
            return 0;
        if (got < 0)
            return fail(s, &fault);
        if (send(s, &picture) < 0)
            return -2;
    }
    if (*s->interrupted && s->options.command == CLI_ENCODE) {
        fault_set(&fault, "interrupted after %lld pictures; %s is complete up to there",
                  (long long)s->sent, s->options.output);
        return fail(s, &fault);
    }
    return 0;
}

static int encode_all(Session *s)
{
    int status = send_pictures(s);
    if (status == -2)
        return -1;
    int flushed = avocet_encoder_flush(s->encoder);
    if (flushed < 0)
        return fail_encoder(s, "encoding failed", flushed);
    if (receive_all(s) < 0 || status < 0)
        return -1;
    Fault fault;
    if (s->stats.count > s->sent) {
        fault_set(&fault,
                  "the first pass had %lld pictures, this one %lld: the bit rate is not met",
                  (long long)s->stats.count, (long long)s->sent);
        return fail(s, &fault);
    }
    if (s->sent == 0) {
        fault_set(&fault, "%s: no pictures to encode%s", s->options.input,
                  s->options.seek ? " (--seek goes beyond its end)" : "");
        return fail(s, &fault);
    }
    return 0;
}

/* ---- all ---- */

static int close_all(Session *s)
{
    Fault fault;
    int status = 0;
    if (s->recon && recon_close(s->recon, &fault) < 0)
        status = fail(s, &fault);
    if (s->output && s->output->close(s->output, &fault) < 0)
        status = fail(s, &fault);
    if (s->encoder && s->output && s->options.json &&
        report_write_json(&s->report, s->options.json, s->encoder, s->fault.text, &fault) < 0)
        status = fail(s, &fault);
    if (pass_stats_close(&s->stats, !s->fault.text[0], &fault) < 0)
        status = fail(s, &fault);
    avocet_encoder_close(&s->encoder);
    if (s->input)
        s->input->close(s->input);
    return status;
}

static int run(Session *s)
{
    if (open_input(s) < 0)
        return EXIT_FAILED;
    int status = open_encoder(s);
    if (status != EXIT_DONE)
        return status;
    print_adjustments(s);
    if (open_outputs(s) < 0)
        return EXIT_FAILED;
    start_report(s);
    pace_start(&s->pace, output_track(s->encoder).time_base);
    status = encode_all(s) < 0 ? EXIT_FAILED : EXIT_DONE;
    progress_clear(&s->progress);
    s->report.seconds = progress_clock() - s->progress.started;
    if (!s->options.quiet)
        report_print(&s->report);
    return status;
}

/* Help and version on standard output; 1 if that was all that was wanted, -1: no such help. */
static int answer(const CliOptions *o, Fault *fault)
{
    if (o->version) {
        cli_print_version();
        return 1;
    }
    if (!o->help)
        return 0;
    if (cli_print_help(o->command, o->help) < 0)
        return fault_set(fault, "no help on \"%s\": all, presets or an option's name", o->help);
    return 1;
}

static int run_command(CliCommand command, int argc, char **argv)
{
    Session *s = calloc(1, sizeof *s);
    if (!s) {
        fprintf(stderr, "avocet: not enough memory\n");
        return EXIT_FAILED;
    }
    CliOptions *o = &s->options;
    Fault *fault = &s->fault;
    int status = EXIT_DONE, answered = 0;
    if (cli_parse(o, command, argc, argv, fault) < 0 || (answered = answer(o, fault)) < 0 ||
        (!answered && output_check_name(o->output, &o->output_options, fault) < 0))
        status = EXIT_USAGE;
    if (status == EXIT_DONE && !answered) {
        s->interrupted = interrupt_watch();
        status = run(s);
        if (close_all(s) < 0 && status == EXIT_DONE)
            status = EXIT_FAILED;
    }
    if (status != EXIT_DONE)
        fprintf(stderr, "avocet: %s\n", fault->text);
    free(s);
    return status;
}

int cmd_encode(int argc, char **argv)
{
    return run_command(CLI_ENCODE, argc, argv);
}

int cmd_stream(int argc, char **argv)
{
    return run_command(CLI_STREAM, argc, argv);
}

int cmd_record(int argc, char **argv)
{
    return run_command(CLI_RECORD, argc, argv);
}
