/* text_print.c - message to prototxt: set fields, by number. */
#include "proto/message.h"
#include "proto/text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The "C" locale writes numbers with a point whatever the program's is. */
struct printer {
    const struct crema_sink *sink;
    locale_t c;
    size_t dropped; /* fields that the schema does not know */
};

static enum crema_status fields(struct printer *p,
                                const ProtobufCMessage *message, int depth);

static enum crema_status put(struct printer *p, const char *text)
{
    return crema_sink_write(p->sink, text, strlen(text));
}

static enum crema_status indent(struct printer *p, int depth)
{
    while (depth-- > 0) CREMA_TRY(put(p, "  "));
    return CREMA_OK;
}

static enum crema_status string(struct printer *p, const void *data,
                                size_t length)
{
    static const char plain[] = "\n\r\t\"'\\", letter[] = "nrt\"'\\";
    const unsigned char *bytes = data;

    CREMA_TRY(put(p, "\""));
    for (size_t i = 0; i < length; i++) {
        char text[8] = { (char)bytes[i] };
        const char *special = bytes[i] ? strchr(plain, bytes[i]) : NULL;

        if (special)
            snprintf(text, sizeof text, "\\%c", letter[special - plain]);
        else if (bytes[i] < 32 || bytes[i] > 126)
            snprintf(text, sizeof text, "\\%03o", bytes[i]);
        CREMA_TRY(put(p, text));
    }
    return put(p, "\"");
}

/* The shorter form where it reads back to the same number. */
static void word_real(char *out, size_t size, double value, bool is_float)
{
    if (isnan(value)) {
        snprintf(out, size, "nan");
    } else if (isinf(value)) {
        snprintf(out, size, value < 0 ? "-inf" : "inf");
    } else if (is_float) {
        snprintf(out, size, "%.6g", value);
        if (strtof(out, NULL) != (float)value)
            snprintf(out, size, "%.9g", value);
    } else {
        snprintf(out, size, "%.15g", value);
        if (strtod(out, NULL) != value) snprintf(out, size, "%.17g", value);
    }
}

static enum crema_status real(struct printer *p, double value, bool is_float)
{
    char text[40];
    locale_t before = uselocale(p->c);

    word_real(text, sizeof text, value, is_float);
    uselocale(before);
    return put(p, text);
}

static enum crema_status integer(struct printer *p, int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)value);
    return put(p, text);
}

static enum crema_status natural(struct printer *p, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    return put(p, text);
}

static enum crema_status
enumeration(struct printer *p, const ProtobufCFieldDescriptor *field, int value)
{
    const ProtobufCEnumValue *known =
        protobuf_c_enum_descriptor_get_value(field->descriptor, value);

    return known ? put(p, known->name) : integer(p, value);
}

static enum crema_status scalar(struct printer *p,
                                const ProtobufCFieldDescriptor *field,
                                const void *slot)
{
    union {
        int32_t i;
        uint32_t u;
        int64_t l;
        uint64_t ul;
        float f;
        double d;
        char *s;
        ProtobufCBinaryData b;
    } v;

    memcpy(&v, slot, crema_field_size(field));
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return integer(p, v.i);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return natural(p, v.u);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return integer(p, v.l);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return natural(p, v.ul);
    case PROTOBUF_C_TYPE_FLOAT:
        return real(p, (double)v.f, true);
    case PROTOBUF_C_TYPE_DOUBLE:
        return real(p, v.d, false);
    case PROTOBUF_C_TYPE_BOOL:
        return put(p, v.i ? "true" : "false");
    case PROTOBUF_C_TYPE_ENUM:
        return enumeration(p, field, v.i);
    case PROTOBUF_C_TYPE_BYTES:
        return string(p, v.b.data, v.b.len);
    default:
        return string(p, v.s ? v.s : "", v.s ? strlen(v.s) : 0);
    }
}

static enum crema_status value(struct printer *p,
                               const ProtobufCFieldDescriptor *field,
                               const void *slot, int depth)
{
    const ProtobufCMessage *inner;

    CREMA_TRY(indent(p, depth));
    CREMA_TRY(crema_sink_write(p->sink, field->name, crema_field_name(field)));
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
        CREMA_TRY(put(p, ": "));
        CREMA_TRY(scalar(p, field, slot));
        return put(p, "\n");
    }
    memcpy(&inner, slot, sizeof inner);
    CREMA_TRY(put(p, " {\n"));
    CREMA_TRY(fields(p, inner, depth + 1));
    CREMA_TRY(indent(p, depth));
    return put(p, "}\n");
}

/* Descriptors list their fields by number. */
static enum crema_status fields(struct printer *p,
                                const ProtobufCMessage *message, int depth)
{
    const ProtobufCMessageDescriptor *of = message->descriptor;
    const char *base = (const char *)message, *array;
    size_t n;

    p->dropped += message->n_unknown_fields;
    for (unsigned i = 0; i < of->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &of->fields[i];

        if (!crema_field_repeated(field)) {
            if (crema_field_is_set(message, field))
                CREMA_TRY(value(p, field, base + field->offset, depth));
            continue;
        }
        memcpy(&n, base + field->quantifier_offset, sizeof n);
        memcpy(&array, base + field->offset, sizeof array);
        for (size_t k = 0; k < n; k++)
            CREMA_TRY(
                value(p, field, array + k * crema_field_size(field), depth));
    }
    return CREMA_OK;
}

enum crema_status crema_text_print(struct crema_ctx *ctx,
                                   const ProtobufCMessage *message,
                                   const struct crema_sink *sink)
{
    struct printer p = { .sink = sink };
    enum crema_status status;

    p.c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!p.c) return crema_no_memory(ctx, "printing a message");
    status = fields(&p, message, 0);
    freelocale(p.c);
    if (status == CREMA_OK && p.dropped)
        crema_log(ctx, CREMA_WARNING,
                  "%zu fields that are not in the schema were left out",
                  p.dropped);
    return status;
}
