/* console.h - what a program says while it works: log lines in glog's form and,
 * on a terminal, one status line below them.
 *
 *     struct console console;
 *
 *     console_open(&console, "train", stderr);
 *     ctx = crema_ctx_new(console_log, &console);
 *     ...
 *     console_progress(&console, "images", done, total);
 *     ...
 *     console_close(&console);
 *
 * A log line reads
 *
 *     I1122 07:20:01.123456  1234 train] text
 *
 * Every function may be called from any thread.
 */
#ifndef CREMA_TOOLS_CONSOLE_H
#define CREMA_TOOLS_CONSOLE_H

#include "crema.h"

#include <pthread.h>
#include <stdio.h>

enum { CONSOLE_LINE = 200 };

struct console {
    FILE *out;
    const char *name;          /* stands before the ']' */
    bool terminal;             /* status lines only there */
    pthread_mutex_t lock;      /* over all that follows */
    char status[CONSOLE_LINE]; /* as it stands on the terminal; may be "" */
    const char *what;          /* that console_progress counts */
    double begun, shown;       /* seconds, of this count and its last line */
    uint64_t first;            /* how many were done then */
};

/* name and out stay the caller's. */
void console_open(struct console *, const char *name, FILE *out);
/* Takes the status line away. */
void console_close(struct console *);

/* A crema_log_fn; `user` is the console. */
void console_log(void *user, enum crema_log_level, const char *line);
/* The same with printf's arguments. */
void console_say(struct console *, enum crema_log_level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Logs the reason that ctx keeps; returns the exit status, 1. */
int console_failed(struct console *, const struct crema_ctx *);

/* Shows how far a long work is, how fast it goes and how long it will take;
 * redrawn ten times a second at most.  total 0: not known. */
void console_progress(struct console *, const char *what, uint64_t done,
                      uint64_t total);
/* A status line of the caller's own wording, likewise. */
void console_status(struct console *, const char *text);
/* "1:02:03" or "2:03" */
void console_word_time(double seconds, char *out, size_t size);
/* Takes the status line away, before something else is printed there. */
void console_clear(struct console *);

#endif
