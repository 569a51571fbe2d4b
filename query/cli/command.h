/* command.h: what every command of the program gets and gives. One file a command: command_NAME.c.
 * Rules: results go to program->out (standard output), all else through the functions of program.h to standard error. A command
 * returns its status with `err` filled, and the program prints it; with an empty text the command has said all itself.
 * query/cli is the only code that may include headers of both ingest/ and query/. */
#ifndef LOTS_CLI_COMMAND_H
#define LOTS_CLI_COMMAND_H

#include "core/base/status.h"
#include "query/cli/program.h"

typedef struct lots_command {
    const char *name;
    const char *summary; /* one line, for `lots help` */
    const char *help;    /* begins with examples */
    /* argv[0..argc-1] are the words after the command's name. */
    lots_status (*run)(lots_program *program, int argc, char **argv, lots_error *err);
} lots_command;

extern const lots_command lots_command_ingest, lots_command_synth, lots_command_query, lots_command_explain, lots_command_why, lots_command_rerun, lots_command_info,
    lots_command_codes, lots_command_cohort, lots_command_check, lots_command_pin, lots_command_audit, lots_command_version, lots_command_help;

/* All commands in the order of `lots help`; NULL at the end. */
extern const lots_command *const lots_commands[];
/* LOTS_USAGE with the nearest name when there is no such command. */
LOTS_MUST lots_status lots_command_find(const char *name, const lots_command **out, lots_error *err);

#endif
