/* avocet: the command line program. Finds the command; see cmd_*.c for what each does. */
#include <stdio.h>
#include <string.h>
#include "cli_options.h"
#include "commands.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"encode", cmd_encode},
    {"decode", cmd_decode},
    {"info", cmd_info},
    {"remux", cmd_remux},
    {"inspect", cmd_inspect},
    {"play", cmd_play},
    {"stream", cmd_stream},
    {"record", cmd_record},
};

/* Files and options as the first word: the command was forgotten, most likely encode. */
static int refuse(const char *word)
{
    if (!word[0])
        fprintf(stderr, "avocet: no command given (see avocet --help)\n");
    else if (word[0] == '-' || strchr(word, '.'))
        fprintf(stderr, "avocet: no command \"%s\"; is \"avocet encode %s\" meant?\n", word, word);
    else
        fprintf(stderr, "avocet: no command \"%s\" (see avocet --help)\n", word);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(word, commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        cli_print_version();
        return EXIT_DONE;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        cli_print_usage();
        return EXIT_DONE;
    }
    return refuse(word);
}
