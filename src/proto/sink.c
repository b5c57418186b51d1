/* sink.c - where bytes go: a file or memory. */
#include "proto/sink.h"

#include <stdlib.h>
#include <string.h>

enum crema_status crema_bytes_append(struct crema_bytes *bytes,
                                     const void *data, size_t length)
{
    size_t capacity = bytes->capacity ? bytes->capacity : 256;

    if (length > SIZE_MAX / 4 - bytes->length)
        return crema_no_memory(bytes->ctx, "growing a buffer");
    while (capacity < bytes->length + length + 1) capacity *= 2;
    if (capacity != bytes->capacity) {
        unsigned char *more = realloc(bytes->data, capacity);

        if (!more) return crema_no_memory(bytes->ctx, "growing a buffer");
        bytes->data = more;
        bytes->capacity = capacity;
    }
    if (length) memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
    bytes->data[bytes->length] = '\0';
    return CREMA_OK;
}

static enum crema_status to_bytes(void *to, const void *data, size_t length)
{
    return crema_bytes_append(to, data, length);
}

static enum crema_status to_file(void *to, const void *data, size_t length)
{
    return crema_file_write(to, data, length);
}

struct crema_sink crema_sink_bytes(struct crema_bytes *bytes)
{
    return (struct crema_sink){ to_bytes, bytes };
}

struct crema_sink crema_sink_file(struct crema_file *file)
{
    return (struct crema_sink){ to_file, file };
}
