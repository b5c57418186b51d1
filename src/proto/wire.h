/* wire.h - protobuf's bytes, walked field by field.  Floor 1.
 *
 * Nothing is unpacked and nothing is believed: lengths are held against the
 * end, unknown fields and groups are passed over, and the walk stops with a
 * fault instead of reading past anything.  From memory, or from a file of any
 * size through a small window:
 *
 *   struct crema_wire w = crema_wire_all(&input);
 *   struct crema_wire_field f;
 *
 *   while (crema_wire_next(&w, &f))
 *       if (f.number == 1 && f.type == CREMA_WIRE_VARINT) ... f.value
 *   if (w.fault) ...
 */
#ifndef CREMA_PROTO_WIRE_H
#define CREMA_PROTO_WIRE_H

#include "proto/sink.h"

/* Numbers are stored low byte first, and copied as they are. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little endian only");

enum crema_wire_type {
    CREMA_WIRE_VARINT = 0,
    CREMA_WIRE_FIXED64 = 1,
    CREMA_WIRE_BYTES = 2, /* string, bytes, message or packed numbers */
    CREMA_WIRE_FIXED32 = 5
};

/* Where the bytes are. */
struct crema_wire_input {
    uint64_t size;
    const uint8_t *window; /* holds bytes [start, start + length) */
    uint64_t start, length;
    uint8_t *buffer; /* of a file */
    int fd;          /* -1: memory, the window is all */
    int error;       /* errno of a read that failed */
};

/* A walk through the fields of one message. */
struct crema_wire {
    struct crema_wire_input *input;
    uint64_t at, end;
    const char *fault; /* NULL while all is well; then `at` is the place */
};

struct crema_wire_field {
    uint32_t number;
    enum crema_wire_type type;
    uint64_t value;      /* of a varint, or the bits of a fixed one */
    uint64_t at, length; /* of the value's bytes in the input */
};

/* Borrows the bytes; needs no closing. */
struct crema_wire_input crema_wire_memory(const void *data, size_t size);
enum crema_status crema_wire_open(struct crema_ctx *, const char *path,
                                  struct crema_wire_input *) CREMA_MUST_USE;
/* Accepts one that is all zero or of memory. */
void crema_wire_close(struct crema_wire_input *);

struct crema_wire crema_wire_all(struct crema_wire_input *);
/* The fields of the message that this field's bytes are. */
struct crema_wire crema_wire_inside(const struct crema_wire *,
                                    const struct crema_wire_field *);
/* False behind the last field, and after a fault. */
bool crema_wire_next(struct crema_wire *, struct crema_wire_field *);
/* A varint out of packed ones; false at the end, and after a fault. */
bool crema_wire_varint(struct crema_wire *, uint64_t *value);

/* Copies bytes; false when they are not there, or cannot be read. */
bool crema_wire_copy(struct crema_wire_input *, uint64_t at, void *out,
                     size_t length) CREMA_MUST_USE;

/* Writing: the bytes of a tag, of a length or number. */
size_t crema_wire_size(uint64_t varint);
enum crema_status crema_wire_put(const struct crema_sink *,
                                 uint64_t varint) CREMA_MUST_USE;
enum crema_status crema_wire_put_tag(const struct crema_sink *, uint32_t number,
                                     enum crema_wire_type) CREMA_MUST_USE;
/* Tag and length of a field of `length` bytes, and how many those are. */
enum crema_status crema_wire_put_head(const struct crema_sink *,
                                      uint32_t number,
                                      uint64_t length) CREMA_MUST_USE;
size_t crema_wire_head_size(uint32_t number, uint64_t length);

#endif
