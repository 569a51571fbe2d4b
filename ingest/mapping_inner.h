/* mapping_inner.h: what the files that read a mapping share. */
#ifndef LOTS_MAPPING_INNER_H
#define LOTS_MAPPING_INNER_H

#include "ingest/mapping_ini.h"
#include "ingest/mapping_text.h"

/* Read one column: `name = kind from …`. `child`: gathering words are allowed. */
LOTS_MUST lots_status lots_map_read_column(lots_mapping *mapping, lots_map_source *source, const char *name,
                                           uint32_t line, const char *value, lots_error *err);
/* A section being read: what its settings write to. */
typedef struct lots_map_section {
    lots_mapping *mapping;
    unsigned kind;           /* a LOTS_SECTION_ bit; 0 before the first heading */
    lots_map_stream *stream; /* these three as the kind has them */
    lots_map_table *table;
    lots_map_source *source;
    uint32_t system;
} lots_map_section;

enum {
    LOTS_SECTION_REGISTRY = 1,
    LOTS_SECTION_SYSTEM = 2,
    LOTS_SECTION_PATIENTS = 4,
    LOTS_SECTION_STREAM = 8,
    LOTS_SECTION_SOURCE = 16,
    LOTS_SECTION_CHILD = 32,
    LOTS_SECTION_TABLE = 64,
    LOTS_SECTION_LABELS = 128,
    LOTS_SECTION_HIERARCHY = 256
};

/* Read `key = value` if it is a setting of the section's kind; *found false when it isn't. A misspelt one is looked for
 * among `lots_map_settings`, a list ended by NULL. */
LOTS_MUST lots_status lots_map_read_setting(lots_map_section *section, lots_map_reader *reader, bool *found);
extern const char *const lots_map_settings[];

/* Index of a code system, or UINT32_MAX. */
uint32_t lots_map_find_system(const lots_mapping *mapping, const char *name);

#endif
