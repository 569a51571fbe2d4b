/* registry_writer_inner.h: the state of the one writer, shared by registry_writer.c (its life), registry_publish.c (the
 * next generation), registry_sync.c (making it last) and registry_sweep.c (what nothing names any more). Private to these. */
#ifndef LOTS_REGISTRY_WRITER_INNER_H
#define LOTS_REGISTRY_WRITER_INNER_H

#include <pthread.h>

#include "core/base/os.h"
#include "core/store/catalog.h"

struct lots_registry_writer {
    char *path;
    char *identities;       /* the folder */
    lots_file lock;
    lots_registry *base;    /* NULL: nothing has been published yet */
    lots_generation facts;  /* of the base; else empty */
    pthread_mutex_t mutex;  /* of `next_number` */
    uint64_t next_number;
    bool placed;            /* `identities` is a setting to be published */
    bool published;
};

/* Make every file that `next` names and the base does not, and every folder, last. pool: as in registry.h. */
LOTS_MUST lots_status lots_registry_sync(const lots_registry_writer *writer, const lots_generation *next, lots_pool *pool,
                                         lots_error *err);
/* Remove from the catalog the generations that are neither current, pinned, nor held by a reader, and then every file that
 * no generation names. Under the writer's lock. */
LOTS_MUST lots_status lots_registry_sweep(const char *path, const char *identities, lots_error *err);
/* Only the files that no generation names; `born` false: there is no catalog, so that is every file. */
LOTS_MUST lots_status lots_registry_sweep_files(const char *path, const char *identities, bool born,
                                                lots_error *err);
/* A hash of the content that is independent of numbers of segments and files. `tables` are the facts of table files. */
LOTS_MUST lots_status lots_registry_content_hash(const lots_generation_input *input, const lots_generation *next,
                                                 uint64_t *out, lots_error *err);

#endif
