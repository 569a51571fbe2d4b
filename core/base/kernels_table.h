/* kernels_table.h: the three tables, for kernels.c alone to choose from (each file of kernels makes one), and
 * what those files share. */
#ifndef LOTS_KERNELS_TABLE_H
#define LOTS_KERNELS_TABLE_H

#include "core/base/kernels.h"

/* There on x86-64 only. NULL when the file was compiled without the instructions' flags. To be asked for once, and only
 * on a processor that has the instructions. */
const lots_kernels *lots_kernels_avx2(void);
const lots_kernels *lots_kernels_avx512(void);

#endif
