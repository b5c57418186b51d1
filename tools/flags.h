/* flags.h - a program's command line, described by one table.
 *
 * `--name value`, `--name=value` and `-name` are one thing, '-' and '_' inside
 * a name too; a bool is `--name`, `--noname` or `--name=true|false`.  Flags and
 * other words may be mixed; `--` ends the flags.  `--help` prints the usage
 * text, which is made from the table; defaults in it are what the variables
 * hold when the table is read.
 *
 *     bool gray = false;
 *     const struct flag table[] = {
 *         { "gray", FLAG_BOOL, &gray, NULL, "read pictures as grey ones" },
 *     };
 *     const struct flags flags = { "crema train", "",
 *                                  "Trains a network.", table, 1,
 *                                  .min_words = 0, .max_words = 0 };
 *     int status = flags_parse(&flags, &argc, argv);
 *
 *     if (status >= 0) return status;
 *     ... argv[1] to argv[argc - 1] are the words that are not flags
 */
#ifndef CREMA_TOOLS_FLAGS_H
#define CREMA_TOOLS_FLAGS_H

#include <stdbool.h>
#include <stddef.h>

enum flag_kind {
    FLAG_BOOL,   /* bool * */
    FLAG_INT,    /* long * */
    FLAG_REAL,   /* double * */
    FLAG_TEXT,   /* const char **, borrowed from argv */
    FLAG_LIST,   /* struct flag_list *, given any number of times */
    FLAG_CHOICE, /* int *, index among `word`'s parts; any case; -1: not given
                  */
};

/* All zero is an empty list. */
struct flag_list {
    const char **items; /* borrowed from argv, in order */
    size_t count;
};

struct flag {
    const char *name; /* without dashes, as Caffe spells it */
    enum flag_kind kind;
    void *value;
    const char *word; /* what stands for the value: "FILE", "train|test" */
    const char *help; /* one sentence, no full stop */
};

struct flags {
    const char *program; /* "crema train" */
    const char *words;   /* the other arguments: "ROOT LIST DB"; may be "" */
    const char *summary; /* what the program does */
    const struct flag *table;
    size_t count;
    int min_words, max_words; /* how many others; max -1: any number */
};

/* Reads the flags and leaves argv[0] and the other words.  Returns -1 to go
 * on; else the exit status: 0 after --help, 2 after one line on stderr that
 * says what is wrong. */
int flags_parse(const struct flags *, int *argc, char **argv);

/* One line on stderr in the form of flags_parse's own; returns 2. */
int flags_wrong(const struct flags *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void flag_list_free(struct flag_list *);

/* The one of `count` names nearest to `name`, or NULL when none is near;
 * names[i] lies `stride` bytes behind names[i - 1]. */
const char *flags_nearest(const char *name, const char *const *names,
                          size_t count, size_t stride);

#endif
