/* prune.c - of a message's bytes, what the schema can unpack. */
#include "proto/prune.h"

#include <stdlib.h>
#include <string.h>

enum {
    LONGEST = 1 << 26, /* bytes of one field */
    DEEPEST = 32,      /* messages within messages */
    CHUNK = 1 << 12
};

struct pruning {
    const ProtobufCMessageDescriptor *without;
    size_t dropped;
    enum crema_status status; /* of memory and the file */
};

static enum crema_wire_type wire_type(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return CREMA_WIRE_FIXED32;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return CREMA_WIRE_FIXED64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return CREMA_WIRE_BYTES;
    default:
        return CREMA_WIRE_VARINT;
    }
}

/* Packed numbers: whole ones only. */
static bool packs(struct crema_wire w, enum crema_wire_type type)
{
    uint64_t value;

    if (type == CREMA_WIRE_FIXED32) return (w.end - w.at) % 4 == 0;
    if (type == CREMA_WIRE_FIXED64) return (w.end - w.at) % 8 == 0;
    while (crema_wire_varint(&w, &value)) continue;
    return !w.fault;
}

static bool agrees(const struct crema_wire *w, const struct crema_wire_field *f,
                   const ProtobufCFieldDescriptor *field)
{
    enum crema_wire_type type = wire_type(field);

    if (f->type == type) return true;
    return f->type == CREMA_WIRE_BYTES &&
           field->label == PROTOBUF_C_LABEL_REPEATED &&
           packs(crema_wire_inside(w, f), type);
}

/* Bytes of the input as they are. */
static void copy(struct pruning *p, struct crema_wire_input *in, uint64_t at,
                 uint64_t length, struct crema_bytes *out)
{
    uint8_t chunk[CHUNK];

    if (length > LONGEST) {
        p->status = crema_fail(
            out->ctx, CREMA_EIO, "at byte %llu a field has %llu bytes",
            (unsigned long long)at, (unsigned long long)length);
        return;
    }
    while (length > 0 && p->status == CREMA_OK) {
        size_t n = length < CHUNK ? (size_t)length : CHUNK;

        p->status = crema_wire_copy(in, at, chunk, n)
                        ? crema_bytes_append(out, chunk, n)
                        : crema_fail(out->ctx, CREMA_EIO, "cannot read: %s",
                                     strerror(in->error));
        at += n;
        length -= n;
    }
}

static bool prune(struct pruning *p, struct crema_wire *w,
                  const ProtobufCMessageDescriptor *d, struct crema_bytes *out,
                  int depth);

/* A message within: left out unless it is one of its kind. */
static void inner(struct pruning *p, const struct crema_wire *w,
                  const struct crema_wire_field *f,
                  const ProtobufCFieldDescriptor *field,
                  struct crema_bytes *out, int depth)
{
    struct crema_wire inside = crema_wire_inside(w, f);
    struct crema_bytes bytes = { .ctx = out->ctx };
    struct crema_sink sink = crema_sink_bytes(out);

    if (field->descriptor == p->without) return;
    if (depth < DEEPEST &&
        prune(p, &inside, field->descriptor, &bytes, depth + 1)) {
        if (p->status == CREMA_OK)
            p->status = crema_wire_put_head(&sink, f->number, bytes.length);
        if (p->status == CREMA_OK)
            p->status = crema_bytes_append(out, bytes.data, bytes.length);
    } else {
        p->dropped++;
    }
    free(bytes.data);
}

static bool has_required(const ProtobufCMessageDescriptor *d, uint64_t seen)
{
    for (unsigned i = 0; i < d->n_fields && i < 64; i++)
        if (d->fields[i].label == PROTOBUF_C_LABEL_REQUIRED && !(seen >> i & 1))
            return false;
    return true;
}

/* False when it is no message of this kind; p->status tells of the rest. */
static bool prune(struct pruning *p, struct crema_wire *w,
                  const ProtobufCMessageDescriptor *d, struct crema_bytes *out,
                  int depth)
{
    struct crema_wire_field f;
    uint64_t seen = 0; /* of the first 64 fields */

    for (uint64_t begin = w->at;
         p->status == CREMA_OK && crema_wire_next(w, &f); begin = w->at) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(d, f.number);

        if (field && !agrees(w, &f, field)) {
            p->dropped++;
            continue;
        }
        if (field && field - d->fields < 64)
            seen |= 1ull << (field - d->fields);
        if (field && field->type == PROTOBUF_C_TYPE_MESSAGE)
            inner(p, w, &f, field, out, depth);
        else
            copy(p, w->input, begin, w->at - begin, out);
    }
    return !w->fault && has_required(d, seen);
}

enum crema_status crema_prune(struct crema_wire *w,
                              const ProtobufCMessageDescriptor *d,
                              const ProtobufCMessageDescriptor *without,
                              struct crema_pruned *out)
{
    struct pruning p = { .without = without };
    bool good = prune(&p, w, d, &out->bytes, 0);

    out->dropped += p.dropped;
    CREMA_TRY(p.status);
    if (good) return CREMA_OK;
    return crema_fail(out->bytes.ctx, CREMA_EIO, "no %s: %s", d->short_name,
                      w->fault ? w->fault : "a field that it needs is missing");
}
