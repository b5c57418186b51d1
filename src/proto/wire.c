/* wire.c - protobuf's bytes, walked field by field. */
#include "proto/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WINDOW = 1 << 16,
    START_GROUP = 3, /* no schema here has groups; others may */
    END_GROUP = 4
};

struct crema_wire_input crema_wire_memory(const void *data, size_t size)
{
    return (struct crema_wire_input){
        .size = size, .window = data, .length = size, .fd = -1
    };
}

enum crema_status crema_wire_open(struct crema_ctx *ctx, const char *path,
                                  struct crema_wire_input *in)
{
    enum crema_status status = CREMA_OK;
    struct stat st;

    *in = (struct crema_wire_input){ .fd = open(path, O_RDONLY | O_CLOEXEC) };
    if (in->fd < 0 || fstat(in->fd, &st) != 0) {
        status = crema_fail(ctx, CREMA_EIO, "cannot open %s: %s", path,
                            strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        status = crema_fail(ctx, CREMA_EIO, "cannot read %s: it is %s", path,
                            S_ISDIR(st.st_mode) ? "a folder" : "not a file");
    } else {
        in->size = (uint64_t)st.st_size;
        in->buffer = malloc(WINDOW);
        if (!in->buffer) status = crema_no_memory(ctx, path);
    }
    if (status != CREMA_OK) {
        if (in->fd >= 0) close(in->fd);
        *in = (struct crema_wire_input){ .fd = -1 };
    }
    return status;
}

void crema_wire_close(struct crema_wire_input *in)
{
    if (!in->buffer) return;
    close(in->fd);
    free(in->buffer);
    *in = (struct crema_wire_input){ .fd = -1 };
}

/* Reads from the file, past the window. */
static bool read_at(struct crema_wire_input *in, uint64_t at, void *out,
                    size_t length)
{
    char *to = out;

    while (length > 0) {
        ssize_t n = pread(in->fd, to, length, (off_t)at);

        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) { /* 0: the file has become shorter */
            in->error = n < 0 ? errno : EIO;
            return false;
        }
        to += n;
        at += (uint64_t)n;
        length -= (size_t)n;
    }
    return true;
}

/* Moves the window so that it begins at `at`. */
static bool slide(struct crema_wire_input *in, uint64_t at)
{
    uint64_t left = in->size - at;
    size_t n = left < WINDOW ? (size_t)left : WINDOW;

    in->length = 0;
    if (in->fd < 0 || !read_at(in, at, in->buffer, n)) return false;
    in->window = in->buffer;
    in->start = at;
    in->length = n;
    return true;
}

bool crema_wire_copy(struct crema_wire_input *in, uint64_t at, void *out,
                     size_t length)
{
    if (at > in->size || length > in->size - at) return false;
    if (length == 0) return true;
    if (at < in->start || at - in->start >= in->length ||
        length > in->length - (at - in->start)) {
        if (in->fd < 0) return false;
        if (length >= WINDOW) return read_at(in, at, out, length);
        if (!slide(in, at)) return false;
    }
    memcpy(out, in->window + (at - in->start), length);
    return true;
}

struct crema_wire crema_wire_all(struct crema_wire_input *in)
{
    return (struct crema_wire){ .input = in, .end = in->size };
}

struct crema_wire crema_wire_inside(const struct crema_wire *w,
                                    const struct crema_wire_field *f)
{
    return (struct crema_wire){ .input = w->input,
                                .at = f->at,
                                .end = f->at + f->length };
}

static bool fault(struct crema_wire *w, const char *what)
{
    w->fault = w->input->error ? "the file cannot be read" : what;
    return false;
}

