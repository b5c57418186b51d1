/* error.c - wording and keeping the reason of a failure. */
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct crema_ctx *crema_ctx_new(crema_log_fn *log, void *user)
{
    struct crema_ctx *ctx = calloc(1, sizeof *ctx);

    if (!ctx) return NULL;
    ctx->log = log;
    ctx->log_user = user;
    return ctx;
}

void crema_ctx_free(struct crema_ctx *ctx)
{
    while (ctx && ctx->attached) {
        struct crema_attached *first = ctx->attached;

        ctx->attached = first->next;
        first->free(first);
    }
    free(ctx);
}

const char *crema_ctx_message(const struct crema_ctx *ctx)
{
    return ctx->message;
}

/* Appends to the message; what does not fit is cut. */
static void append(struct crema_ctx *ctx, const char *fmt, va_list ap)
{
    size_t used = strlen(ctx->message);

    vsnprintf(ctx->message + used, sizeof ctx->message - used, fmt, ap);
}

static void appendf(struct crema_ctx *ctx, const char *fmt, ...)
    CREMA_PRINTF(2, 3);

static void appendf(struct crema_ctx *ctx, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    append(ctx, fmt, ap);
    va_end(ap);
}

/* The line and a caret under the column; tabs stay tabs so that both align. */
static void append_excerpt(struct crema_ctx *ctx, const struct crema_place *at)
{
    enum { LONGEST = 200 };
    char pad[LONGEST + 1];
    size_t n = at->column > 0 ? (size_t)at->column - 1 : 0;

    if (!at->text || at->length > LONGEST || n > at->length) return;
    for (size_t i = 0; i < n; i++) pad[i] = at->text[i] == '\t' ? '\t' : ' ';
    pad[n] = '\0';
    appendf(ctx, "\n  %.*s\n  %s^", (int)at->length, at->text, pad);
}

static void word(struct crema_ctx *ctx, const struct crema_place *at,
                 const char *fmt, va_list ap)
{
    bool placed = at && at->file && at->line > 0;

    if (placed) appendf(ctx, "%s:%d:%d: ", at->file, at->line, at->column);
    append(ctx, fmt, ap);
    if (placed) append_excerpt(ctx, at);
}

enum crema_status crema_vfail_at(struct crema_ctx *ctx,
                                 enum crema_status status,
                                 const struct crema_place *at, const char *fmt,
                                 va_list ap)
{
    ctx->message[0] = '\0';
    word(ctx, at, fmt, ap);
    return ctx->status = status;
}

enum crema_status crema_fail_at(struct crema_ctx *ctx, enum crema_status status,
                                const struct crema_place *at, const char *fmt,
                                ...)
{
    va_list ap;

    va_start(ap, fmt);
    status = crema_vfail_at(ctx, status, at, fmt, ap);
    va_end(ap);
    return status;
}

enum crema_status crema_fail(struct crema_ctx *ctx, enum crema_status status,
                             const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    status = crema_vfail_at(ctx, status, NULL, fmt, ap);
    va_end(ap);
    return status;
}

void crema_also_at(struct crema_ctx *ctx, const struct crema_place *at,
                   const char *fmt, ...)
{
    va_list ap;

    appendf(ctx, "\n");
    va_start(ap, fmt);
    word(ctx, at, fmt, ap);
    va_end(ap);
}

enum crema_status crema_no_memory(struct crema_ctx *ctx, const char *what)
{
    return crema_fail(ctx, CREMA_ENOMEM, "out of memory: %s", what);
}

void crema_log(struct crema_ctx *ctx, enum crema_log_level level,
               const char *fmt, ...)
{
    char line[2048];
    va_list ap;

    if (!ctx->log) return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    ctx->log(ctx->log_user, level, line);
}
