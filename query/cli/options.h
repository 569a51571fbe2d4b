/* options.h: the words of a command line: --name VALUE, --name=VALUE, -f VALUE, -fVALUE, operands. Options and operands may
 * mix; after -- everything is an operand; a lone - is one. --help and -h belong to every command.
 * (getopt_long is not POSIX, and knows no suggestions.) */
#ifndef LOTS_CLI_OPTIONS_H
#define LOTS_CLI_OPTIONS_H

#include "core/base/status.h"

typedef struct lots_option {
    const char *name;  /* without the dashes */
    char letter;       /* 0: none */
    bool takes_value;
} lots_option;

typedef struct lots_options {
    const lots_option *list; /* borrowed */
    size_t count;
    char **argv; /* borrowed */
    int argc;
    int at;
    bool operands_only;
} lots_options;

/* What lots_options_next found, when it is no index in the list. */
enum { LOTS_OPTION_END = -1, LOTS_OPTION_OPERAND = -2, LOTS_OPTION_HELP = -3 };

/* The next word: *which is an index in the list or one of the above; *value its value or the operand, else NULL.
 * Errors: LOTS_USAGE for an option that is unknown (with the nearest), lacks its value or wants none. */
LOTS_MUST lots_status lots_options_next(lots_options *options, int *which, const char **value, lots_error *err);

/* Take each word in turn until there are no more or help is asked for. `take` gets what lots_options_next found. */
LOTS_MUST lots_status lots_options_each(lots_options *options, lots_status (*take)(void *context, int which, const char *value,
                                                                                   lots_error *err),
                                        void *context, bool *help, lots_error *err);

/* Values. `option` stands in the error. Errors: LOTS_USAGE. */
LOTS_MUST lots_status lots_option_number(const char *option, const char *value, uint64_t most, uint64_t *out,
                                         lots_error *err);
/* Bytes: 500000000, 512M, 2G (powers of 1024); `least` in whole M, 0: any. */
LOTS_MUST lots_status lots_option_size(const char *option, const char *value, size_t least, size_t *out, lots_error *err);
/* A part of one: 0.1% or 0.001. */
LOTS_MUST lots_status lots_option_part(const char *option, const char *value, double *out, lots_error *err);

#endif
