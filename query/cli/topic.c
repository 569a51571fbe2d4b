/* topic.c: see topic.h. */
#include "query/cli/topic.h"

#include <strings.h>

#include "query/cli/command.h"
#include "query/cli/manual.h"
#include "query/lang/hint.h"

enum { PART = 2, SECTION = 3, LIST_WIDTH = 96, NEAR_MAX = 6 };

static bool has_topic(const lots_manual_section *section, const char *topic)
{
    char own[64];
    for (size_t i = 0; lots_manual_topic(section, i, own); i++)
        if (strcasecmp(own, topic) == 0)
            return true;
    return false;
}

static lots_status put_title(lots_program *program, const lots_manual_section *section, lots_error *err)
{
    const char *on = program->out_colour ? "\x1b[1m" : "", *off = program->out_colour ? "\x1b[22m" : "";
    return lots_bytes_printf(&program->out.text, err, "\n%s%.*s%s\n", on, (int)section->title_bytes, section->title, off);
}

/* The titles of the sections from `index` on up to the next part, as a paragraph. */
static lots_status put_titles(lots_program *program, const lots_vec *sections, size_t index, lots_error *err)
{
    size_t used = 0;
    for (; index < sections->count; index++) {
        const lots_manual_section *section = &LOTS_AT(lots_manual_section, sections, index);
        if (section->rank <= PART)
            break;
        if (section->rank > SECTION)
            continue;
        bool wraps = used > 0 && used + section->title_bytes + 3 > LIST_WIDTH;
        const char *between = used == 0 ? "  " : wraps ? ",\n  " : ", ";
        used = wraps || used == 0 ? section->title_bytes + 2 : used + section->title_bytes + 2;
        LOTS_TRY(lots_bytes_printf(&program->out.text, err, "%s%.*s", between, (int)section->title_bytes, section->title));
    }
    return used > 0 ? lots_sink_text(&program->out, "\n", err) : LOTS_OK;
}

/* A part is too long to read at once. */
static lots_status write_section(lots_program *program, const lots_vec *sections, size_t index, lots_error *err)
{
    const lots_manual_section *section = &LOTS_AT(lots_manual_section, sections, index);
    bool part = section->rank <= PART && index + 1 < sections->count;
    const lots_manual_section *below = part ? &LOTS_AT(lots_manual_section, sections, index + 1) : NULL;
    size_t bytes = part ? (size_t)(below->text - section->text) : section->bytes;
    LOTS_TRY(lots_manual_write(&program->out, section->text, bytes, program->out_colour, err));
    if (!part || below->rank <= section->rank)
        return LOTS_OK;
    LOTS_TRY(lots_sink_text(&program->out, "  Its sections:\n", err));
    return put_titles(program, sections, index + 1, err);
}

/* ---- what is near ---- */

/* The commands' names, then every topic, in small letters. */
static lots_status gather_names(const lots_vec *sections, lots_vec *rooms, lots_error *err)
{
    char room[64];
    for (size_t i = 0; lots_commands[i] != NULL; i++) {
        snprintf(room, sizeof room, "%s", lots_commands[i]->name);
        LOTS_TRY(lots_vec_push(rooms, room, err));
    }
    for (size_t i = 0; i < sections->count; i++)
        for (size_t j = 0; lots_manual_topic(&LOTS_AT(lots_manual_section, sections, i), j, room); j++) {
            for (char *at = room; *at != '\0'; at++)
                *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
            LOTS_TRY(lots_vec_push(rooms, room, err));
        }
    return LOTS_OK;
}

/* The topics with `topic` somewhere in them, as "`lots help a`, `lots help b`". */
static size_t list_containing(const lots_vec *rooms, const char *topic, char out[400])
{
    size_t found = 0, used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < rooms->count && found < NEAR_MAX && strlen(topic) > 2; i++) {
        const char *name = ((char(*)[64])rooms->data)[i];
        bool inside = false;
        for (const char *at = name; *at != '\0' && !inside; at++)
            inside = strncasecmp(at, topic, strlen(topic)) == 0;
        if (!inside)
            continue;
        int written = snprintf(out + used, 400 - used, "%s`lots help %.60s`", found > 0 ? ", " : "", name);
        used += written > 0 ? (size_t)written : 0;
        found++;
    }
    return found;
}

static lots_status fail_unknown(const lots_vec *rooms, const char *topic, lots_error *err)
{
    const char *list[2048], *near = NULL;
    char inside[400];
    size_t count = 0;
    for (; count < rooms->count && count < sizeof list / sizeof *list; count++)
        list[count] = ((char(*)[64])rooms->data)[count];
    near = lots_hint_nearest(topic, strlen(topic), list, count);
    lots_fail(err, LOTS_USAGE, "there is no command and no topic '%.60s'", topic);
    if (near != NULL)
        lots_error_hint(err, "did you mean `lots help %s`?", near);
    else if (list_containing(rooms, topic, inside) > 0)
        lots_error_hint(err, "near it are %s", inside);
    else
        lots_error_hint(err, "`lots help` lists the commands and topics");
    return LOTS_USAGE;
}

static lots_status refuse_topic(const lots_vec *sections, const char *topic, lots_error *err)
{
    lots_vec rooms = LOTS_VEC(char[64]);
    lots_status status = gather_names(sections, &rooms, err);
    if (status == LOTS_OK)
        status = fail_unknown(&rooms, topic, err);
    lots_vec_free(&rooms);
    return status;
}

/* ---- the two doors ---- */

static lots_status write_matching(lots_program *program, const lots_vec *sections, const char *topic, lots_error *err)
{
    const char *written = NULL; /* up to where the manual was printed: a section brings those below it */
    for (size_t i = 0; i < sections->count; i++) {
        const lots_manual_section *section = &LOTS_AT(lots_manual_section, sections, i);
        if (!has_topic(section, topic) || (written != NULL && section->text < written))
            continue;
        if (written != NULL)
            LOTS_TRY(lots_sink_text(&program->out, "\n", err));
        LOTS_TRY(write_section(program, sections, i, err));
        written = section->text + (section->rank <= PART ? 1 : section->bytes);
    }
    return written != NULL ? LOTS_OK : refuse_topic(sections, topic, err);
}

lots_status lots_topic_write(lots_program *program, const char *topic, lots_error *err)
{
    lots_vec sections = LOTS_VEC(lots_manual_section);
    lots_status status = lots_manual_sections(&sections, err);
    if (status == LOTS_OK)
        status = write_matching(program, &sections, topic, err);
    lots_vec_free(&sections);
    return status;
}

static lots_status list_parts(lots_program *program, const lots_vec *sections, lots_error *err)
{
    for (size_t i = 0; i < sections->count; i++) {
        const lots_manual_section *section = &LOTS_AT(lots_manual_section, sections, i);
        if (section->rank != PART)
            continue;
        LOTS_TRY(put_title(program, section, err));
        LOTS_TRY(put_titles(program, sections, i + 1, err));
    }
    return LOTS_OK;
}

lots_status lots_topic_list(lots_program *program, lots_error *err)
{
    lots_vec sections = LOTS_VEC(lots_manual_section);
    lots_status status = lots_manual_sections(&sections, err);
    if (status == LOTS_OK)
        status = list_parts(program, &sections, err);
    lots_vec_free(&sections);
    return status;
}
