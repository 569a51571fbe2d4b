/* small_random.c: rows of the small registry by chance, the same for the same seed. */
#include <stdio.h>

#include "tests/support/small_tables.h"

static uint64_t below(uint64_t *random, uint64_t limit) { return lots_test_random(random) % limit; }

/* A quoted word of a list ended by NULL, or NULL in one case of `gone` (0: never). */
static const char *pick(uint64_t *random, const char *const *words, uint64_t gone)
{
    size_t count = 0;
    while (words[count] != NULL)
        count++;
    return gone != 0 && below(random, gone) == 0 ? NULL : words[below(random, count)];
}

static const char *number(uint64_t *random, uint64_t gone, int64_t low, uint64_t spread, char out[24])
{
    int64_t value = low + (int64_t)below(random, spread);
    if (gone != 0 && below(random, gone) == 0)
        return "NULL";
    snprintf(out, 24, "%lld", (long long)value);
    return out;
}

static int32_t random_day(const small_registry *r, uint64_t *random)
{
    static const char *const odd[] = {"2020-02-29", "2022-12-31", "2023-01-01", "2023-01-29", "2023-01-31", "2023-02-28",
                                      "2023-03-31", "2023-12-31", "2021-02-28", "2022-03-01"};
    lots_day day = 0;
    if (below(random, 8) == 0) {
        assert_true(lots_day_parse(odd[below(random, sizeof odd / sizeof *odd)], 10, &day));
        return day;
    }
    if (below(random, 3) != 0) /* a year of many events */
        return lots_day_from_civil(2022, 7, 1) + (int32_t)below(random, 400);
    return r->from + 200 + (int32_t)below(random, (uint64_t)(r->until - r->from - 200));
}

static void random_contact(small_registry *r, uint64_t *random, int p, int32_t day)
{
    static const char *const levels[] = {"emergency", "inpatient", "municipal", "primary", "primary", "specialist", NULL};
    static const char *const notes[] = {"fell at home", "home visit", "", "x", "Hjärta", NULL};
    char minute[24], end[24] = "NULL", cost[24], weight[40] = "NULL", dx[64] = "", acute[24];
    const char *level = pick(random, levels, 20);
    if (level != NULL && strcmp(level, "inpatient") == 0 && below(random, 6) != 0)
        snprintf(end, sizeof end, "%d", day + (int32_t)below(random, 12));
    if (below(random, 9) != 0)
        snprintf(weight, sizeof weight, "%.17g", ((double)below(random, 4000) - 1000) / 7);
    for (uint64_t n = below(random, 4); n > 0; n--) {
        const char *code = small_codes[below(random, SMALL_CODES_ICD)];
        size_t used = strlen(dx);
        snprintf(dx + used, sizeof dx - used, "%s%s", used > 0 ? " " : "", strncmp(code, "icd10:", 6) == 0 ? code + 6 : code);
    }
    small_run(r, sqlite3_mprintf(
                     "INSERT INTO contacts(p, start, minute, \"end\", id, level, unit, provider, form, status, acute, cost,"
                     " weight, dx, note) VALUES (%d, %d, %s, %s, printf('c%%05d', %d * 4099 %% 99991), %Q, %Q, %Q, %Q, %Q, %s,"
                     " %s, %s, %Q, %Q)",
                     p, day, number(random, 2, 0, 4, minute), end, (int)sqlite3_total_changes(r->sql), level,
                     pick(random, small_domains[2].words, 8), pick(random, small_domains[3].words, 8),
                     pick(random, small_domains[4].words, 10),
                     below(random, 3) != 0 ? "done" : pick(random, small_domains[5].words, 9), number(random, 6, 0, 2, acute),
                     number(random, 8, -2000, 60000, cost), weight, dx, pick(random, notes, 3)));
}

