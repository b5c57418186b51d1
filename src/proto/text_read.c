/* text_read.c - prototxt to message: fields, lists, nesting. */
#include "proto/text_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FIELDS = 512 };

/* What one message has seen of its fields, by their index. */
struct seen {
    uint64_t bits[MOST_FIELDS / 64];
};

static bool seen(const struct seen *s, unsigned i)
{
    return s->bits[i / 64] >> i % 64 & 1;
}

static void see(struct seen *s, unsigned i)
{
    s->bits[i / 64] |= (uint64_t)1 << i % 64;
}

static enum crema_status fields(struct crema_text__reader *r,
                                ProtobufCMessage *message,
                                const struct crema_text__frame *frame,
                                bool fresh, char close);

/* layer[0].clip_param. - with a point behind it, or nothing at the top. */
static void path_of(const struct crema_text__frame *frame, char *out,
                    size_t size)
{
    size_t used;

    if (!frame->name) {
        out[0] = '\0';
        return;
    }
    path_of(frame->parent, out, size);
    used = strlen(out);
    if (frame->repeated)
        snprintf(out + used, size - used, "%s[%zu].", frame->name,
                 frame->index);
    else
        snprintf(out + used, size - used, "%s.", frame->name);
}

static enum crema_status mark(struct crema_text__reader *r, const void *field,
                              const char *at)
{
    size_t offset = r->text == r->home ? (size_t)(at - r->text->text)
                                       : CREMA_SOURCE_ELSEWHERE;

    return crema_source_mark(r->home, field, offset) ? CREMA_OK
                                                     : crema_text__no_memory(r);
}

/* The body of a message, from its opening brace on. */
static enum crema_status message_value(struct crema_text__reader *r,
                                       const ProtobufCFieldDescriptor *field,
                                       ProtobufCMessage **slot,
                                       struct crema_text__frame *frame)
{
    char close = crema_text__is(r, '{') ? '}' : '>';
    bool fresh = !*slot;

    if (!crema_text__is(r, '{') && !crema_text__is(r, '<'))
        return crema_text__unexpected(r, "\"{\"");
    if (frame->depth > CREMA_TEXT__DEPTH)
        return crema_text__fail(r, r->token.start,
                                "nested deeper than %d levels",
                                CREMA_TEXT__DEPTH);
    if (fresh) *slot = crema_message_new(r->home, field->descriptor);
    if (!*slot) return crema_text__no_memory(r);
    CREMA_TRY(mark(r, *slot, frame->start));
    CREMA_TRY(crema_text__next(r));
    CREMA_TRY(fields(r, *slot, frame, fresh, close));
    return crema_text__next(r);
}

/* One value of a field whose name stands at `name`. */
static enum crema_status value(struct crema_text__reader *r,
                               ProtobufCMessage *message,
                               const ProtobufCFieldDescriptor *field,
                               const struct crema_text__frame *parent,
                               const char *name)
{
    struct crema_text__frame frame = {
        .parent = parent,
        .name = field->name,
        .repeated = crema_field_repeated(field),
        .depth = parent->depth + 1,
        .start = name,
    };
    const char *base = (const char *)message;
    void *slot;

    if (frame.repeated)
        memcpy(&frame.index, base + field->quantifier_offset,
               sizeof frame.index);
    slot = crema_message_slot(r->home, message, field);
    if (!slot) return crema_text__no_memory(r);
    CREMA_TRY(mark(r, slot, name));
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return message_value(r, field, slot, &frame);
    return crema_text__scalar(r, field, slot);
}

static enum crema_status list(struct crema_text__reader *r,
                              ProtobufCMessage *message,
                              const ProtobufCFieldDescriptor *field,
                              const struct crema_text__frame *frame)
{
    bool more, closed;

    if (!crema_field_repeated(field))
        return crema_text__fail(r, r->token.start,
                                "%s takes one value, not a list", field->name);
    CREMA_TRY(crema_text__next(r)); /* [ */
    CREMA_TRY(crema_text__accept(r, ']', &closed));
    if (closed) return CREMA_OK;
    do {
        CREMA_TRY(value(r, message, field, frame, r->token.start));
        CREMA_TRY(crema_text__accept(r, ',', &more));
    } while (more);
    CREMA_TRY(crema_text__accept(r, ']', &closed));
    return closed ? CREMA_OK : crema_text__unexpected(r, "\",\" or \"]\"");
}

