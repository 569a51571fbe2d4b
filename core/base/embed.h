/* embed.h: a file of the project within the program, as it is. The assembler takes it in (.incbin, known to gcc and clang): no
 * generator and no second copy that could differ from the one users read. Compile from the project's root; the Makefile says
 * which objects must be made anew when a file changes. Callers: those who own such a text, each in one source file. */
#ifndef LOTS_BASE_EMBED_H
#define LOTS_BASE_EMBED_H

/* Define `symbol`, which no other text has: the file's bytes, followed by a zero byte. */
#define LOTS_EMBED(symbol, path)                                                               \
    __asm__(".pushsection .rodata\n"                                                           \
            ".global " #symbol "\n"                                                            \
            #symbol ":\n"                                                                      \
            ".incbin \"" path "\"\n"                                                           \
            ".byte 0\n"                                                                        \
            ".popsection\n");                                                                  \
    extern const char symbol[]

#endif
