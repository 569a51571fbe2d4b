/* serve.h: how the runner speaks with a program that it measures: a line in, a line out.
 *
 *   ask NAME OUT      answer a question and write the answer to OUT as CSV
 *     -> ok NS PEAK   nanoseconds it took, and the most memory the process held meanwhile, in KiB
 *     -> no TEXT      why it could not
 *   (end of input)    end
 * Callers: lots_bench.c, by_hand/by_hand.c. The peers' JavaScript speaks the same. */
#ifndef LOTS_BENCH_SERVE_H
#define LOTS_BENCH_SERVE_H

#include "core/base/status.h"
#include "query/out/sink.h"

/* Answer one question into the sink; *ns is what it took. */
typedef lots_status (*serve_answer)(void *context, const char *name, lots_sink *sink, uint64_t *ns, lots_error *err);

/* Serve until the input ends. Every error of an answer is a line; LOTS_IO only when the runner is gone. */
LOTS_MUST lots_status serve(serve_answer answer, void *context, lots_error *err);

#endif
