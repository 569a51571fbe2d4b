/* words_inner.h: what words.c, words_name.c and words_set.c share. For them only. */
#ifndef LOTS_PLAN_WORDS_INNER_H
#define LOTS_PLAN_WORDS_INNER_H

#include "query/plan/words.h"

/* How tightly a text binds: an operand of a looser one stands in brackets. */
typedef enum word_level { WORD_OR, WORD_AND, WORD_NOT, WORD_TEST, WORD_SUM, WORD_PRODUCT, WORD_SIGNED, WORD_PRIMARY } word_level;

typedef struct writer {
    const lots_words *words;
    lots_bytes *out;
    size_t from;  /* where this text began in out */
    bool full;    /* nothing more is written */
    lots_error *err;
} writer;

LOTS_MUST lots_status write_text(writer *w, const char *text);
LOTS_MUST lots_status write_expr(writer *w, const lots_expr *expr, word_level level);
/* a, b, c */
LOTS_MUST lots_status write_list(writer *w, lots_expr *const *exprs, uint32_t count);
LOTS_MUST lots_status write_set(writer *w, const lots_set *set);
LOTS_MUST lots_status write_relation(writer *w, uint32_t relation);
/* words_name.c: `patient.` before a column of another row than the one that needs none; a stored column; a derived one. */
LOTS_MUST lots_status write_prefix(writer *w, uint32_t frame);
LOTS_MUST lots_status write_column(writer *w, const lots_expr *expr);
LOTS_MUST lots_status write_slot(writer *w, const lots_expr *expr);

#endif
