/* text_complain.c - wording what is wrong with a prototxt. */
#include "proto/nearest.h"
#include "proto/text_internal.h"
#include "proto/v1_types.h"

#include <stdio.h>
#include <string.h>

/* As much of a token as belongs into a message. */
static int shown(const struct crema_text__token *token)
{
    return token->length > 60 ? 60 : (int)token->length;
}

static enum crema_status note(struct crema_text__reader *r, const char *at,
                              struct crema_note ***last, const char *fmt,
                              va_list ap)
{
    struct crema_arena *arena = &r->text->arena;
    struct crema_note *one = crema_arena_alloc(arena, sizeof *one);
    char text[512];

    vsnprintf(text, sizeof text, fmt, ap);
    if (!one || !(one->text = crema_arena_strdup(arena, text)))
        return crema_text__no_memory(r);
    one->offset = (size_t)(at - r->text->text);
    **last = one;
    *last = &one->next;
    return CREMA_OK;
}

enum crema_status crema_text__complain(struct crema_text__reader *r,
                                       const char *at, const char *fmt, ...)
{
    enum crema_status status;
    va_list ap;

    va_start(ap, fmt);
    status = note(r, at, &r->last, fmt, ap);
    va_end(ap);
    return status;
}

enum crema_status crema_text__fail(struct crema_text__reader *r, const char *at,
                                   const char *fmt, ...)
{
    enum crema_status status;
    va_list ap;

    va_start(ap, fmt);
    status = note(r, at, &r->last, fmt, ap);
    va_end(ap);
    return status != CREMA_OK ? status : CREMA_EINVAL;
}

/* Into the complaints, or the notes of a tolerant reader. */
static enum crema_status tolerable(struct crema_text__reader *r, const char *at,
                                   const char *fmt, ...) CREMA_PRINTF(3, 4);

static enum crema_status tolerable(struct crema_text__reader *r, const char *at,
                                   const char *fmt, ...)
{
    bool tolerant = r->mode == CREMA_TEXT_TOLERANT;
    enum crema_status status;
    va_list ap;

    va_start(ap, fmt);
    status = note(r, at, tolerant ? &r->last_note : &r->last, fmt, ap);
    va_end(ap);
    return status;
}

enum crema_status crema_text__no_memory(struct crema_text__reader *r)
{
    return crema_no_memory(r->ctx, r->text->path);
}

enum crema_status crema_text__unexpected(struct crema_text__reader *r,
                                         const char *what)
{
    const struct crema_text__token *t = &r->token;
    const char *close;

    if (t->kind == TOKEN_END)
        return crema_text__fail(r, t->start,
                                "the text ends where %s should stand", what);
    if (crema_text__is(r, '$') && t->start[1] == '{' &&
        (close = memchr(t->start, '}', (size_t)(r->end - t->start))) &&
        close - t->start < 60)
        return crema_text__fail(r, t->start,
                                "%.*s is a template that was not filled in",
                                (int)(close - t->start) + 1, t->start);
    if (crema_text__is(r, '/'))
        return crema_text__fail(r, t->start,
                                "expected %s, found \"/\"; comments start "
                                "with #",
                                what);
    if (crema_text__is(r, '['))
        return crema_text__fail(r, t->start,
                                "expected %s, found \"[\"; extensions do not "
                                "exist here, and lists stand behind a name",
                                what);
    return crema_text__fail(r, t->start, "expected %s, found %s%.*s%s", what,
                            t->kind == TOKEN_STRING ? "" : "\"", shown(t),
                            t->start, t->kind == TOKEN_STRING ? "" : "\"");
}

/* The message field of `descriptor` inside which `name` would be known; short
 * names are known in too many. */
static const ProtobufCFieldDescriptor *
home_of(const ProtobufCMessageDescriptor *descriptor, const char *name,
        size_t length)
{
    for (unsigned i = 0; length > 3 && i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

        if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
            crema_field_find(field->descriptor, name, length))
            return field;
    }
    return NULL;
}

