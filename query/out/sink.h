/* sink.h: where output goes: a stream of the C library, or memory. Text is gathered in `text` and handed on in large
 * pieces, so that a full disk or a closed pipe is noticed and named in one place.
 * Writers (table, csv, json) append to sink->text and call lots_sink_pass now and then; the owner flushes at the end. */
#ifndef LOTS_OUT_SINK_H
#define LOTS_OUT_SINK_H

#include <stdio.h>

#include "core/base/bytes.h"

typedef struct lots_sink {
    FILE *file;       /* borrowed; NULL: everything stays in `text` */
    const char *name; /* of the file, for errors */
    lots_bytes text;  /* not yet written */
    bool closed;      /* the reader of a pipe went away: not worth a message */
} lots_sink;

/* Write out what has gathered if it is much. Errors: LOTS_IO. */
LOTS_MUST lots_status lots_sink_pass(lots_sink *sink, lots_error *err);
/* Write out everything and flush the stream. Errors: LOTS_IO, with `closed` set when a pipe's reader is gone. */
LOTS_MUST lots_status lots_sink_flush(lots_sink *sink, lots_error *err);
/* Append a zero-terminated text. Errors: LOTS_MEMORY. */
LOTS_MUST lots_status lots_sink_text(lots_sink *sink, const char *text, lots_error *err);
/* Forget what has gathered; the stream stays the caller's. */
void lots_sink_free(lots_sink *sink);

#endif