static void random_spans(small_registry *r, uint64_t *random, int p)
{
    for (uint64_t n = below(random, 4); n > 0; n--) {
        int32_t day = random_day(r, random), end = day + (int32_t)below(random, 300);
        small_run(r, sqlite3_mprintf("INSERT INTO services(p, start, \"end\", service) VALUES (%d, %d, nullif(%d, 0), %Q)", p, day,
                                     below(random, 4) == 0 ? 0 : end, pick(random, small_domains[6].words, 9)));
    }
    int32_t day = r->from + (int32_t)below(random, 200);
    for (uint64_t n = below(random, 4); n > 0; n--) {
        int32_t end = day + 100 + (int32_t)below(random, 700);
        bool last = n == 1 && below(random, 4) != 0;
        small_run(r, sqlite3_mprintf("INSERT INTO residence(p, start, \"end\", municipality, region) VALUES (%d, %d, nullif(%d, 0),"
                                     " %Q, %Q)",
                                     p, day, last ? 0 : end, pick(random, small_domains[7].words, 9),
                                     pick(random, small_domains[8].words, 9)));
        small_run(r, sqlite3_mprintf("INSERT INTO listing(p, start, \"end\", clinic) VALUES (%d, %d, nullif(%d, 0), %Q)", p, day,
                                     last ? 0 : end, pick(random, small_domains[9].words, 9)));
        day = end + (int32_t)below(random, 3) * (int32_t)below(random, 20);
    }
}

static void random_others(small_registry *r, uint64_t *random, int p)
{
    char packs[24], value[24];
    for (uint64_t n = below(random, 7) * (r->many_drugs ? 4 : 1); n > 0; n--) {
        small_run(r, sqlite3_mprintf("INSERT INTO drugs(p, start, atc, packs) VALUES (%d, %d, %Q, %s)", p, random_day(r, random),
                                     below(random, 9) == 0
                                         ? NULL
                                         : small_codes[SMALL_CODES_ICD + below(random, SMALL_CODES - SMALL_CODES_ICD)] + 4,
                                     number(random, 9, -1, 5, packs)));
        small_run(r, sqlite3_mprintf("INSERT INTO labs(p, start, test, value) VALUES (%d, %d, %Q, %s / 4.0)", p,
                                     random_day(r, random), pick(random, small_domains[10].words, 9),
                                     number(random, 9, 100, 300, value)));
        if (below(random, 2) == 0)
            small_run(r, sqlite3_mprintf("INSERT INTO notes VALUES (%d, printf('%%d', %d * 4099 %% 99991), %Q, %s)", p,
                                         (int)sqlite3_total_changes(r->sql), pick(random, small_domains[11].words, 9),
                                         number(random, 9, 0, 9, packs)));
    }
}

void small_random(small_registry *r, uint64_t seed, int patients)
{
    static const char *const births[] = {"1940-02-29", "1957-12-31", "2004-02-29", "1980-01-01", "2023-02-28"};
    uint64_t random = seed;
    char score[24], income[24];
    small_exec(r, "BEGIN");
    for (int p = 0; p < patients; p++) {
        int32_t birth = lots_day_from_civil(1930, 1, 1) + (int32_t)below(&random, 30000);
        int32_t death = r->from + 300 + (int32_t)below(&random, 1100);
        uint64_t kind = below(&random, 9);
        bool odd = below(&random, 6) == 0;
        small_run(r, sqlite3_mprintf("INSERT INTO patients VALUES (%d, coalesce(d(%Q), nullif(%d, 0)), %Q, nullif(%d, 0), %s, %s)",
                                     p, odd ? births[below(&random, 5)] : NULL, below(&random, 9) == 0 ? 0 : birth,
                                     pick(&random, small_domains[0].words, 12), below(&random, 5) == 0 ? death : 0,
                                     number(&random, 7, -3, 12, score), number(&random, 7, 0, 90000, income)));
        if (kind == 0)
            continue; /* nothing ever happened */
        random_spans(r, &random, p);
        random_others(r, &random, p);
        for (uint64_t n = kind == 1 ? 40 : below(&random, 22), i = 0; i < n; i++)
            random_contact(r, &random, p, kind == 1 ? lots_day_from_civil(2023, 2, 1) + (int32_t)below(&random, 30)
                                                    : random_day(r, &random));
    }
    small_exec(r, "COMMIT");
}
