/* text_string.c - the strings of prototxt: escapes and adjacent pieces. */
#include "proto/text_internal.h"

#include <string.h>

/* What is being written to; out is NULL to check only. */
struct writer {
    char *out;
    size_t length;
};

static void put(struct writer *w, unsigned c)
{
    if (w->out) w->out[w->length] = (char)(unsigned char)c;
    w->length++;
}

static void put_utf8(struct writer *w, unsigned code)
{
    if (code < 0x80) {
        put(w, code);
    } else if (code < 0x800) {
        put(w, 0xC0 | code >> 6);
        put(w, 0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put(w, 0xE0 | code >> 12);
        put(w, 0x80 | (code >> 6 & 0x3F));
        put(w, 0x80 | (code & 0x3F));
    } else {
        put(w, 0xF0 | code >> 18);
        put(w, 0x80 | (code >> 12 & 0x3F));
        put(w, 0x80 | (code >> 6 & 0x3F));
        put(w, 0x80 | (code & 0x3F));
    }
}

/* Of a hexadecimal digit, else -1. */
static int value_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Up to `most` digits of the base; how many there were. */
static int read_digits(const char *p, int most, int base, unsigned *value)
{
    int n = 0;

    *value = 0;
    while (n < most && value_of(p[n]) >= 0 && value_of(p[n]) < base)
        *value = *value * (unsigned)base + (unsigned)value_of(p[n++]);
    return n;
}

/* \uXXXX or \UXXXXXXXX at p; two halves of a surrogate pair make one letter.
 * Returns the length, or 0. */
static int unicode(struct writer *w, const char *p)
{
    int want = p[1] == 'u' ? 4 : 8, used = 2 + want;
    unsigned code, low;

    if (read_digits(p + 2, want, 16, &code) != want || code > 0x10FFFF)
        return 0;
    if (code >= 0xD800 && code < 0xDC00 && p[used] == '\\' &&
        p[used + 1] == 'u' && read_digits(p + used + 2, 4, 16, &low) == 4 &&
        low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        used += 6;
    }
    put_utf8(w, code);
    return used;
}

/* The escape at p; returns its length, or 0 when there is no such one. */
static int escape(struct writer *w, const char *p)
{
    static const char names[] = "nrtabfv\\'\"?";
    static const char values[] = "\n\r\t\a\b\f\v\\'\"?";
    const char *name = p[1] ? strchr(names, p[1]) : NULL;
    unsigned value;
    int n;

    if (name) {
        put(w, (unsigned char)values[name - names]);
        return 2;
    }
    if (p[1] == 'u' || p[1] == 'U') return unicode(w, p);
    n = p[1] == 'x' ? read_digits(p + 2, 2, 16, &value)
                    : read_digits(p + 1, 3, 8, &value);
    if (n == 0) return 0;
    put(w, value & 0xFF);
    return n + (p[1] == 'x' ? 2 : 1);
}

/* Without its quotes. */
static enum crema_status piece(struct crema_text__reader *r, struct writer *w)
{
    const char *p = r->token.start + 1;
    const char *end = r->token.start + r->token.length - 1;

    while (p < end) {
        int n = 1;

        if (*p == '\\')
            n = escape(w, p);
        else
            put(w, (unsigned char)*p);
        if (n == 0)
            return crema_text__fail(r, p,
                                    "there is no escape \\%c in strings; for "
                                    "a backslash write \\\\",
                                    p[1]);
        p += n;
    }
    return CREMA_OK;
}

enum crema_status crema_text__string(struct crema_text__reader *r, char **data,
                                     size_t *length)
{
    struct crema_text__token first = r->token;
    const char *at = r->at;
    struct writer w = { NULL, 0 };

    while (r->token.kind == TOKEN_STRING) {
        CREMA_TRY(piece(r, &w));
        CREMA_TRY(crema_text__next(r));
    }
    if (!data) return CREMA_OK;
    w.out = crema_arena_alloc(&r->home->arena, w.length + 1);
    if (!w.out) return crema_text__no_memory(r);
    w.length = 0;
    r->token = first;
    r->at = at;
    while (r->token.kind == TOKEN_STRING) {
        CREMA_TRY(piece(r, &w));
        CREMA_TRY(crema_text__next(r));
    }
    *data = w.out;
    *length = w.length;
    return CREMA_OK;
}