/* The colon that a scalar needs and a message may have. */
static enum crema_status colon(struct crema_text__reader *r,
                               const ProtobufCFieldDescriptor *field)
{
    bool is_message = field->type == PROTOBUF_C_TYPE_MESSAGE, found;
    char what[160];

    CREMA_TRY(crema_text__accept(r, ':', &found));
    if (!found && !is_message)
        return crema_text__unexpected(r, "\":\" and a value");
    if (!is_message || crema_text__is(r, '{') || crema_text__is(r, '<') ||
        crema_text__is(r, '['))
        return CREMA_OK;
    snprintf(what, sizeof what, "%s { ... }", field->name);
    return crema_text__unexpected(r, what);
}

/* One field, from its name to what separates it from the next. */
static enum crema_status one_field(struct crema_text__reader *r,
                                   ProtobufCMessage *message,
                                   const struct crema_text__frame *frame,
                                   struct seen *s)
{
    const ProtobufCMessageDescriptor *of = message->descriptor;
    const char *name = r->token.start;
    const ProtobufCFieldDescriptor *field;
    bool found, again;

    if (r->token.kind != TOKEN_NAME)
        return crema_text__unexpected(r, "a field name");
    field = crema_field_find(of, name, r->token.length);
    if (!field) {
        /* one that the text ends with may be half of a known one */
        if (name + r->token.length < r->end)
            CREMA_TRY(crema_text__unknown_field(r, of, frame));
        return crema_text__skip(r, frame->depth);
    }
    again = seen(s, (unsigned)(field - of->fields));
    if (!crema_field_repeated(field) && again)
        return crema_text__fail(r, name,
                                "\"%.*s\" is given twice, but takes one value",
                                (int)r->token.length, name);
    see(s, (unsigned)(field - of->fields));
    CREMA_TRY(crema_text__next(r));
    CREMA_TRY(colon(r, field));
    if (!again) CREMA_TRY(mark(r, (const char *)message + field->offset, name));
    if (crema_text__is(r, '['))
        CREMA_TRY(list(r, message, field, frame));
    else
        CREMA_TRY(value(r, message, field, frame, name));
    CREMA_TRY(crema_text__accept(r, ';', &found));
    return found ? CREMA_OK : crema_text__accept(r, ',', &found);
}

static enum crema_status
missing_fields(struct crema_text__reader *r,
               const ProtobufCMessageDescriptor *descriptor,
               const struct crema_text__frame *frame, const struct seen *s)
{
    char path[300];

    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

        if (field->label != PROTOBUF_C_LABEL_REQUIRED || seen(s, i)) continue;
        path_of(frame, path, sizeof path);
        CREMA_TRY(crema_text__complain(r, frame->start, "%s%s is missing", path,
                                       field->name));
    }
    return CREMA_OK;
}

/* Up to the closing brace, or to the end when `close` is '\0'.  `fresh`: the
 * message is new, so what is missing is not there. */
static enum crema_status fields(struct crema_text__reader *r,
                                ProtobufCMessage *message,
                                const struct crema_text__frame *frame,
                                bool fresh, char close)
{
    struct seen s = { { 0 } };

    if (message->descriptor->n_fields > MOST_FIELDS)
        return crema_fail(r->ctx, CREMA_EUNSUPPORTED,
                          "%s has more than %d fields",
                          message->descriptor->name, MOST_FIELDS);
    while (close ? !crema_text__is(r, '}') && !crema_text__is(r, '>')
                 : r->token.kind != TOKEN_END)
        CREMA_TRY(one_field(r, message, frame, &s));
    if (close && !crema_text__is(r, close))
        return crema_text__unexpected(r, close == '}' ? "\"}\"" : "\">\"");
    return fresh ? missing_fields(r, message->descriptor, frame, &s) : CREMA_OK;
}

