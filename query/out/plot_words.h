/* plot_words.h: the fixed words of a chart, in English and Swedish. Those with %u take numbers.
 * Includer: plot.c. */
#ifndef LOTS_OUT_PLOT_WORDS_H
#define LOTS_OUT_PLOT_WORDS_H

#include "query/exec/chart_control.h"

/* X(NAME, English, Swedish) */
#define LOTS_PLOT_WORD_LIST(X)                                                                                        \
    X(MISSING, "missing", "saknas")                                                                                   \
    X(MEAN, "mean", "medelvärde")                                                                                     \
    X(ALL, "all together", "alla tillsammans")                                                                        \
    X(LIMITS, "limits", "gränser")                                                                                    \
    X(998, "99.8% limits", "99,8 %-gränser")                                                                          \
    X(95, "95% limits", "95 %-gränser")                                                                               \
    X(EQUALITY, "all equal", "alla lika")                                                                             \
    X(SIGNAL, "signal", "signal")                                                                                     \
    X(NOTHING, "there is nothing to draw", "det finns inget att rita")                                                \
    X(P_LIMITS, "Limits: the share of all together ± 3 standard deviations (Shewhart 1931). Signals: Making Data Count.", \
      "Gränser: andelen för alla tillsammans ± 3 standardavvikelser (Shewhart 1931). Signaler: Making Data Count.")   \
    X(XMR_LIMITS, "Limits: mean ± 2.66 mean moving range (Shewhart 1931). Signals: Making Data Count.",               \
      "Gränser: medelvärde ± 2,66 × medelvärdet av de rörliga vidderna (Shewhart 1931). Signaler: Making Data Count.")             \
    X(FUNNEL_LIMITS, "Limits: exact binomial around the share of all together (Spiegelhalter 2005).",                 \
      "Gränser: exakta binomialgränser kring andelen för alla tillsammans (Spiegelhalter 2005).")                     \
    X(RAW, "Not adjusted: the units' patients may differ in age, sex and health.",                                    \
      "Inte justerat: enheternas patienter kan skilja sig i ålder, kön och hälsa.")                                   \
    X(GROUPS, "Each point stands for %u persons or more.", "Varje punkt står för minst %u personer.")                 \
    X(AT_RISK, "followed on", "följs vidare")                                                                         \
    X(STEPS, "Each step stands for %u persons or more.", "Varje steg står för minst %u personer.")                    \
    X(TRIAL, "Fewer than %u points: trial limits.", "Färre än %u punkter: preliminära gränser.")                      \
    X(HIDDEN, "Hidden and not drawn: %u, for too few persons.", "Dolda och inte ritade: %u, för få personer.")         \
    X(LEFT_OUT, "Not drawn, without a value: %u.", "Inte ritade, utan värde: %u.")                                    \
    X(MORE_LINES, "Only the first %u of %u lines are drawn.", "Bara de första %u av %u linjerna är ritade.")

typedef enum lots_plot_word_number {
#define X(name, english, swedish) LOTS_WORD_PLOT_##name,
    LOTS_PLOT_WORD_LIST(X)
#undef X
        LOTS_WORD_PLOT_COUNT
} lots_plot_word_number;

/* Also a format, which the compiler can't see into: its arguments are said in the list above. */
const char *lots_plot_word(lots_plot_word_number word, bool swedish);
const char *lots_plot_signal(lots_signal signal, bool swedish);

#endif
