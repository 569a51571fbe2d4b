/* program.h: the running program: its standard streams, whether it was interrupted, how it speaks on standard error.
 * One for the process; made by main. */
#ifndef LOTS_CLI_PROGRAM_H
#define LOTS_CLI_PROGRAM_H

#include "query/out/output.h"

typedef struct lots_program {
    lots_sink out;             /* standard output */
    bool out_terminal, err_terminal;
    bool out_colour, err_colour; /* a terminal, NO_COLOR not set, TERM not dumb */
    const _Atomic bool *stop;  /* turns true at the first Ctrl-C; the second ends the process at once */
} lots_program;

void lots_program_begin(lots_program *program);
/* Write out what remains and give the exit code for how it went. Prints the error. */
int lots_program_end(lots_program *program, lots_status status, lots_error *err);

/* A line on standard error after "note: " (or "warning: ", when the text begins so itself). */
void lots_program_say_note(const lots_program *program, const char *text);

/* How to write to standard output. */
lots_output_options lots_program_output(const lots_program *program, const lots_schema *schema);

/* A line on standard error that tells how far something is: only on a terminal, from a second on, ten times a second. */
typedef struct lots_progress {
    bool wanted;
    uint64_t start_ns, last_ns; /* last_ns 0: nothing shown yet */
} lots_progress;

lots_progress lots_progress_begin(const lots_program *program);
/* `all` 0: unknown. `unit_text` stands after the percentage. */
void lots_progress_show(lots_progress *progress, uint64_t done, uint64_t all, const char *unit_text);
/* Wipe the line. */
void lots_progress_end(lots_progress *progress);

/* "1234567" as "1.2 MB". */
void lots_bytes_text(uint64_t bytes, char out[32]);

#endif
