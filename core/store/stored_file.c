/* stored_file.c: see stored_file.h. */
#include "core/store/stored_file.h"

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/store/table_file.h"

static lots_status path_of(char **out, const char *directory, lots_folder folder, const lots_file_facts *facts,
                           lots_error *err)
{
    char *in;
    LOTS_TRY(lots_folder_path(&in, directory, folder, err));
    lots_status status = lots_folder_file(out, in, folder, facts->number, facts->name, err);
    lots_free(in);
    return status;
}

/* The size is looked at before anything of it is allocated. */
static lots_status read_all(lots_file *file, const lots_file_facts *facts, char **out, lots_error *err)
{
    uint64_t size;
    void *data;
    LOTS_TRY(lots_file_size(file, &size, err));
    if (size != facts->bytes)
        return lots_fail(err, LOTS_CORRUPT, "'%s' has %ju bytes, the catalog says %ju", file->path, (uintmax_t)size,
                         (uintmax_t)facts->bytes);
    LOTS_TRY(lots_alloc(&data, (size_t)size + 1, 1, err));
    lots_status status = lots_file_read_at(file, 0, data, (size_t)size, err);
    if (status == LOTS_OK && lots_hash(data, (size_t)size, 0) != facts->hash)
        status = lots_fail(err, LOTS_CORRUPT, "'%s' is damaged: its hash is not that of the catalog", file->path);
    if (status != LOTS_OK)
        lots_free(data);
    else
        *out = data;
    return status;
}

/* Read the file and compare it with what the catalog says. lots_free *out. */
static lots_status read_stored(const char *directory, lots_folder folder, const lots_file_facts *facts, char **out,
                               lots_error *err)
{
    lots_file file;
    char *path;
    *out = NULL;
    LOTS_TRY(path_of(&path, directory, folder, facts, err));
    lots_status status = lots_path_exists(path)
                             ? lots_file_open(&file, path, err)
                             : lots_fail(err, LOTS_CORRUPT, "'%s' is missing, but the catalog names it", path);
    lots_free(path);
    LOTS_TRY(status);
    status = read_all(&file, facts, out, err);
    lots_file_close(&file);
    return status;
}

lots_status lots_stored_write(const char *directory, lots_folder folder, const lots_file_facts *facts,
                              const lots_bytes *bytes, lots_error *err)
{
    char *path;
    LOTS_TRY(path_of(&path, directory, folder, facts, err));
    lots_status status = lots_file_put(path, bytes->data, bytes->count, err);
    lots_free(path);
    return status;
}

static lots_status name_file(lots_status status, lots_folder folder, const lots_file_facts *facts, lots_error *err)
{
    char label[160];
    if (status == LOTS_CORRUPT) {
        lots_folder_label(label, folder, facts->number, facts->name);
        lots_error_context(err, "%s", label);
    }
    return status;
}

lots_status lots_stored_dictionary(const char *directory, const lots_file_facts *facts, lots_dictionary **out,
                                   lots_error *err)
{
    char *data;
    LOTS_TRY(read_stored(directory, LOTS_FOLDER_DICTIONARIES, facts, &data, err));
    lots_status status = lots_dictionary_load((const uint8_t *)data, (size_t)facts->bytes, out, err);
    lots_free(data);
    return name_file(status, LOTS_FOLDER_DICTIONARIES, facts, err);
}

lots_status lots_stored_table(const char *directory, const lots_file_facts *facts, const lots_table_schema *schema,
                              lots_batch *out, uint64_t *blocks, lots_error *err)
{
    char *data;
    LOTS_TRY(read_stored(directory, LOTS_FOLDER_TABLES, facts, &data, err));
    lots_status status = lots_table_load((const uint8_t *)data, (size_t)facts->bytes, schema, out, blocks, err);
    lots_free(data);
    return name_file(status, LOTS_FOLDER_TABLES, facts, err);
}
