/* classification_draft.h: a classification while its file is being read: growing lists, and the lines that later errors
 * name. Owned by classification_read.c, which fills it, row by row; classification_finish.c checks what only the whole
 * file can show and turns the lists into arrays of the arena. */
#ifndef LOTS_QUERY_CLASSIFICATION_DRAFT_H
#define LOTS_QUERY_CLASSIFICATION_DRAFT_H

#include "core/base/vec.h"
#include "query/lang/classification.h"
#include "query/lang/classification_row.h"

typedef struct weight_draft {
    uint32_t line;
    uint16_t set;
    uint16_t group;
    int64_t value;
} weight_draft;

typedef struct hides_draft {
    lots_class_hides rule;
    uint32_t line;
} hides_draft;

typedef struct classification_draft {
    class_rows rows;
    lots_arena *arena;
    lots_error *err;
    lots_classification *out; /* its arrays are those of the lists below until the end, so that names can be found */
    lots_vec notes;           /* const char * */
    lots_vec systems;         /* lots_class_system */
    lots_vec sets;            /* lots_class_weights */
    lots_vec groups;          /* lots_class_group */
    lots_vec group_lines;     /* uint32_t */
    lots_vec weights;         /* weight_draft */
    lots_vec patterns;        /* lots_class_pattern */
    lots_vec makes;           /* lots_class_makes */
    lots_vec hides;           /* hides_draft */
    uint16_t *group_slots;
    uint64_t made[LOTS_CLASSIFICATION_WORDS_MAX];  /* groups that a rule makes */
    uint64_t parts[LOTS_CLASSIFICATION_WORDS_MAX]; /* groups that a rule makes another from */
} classification_draft;

/* Check the whole and move the lists into the arena. Errors: as lots_classification_read. */
LOTS_MUST lots_status classification_finish(classification_draft *draft);

#endif
