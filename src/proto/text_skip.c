/* text_skip.c - stepping over the value of a field that is not known. */
#include "proto/text_internal.h"

static enum crema_status skip_message(struct crema_text__reader *r, int depth);

/* One value that is neither a message nor a list. */
static enum crema_status skip_scalar(struct crema_text__reader *r)
{
    bool minus;

    if (r->token.kind == TOKEN_STRING) return crema_text__string(r, NULL, NULL);
    CREMA_TRY(crema_text__accept(r, '-', &minus));
    if (r->token.kind != TOKEN_NAME && r->token.kind != TOKEN_INTEGER &&
        r->token.kind != TOKEN_FLOAT)
        return crema_text__unexpected(r, "a value");
    return crema_text__next(r);
}

static enum crema_status skip_list(struct crema_text__reader *r, int depth)
{
    bool more, closed;

    CREMA_TRY(crema_text__next(r)); /* [ */
    CREMA_TRY(crema_text__accept(r, ']', &closed));
    if (closed) return CREMA_OK;
    do {
        if (crema_text__is(r, '{') || crema_text__is(r, '<'))
            CREMA_TRY(skip_message(r, depth));
        else
            CREMA_TRY(skip_scalar(r));
        CREMA_TRY(crema_text__accept(r, ',', &more));
    } while (more);
    CREMA_TRY(crema_text__accept(r, ']', &closed));
    return closed ? CREMA_OK : crema_text__unexpected(r, "\",\" or \"]\"");
}

static enum crema_status skip_message(struct crema_text__reader *r, int depth)
{
    char close = crema_text__is(r, '{') ? '}' : '>';
    bool closed;

    if (depth > CREMA_TEXT__DEPTH)
        return crema_text__fail(r, r->token.start,
                                "nested deeper than %d levels",
                                CREMA_TEXT__DEPTH);
    CREMA_TRY(crema_text__next(r)); /* { or < */
    while (r->token.kind == TOKEN_NAME) CREMA_TRY(crema_text__skip(r, depth));
    CREMA_TRY(crema_text__accept(r, close, &closed));
    return closed ? CREMA_OK
                  : crema_text__unexpected(r, close == '}'
                                                  ? "a field name or \"}\""
                                                  : "a field name or \">\"");
}

enum crema_status crema_text__skip(struct crema_text__reader *r, int depth)
{
    bool colon, found;

    CREMA_TRY(crema_text__next(r)); /* the name */
    CREMA_TRY(crema_text__accept(r, ':', &colon));
    if (crema_text__is(r, '{') || crema_text__is(r, '<'))
        CREMA_TRY(skip_message(r, depth + 1));
    else if (crema_text__is(r, '['))
        CREMA_TRY(skip_list(r, depth + 1));
    else if (colon)
        CREMA_TRY(skip_scalar(r));
    else
        return crema_text__unexpected(r, "\":\" or \"{\"");
    CREMA_TRY(crema_text__accept(r, ';', &found));
    return found ? CREMA_OK : crema_text__accept(r, ',', &found);
}
