/* sink.h - where bytes go: a file or memory.  Floor 1. */
#ifndef CREMA_PROTO_SINK_H
#define CREMA_PROTO_SINK_H

#include "base/file.h"

struct crema_sink {
    enum crema_status (*write)(void *to, const void *data, size_t length);
    void *to;
};

/* Grows as it is written to.  All zero but ctx is empty; free(data) ends it. */
struct crema_bytes {
    struct crema_ctx *ctx;
    unsigned char *data; /* followed by '\0' once anything was written */
    size_t length, capacity;
};

enum crema_status crema_bytes_append(struct crema_bytes *, const void *data,
                                     size_t length) CREMA_MUST_USE;

/* Both borrow what they write to. */
struct crema_sink crema_sink_bytes(struct crema_bytes *);
struct crema_sink crema_sink_file(struct crema_file *);

static inline CREMA_MUST_USE enum crema_status
crema_sink_write(const struct crema_sink *sink, const void *data, size_t length)
{
    return sink->write(sink->to, data, length);
}

#endif
