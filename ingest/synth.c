/* synth.c: see synth.h. Two sinks of the same patients: files, in waves of ranges written in order; and a feed of the loader
 * (load_feed.h), whose tables and labels are files too, in a folder beside the registry that is removed at the end. */
#include "ingest/synth.h"

#include "core/base/memory.h"
#include "core/base/pool.h"
#include "ingest/synth_batch.h"
#include "ingest/synth_text.h"

enum { CSV_TASK_PATIENTS = 256, CSV_TASKS = 32, FEED_STEP = 1024 };

typedef struct synth_job {
    const lots_synth_options *options;
    lots_synth_model model;
    lots_synth_person *persons; /* by worker */
    unsigned threads;
    lots_synth_names names;
    lots_arena arena;
    /* of the files */
    lots_file files[LOTS_SYNTH_FILES];
    lots_bytes (*texts)[LOTS_SYNTH_FILES]; /* by task of the wave */
    uint32_t first;
} synth_job;

static lots_status open_persons(synth_job *job, unsigned threads, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_alloc(&room, threads, sizeof *job->persons, err));
    job->persons = room;
    for (; job->threads < threads; job->threads++)
        lots_synth_person_open(&job->persons[job->threads], &job->model);
    return LOTS_OK;
}

static void close_persons(synth_job *job)
{
    for (unsigned i = 0; i < job->threads; i++)
        lots_synth_person_close(&job->persons[i]);
    lots_free(job->persons);
    job->persons = NULL;
    job->threads = 0;
}

/* ---- files ---- */

static lots_status write_file(const char *folder, const char *name, const lots_bytes *text, lots_error *err)
{
    char *path;
    lots_file file;
    LOTS_TRY(lots_path_join(&path, folder, name, err));
    lots_status status = lots_file_create(&file, path, err);
    lots_free(path);
    LOTS_TRY(status);
    status = lots_file_write(&file, text->data, text->count, err);
    lots_file_close(&file);
    return status;
}

static lots_status write_tables(const synth_job *job, const char *folder, lots_error *err)
{
    for (uint32_t i = 0; i < LOTS_SYNTH_TABLES; i++) {
        lots_bytes text = {0};
        lots_status status = lots_synth_table_write(&job->model, i, &text, err);
        if (status == LOTS_OK)
            status = write_file(folder, lots_synth_table_names[i], &text, err);
        lots_bytes_free(&text);
        LOTS_TRY(status);
    }
    return LOTS_OK;
}

static lots_status open_files(synth_job *job, lots_error *err)
{
    const char *folder = job->options->csv;
    LOTS_TRY(lots_directory_create(folder, true, err));
    LOTS_TRY(write_tables(job, folder, err));
    for (uint32_t i = 0; i < LOTS_SYNTH_FILES; i++) {
        char *path;
        LOTS_TRY(lots_path_join(&path, folder, lots_synth_file_names[i], err));
        lots_status status = lots_file_create(&job->files[i], path, err);
        lots_free(path);
        LOTS_TRY(status);
        LOTS_TRY(lots_file_write(&job->files[i], lots_synth_file_headings[i], strlen(lots_synth_file_headings[i]), err));
    }
    return LOTS_OK;
}

static lots_status write_task(void *context, size_t task, unsigned worker, lots_error *err)
{
    synth_job *job = context;
    lots_synth_person *person = &job->persons[worker];
    uint32_t first = job->first + (uint32_t)task * CSV_TASK_PATIENTS, all = job->model.setting.patients;
    uint32_t end = all - first < CSV_TASK_PATIENTS ? all : first + CSV_TASK_PATIENTS;
    for (uint32_t number = first; number < end; number++) {
        LOTS_TRY(lots_synth_person_make(person, number, err));
        LOTS_TRY(lots_synth_person_write(person, job->texts[task], err));
    }
    return LOTS_OK;
}

/* What the tasks of a wave wrote, in the order of patients. */
static lots_status flush_wave(synth_job *job, size_t tasks, lots_error *err)
{
    for (size_t task = 0; task < tasks; task++)
        for (uint32_t i = 0; i < LOTS_SYNTH_FILES; i++) {
            lots_bytes *text = &job->texts[task][i];
            if (text->count > 0)
                LOTS_TRY(lots_file_write(&job->files[i], text->data, text->count, err));
            text->count = 0;
        }
    return LOTS_OK;
}

static lots_status write_waves(synth_job *job, lots_pool *pool, lots_error *err)
{
    const lots_synth_options *options = job->options;
    uint32_t all = job->model.setting.patients;
    while (job->first < all) {
        uint32_t left = all - job->first;
        size_t tasks = (left + CSV_TASK_PATIENTS - 1) / CSV_TASK_PATIENTS;
        tasks = tasks > CSV_TASKS ? CSV_TASKS : tasks;
        LOTS_TRY(lots_pool_run(pool, tasks, write_task, job, options->stop, err));
        LOTS_TRY(flush_wave(job, tasks, err));
        job->first = left <= tasks * CSV_TASK_PATIENTS ? all : job->first + (uint32_t)tasks * CSV_TASK_PATIENTS;
        if (options->progress != NULL)
            options->progress(options->progress_context, job->first, all, job->first);
    }
    return LOTS_OK;
}

static lots_status write_population(synth_job *job, lots_pool *pool, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_alloc(&room, CSV_TASKS, sizeof *job->texts, err));
    job->texts = room;
    LOTS_TRY(open_persons(job, lots_pool_threads(pool), err));
    LOTS_TRY(open_files(job, err));
    return write_waves(job, pool, err);
}