bool crema_wire_varint(struct crema_wire *w, uint64_t *value)
{
    struct crema_wire_input *in = w->input;
    unsigned shift = 0;
    uint8_t byte;

    *value = 0;
    if (w->fault || w->at >= w->end) return false;
    do {
        if (w->at >= w->end || shift > 63)
            return fault(w, shift > 63 ? "a number has more than ten bytes"
                                       : "it ends inside a number");
        if (w->at - in->start < in->length && w->at >= in->start)
            byte = in->window[w->at - in->start];
        else if (!crema_wire_copy(in, w->at, &byte, 1))
            return fault(w, "it ends inside a number");
        *value |= (uint64_t)(byte & 0x7F) << shift;
        shift += 7;
        w->at++;
    } while (byte & 0x80);
    return true;
}

static bool fixed(struct crema_wire *w, struct crema_wire_field *f, size_t size)
{
    if (w->end - w->at < size) return fault(w, "it ends inside a number");
    f->value = 0;
    f->at = w->at;
    f->length = size;
    if (!crema_wire_copy(w->input, w->at, &f->value, size))
        return fault(w, "it ends inside a number");
    w->at += size;
    return true;
}

/* What follows the tag of a field that is not a group. */
static bool payload(struct crema_wire *w, struct crema_wire_field *f)
{
    uint64_t begin = w->at;

    switch (f->type) {
    case CREMA_WIRE_VARINT:
        if (!crema_wire_varint(w, &f->value))
            return w->fault ? false : fault(w, "it ends behind a tag");
        f->at = begin;
        f->length = w->at - begin;
        return true;
    case CREMA_WIRE_FIXED64:
        return fixed(w, f, 8);
    case CREMA_WIRE_FIXED32:
        return fixed(w, f, 4);
    case CREMA_WIRE_BYTES:
        if (!crema_wire_varint(w, &f->length))
            return w->fault ? false : fault(w, "it ends behind a tag");
        if (f->length > w->end - w->at)
            return fault(w, "a field is longer than what holds it");
        f->at = w->at;
        f->value = 0;
        w->at += f->length;
        return true;
    default:
        return fault(w, "there is no such wire type");
    }
}

bool crema_wire_next(struct crema_wire *w, struct crema_wire_field *f)
{
    uint64_t tag, groups = 0, begin;

    *f = (struct crema_wire_field){ 0 };
    do {
        begin = w->at;
        if (!crema_wire_varint(w, &tag)) {
            if (groups && !w->fault) fault(w, "a group has no end");
            return false;
        }
        f->number = (uint32_t)(tag >> 3);
        f->type = (enum crema_wire_type)(tag & 7);
        if (tag >> 3 == 0 || tag >> 32) {
            w->at = begin;
            return fault(w, "there is no such field number");
        }
        if ((tag & 7) == START_GROUP) {
            groups++;
        } else if ((tag & 7) == END_GROUP) {
            if (groups == 0) return fault(w, "a group ends that never began");
            if (--groups == 0) continue;
        } else if (!payload(w, f)) {
            return false;
        } else if (groups == 0) {
            return true;
        }
    } while (true);
}

size_t crema_wire_size(uint64_t varint)
{
    size_t n = 1;

    while (varint >>= 7) n++;
    return n;
}

enum crema_status crema_wire_put(const struct crema_sink *sink, uint64_t varint)
{
    uint8_t bytes[10];
    size_t n = 0;

    do {
        bytes[n] = (uint8_t)(varint & 0x7F);
        varint >>= 7;
        if (varint) bytes[n] |= 0x80;
        n++;
    } while (varint);
    return crema_sink_write(sink, bytes, n);
}

enum crema_status crema_wire_put_tag(const struct crema_sink *sink,
                                     uint32_t number, enum crema_wire_type type)
{
    return crema_wire_put(sink, (uint64_t)number << 3 | (uint64_t)type);
}

enum crema_status crema_wire_put_head(const struct crema_sink *sink,
                                      uint32_t number, uint64_t length)
{
    CREMA_TRY(crema_wire_put_tag(sink, number, CREMA_WIRE_BYTES));
    return crema_wire_put(sink, length);
}

size_t crema_wire_head_size(uint32_t number, uint64_t length)
{
    return crema_wire_size((uint64_t)number << 3) + crema_wire_size(length);
}
