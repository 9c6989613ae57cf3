/* Command line of "avocet encode", "stream" and "record": what is not a setting of the encoder, and
 * the encoder's settings through its own option table. */
#ifndef TOOLS_CLI_OPTIONS_H
#define TOOLS_CLI_OPTIONS_H

#include <avocet/avocet.h>
#include "fault.h"
#include "output/output.h"

typedef enum CliCommand { CLI_ENCODE, CLI_STREAM, CLI_RECORD } CliCommand;

typedef struct CliOptions {
    CliCommand command;
    const char *input, *output;
    const char *preset, *tune;
    const char *recon, *json;
    const char *stats;    /* of pass 1 to 3 */
    int64_t frames, seek; /* frames -1: all */
    int quiet, verbose;
    int no_progress;
    int loop;         /* stream: start again at the end of the input */
    const char *help; /* NULL: not asked for; "": short; "all", "presets" or an option's name */
    int version;
    OutputOptions output_options;
    AvocetEncoderConfig config;
    /* What the user said himself, so that the input's own word counts elsewhere. */
    int has_size, has_format, has_fps, has_sar, has_range, has_color, has_timebase, has_keyint;
} CliOptions;

/* argv without the program's and command's name. 0 or -1 (wrong usage). */
int cli_parse(CliOptions *options, CliCommand command, int argc, char **argv, Fault *fault);

void cli_print_usage(void); /* of the program */
/* Help on "", "all", "presets" or one option, on standard output; -1: no such topic. */
int cli_print_help(CliCommand command, const char *topic);
void cli_print_version(void);

#endif
