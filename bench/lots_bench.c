/* lots_bench.c: Lots as it is measured: one process that keeps a registry open and answers questions from files, each time
 * from the text on: read, parsed, bound, run, written as CSV into memory. It does what `lots query` does between its start and
 * its end, disclosure rules with the registry's smallest cell included; it writes no line into the audit log.
 *
 *   lots_bench REG.lots [THREADS] [shown]
 * `shown`: nothing is hidden, so that answers can be compared with those of programs that hide nothing.
 * Callers: run.mjs. */
#include <stdlib.h>
#include <string.h>

#include "bench/serve.h"
#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/base/pool.h"
#include "core/store/registry.h"
#include "query/lang/bound.h"
#include "query/out/output.h"

enum { TEXT_BYTES_MAX = 1 << 20, BIND_BYTES_MAX = 1 << 30 };
static const uint32_t MIN_CELL = 5; /* what a registry that says nothing has */

typedef struct bench {
    lots_registry *registry;
    lots_pool *pool;
    uint32_t min_cell;
} bench;

static lots_status run(const bench *b, const lots_query *query, const lots_bound_pipeline *pipeline, lots_shared *shared,
                       lots_sink *sink, lots_error *err)
{
    const lots_run_options options = {.pool = b->pool, .guard_rows = true, .min_cell = b->min_cell, .shared = shared};
    const lots_output_options output = {.schema = lots_registry_schema(b->registry)};
    lots_result result = {0};
    lots_status status = lots_run_pipeline(query, pipeline, &options, &result, err);
    if (status != LOTS_OK)
        return status;
    status = lots_output_write(LOTS_FORMAT_CSV, &result, &output, sink, err);
    lots_result_free(&result);
    return status;
}

static lots_status bind_and_run(const bench *b, const char *path, char *text, size_t bytes, lots_sink *sink, lots_error *err)
{
    lots_arena arena;
    lots_sources sources = {0};
    lots_query *query = NULL;
    lots_shared *shared = NULL;
    const lots_bind_options options = {0};
    lots_arena_init(&arena, BIND_BYTES_MAX);
    lots_status status = lots_query_bind(b->registry, text, bytes, path, &options, &arena, &sources, &query, err);
    if (status == LOTS_OK)
        status = lots_shared_open(&shared, err);
    for (uint32_t i = 0; status == LOTS_OK && i < query->pipeline_count; i++)
        status = run(b, query, &query->pipelines[i], shared, sink, err);
    lots_shared_close(shared);
    lots_arena_free(&arena);
    return status;
}

static lots_status answer(void *context, const char *path, lots_sink *sink, uint64_t *ns, lots_error *err)
{
    const bench *b = context;
    char *text = NULL;
    size_t bytes = 0;
    uint64_t start = lots_clock_ns();
    LOTS_TRY(lots_file_slurp(path, TEXT_BYTES_MAX, &text, &bytes, err));
    lots_status status = bind_and_run(b, path, text, bytes, sink, err);
    *ns = lots_clock_ns() - start;
    lots_free(text);
    return status;
}

int main(int argc, char **argv)
{
    lots_error err = {0};
    lots_registry_options options = {0};
    bench b = {.min_cell = argc > 3 && strcmp(argv[3], "shown") == 0 ? 0 : MIN_CELL};
    if (argc < 2) {
        fputs("usage: lots_bench REG.lots [THREADS] [shown]\n", stderr);
        return 2;
    }
    lots_status status = lots_registry_open(&b.registry, argv[1], &options, &err);
    if (status == LOTS_OK)
        status = lots_pool_open(&b.pool, argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0, &err);
    if (status == LOTS_OK)
        status = serve(answer, &b, &err);
    if (status != LOTS_OK)
        fprintf(stderr, "lots_bench: %s\n", err.text);
    lots_pool_close(b.pool);
    lots_registry_close(b.registry);
    return status == LOTS_OK ? 0 : 1;
}