/* What is said behind a complaint that comes up again further down. */
static void count_of(const struct crema_note *note, char *out, size_t size)
{
    int n = 1;

    for (const struct crema_note *later = note->next; later;
         later = later->next)
        n += strcmp(later->text, note->text) == 0;
    out[0] = '\0';
    if (n > 1) snprintf(out, size, " (%d times in this file)", n);
}

static bool said_before(const struct crema_note *first,
                        const struct crema_note *note)
{
    while (first != note && strcmp(first->text, note->text) != 0)
        first = first->next;
    return first != note;
}

/* All complaints in one message, each wording once. */
static enum crema_status report(struct crema_text__reader *r)
{
    enum { MOST = 20, LOOKED_AT = 1000 };
    enum crema_status status = CREMA_OK;
    struct crema_place at;
    char times[40];
    int n = 0, looked_at = 0;

    for (const struct crema_note *note = r->complaints; note;
         note = note->next) {
        if (looked_at++ >= LOOKED_AT || n >= MOST) break;
        if (said_before(r->complaints, note)) continue;
        count_of(note, times, sizeof times);
        at = crema_source_at(r->text, note->offset);
        if (n++ == 0)
            status = crema_fail_at(r->ctx, CREMA_EINVAL, &at, "%s%s",
                                   note->text, times);
        else
            crema_also_at(r->ctx, &at, "%s%s", note->text, times);
    }
    return status;
}

/* Reads the whole of r->text into the message. */
static enum crema_status read_all(struct crema_text__reader *r,
                                  ProtobufCMessage *message, bool fresh)
{
    struct crema_text__frame top = { .start = r->text->text };
    enum crema_status status;

    r->last = &r->complaints;
    r->last_note = &r->text->notes;
    r->at = r->text->text;
    r->end = r->at + r->text->length;
    if (r->text->length >= 3 && memcmp(r->at, "\xEF\xBB\xBF", 3) == 0)
        r->at += 3; /* a byte order mark */
    status = mark(r, message, top.start);
    if (status == CREMA_OK) status = crema_text__next(r);
    if (status == CREMA_OK) status = fields(r, message, &top, fresh, '\0');
    if (status != CREMA_OK && status != CREMA_EINVAL) return status;
    return report(r);
}

enum crema_status crema_text_read(struct crema_ctx *ctx, const char *path,
                                  const char *text, size_t length,
                                  const ProtobufCMessageDescriptor *descriptor,
                                  enum crema_text_mode mode,
                                  ProtobufCMessage **message,
                                  struct crema_source **source)
{
    struct crema_text__reader r = { .ctx = ctx, .mode = mode };
    enum crema_status status;

    *source = NULL;
    CREMA_TRY(crema_source_new(ctx, path, text, length, &r.text));
    r.home = r.text;
    *message = crema_message_new(r.home, descriptor);
    status =
        *message ? read_all(&r, *message, true) : crema_text__no_memory(&r);
    if (status == CREMA_OK)
        *source = r.text;
    else
        crema_source_free(r.text);
    return status;
}

enum crema_status
crema_text_read_file(struct crema_ctx *ctx, const char *path,
                     const ProtobufCMessageDescriptor *descriptor,
                     enum crema_text_mode mode, ProtobufCMessage **message,
                     struct crema_source **source)
{
    enum crema_status status;
    size_t length;
    char *text;

    *source = NULL;
    CREMA_TRY(crema_file_read(ctx, path, &text, &length));
    status = crema_text_read(ctx, path, text, length, descriptor, mode, message,
                             source);
    free(text);
    return status;
}

enum crema_status crema_text_merge(struct crema_ctx *ctx, const char *from,
                                   const char *text,
                                   struct crema_source *source,
                                   ProtobufCMessage *message)
{
    struct crema_text__reader r = { .ctx = ctx, .home = source };
    enum crema_status status;

    CREMA_TRY(crema_source_new(ctx, from, text, strlen(text), &r.text));
    status = read_all(&r, message, false);
    crema_source_free(r.text);
    return status;
}
