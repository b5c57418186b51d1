/* text_value.c - the single values of prototxt: numbers, words, strings. */
#include "proto/text_internal.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool token_is(const struct crema_text__reader *r, const char *word)
{
    return strlen(word) == r->token.length &&
           memcmp(r->token.start, word, r->token.length) == 0;
}

/* Of an integer token, decimal, octal or hexadecimal; false above 2^64-1. */
static bool magnitude(const struct crema_text__token *token, uint64_t *value)
{
    const char *p = token->start, *end = p + token->length;
    unsigned base = 10;

    if (*p == '0' && token->length > 1) {
        base = p[1] == 'x' || p[1] == 'X' ? 16 : 8;
        p += base == 16 ? 2 : 1;
    }
    for (*value = 0; p < end; p++) {
        unsigned digit = *p <= '9'   ? (unsigned)(*p - '0')
                         : *p <= 'F' ? (unsigned)(*p - 'A' + 10)
                                     : (unsigned)(*p - 'a' + 10);

        if (*value > (UINT64_MAX - digit) / base) return false;
        *value = *value * base + digit;
    }
    return true;
}

/* An integer from -(most + 1) (from 0 if `most` is of an unsigned type) to
 * `most`, as two's complement. */
static enum crema_status integer(struct crema_text__reader *r, bool is_signed,
                                 uint64_t most, uint64_t *value)
{
    const char *start = r->token.start;
    bool minus = false, fits;

    if (crema_text__is(r, '-') && !is_signed)
        return crema_text__fail(r, start, "expected a number of 0 or more");
    CREMA_TRY(crema_text__accept(r, '-', &minus));
    if (r->token.kind == TOKEN_FLOAT)
        return crema_text__fail(r, r->token.start,
                                "expected a whole number, found %.*s",
                                (int)r->token.length, r->token.start);
    if (r->token.kind != TOKEN_INTEGER)
        return crema_text__unexpected(r, "a whole number");
    fits = magnitude(&r->token, value);
    if (!fits || *value > most + minus)
        return crema_text__fail(r, start,
                                "%s%.*s is out of range, the largest is "
                                "%s%llu",
                                minus ? "-" : "", (int)r->token.length,
                                r->token.start, minus ? "-" : "",
                                (unsigned long long)(most + minus));
    if (minus) *value = 0 - *value;
    return crema_text__next(r);
}

/* strtod with a point, whatever the locale. */
static bool to_double(const char *text, size_t length, double *value)
{
    char stack[64], *copy = stack, *end;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);

    if (length >= sizeof stack) copy = malloc(length + 1);
    if (c && copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
        *value = strtod_l(copy, &end, c);
    }
    if (copy != stack) free(copy);
    if (c) freelocale(c);
    return c && copy;
}

static enum crema_status real(struct crema_text__reader *r, double *value)
{
    const struct crema_text__token *t = &r->token;
    bool minus, word;
    size_t n;

    CREMA_TRY(crema_text__accept(r, '-', &minus));
    n = t->length;
    word = t->kind == TOKEN_NAME;
    if (t->kind == TOKEN_INTEGER && n > 1 && *t->start == '0')
        return crema_text__fail(r, t->start,
                                "expected a decimal number, found %.*s", (int)n,
                                t->start);
    if (word && ((n == 3 && strncasecmp(t->start, "inf", n) == 0) ||
                 (n == 8 && strncasecmp(t->start, "infinity", n) == 0))) {
        *value = (double)INFINITY;
    } else if (word && n == 3 && strncasecmp(t->start, "nan", n) == 0) {
        *value = (double)NAN;
    } else if (t->kind == TOKEN_INTEGER || t->kind == TOKEN_FLOAT) {
        if (t->start[n - 1] == 'f' || t->start[n - 1] == 'F') n--;
        if (!to_double(t->start, n, value)) return crema_text__no_memory(r);
    } else {
        return crema_text__unexpected(r, "a number");
    }
    if (minus) *value = -*value;
    return crema_text__next(r);
}

/* The nearest float; what lies beyond the largest is infinite. */
static float to_float(double value)
{
    const double half_step = 0x1p103;

    if (fabs(value) >= (double)FLT_MAX + half_step)
        return value < 0 ? -INFINITY : INFINITY;
    return (float)value;
}