enum crema_status
crema_text__unknown_field(struct crema_text__reader *r,
                          const ProtobufCMessageDescriptor *descriptor,
                          const struct crema_text__frame *frame)
{
    const struct crema_text__token *t = &r->token;
    struct crema_nearest near = { .name = t->start, .length = t->length };
    const ProtobufCFieldDescriptor *inner;
    const char *in = frame->name ? " in " : "";
    const char *outer = frame->name ? frame->name : "";

    /* a search in each of a million would take minutes */
    if (++r->unknown > 1000)
        return tolerable(r, t->start, "unknown field \"%.*s\"%s%s", shown(t),
                         t->start, in, outer);
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        crema_nearest_try(&near, descriptor->fields[i].name,
                          crema_field_name(&descriptor->fields[i]));
    if (near.best)
        return tolerable(
            r, t->start, "unknown field \"%.*s\"%s%s; did you mean \"%.*s\"?",
            shown(t), t->start, in, outer, (int)near.best_length, near.best);
    inner = home_of(descriptor, t->start, t->length);
    if (inner)
        return tolerable(r, t->start,
                         "unknown field \"%.*s\"%s%s; it exists inside "
                         "%s { }",
                         shown(t), t->start, in, outer, inner->name);
    return tolerable(r, t->start, "unknown field \"%.*s\"%s%s", shown(t),
                     t->start, in, outer);
}

/* The word of a token, without quotes. */
static struct crema_text__token bare(const struct crema_text__token *token)
{
    struct crema_text__token word = *token;

    if (word.kind == TOKEN_STRING) {
        word.start++;
        word.length -= 2;
    }
    return word;
}

/* Whether `values` has exactly this name. */
static bool has(const ProtobufCEnumDescriptor *values,
                const struct crema_text__token *word)
{
    for (unsigned i = 0; i < values->n_value_names; i++) {
        const char *name = values->values_by_name[i].name;

        if (strlen(name) == word->length &&
            memcmp(name, word->start, word->length) == 0)
            return true;
    }
    return false;
}

enum crema_status
crema_text__unknown_value(struct crema_text__reader *r,
                          const ProtobufCFieldDescriptor *field)
{
    const ProtobufCEnumDescriptor *values = field->descriptor;
    const struct crema_text__token t = r->token, word = bare(&t);
    struct crema_nearest near = { .name = word.start, .length = word.length };
    const char *v1 = crema_v1_name(word.start, word.length);

    CREMA_TRY(crema_text__next(r));
    if (t.kind == TOKEN_STRING && has(values, &word))
        return crema_text__complain(
            r, t.start, "%s takes a name without quotes: %s: %.*s", field->name,
            field->name, shown(&word), word.start);
    if (v1 && values == &crema__v1_layer_parameter__layer_type__descriptor)
        return crema_text__complain(r, t.start,
                                    "in \"layers\" (the old form) this type is "
                                    "written type: %s; \"layer\" takes %.*s",
                                    v1, shown(&t), t.start);
    for (unsigned i = 0; i < values->n_value_names; i++)
        crema_nearest_try(&near, values->values_by_name[i].name,
                          strlen(values->values_by_name[i].name));
    if (near.best)
        return crema_text__complain(r, t.start,
                                    "%s has no value %.*s; did you mean %s?",
                                    field->name, shown(&t), t.start, near.best);
    return crema_text__complain(r, t.start, "%s has no value %.*s", field->name,
                                shown(&t), t.start);
}

/* All of an unquoted string: a path is more than one token. */
static struct crema_text__token whole(const struct crema_text__reader *r)
{
    struct crema_text__token word = r->token;
    const char *p = word.start;

    while (p < r->end && (unsigned char)*p > ' ' && !strchr(";,#{}<>\"'", *p))
        p++;
    if (p > word.start + word.length) word.length = (size_t)(p - word.start);
    return word;
}

enum crema_status crema_text__unquoted(struct crema_text__reader *r,
                                       const ProtobufCFieldDescriptor *field)
{
    const struct crema_text__token t = whole(r);
    const char *name = crema_v1_type(t.start, t.length);

    r->at = t.start + t.length;
    CREMA_TRY(crema_text__next(r));
    if (name && strcmp(field->name, "type") == 0)
        return crema_text__complain(r, t.start,
                                    "in \"layer\" this type is written type: "
                                    "\"%s\"; %.*s belongs in \"layers\" (the "
                                    "old form)",
                                    name, shown(&t), t.start);
    return crema_text__complain(r, t.start,
                                "a string needs quotes: %s: \"%.*s\"",
                                field->name, shown(&t), t.start);
}
