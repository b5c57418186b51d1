/* text_lexer.c - prototxt cut into tokens, as protobuf's tokenizer does. */
#include "proto/text_internal.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r'); /* \t \n \v \f \r */
}

/* A blank where the text ends: text is followed by '\0', which is neither
 * digit nor letter. */
static const char *digits(const char *p, bool (*is)(char))
{
    while (is(*p)) p++;
    return p;
}

static const char *blanks_and_comments(const char *p, const char *end)
{
    for (;;) {
        while (p < end && is_blank(*p)) p++;
        if (p == end || *p != '#') return p;
        while (p < end && *p != '\n' && *p != '\0') p++;
    }
}

static enum crema_status decimal(struct crema_text__reader *r, const char **at)
{
    const char *p = digits(*at, is_digit);
    bool real = *p == '.';

    if (real) p = digits(p + 1, is_digit);
    if (*p == 'e' || *p == 'E') {
        real = true;
        p++;
        if (*p == '-' || *p == '+') p++;
        if (!is_digit(*p))
            return crema_text__fail(r, r->at, "the exponent has no digits");
        p = digits(p, is_digit);
    }
    if (*p == 'f' || *p == 'F') {
        real = true;
        p++;
    }
    if (real) r->token.kind = TOKEN_FLOAT;
    *at = p;
    return CREMA_OK;
}

static enum crema_status number(struct crema_text__reader *r)
{
    const char *start = r->at, *p = start;

    r->token.kind = TOKEN_INTEGER;
    if (*p == '0' && (p[1] == 'x' || p[1] == 'X')) {
        p = digits(p + 2, is_hex);
        if (p == start + 2)
            return crema_text__fail(r, start, "0x has no digits behind it");
    } else if (*p == '0' && is_digit(p[1])) {
        p = digits(p, is_octal);
        if (is_digit(*p))
            return crema_text__fail(r, start,
                                    "a number that starts with 0 is octal and "
                                    "has no digit %c: leave out the 0",
                                    *p);
    } else {
        CREMA_TRY(decimal(r, &p));
    }
    if (is_letter(*p))
        return crema_text__fail(r, p,
                                "there must be a blank between a number and "
                                "a name");
    if (*p == '.')
        return crema_text__fail(r, p, "this is not a number: \"%.*s\"",
                                (int)(p + 1 - start > 40 ? 40 : p + 1 - start),
                                start);
    r->at = p;
    return CREMA_OK;
}

static enum crema_status string(struct crema_text__reader *r)
{
    const char *p = r->at, quote = *p++;

    r->token.kind = TOKEN_STRING;
    for (; p < r->end && *p != quote; p++) {
        if (*p == '\\' && p + 1 < r->end && p[1] != '\n') p++;
        if (*p == '\0' || *p == '\n') break;
    }
    if (p >= r->end || *p == '\0')
        return crema_text__fail(r, r->at, "this string has no end");
    if (*p == '\n')
        return crema_text__fail(r, r->at,
                                "this string does not end on its line: close "
                                "the quotes, or write \\n for a new line");
    r->at = p + 1;
    return CREMA_OK;
}

static enum crema_status symbol(struct crema_text__reader *r)
{
    unsigned char c = (unsigned char)*r->at;

    r->token.kind = TOKEN_SYMBOL;
    if (c < ' ')
        return crema_text__fail(r, r->at,
                                "there is a control byte 0x%02x here: is this "
                                "a text file?",
                                c);
    if (c > 127)
        return crema_text__fail(r, r->at,
                                "there is a byte 0x%02x outside strings and "
                                "comments; a blank or quote that is not "
                                "ASCII?",
                                c);
    r->at++;
    return CREMA_OK;
}

enum crema_status crema_text__next(struct crema_text__reader *r)
{
    enum crema_status status = CREMA_OK;
    char c;

    r->at = blanks_and_comments(r->at, r->end);
    r->token.start = r->at;
    c = *r->at;
    if (r->at == r->end) {
        r->token.kind = TOKEN_END;
    } else if (is_letter(c)) {
        r->token.kind = TOKEN_NAME;
        while (is_letter(*r->at) || is_digit(*r->at)) r->at++;
    } else if (is_digit(c) || (c == '.' && is_digit(r->at[1]))) {
        status = number(r);
    } else if (c == '"' || c == '\'') {
        status = string(r);
    } else {
        status = symbol(r);
    }
    r->token.length = (size_t)(r->at - r->token.start);
    return status;
}

bool crema_text__is(const struct crema_text__reader *r, char symbol_)
{
    return r->token.kind == TOKEN_SYMBOL && *r->token.start == symbol_;
}

enum crema_status crema_text__accept(struct crema_text__reader *r, char symbol_,
                                     bool *found)
{
    *found = crema_text__is(r, symbol_);
    return *found ? crema_text__next(r) : CREMA_OK;
}