static enum crema_status truth(struct crema_text__reader *r, int *value)
{
    static const char *const words[] = { "false", "False", "f",
                                         "true",  "True",  "t" };
    uint64_t number;

    if (r->token.kind == TOKEN_INTEGER) {
        if (!magnitude(&r->token, &number) || number > 1)
            return crema_text__unexpected(r, "true or false");
        *value = number == 1;
        return crema_text__next(r);
    }
    for (int i = 0; i < 6; i++) {
        if (r->token.kind == TOKEN_NAME && token_is(r, words[i])) {
            *value = i >= 3;
            return crema_text__next(r);
        }
    }
    return crema_text__unexpected(r, "true or false");
}

static enum crema_status enumeration(struct crema_text__reader *r,
                                     const ProtobufCFieldDescriptor *field,
                                     int *value)
{
    const ProtobufCEnumDescriptor *of = field->descriptor;
    const char *start = r->token.start;
    uint64_t number;

    if (r->token.kind == TOKEN_NAME) {
        for (unsigned i = 0; i < of->n_value_names; i++) {
            if (!token_is(r, of->values_by_name[i].name)) continue;
            *value = of->values[of->values_by_name[i].index].value;
            return crema_text__next(r);
        }
        return crema_text__unknown_value(r, field);
    }
    if (r->token.kind == TOKEN_STRING)
        return crema_text__unknown_value(r, field);
    if (r->token.kind != TOKEN_INTEGER && !crema_text__is(r, '-'))
        return crema_text__unexpected(r, "a name");
    CREMA_TRY(integer(r, true, INT32_MAX, &number));
    *value = (int)(int64_t)number;
    if (!protobuf_c_enum_descriptor_get_value(of, *value))
        return crema_text__complain(r, start, "%s has no value with number %d",
                                    field->name, *value);
    return CREMA_OK;
}

static enum crema_status words(struct crema_text__reader *r,
                               const ProtobufCFieldDescriptor *field,
                               void *slot)
{
    ProtobufCBinaryData bytes = { 0 };
    char *data = NULL;

    if (r->token.kind == TOKEN_NAME) return crema_text__unquoted(r, field);
    if (r->token.kind != TOKEN_STRING)
        return crema_text__unexpected(r, "a string in quotes");
    CREMA_TRY(crema_text__string(r, &data, &bytes.len));
    bytes.data = (uint8_t *)data;
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        memcpy(slot, &bytes, sizeof bytes);
    else
        memcpy(slot, &data, sizeof data);
    return CREMA_OK;
}

static enum crema_status float_or_double(struct crema_text__reader *r,
                                         bool is_float, void *slot)
{
    double value = 0;
    float shorter;

    CREMA_TRY(real(r, &value));
    shorter = to_float(value);
    if (is_float)
        memcpy(slot, &shorter, sizeof shorter);
    else
        memcpy(slot, &value, sizeof value);
    return CREMA_OK;
}

enum crema_status crema_text__scalar(struct crema_text__reader *r,
                                     const ProtobufCFieldDescriptor *field,
                                     void *slot)
{
    uint64_t value = 0;
    uint32_t low;

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        CREMA_TRY(integer(r, true, INT32_MAX, &value));
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        CREMA_TRY(integer(r, false, UINT32_MAX, &value));
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        CREMA_TRY(integer(r, true, INT64_MAX, &value));
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        CREMA_TRY(integer(r, false, UINT64_MAX, &value));
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        return float_or_double(r, true, slot);
    case PROTOBUF_C_TYPE_DOUBLE:
        return float_or_double(r, false, slot);
    case PROTOBUF_C_TYPE_BOOL:
        return truth(r, slot);
    case PROTOBUF_C_TYPE_ENUM:
        return enumeration(r, field, slot);
    default:
        return words(r, field, slot);
    }
    low = (uint32_t)value;
    if (crema_field_size(field) == sizeof low)
        memcpy(slot, &low, sizeof low);
    else
        memcpy(slot, &value, sizeof value);
    return CREMA_OK;
}
