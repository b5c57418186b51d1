/* datum.c - one record of a database, read without copying. */
#include "proto/datum.h"

#include <limits.h>
#include <string.h>

/* Field numbers of Datum. */
enum {
    CHANNELS = 1,
    HEIGHT = 2,
    WIDTH = 3,
    DATA = 4,
    LABEL = 5,
    FLOAT_DATA = 6,
    ENCODED = 7
};

/* Sizes are taken as they are stored, in 32 bits. */
static int int_of(const struct crema_wire_field *f)
{
    return (int)(int32_t)(uint32_t)f->value;
}

static float float_of(const struct crema_wire_field *f)
{
    uint32_t bits = (uint32_t)f->value;
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Numbers in a field of float_data: packed ones, or one. */
static size_t floats_in(const struct crema_wire_field *f)
{
    if (f->number != FLOAT_DATA) return 0;
    if (f->type == CREMA_WIRE_FIXED32) return 1;
    return f->type == CREMA_WIRE_BYTES ? (size_t)f->length / sizeof(float) : 0;
}

static bool is_label(const struct crema_wire_field *f)
{
    return f->number == LABEL &&
           (f->type == CREMA_WIRE_VARINT || f->type == CREMA_WIRE_FIXED32);
}

static double label_of(const struct crema_wire_field *f)
{
    return f->type == CREMA_WIRE_VARINT ? (double)int_of(f)
                                        : (double)float_of(f);
}

/* A field whose wire type is not the expected one is an unknown field. */
static void take(struct crema_datum *datum, const struct crema_wire_field *f)
{
    bool varint = f->type == CREMA_WIRE_VARINT;

    datum->nlabels += is_label(f);
    datum->nfloats += floats_in(f);
    if (f->number == DATA && f->type == CREMA_WIRE_BYTES) {
        datum->data = datum->message + f->at;
        datum->size = (size_t)f->length;
    } else if (is_label(f)) {
        datum->label = label_of(f);
        datum->has_label = true;
    } else if (varint && f->number == CHANNELS) {
        datum->channels = int_of(f);
    } else if (varint && f->number == HEIGHT) {
        datum->height = int_of(f);
    } else if (varint && f->number == WIDTH) {
        datum->width = int_of(f);
    } else if (varint && f->number == ENCODED) {
        datum->encoded = f->value != 0;
    }
}

const char *crema_datum_read(const void *message, size_t size,
                             struct crema_datum *datum)
{
    struct crema_wire_input in = crema_wire_memory(message, size);
    struct crema_wire w = crema_wire_all(&in);
    struct crema_wire_field f;

    *datum = (struct crema_datum){ .message = message, .message_size = size };
    while (crema_wire_next(&w, &f)) {
        if (f.number == FLOAT_DATA && f.type == CREMA_WIRE_BYTES &&
            f.length % sizeof(float) != 0)
            return "not a Datum: float_data is not whole numbers";
        take(datum, &f);
    }
    if (w.fault) return "not a Datum, or a damaged one";
    if (datum->channels < 0 || datum->height < 0 || datum->width < 0)
        return "a Datum with a negative size";
    return NULL;
}

void crema_datum_floats(const struct crema_datum *datum, float *out)
{
    struct crema_wire_input in =
        crema_wire_memory(datum->message, datum->message_size);
    struct crema_wire w = crema_wire_all(&in);
    struct crema_wire_field f;

    while (crema_wire_next(&w, &f)) {
        size_t n = floats_in(&f);

        if (n) memcpy(out, datum->message + f.at, n * sizeof *out);
        out += n;
    }
}

void crema_datum_labels(const struct crema_datum *datum, float *out)
{
    struct crema_wire_input in =
        crema_wire_memory(datum->message, datum->message_size);
    struct crema_wire w = crema_wire_all(&in);
    struct crema_wire_field f;

    while (crema_wire_next(&w, &f))
        if (is_label(&f)) *out++ = (float)label_of(&f);
}

static enum crema_status put_int(const struct crema_sink *sink, uint32_t number,
                                 int value)
{
    CREMA_TRY(crema_wire_put_tag(sink, number, CREMA_WIRE_VARINT));
    /* negative ones take ten bytes, as if they had 64 bits */
    return crema_wire_put(sink, (uint64_t)(int64_t)value);
}

enum crema_status crema_datum_write(struct crema_bytes *bytes,
                                    const struct crema_datum *datum,
                                    const float *floats)
{
    struct crema_sink sink = crema_sink_bytes(bytes);

    if (datum->channels) CREMA_TRY(put_int(&sink, CHANNELS, datum->channels));
    if (datum->height) CREMA_TRY(put_int(&sink, HEIGHT, datum->height));
    if (datum->width) CREMA_TRY(put_int(&sink, WIDTH, datum->width));
    if (datum->data) {
        CREMA_TRY(crema_wire_put_head(&sink, DATA, datum->size));
        CREMA_TRY(crema_sink_write(&sink, datum->data, datum->size));
    }
    if (datum->has_label) {
        if (!(datum->label >= INT_MIN && datum->label <= INT_MAX))
            return crema_fail(bytes->ctx, CREMA_EINVAL,
                              "label %g does not fit into 32 bits",
                              datum->label);
        CREMA_TRY(put_int(&sink, LABEL, (int)datum->label));
    }
    for (size_t i = 0; i < datum->nfloats; i++) { /* Caffe does not pack them */
        CREMA_TRY(crema_wire_put_tag(&sink, FLOAT_DATA, CREMA_WIRE_FIXED32));
        CREMA_TRY(crema_sink_write(&sink, &floats[i], sizeof floats[i]));
    }
    return put_int(&sink, ENCODED, datum->encoded);
}
