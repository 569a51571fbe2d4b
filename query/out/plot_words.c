/* plot_words.c: see plot_words.h. */
#include "query/out/plot_words.h"

#include <stddef.h>

const char *lots_plot_word(lots_plot_word_number word, bool swedish)
{
    static const char *const words[][2] = {
#define X(name, english, swedish) {english, swedish},
        LOTS_PLOT_WORD_LIST(X)
#undef X
    };
    return word < LOTS_WORD_PLOT_COUNT ? words[word][swedish ? 1 : 0] : "";
}

const char *lots_plot_signal(lots_signal signal, bool swedish)
{
    static const char *const words[LOTS_SIGNAL_COUNT] = {
        [LOTS_SIGNAL_OUTSIDE] = "utanför",        [LOTS_SIGNAL_TREND] = "trend",
        [LOTS_SIGNAL_TWO_OF_THREE] = "två av tre", [LOTS_SIGNAL_SHIFT] = "skift",
        [LOTS_SIGNAL_ABOVE_998] = "över 99,8 %",  [LOTS_SIGNAL_ABOVE_95] = "över 95 %",
        [LOTS_SIGNAL_BELOW_95] = "under 95 %",    [LOTS_SIGNAL_BELOW_998] = "under 99,8 %",
    };
    if (!swedish || signal >= LOTS_SIGNAL_COUNT || words[signal] == NULL)
        return lots_signal_text(signal);
    return words[signal];
}
