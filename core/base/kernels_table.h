/* kernels_table.h: the three tables, for kernels.c alone to choose from (each file of kernels makes one), and
 * what those files share. */
#ifndef LOTS_KERNELS_TABLE_H
#define LOTS_KERNELS_TABLE_H

#include "core/base/kernels.h"

/* The scalar code of code_u32 and pair_u32 from i on: after the last whole vector, or all of it. */
#define CODE_REST                                                                                           \
    for (; i < count; i++) {                                                                                \
        const uint32_t at = index[i] - low;                                                                 \
        out[i] = at < size ? table[at] : 0;                                                                 \
        some |= out[i] == 0;                                                                                \
    }
#define PAIR_REST                                                                                           \
    for (; i < count; i++) {                                                                                \
        out[i] = table[a[i] << shift | b[i]];                                                               \
        some |= out[i] == UINT32_MAX;                                                                       \
    }

/* There on x86-64 only. NULL when the file was compiled without the instructions' flags. To be asked for once, and only
 * on a processor that has the instructions. */
const lots_kernels *lots_kernels_avx2(void);
const lots_kernels *lots_kernels_avx512(void);

#endif
