/* manual.c: the manual's text and its sections. See manual.h. */
#include "query/cli/manual.h"

#include <string.h>

#include "core/base/embed.h"

LOTS_EMBED(lots_manual_text, "query/LANGUAGE.md");

/* The rank of the heading at `line`; 0: it is none. */
static unsigned heading_rank(const char *line)
{
    unsigned rank = 0;
    while (rank < 4 && line[rank] == '#')
        rank++;
    return rank > 0 && line[rank] == ' ' ? rank : 0;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end != NULL ? end + 1 : line + strlen(line);
}

/* "## 3. Reference" has the title "Reference". */
static void take_title(lots_manual_section *section, const char *line)
{
    const char *at = line + section->rank + 1, *end = next_line(line) - 1;
    const char *rest = at + strspn(at, "0123456789");
    if (rest > at && rest[0] == '.' && rest[1] == ' ')
        at = rest + 2;
    section->title = at;
    section->title_bytes = (size_t)(end - at);
}

static void take_topics(lots_manual_section *section, const char *line)
{
    static const char begin[] = "<!-- topics: ";
    const char *end = strstr(line, " -->");
    if (strncmp(line, begin, sizeof begin - 1) != 0 || end == NULL)
        return;
    section->topics = line + sizeof begin - 1;
    section->topics_bytes = (size_t)(end - section->topics);
}

lots_status lots_manual_sections(lots_vec *out, lots_error *err)
{
    bool fenced = false;
    for (const char *line = lots_manual_text; line[0] != '\0'; line = next_line(line)) {
        unsigned rank = fenced ? 0 : heading_rank(line);
        if (strncmp(line, "```", 3) == 0)
            fenced = !fenced;
        if (rank == 0)
            continue;
        lots_manual_section section = {.text = line, .rank = rank, .bytes = strlen(line)};
        for (size_t i = 0; i < out->count; i++) {
            lots_manual_section *above = &LOTS_AT(lots_manual_section, out, i);
            if (rank <= above->rank && above->text + above->bytes > line)
                above->bytes = (size_t)(line - above->text);
        }
        take_title(&section, line);
        take_topics(&section, next_line(line));
        LOTS_TRY(lots_vec_push(out, &section, err));
    }
    return LOTS_OK;
}

static void copy(char room[64], const char *text, size_t bytes)
{
    size_t taken = bytes < 63 ? bytes : 63;
    memcpy(room, text, taken);
    room[taken] = '\0';
}

bool lots_manual_topic(const lots_manual_section *section, size_t index, char room[64])
{
    if (index == 0) {
        copy(room, section->title, section->title_bytes);
        return true;
    }
    const char *at = section->topics, *end = at + section->topics_bytes;
    for (size_t i = 1; at < end; i++) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma != NULL ? comma : end;
        if (i == index) {
            copy(room, at, (size_t)(stop - at));
            return true;
        }
        at = stop + 1 + (stop < end && stop[1] == ' ');
    }
    return false;
}