static lots_status write_csv(synth_job *job, lots_error *err)
{
    lots_pool *pool;
    for (uint32_t i = 0; i < LOTS_SYNTH_FILES; i++)
        job->files[i] = LOTS_FILE_CLOSED;
    LOTS_TRY(lots_pool_open(&pool, job->options->threads, err));
    lots_status status = write_population(job, pool, err);
    for (uint32_t i = 0; i < LOTS_SYNTH_FILES; i++)
        if (job->files[i].fd >= 0)
            lots_file_close(&job->files[i]);
    for (uint32_t task = 0; job->texts != NULL && task < CSV_TASKS; task++)
        for (uint32_t i = 0; i < LOTS_SYNTH_FILES; i++)
            lots_bytes_free(&job->texts[task][i]);
    lots_free(job->texts);
    close_persons(job);
    lots_pool_close(pool);
    return status;
}

/* ---- the registry ---- */

static lots_status begin_feed(void *context, const struct lots_load *load, lots_error *err)
{
    synth_job *job = context;
    LOTS_TRY(open_persons(job, load->threads, err));
    return lots_synth_names_find(&job->model, load, &job->arena, &job->names, err);
}

static lots_status identify(void *context, lots_patient first, lots_patient end, lots_bytes *text, lots_vec *ends,
                            lots_error *err)
{
    const synth_job *job = context;
    LOTS_TRY(lots_bytes_reserve(text, (size_t)(end - first) * LOTS_SYNTH_ID_BYTES, err));
    LOTS_TRY(lots_vec_reserve(ends, end - first, err));
    for (lots_patient i = first; i < end; i++) {
        char id[LOTS_SYNTH_ID_BYTES + 1];
        lots_synth_id(&job->model, i, id);
        LOTS_TRY(lots_bytes_append(text, id, LOTS_SYNTH_ID_BYTES, err));
        uint64_t at = text->count;
        LOTS_TRY(lots_vec_push(ends, &at, err));
    }
    return LOTS_OK;
}

static lots_status fill(void *context, unsigned worker, lots_patient first, lots_patient end, lots_batch *const *streams,
                        lots_error *err)
{
    synth_job *job = context;
    lots_synth_person *person = &job->persons[worker];
    for (lots_patient number = first; number < end; number++) {
        LOTS_TRY(lots_synth_person_make(person, number, err));
        LOTS_TRY(lots_synth_person_append(person, &job->names, streams, err));
    }
    return LOTS_OK;
}

static lots_status load_from(synth_job *job, const char *folder, lots_load_result *result, lots_error *err)
{
    const lots_synth_options *options = job->options;
    char *map, *origin;
    LOTS_TRY(lots_arena_printf(&job->arena, &map, err, "%s/synth.map", folder));
    LOTS_TRY(lots_arena_printf(&job->arena, &origin, err, "lots synth --patients %u --years %d..%d --seed %ju",
                               job->model.setting.patients, job->model.setting.first_year, job->model.setting.last_year,
                               (uintmax_t)job->model.setting.seed));
    const lots_load_feed feed = {.context = job, .patients = job->model.setting.patients, .step = FEED_STEP,
                                 .origin = origin, .begin = begin_feed, .identify = identify, .fill = fill};
    const lots_load_options load = {.registry = options->registry, .map_path = map, .inputs = &folder, .input_count = 1,
                                    .memory_bytes = options->memory_bytes, .threads = options->threads,
                                    .segment_events = options->segment_events, .progress = options->progress,
                                    .progress_context = options->progress_context, .stop = options->stop, .feed = &feed};
    return lots_load_run(&load, result, err);
}

static lots_status make_registry(synth_job *job, lots_load_result *result, lots_error *err)
{
    char *folder;
    lots_error ignored;
    LOTS_TRY(lots_arena_printf(&job->arena, &folder, err, "%s.synth", job->options->registry));
    LOTS_TRY(lots_path_remove_tree(folder, err)); /* left by one that was killed */
    LOTS_TRY(lots_directory_create(folder, false, err));
    lots_status status = write_tables(job, folder, err);
    if (status == LOTS_OK)
        status = load_from(job, folder, result, err);
    close_persons(job);
    lots_status removed = lots_path_remove_tree(folder, &ignored);
    return status == LOTS_OK && removed != LOTS_OK ? lots_fail(err, removed, "%s", ignored.text) : status;
}

/* ---- the whole ---- */

static lots_status run(synth_job *job, lots_load_result *result, lots_error *err)
{
    if (job->options->registry == NULL && job->options->csv == NULL)
        return lots_fail(err, LOTS_USAGE, "say where the population is to go: a registry, --csv DIR, or both");
    if (job->options->registry != NULL && lots_path_exists(job->options->registry))
        return lots_fail(err, LOTS_USAGE, "'%s' is there already: a population is a new registry", job->options->registry);
    if (job->options->csv != NULL)
        LOTS_TRY(write_csv(job, err));
    return job->options->registry != NULL ? make_registry(job, result, err) : LOTS_OK;
}

lots_status lots_synth_run(const lots_synth_options *options, lots_load_result *result, lots_error *err)
{
    synth_job job = {.options = options};
    lots_synth_setting setting = lots_synth_setting_of(options);
    *result = (lots_load_result){0};
    LOTS_TRY(lots_synth_model_make(&job.model, &setting, err));
    lots_arena_init(&job.arena, 0);
    lots_status status = run(&job, result, err);
    lots_arena_free(&job.arena);
    lots_synth_model_free(&job.model);
    return status;
}
