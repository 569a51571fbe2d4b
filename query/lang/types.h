/* types.h: the types of the query language, and constants of them. Plain data. */
#ifndef LOTS_QUERY_TYPES_H
#define LOTS_QUERY_TYPES_H

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/index/codes.h"

typedef enum lots_type_kind {
    LOTS_TYPE_MISSING,  /* the word `missing`: fits every type */
    LOTS_TYPE_BOOL,
    LOTS_TYPE_INT,
    LOTS_TYPE_DECIMAL,  /* int64 / 10^scale */
    LOTS_TYPE_FLOAT,
    LOTS_TYPE_DATE,
    LOTS_TYPE_DAYS,     /* a duration of whole days; date - date */
    LOTS_TYPE_MONTHS,   /* a duration of calendar months (1y is 12) */
    LOTS_TYPE_INTERVAL, /* two days, both included; LOTS_DAY_MIN / MAX where open */
    LOTS_TYPE_CATEGORY, /* a rank in `dictionary` */
    LOTS_TYPE_TEXT,
    LOTS_TYPE_CODE,     /* a rank in the code dictionary */
    LOTS_TYPE_SET,      /* of `element`: sorted or in list order as the maker says; an element is never missing or a SET */
    LOTS_TYPE_EVENTS,   /* an event set of relation `relation`; `single` when at most one by construction */
    LOTS_TYPE_TUPLE     /* (sex, band(…)): only as a key of group by / per; `fields` expressions */
} lots_type_kind;

typedef struct lots_type {
    lots_type_kind kind;
    lots_type_kind element;            /* SET */
    uint8_t scale;                     /* DECIMAL, or a SET of them */
    bool single;                       /* EVENTS */
    uint32_t relation;                 /* EVENTS: index into lots_query.relations */
    const lots_dictionary *dictionary; /* CATEGORY, CODE, or a SET of them; borrowed from the registry. NULL for texts */
    const char *domain;                /* CATEGORY: name of its dictionary, for messages */
} lots_type;

/* "decimal(2)", "set of code", "events of contacts" is the caller's: here "events". Into out. */
void lots_type_format(const lots_type *type, char out[96]);
bool lots_type_same(const lots_type *a, const lots_type *b);
bool lots_type_is_number(const lots_type *type); /* INT DECIMAL FLOAT */

/* A constant. `missing` leaves the rest unset. */
typedef struct lots_constant {
    bool missing;
    int64_t i;        /* BOOL 0/1, INT, DECIMAL (scaled), DATE, DAYS, MONTHS, CATEGORY and CODE (rank), INTERVAL's start */
    int64_t i2;       /* INTERVAL's end */
    double f;         /* FLOAT */
    const char *text; /* TEXT; in the query's arena */
    uint32_t text_bytes;
} lots_constant;

#endif
