/* set.c - "FIELD=VALUE" from the command line becomes part of a definition. */
#include "proto/message.h"
#include "proto/nearest.h"
#include "proto/text.h"
#include "solver/internal.h"

#include <stdio.h>
#include <string.h>

struct set {
    struct crema_ctx *ctx;
    struct crema_source *source;
    const char *text;  /* all of it */
    const char *value; /* behind the sign */
    bool appends;      /* +=: a repeated field keeps what it has */
};

static enum crema_status unknown(const struct set *s,
                                 const ProtobufCMessageDescriptor *d,
                                 const char *name, size_t n)
{
    struct crema_nearest near = { .name = name, .length = n };

    for (unsigned i = 0; i < d->n_fields; i++)
        crema_nearest_try(&near, d->fields[i].name,
                          crema_field_name(&d->fields[i]));
    return crema_fail(s->ctx, CREMA_EINVAL,
                      "--set %s: there is no field \"%.*s\" in %s%s%.*s%s",
                      s->text, (int)n, name, d->short_name,
                      near.best ? "; did you mean \"" : "",
                      near.best ? (int)near.best_length : 0,
                      near.best ? near.best : "", near.best ? "\"?" : "");
}

/* The message that field f of m holds, made where there is none yet. */
static enum crema_status descend(const struct set *s, ProtobufCMessage **m,
                                 const ProtobufCFieldDescriptor *f)
{
    char *base = (char *)*m;
    ProtobufCMessage **slot;
    size_t n = 0;

    if (f->type != PROTOBUF_C_TYPE_MESSAGE)
        return crema_fail(s->ctx, CREMA_EINVAL,
                          "--set %s: \"%s\" has no fields of its own", s->text,
                          f->name);
    if (crema_field_repeated(f)) {
        memcpy(&n, base + f->quantifier_offset, sizeof n);
        if (n > 1)
            return crema_fail(
                s->ctx, CREMA_EINVAL,
                "--set %s: there are %zu %s; set them as a whole, "
                "%s={ .. } and %s+={ .. }",
                s->text, n, f->name, f->name, f->name);
        if (n == 1) {
            *m = (*(ProtobufCMessage ***)(void *)(base + f->offset))[0];
            return CREMA_OK;
        }
    } else if (crema_field_is_set(*m, f)) {
        *m = *(ProtobufCMessage **)(void *)(base + f->offset);
        return CREMA_OK;
    }
    slot = crema_message_slot(s->source, *m, f);
    if (slot) *slot = crema_message_new(s->source, f->descriptor);
    if (!slot || !*slot) return crema_no_memory(s->ctx, s->text);
    *m = *slot;
    return CREMA_OK;
}

/* The field as the reader of prototxt wants it; strings need no quotes. */
static char *worded(const struct set *s, const ProtobufCFieldDescriptor *f)
{
    size_t used, name = crema_field_name(f);
    bool quote = f->type == PROTOBUF_C_TYPE_STRING &&
                 !strchr("\"'[", s->value[0] ? s->value[0] : 'x');
    char *out =
        crema_arena_alloc(&s->source->arena, 2 * strlen(s->value) + name + 8);

    if (!out) return NULL;
    used =
        (size_t)sprintf(out, "%.*s: %s", (int)name, f->name, quote ? "\"" : "");
    for (const char *v = s->value; *v; v++) {
        if (quote && (*v == '"' || *v == '\\')) out[used++] = '\\';
        out[used++] = *v;
    }
    if (quote) out[used++] = '"';
    return out;
}

static enum crema_status assign(const struct set *s, ProtobufCMessage *m,
                                const ProtobufCFieldDescriptor *f)
{
    const size_t none = 0;
    char *text = worded(s, f), *from;
    size_t n = strlen(s->text) + 8;

    from = crema_arena_alloc(&s->source->arena, n);
    if (!text || !from) return crema_no_memory(s->ctx, s->text);
    snprintf(from, n, "--set %s", s->text);
    if (crema_field_repeated(f) && !s->appends)
        memcpy((char *)m + f->quantifier_offset, &none, sizeof none);
    if (!crema_field_repeated(f) && s->appends)
        return crema_fail(s->ctx, CREMA_EINVAL,
                          "--set %s: += is for fields that may stand more than "
                          "once; \"%s\" is not one",
                          s->text, f->name);
    return crema_text_merge(s->ctx, from, text, s->source, m);
}

enum crema_status crema_solver__set(struct crema_ctx *ctx, const char *text,
                                    struct crema_source *source,
                                    ProtobufCMessage *m)
{
    size_t whole = strcspn(text, "=:{ \"'+");
    struct set s = { ctx, source, text, NULL, text[whole] == '+' };
    const ProtobufCFieldDescriptor *f;

    if (text[whole + s.appends] != '=')
        return crema_text_merge(ctx, "--set", text, source, m);
    s.value = text + whole + s.appends + 1;
    for (const char *name = text;;) {
        size_t n = strcspn(name, ".=+");

        f = crema_field_find(m->descriptor, name, n);
        if (!f) return unknown(&s, m->descriptor, name, n);
        if (name[n] != '.') return assign(&s, m, f);
        CREMA_TRY(descend(&s, &m, f));
        name += n + 1;
    }
}
