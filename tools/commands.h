/* The commands of the program; each gets the words after its name and returns the exit status. */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

int cmd_encode(int argc, char **argv);
int cmd_decode(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_remux(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_play(int argc, char **argv);
int cmd_stream(int argc, char **argv);
int cmd_record(int argc, char **argv);

#endif
