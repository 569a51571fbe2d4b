/* manual.h: the manual, query/LANGUAGE.md, inside the program: its sections, the words that lead to them, and how they
 * look on a terminal.
 *
 * A section is a heading with what stands below it until a heading of its own rank or higher. Its topics are its title
 * (without a number in front) and what the comment right below the heading lists: <!-- topics: during, before, after -->.
 * Callers: topic.c. */
#ifndef LOTS_CLI_MANUAL_H
#define LOTS_CLI_MANUAL_H

#include "core/base/vec.h"
#include "query/out/sink.h"

typedef struct lots_manual_section {
    const char *title, *topics, *text; /* in the program's own memory; not zero-terminated */
    size_t title_bytes, topics_bytes, bytes;
    unsigned rank; /* 1 the manual, 2 a part, 3 a section, 4 below one */
} lots_manual_section;

/* Fill *out, an empty LOTS_VEC(lots_manual_section), in the manual's order; the caller frees it. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_manual_sections(lots_vec *out, lots_error *err);

/* Take topic number `index` of a section into `room`; 0 is the title. Topics longer than the room are cut. False: no more. */
bool lots_manual_topic(const lots_manual_section *section, size_t index, char room[64]);

/* Write text[0..bytes) of Markdown for reading: headings at the margin, examples set in, tables aligned. */
LOTS_MUST lots_status lots_manual_write(lots_sink *sink, const char *text, size_t bytes, bool colour, lots_error *err);

#endif
