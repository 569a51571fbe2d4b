/* damage.c: a small registry with each of its bytes flipped in turn, and cut at each length. After each, either a full
 * check reports the damage, or it is inert: every answer is as before. In both cases no query may crash, and one that
 * answers must answer as before.
 *
 *   damage REGISTRY [STEP [QUERY …]]     STEP: try each STEP-th byte and length (1: all)
 *
 * The registry is changed and put back, byte by byte; use a copy. Exit code 0: all held. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/store/check.h"
#include "query/exec/run.h"

static const char *const plain_queries[] = {
    "from patients show n = count(), born = count(distinct birth)",
    "from contacts group by level, year = year(start) show n = count(), cost = sum(cost), last = max(end)",
    "from patients derive n = count(contacts), k = count(distinct dx over contacts) group by sex, n show k = sum(k)",
};
static const char *const *queries = plain_queries;
static int query_count = 3;

typedef struct answer {
    lots_status status;
    uint64_t hash;
} answer;

static void quiet(void *context, const char *file, const char *stream, const char *column, uint32_t chunk, const char *what)
{
    (void)context, (void)file, (void)stream, (void)column, (void)chunk, (void)what;
}

static uint64_t hash_result(const lots_result *result)
{
    uint64_t hash = result->rows;
    for (uint32_t c = 0; c < result->column_count; c++)
        for (uint32_t row = 0; row < result->rows; row++)
            hash = lots_vector_hash(&result->columns[c].values, row, hash);
    for (uint32_t row = 0; result->patients != NULL && row < result->rows; row++)
        hash = hash * 31 + result->patients[row];
    return hash;
}

static answer ask_one(lots_registry *registry, const char *text)
{
    answer out = {LOTS_OK, 0};
    lots_arena arena;
    lots_sources sources;
    lots_query *query = NULL;
    lots_error err;
    lots_arena_init(&arena, 0);
    lots_error_clear(&err);
    out.status = lots_query_bind(registry, text, strlen(text), "query", NULL, &arena, &sources, &query, &err);
    if (out.status == LOTS_OK) {
        lots_result result;
        out.status = lots_run_pipeline(query, &query->pipelines[0], NULL, &result, &err);
        if (out.status == LOTS_OK) {
            out.hash = hash_result(&result);
            lots_result_free(&result);
        }
    }
    lots_arena_free(&arena);
    return out;
}

static void ask(const char *path, answer *out)
{
    lots_registry *registry = NULL;
    lots_error err;
    lots_error_clear(&err);
    lots_status status = lots_registry_open(&registry, path, NULL, &err);
    for (int i = 0; i < query_count; i++)
        out[i] = status == LOTS_OK ? ask_one(registry, queries[i]) : (answer){status, 0};
    if (status == LOTS_OK)
        lots_registry_close(registry);
}

static bool sound(const char *path)
{
    lots_check_options options = {.full = true, .threads = 1, .report = quiet};
    lots_check_result result;
    lots_error err;
    lots_error_clear(&err);
    return lots_check_run(path, &options, &result, &err) == LOTS_OK;
}

static unsigned long tried, reported, inert, wrong;

static void judge(const char *registry, const char *file, const char *how, long at, const answer *before)
{
    answer after[64];
    bool whole = sound(registry);
    ask(registry, after);
    tried++;
    for (int i = 0; i < query_count; i++) {
        bool same = after[i].status == before[i].status && after[i].hash == before[i].hash;
        bool refused = after[i].status != LOTS_OK;
        if (same || (refused && !whole))
            continue;
        wrong++;
        printf("%s %s at %ld: check says %s, query %d gives %s%s\n", file, how, at, whole ? "sound" : "damaged", i + 1,
               lots_status_name(after[i].status), refused ? "" : " and another answer");
        return;
    }
    if (whole)
        inert++;
    else
        reported++;
}

static char *slurp(const char *path, long *bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        exit(2);
    fseek(file, 0, SEEK_END);
    *bytes = ftell(file);
    rewind(file);
    char *data = malloc((size_t)*bytes + 1);
    if (data == NULL || fread(data, 1, (size_t)*bytes, file) != (size_t)*bytes)
        exit(2);
    fclose(file);
    return data;
}

static void put(const char *path, const char *data, size_t bytes)
{
    int file = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0644);
    if (file < 0 || write(file, data, bytes) != (ssize_t)bytes)
        exit(2);
    close(file);
}

static void damage_file(const char *registry, const char *path, long step, const answer *before)
{
    long bytes = 0;
    char *data = slurp(path, &bytes);
    for (long at = 0; at < bytes; at += step) {
        data[at] ^= (char)(1 << (at % 8));
        put(path, data, (size_t)bytes);
        judge(registry, path, "flipped", at, before);
        data[at] ^= (char)(1 << (at % 8));
    }
    for (long length = 0; length < bytes; length += step) {
        put(path, data, (size_t)length);
        judge(registry, path, "cut", length, before);
    }
    put(path, data, (size_t)bytes);
    free(data);
}

static void damage_folder(const char *registry, const char *folder, long step, const answer *before)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];
        struct stat found;
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        bool skip = entries[i]->d_name[0] == '.' || strcmp(entries[i]->d_name, "lock") == 0;
        free(entries[i]);
        if (skip || stat(path, &found) != 0)
            continue;
        if (S_ISDIR(found.st_mode))
            damage_folder(registry, path, step, before);
        else
            damage_file(registry, path, step, before);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    answer before[64];
    if (argc < 2) {
        fprintf(stderr, "damage REGISTRY [STEP [QUERY ...]]\n");
        return 2;
    }
    long step = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    if (argc > 3) {
        queries = (const char *const *)(argv + 3);
        query_count = argc - 3 < 64 ? argc - 3 : 64;
    }
    ask(argv[1], before);
    for (int i = 0; i < query_count; i++)
        if (before[i].status != LOTS_OK) {
            fprintf(stderr, "damage: query %d fails before any damage\n", i + 1);
            return 2;
        }
    damage_folder(argv[1], argv[1], step < 1 ? 1 : step, before);
    printf("damage: %lu tried, %lu reported, %lu inert, %lu wrong\n", tried, reported, inert, wrong);
    return wrong == 0 ? 0 : 1;
}
