/* clean.h: the text of one field → a typed value, by a rule declared in the mapping. No allocation, locale or clock.
 * Every function takes a borrowed text that need not be zero-terminated, takes blanks (space, tab, U+00A0) off both
 * ends, and answers with a lots_clean: fine, empty, or why it is bad. The output is written only as said.
 * Dates are in clean_date.c, numbers in clean_number.c, ids in clean_id.c, words and the rest in clean.c.
 * Threads: any. */
#ifndef LOTS_CLEAN_H
#define LOTS_CLEAN_H

#include "core/base/status.h"

typedef enum lots_clean {
    LOTS_CLEAN_OK,
    LOTS_CLEAN_EMPTY,        /* nothing but blanks; or an imprecise date under LOTS_DATE_FILL_MISSING */
    LOTS_CLEAN_MALFORMED,    /* not of the declared form; this and all below are bad */
    LOTS_CLEAN_IMPOSSIBLE,   /* of the form, but there is no such day or time (2023-02-30, 25:00) */
    LOTS_CLEAN_OUT_OF_RANGE, /* a number too large for its type */
    LOTS_CLEAN_TOO_FINE,     /* more decimals than the scale, under LOTS_ROUND_REJECT */
    LOTS_CLEAN_CHECK_DIGIT,  /* a personnummer or samordningsnummer whose check digit is wrong */
    LOTS_CLEAN_UNKNOWN       /* a word not in the declared lists */
} lots_clean;

static inline bool lots_clean_is_bad(lots_clean outcome) { return outcome > LOTS_CLEAN_EMPTY; }
/* "no such day" and the like, for the report. */
const char *lots_clean_reason(lots_clean outcome);

/* Take blanks off both ends. */
void lots_clean_trim(const char **text, size_t *bytes);

/* ---- words: texts that stand for missing, for yes, for no ---- */

/* A small set of texts, in declared order. Zero-initialise; free with lots_words_free. */
typedef struct lots_words {
    char *text;         /* the words one after another */
    uint32_t *ends;     /* of each in `text` */
    uint32_t count;
    uint32_t lengths;   /* bit min(length, 31): some word has it */
    bool fold;          /* ASCII letters of any case are equal */
} lots_words;

/* Compile `count` zero-terminated words (copied; blanks around taken off). Errors: LOTS_MEMORY, LOTS_USAGE for more
 * than 1000 words or a word over 255 bytes; *out is zero then. */
LOTS_MUST lots_status lots_words_compile(lots_words *out, const char *const *words, size_t count, bool fold,
                                         lots_error *err);
void lots_words_free(lots_words *words);
/* The index of the word that `text` (trimmed) is, or -1. An empty text is found only if the empty word was declared.
 * Sentinels: look here before parsing; the caller counts. Cost: mostly one test of a bit. */
int lots_words_find(const lots_words *words, const char *text, size_t bytes);

/* OK sets *out; UNKNOWN when in neither list. */
lots_clean lots_clean_bool(const char *text, size_t bytes, const lots_words *yes, const lots_words *no, bool *out);

/* ---- dates ---- */

typedef enum lots_date_form {
    LOTS_DATE_ISO,    /* yyyy-mm-dd */
    LOTS_DATE_YMD,    /* yyyymmdd */
    LOTS_DATE_YM,     /* yyyymm */
    LOTS_DATE_YM_ISO, /* yyyy-mm */
    LOTS_DATE_YM00,   /* yyyymm00 */
    LOTS_DATE_Y0000,  /* yyyy0000 */
    LOTS_DATE_Y,      /* yyyy */
    LOTS_DATE_DMY,    /* dd/mm/yyyy; day and month of one or two digits here and in the next two */
    LOTS_DATE_MDY,    /* mm/dd/yyyy */
    LOTS_DATE_DMY_DOT /* dd.mm.yyyy */
} lots_date_form;
#define LOTS_DATE_FORMS 10

typedef enum lots_date_fill {
    LOTS_DATE_FILL_FIRST,
    LOTS_DATE_FILL_MIDDLE,
    LOTS_DATE_FILL_LAST,
    LOTS_DATE_FILL_MISSING
} lots_date_fill;
typedef enum lots_date_precision { LOTS_DATE_DAY, LOTS_DATE_MONTH, LOTS_DATE_YEAR } lots_date_precision;

