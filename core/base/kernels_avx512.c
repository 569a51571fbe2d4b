/* kernels_avx512.c: the kernels for AVX-512 (F, BW, VL, DQ, CD, VBMI2). Compiled with the flags the Makefile gives this
 * file; nothing on other processors. */
#if defined(__x86_64__)
#include "core/base/kernels_table.h"

#if defined(__AVX512F__) && defined(__AVX512VBMI2__)
#include <immintrin.h>

#define LANE_BYTES 64
#include "core/base/kernels_body.inc"

const lots_kernels *lots_kernels_avx512(void)
{
    static const lots_kernels table = TABLE_OF("avx512");
    return &table;
}
#else
const lots_kernels *lots_kernels_avx512(void) { return NULL; }
#endif
#else
typedef int lots_kernels_avx512_is_for_x86; /* a file may not be empty */
#endif
