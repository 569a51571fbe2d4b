/* topic.h: what `lots help TOPIC` finds in the manual. Callers: command_help.c. */
#ifndef LOTS_CLI_TOPIC_H
#define LOTS_CLI_TOPIC_H

#include "query/cli/program.h"

/* Print the sections that have `topic` (in any case of letters) among theirs. A part is printed as its own text and the
 * list of its sections. Errors: LOTS_USAGE, with the nearest topics and commands, when no section has it. */
LOTS_MUST lots_status lots_topic_write(lots_program *program, const char *topic, lots_error *err);
/* Print the titles of the manual's parts and their sections. */
LOTS_MUST lots_status lots_topic_list(lots_program *program, lots_error *err);

#endif
