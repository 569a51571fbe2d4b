/* kernels_avx2.c: the kernels for AVX2. Compiled with the flags the Makefile gives this file; nothing on other
 * processors. Hand-written where measured to pay: masks from comparisons, prefix sums, expand and compress; the rest is
 * the common body with wider vectors. */
#if defined(__x86_64__)
#include "core/base/kernels_table.h"

#if defined(__AVX2__) && defined(__BMI2__)
#include <immintrin.h>

#define LANE_BYTES 32
#include "core/base/kernels_body.inc"

const lots_kernels *lots_kernels_avx2(void)
{
    static const lots_kernels table = TABLE_OF("avx2");
    return &table;
}
#else
const lots_kernels *lots_kernels_avx2(void) { return NULL; }
#endif
#else
typedef int lots_kernels_avx2_is_for_x86; /* a file may not be empty */
#endif
