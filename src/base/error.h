/* error.h - the one way a failure travels.  Floor 0.
 *
 * A function that can fail returns a status; the reason, already worded, stays
 * in the ctx.  The library neither prints nor exits.  The wording starts with
 * the place in the user's file when there is one:
 *
 *   net.prototxt:4:38: layer "conv1": kernel 33 is larger than the padded input
 *     convolution_param { num_output: 20 kernel_size: 33 }
 *                                        ^
 */
#ifndef CREMA_BASE_ERROR_H
#define CREMA_BASE_ERROR_H

#include "crema.h"

#include <stdarg.h>
#include <stddef.h>

#define CREMA_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Where in a text something stands. */
struct crema_place {
    const char *file;
    int line, column;     /* both from 1; line 0 means "nowhere" */
    const char *text;     /* the line itself, up to its newline; or NULL */
    size_t length;        /* of that line in bytes */
};

enum { CREMA_MESSAGE_SIZE = 16384 };

/* One per thread of work; never shared between threads at the same time. */
struct crema_ctx {
    enum crema_status status;
    char message[CREMA_MESSAGE_SIZE];
    crema_log_fn *log;    /* NULL: nobody listens */
    void *log_user;
    struct crema_attached *attached; /* newest first */
};

/* What a floor above has the ctx keep. */
struct crema_attached {
    struct crema_attached *next;
    void (*free)(struct crema_attached *); /* with the ctx; tells kinds apart */
};

/* Records the failure and returns `status`, so a check is one statement.
 * lower case, no full stop, names the values, says what to do if known. */
enum crema_status crema_fail(struct crema_ctx *, enum crema_status status,
                             const char *fmt, ...)
    CREMA_PRINTF(3, 4) CREMA_MUST_USE;
enum crema_status crema_fail_at(struct crema_ctx *, enum crema_status status,
                                const struct crema_place *, const char *fmt,
                                ...) CREMA_PRINTF(4, 5) CREMA_MUST_USE;
enum crema_status crema_vfail_at(struct crema_ctx *, enum crema_status status,
                                 const struct crema_place *, const char *fmt,
                                 va_list) CREMA_PRINTF(4, 0) CREMA_MUST_USE;
/* One more complaint behind the one already recorded. */
void crema_also_at(struct crema_ctx *, const struct crema_place *,
                   const char *fmt, ...) CREMA_PRINTF(3, 4);
/* Out of memory while making `what`. */
enum crema_status crema_no_memory(struct crema_ctx *, const char *what)
    CREMA_MUST_USE;

/* One line for the log; the listener adds time and newline. */
void crema_log(struct crema_ctx *, enum crema_log_level, const char *fmt, ...)
    CREMA_PRINTF(3, 4);

#define CREMA_TRY(expr)                                                        \
    do {                                                                       \
        enum crema_status try_status_ = (expr);                                \
        if (try_status_ != CREMA_OK) return try_status_;                       \
    } while (0)

#endif
