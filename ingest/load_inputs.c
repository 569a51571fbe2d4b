/* load_inputs.c: which files a load reads: the mapping's names against a folder's or the given files' names. Names are
 * matched whatever the case of their letters, * and ? stand for any letters, and a name may have .gz or .zst after it. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "ingest/load_inner.h"

/* The files that may be read. */
typedef struct offer {
    char **names;     /* sorted */
    char **paths;     /* NULL: directory/name */
    size_t count;
    const char *directory;
    bool *taken;
} offer;

static char fold(char letter) { return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter; }

/* Does `name` fit `pattern`? The usual walk with one point to go back to. */
static bool fits_all(const char *pattern, const char *name)
{
    const char *star = NULL, *again = NULL;
    while (*name != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            again = name;
        } else if (*pattern != '\0' && (*pattern == '?' || fold(*pattern) == fold(*name))) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star + 1;
            name = ++again;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool fits(const char *pattern, const char *name)
{
    static const char *const packed[] = {"", ".gz", ".zst"};
    for (size_t i = 0; i < sizeof packed / sizeof packed[0]; i++) {
        char with[512];
        size_t bytes = strlen(pattern), more = strlen(packed[i]);
        if (bytes + more >= sizeof with)
            return false;
        memcpy(with, pattern, bytes);
        memcpy(with + bytes, packed[i], more + 1);
        if (fits_all(with, name))
            return true;
    }
    return false;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* ---- inputs ---- */

static bool same_reading(const lots_map_source *a, const lots_map_source *b)
{
    const char *a_table = a->table != NULL ? a->table : "", *b_table = b->table != NULL ? b->table : "";
    const char *a_query = a->query != NULL ? a->query : "", *b_query = b->query != NULL ? b->query : "";
    return a->charset == b->charset && a->separator == b->separator && a->quotes_are_text == b->quotes_are_text &&
           a->no_header == b->no_header && strcmp(a_table, b_table) == 0 && strcmp(a_query, b_query) == 0;
}

static lots_status fail_stdin(lots_error *err)
{
    return lots_fail(err, LOTS_USAGE, "standard input can be read only by sources that read it alike");
}

/* The input for a path read as `source` wants, made when there is none. */
static lots_status find_input(lots_load *load, const char *path, uint32_t source, lots_load_input **out,
                              lots_error *err)
{
    const lots_map_source *wanted = &load->mapping.sources[source];
    for (size_t i = 0; i < load->inputs.count; i++) {
        lots_load_input *input = &LOTS_AT(lots_load_input, &load->inputs, i);
        uint32_t reader = LOTS_AT(uint32_t, &input->sources, 0);
        if (strcmp(input->path, path) != 0)
            continue;
        if (same_reading(&load->mapping.sources[reader], wanted)) {
            *out = input;
            return LOTS_OK;
        }
        if (strcmp(path, "-") == 0)
            return fail_stdin(err);
    }
    if (load->inputs.count >= LOTS_LOAD_FILES_MAX)
        return lots_fail(err, LOTS_LIMIT, "more than %u files in one load", LOTS_LOAD_FILES_MAX);
    lots_load_input input = {.sources = LOTS_VEC(uint32_t)};
    LOTS_TRY(lots_arena_text(&load->arena, &input.path, path, strlen(path), err));
    input.name = last_part(input.path);
    LOTS_TRY(lots_vec_push(&load->inputs, &input, err));
    *out = &LOTS_AT(lots_load_input, &load->inputs, load->inputs.count - 1);
    return LOTS_OK;
}

static lots_status add_reader(lots_load *load, const char *path, uint32_t source, lots_error *err)
{
    lots_load_input *input = NULL;
    LOTS_TRY(find_input(load, path, source, &input, err));
    for (size_t i = 0; i < input->sources.count; i++)
        if (LOTS_AT(uint32_t, &input->sources, i) == source)
            return LOTS_OK;
    return lots_vec_push(&input->sources, &source, err);
}

static lots_status take_file(lots_load *load, offer *from, size_t index, uint32_t source, lots_error *err)
{
    char *path;
    if (from->taken != NULL)
        from->taken[index] = true;
    if (from->paths != NULL)
        return add_reader(load, from->paths[index], source, err);
    LOTS_TRY(lots_path_join(&path, from->directory, from->names[index], err));
    lots_status status = add_reader(load, path, source, err);
    lots_free(path);
    return status;
}

/* All files that one name fits; a name with a folder in it is a path. */
static lots_status take_name(lots_load *load, offer *from, const char *name, uint32_t source, bool *found,
                             lots_error *err)
{
    if (strchr(name, '/') != NULL && from->directory != NULL) {
        char *path;
        if (name[0] == '/')
            *found = lots_path_exists(name);
        if (name[0] == '/')
            return *found ? add_reader(load, name, source, err) : LOTS_OK;
        LOTS_TRY(lots_path_join(&path, from->directory, name, err));
        *found = lots_path_exists(path);
        lots_status status = *found ? add_reader(load, path, source, err) : LOTS_OK;
        lots_free(path);
        return status;
    }
    for (size_t i = 0; i < from->count; i++)
        if (fits(name, from->names[i])) {
            LOTS_TRY(take_file(load, from, i, source, err));
            *found = true;
        }
    return LOTS_OK;
}

static lots_status fail_absent(const lots_load *load, const lots_map_source *source, const char *name,
                               const offer *from, lots_error *err)
{
    return lots_fail(err, LOTS_USAGE, "%s:%u: [%s]: there is no file '%s' in %s", load->mapping.name, source->line,
                     source->section, name, from->directory != NULL ? from->directory : "the files given");
}

static lots_status take_source(lots_load *load, offer *from, uint32_t index, lots_error *err)
{
    const lots_map_source *source = &load->mapping.sources[index];
    if (load->options->feed != NULL && source->target == LOTS_MAP_STREAM)
        return LOTS_OK;
    for (uint32_t i = 0; i < source->files.count; i++) {
        const lots_map_term *term = &source->files.items[i];
        bool found = false;
        for (uint32_t j = 0; j < term->pick_count && !found; j++)
            LOTS_TRY(take_name(load, from, term->picks[j].name, index, &found, err));
        if (!found && !source->optional)
            return fail_absent(load, source, term->picks[0].name, from, err);
    }
    return LOTS_OK;
}

/* ---- a folder, or files ---- */

static lots_status find_in_folder(lots_load *load, const char *directory, lots_error *err)
{
    offer from = {.directory = directory};
    LOTS_TRY(lots_directory_list(directory, &from.names, &from.count, err));
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; status == LOTS_OK && i < load->mapping.source_count; i++)
        status = take_source(load, &from, i, err);
    lots_names_free(from.names, from.count);
    return status;
}

/* Do all sources that read anything read the same files? Then given files need no names to be told apart. */
static bool one_kind(const lots_mapping *mapping)
{
    const lots_map_source *first = NULL;
    for (uint32_t i = 0; i < mapping->source_count; i++) {
        const lots_map_source *source = &mapping->sources[i];
        if (source->files.count == 0)
            continue;
        if (first == NULL)
            first = source;
        if (source->files.count != 1 || strcmp(first->files.items[0].picks[0].name, source->files.items[0].picks[0].name) != 0)
            return false;
    }
    return first != NULL;
}

static lots_status give_to_all(lots_load *load, lots_error *err)
{
    for (uint32_t i = 0; i < load->mapping.source_count; i++)
        for (size_t j = 0; load->mapping.sources[i].files.count > 0 && j < load->options->input_count; j++)
            LOTS_TRY(add_reader(load, load->options->inputs[j], i, err));
    return LOTS_OK;
}

static lots_status match_files(lots_load *load, offer *from, lots_error *err)
{
    for (uint32_t i = 0; i < load->mapping.source_count; i++)
        LOTS_TRY(take_source(load, from, i, err));
    for (size_t i = 0; i < from->count; i++)
        if (!from->taken[i])
            return lots_fail(err, LOTS_USAGE, "no source of %s reads the file '%s'", load->mapping.name,
                             from->paths[i]);
    return LOTS_OK;
}

/* Files keep the order in which they were given: it is that of deliveries. */
static lots_status find_among_files(lots_load *load, lots_error *err)
{
    const lots_load_options *options = load->options;
    void *names, *paths, *taken;
    if (one_kind(&load->mapping))
        return give_to_all(load, err);
    LOTS_TRY(lots_arena_alloc(&load->arena, &names, options->input_count, sizeof(char *), err));
    LOTS_TRY(lots_arena_alloc(&load->arena, &paths, options->input_count, sizeof(char *), err));
    LOTS_TRY(lots_arena_alloc(&load->arena, &taken, options->input_count, sizeof(bool), err));
    offer from = {.names = names, .paths = paths, .count = options->input_count, .taken = taken};
    for (size_t i = 0; i < options->input_count; i++) {
        const char *path = options->inputs[i];
        LOTS_TRY(lots_arena_text(&load->arena, &from.paths[i], path, strlen(path), err));
        from.names[i] = (char *)last_part(from.paths[i]);
    }
    return match_files(load, &from, err);
}

static lots_status measure(lots_load *load, lots_error *err)
{
    for (size_t i = 0; i < load->inputs.count; i++) {
        lots_load_input *input = &LOTS_AT(lots_load_input, &load->inputs, i);
        lots_file file;
        if (strcmp(input->path, "-") == 0)
            continue;
        LOTS_TRY(lots_file_open(&file, input->path, err));
        lots_status status = lots_path_is_directory(input->path)
                                 ? lots_fail(err, LOTS_USAGE, "'%s' is a folder: give one folder, or files", input->path)
                                 : lots_file_size(&file, &input->bytes, err);
        lots_file_close(&file);
        LOTS_TRY(status);
        load->bytes_all += input->bytes;
    }
    return LOTS_OK;
}

/* The folder that holds the mapping. */
static lots_status find_beside_map(lots_load *load, lots_error *err)
{
    const char *path = load->options->map_path;
    char *directory;
    if (path == NULL)
        return lots_fail(err, LOTS_USAGE, "the layout '%s' wants a folder or files to read", load->options->format);
    size_t bytes = (size_t)(last_part(path) - path);
    LOTS_TRY(lots_arena_text(&load->arena, &directory, bytes == 0 ? "." : path, bytes == 0 ? 1 : bytes, err));
    return find_in_folder(load, directory, err);
}

lots_status lots_load_find_inputs(lots_load *load, lots_error *err)
{
    const lots_load_options *options = load->options;
    lots_status status;
    if (options->input_count == 0)
        status = find_beside_map(load, err);
    else if (options->input_count == 1 && lots_path_is_directory(options->inputs[0]))
        status = find_in_folder(load, options->inputs[0], err);
    else
        status = find_among_files(load, err);
    LOTS_TRY(status);
    if (load->inputs.count == 0)
        return lots_fail(err, LOTS_USAGE, "none of the files that %s reads is there", load->mapping.name);
    return measure(load, err);
}
