/* kernels.c: the scalar kernels (the meaning of all others) and the choice among the tables. */
#include "core/base/kernels.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/kernels_table.h"

/* Packed words are read as they lie. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "packed values are little-endian words");

#define LANE_BYTES 16
#include "core/base/kernels_body.inc"

static const lots_kernels scalar_table = TABLE_OF("scalar");

static const lots_kernels *tables[3] = {&scalar_table}; /* by rank; NULL: this processor can't */
static const lots_kernels *chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_tables(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2") ||
        !__builtin_cpu_supports("popcnt"))
        return;
    tables[1] = lots_kernels_avx2();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512vbmi2") &&
        __builtin_cpu_supports("avx512vpopcntdq"))
        tables[2] = lots_kernels_avx512();
#endif
}

static void choose_table(void)
{
    static const char *const names[3] = {"scalar", "avx2", "avx512"};
    const char *wanted = getenv("LOTS_SIMD");
    unsigned rank = 2;
    find_tables();
    for (unsigned r = 0; wanted != NULL && r < 3; r++)
        if (strcmp(wanted, names[r]) == 0)
            rank = r;
    while (tables[rank] == NULL)
        rank--;
    chosen = tables[rank];
}

const lots_kernels *lots_kernels_get(void)
{
    pthread_once(&once, choose_table);
    return chosen;
}

const char *lots_kernels_name(void) { return lots_kernels_get()->name; }

const lots_kernels *lots_kernels_named(const char *name)
{
    pthread_once(&once, choose_table);
    for (unsigned rank = 0; rank < 3; rank++)
        if (tables[rank] != NULL && strcmp(tables[rank]->name, name) == 0)
            return tables[rank];
    return NULL;
}