/* The zero value: no form, first day. A form that gives days may be followed by a time: T or a blank, hh:mm[:ss[.f…]]
 * (also h:mm), then perhaps a zone: [blank] Z, UTC, ±hh:mm, ±hhmm or ±hh. */
typedef struct lots_date_rule {
    uint8_t forms[LOTS_DATE_FORMS]; /* lots_date_form, tried in this order */
    uint8_t form_count;
    uint8_t fill;                   /* lots_date_fill: middle is the 15th, of a year 1 July */
    bool zone_applied;              /* false: day and time as written. true: an instant with a zone is moved … */
    int16_t zone_minutes;           /* … to this fixed offset from UTC */
} lots_date_rule;

typedef struct lots_clean_day {
    lots_day day;
    int32_t minute;                 /* of the day, 0..1439; -1 when no time was written */
    lots_date_precision precision;
} lots_clean_day;

/* "yyyy-mm-dd", "yyyymm00", … as written above. False when unknown. */
bool lots_date_form_parse(const char *text, size_t bytes, lots_date_form *out);
/* "first", "middle", "last", "missing". */
bool lots_date_fill_parse(const char *text, size_t bytes, lots_date_fill *out);

/* OK sets *out. EMPTY under LOTS_DATE_FILL_MISSING sets its precision only. IMPOSSIBLE rather than MALFORMED when the
 * text had any of the forms. Years 0001..9999. */
lots_clean lots_clean_date(const char *text, size_t bytes, const lots_date_rule *rule, lots_clean_day *out);

/* hh:mm or hh:mm:ss by itself, without blanks around. False: not so. */
bool lots_clean_clock(const char *text, size_t bytes, int32_t *minute);

/* ---- numbers ---- */

typedef enum lots_round { LOTS_ROUND_REJECT, LOTS_ROUND_HALF_EVEN } lots_round;

/* The zero value: a decimal point, no grouping, whole numbers. A sign before (+, -, U+2212) or a minus after; an
 * exponent (R writes 1e+05); decimals that are all 0 are never too many (1.0 is an int). */
typedef struct lots_number_rule {
    char decimal;  /* '.' (also 0) or ',' */
    char grouping; /* 0 none; ' ' for blank, U+00A0 and U+202F; '.', ',' or '\''. Groups must be of three digits */
    uint8_t scale; /* decimals kept, 0..18 */
    uint8_t round; /* lots_round, for more decimals than that */
} lots_number_rule;

/* Errors: LOTS_USAGE naming what makes no sense (decimal and grouping the same, a scale over 18, …). */
LOTS_MUST lots_status lots_number_rule_check(const lots_number_rule *rule, lots_error *err);
/* *out = the value × 10^scale, exactly, or rounded as the rule says. Ints are scale 0. */
lots_clean lots_clean_decimal(const char *text, size_t bytes, const lots_number_rule *rule, int64_t *out);
/* The nearest double (ties to even), as strtod in the C locale; no nan, no inf, no hexadecimal. Scale is not used. */
lots_clean lots_clean_float(const char *text, size_t bytes, const lots_number_rule *rule, double *out);

/* ---- ids ---- */

typedef enum lots_person_kind {
    LOTS_PERSON_PERSONNUMMER,
    LOTS_PERSON_SAMORDNINGSNUMMER, /* day + 60; day 60 and month 00 stand for unknown */
    LOTS_PERSON_RESERVE            /* of neither form: letters, another length, no such day. The text is kept */
} lots_person_kind;

typedef struct lots_person_id {
    lots_person_kind kind;
    const char *text; /* 12 digits in the caller's `digits`, or the trimmed input (reserve): borrowed */
    size_t bytes;
} lots_person_id;

/* Normalise yyyymmdd-nnnn, yyyymmddnnnn, yymmdd-nnnn, yymmdd+nnnn and yymmddnnnn to 12 digits. The sign changes in the
 * year a person becomes 100 (folkbokföringslagen 1991:481, section 18): with minus or none it is the latest such date
 * that isn't after `reference`, with plus the year is one before reference's year - 99.
 * OK and CHECK_DIGIT set *out (the digits as written, for the caller to keep or reject); EMPTY doesn't. */
lots_clean lots_clean_person(const char *text, size_t bytes, lots_day reference, char digits[12], lots_person_id *out);
#endif
