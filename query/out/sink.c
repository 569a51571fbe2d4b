/* sink.c: see sink.h. */
#include "query/out/sink.h"

#include <errno.h>

#include "core/base/os.h"

enum { PIECE_BYTES = 1 << 16 };

static lots_status hand_on(lots_sink *sink, bool flush, lots_error *err)
{
    if (sink->file == NULL)
        return LOTS_OK;
    errno = 0;
    bool good = sink->text.count == 0 || fwrite(sink->text.data, 1, sink->text.count, sink->file) == sink->text.count;
    if (good && flush)
        good = fflush(sink->file) == 0;
    sink->text.count = 0;
    if (good)
        return LOTS_OK;
    sink->closed = errno == EPIPE;
    return lots_os_fail(err, "write", sink->name);
}

lots_status lots_sink_pass(lots_sink *sink, lots_error *err)
{
    return sink->text.count < PIECE_BYTES ? LOTS_OK : hand_on(sink, false, err);
}

lots_status lots_sink_flush(lots_sink *sink, lots_error *err) { return hand_on(sink, true, err); }

lots_status lots_sink_text(lots_sink *sink, const char *text, lots_error *err)
{
    return lots_bytes_append(&sink->text, text, strlen(text), err);
}

void lots_sink_free(lots_sink *sink) { lots_bytes_free(&sink->text); }
