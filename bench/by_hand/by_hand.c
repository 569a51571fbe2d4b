/* by_hand.c: the loops by hand as a program that the runner asks: by_hand REG.lots [THREADS] [CLASSIFICATION.csv]. It reads the
 * registry into arrays first and says so with a line `ok NS PEAK` of its own; then it serves (bench/serve.h). */
#include <stdlib.h>

#include "bench/by_hand/loop.h"
#include "bench/serve.h"
#include "core/base/os.h"

typedef struct hands {
    population population;
    lots_pool *pool;
} hands;

static lots_status answer(void *context, const char *name, lots_sink *sink, uint64_t *ns, lots_error *err)
{
    const hands *h = context;
    const hand_loop *loop = loop_find(name);
    if (loop == NULL)
        return lots_fail(err, LOTS_USAGE, "no loop was written for '%s'", name);
    uint64_t start = lots_clock_ns();
    lots_status status = loop_run(loop, &h->population, h->pool, &sink->text, err);
    *ns = lots_clock_ns() - start;
    return status;
}

int main(int argc, char **argv)
{
    lots_error err = {0};
    lots_registry *registry = NULL;
    lots_registry_options options = {0};
    hands h = {0};
    if (argc < 2) {
        fputs("usage: by_hand REG.lots [THREADS] [CLASSIFICATION.csv]\n", stderr);
        return 2;
    }
    uint64_t start = lots_clock_ns();
    lots_status status = lots_registry_open(&registry, argv[1], &options, &err);
    if (status == LOTS_OK)
        status = lots_pool_open(&h.pool, argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0, &err);
    if (status == LOTS_OK)
        status = population_load(&h.population, registry, argc > 3 ? argv[3] : "query/std/classifications/chronic.csv", &err);
    if (status == LOTS_OK) {
        printf("ok %llu %llu\n", (unsigned long long)(lots_clock_ns() - start), (unsigned long long)lots_peak_memory_bytes() / 1024);
        fflush(stdout);
        status = serve(answer, &h, &err);
    }
    if (status != LOTS_OK)
        fprintf(stderr, "by_hand: %s\n", err.text);
    population_free(&h.population);
    lots_pool_close(h.pool);
    lots_registry_close(registry);
    return status == LOTS_OK ? 0 : 1;
}
