/* upgrade_move.c - moving fields between messages, with their places. */
#include "proto/upgrade_internal.h"

#include <stdio.h>
#include <string.h>

enum crema_status crema_upgrade__no_memory(const struct crema_upgrade *u)
{
    return crema_no_memory(u->ctx, u->source->path);
}

void crema_upgrade__warn(const struct crema_upgrade *u, const void *field,
                         const char *fmt, ...)
{
    struct crema_place at = crema_source_place(u->source, field, NULL);
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (at.line)
        crema_log(u->ctx, CREMA_WARNING, "%s:%d:%d: %s", at.file, at.line,
                  at.column, text);
    else
        crema_log(u->ctx, CREMA_WARNING, "%s: %s", at.file, text);
}

const ProtobufCFieldDescriptor *
crema_upgrade__field(const ProtobufCMessage *message, const char *name)
{
    return crema_field_find(message->descriptor, name, strlen(name));
}

static void *member(ProtobufCMessage *message,
                    const ProtobufCFieldDescriptor *field)
{
    return (char *)message + field->offset;
}

static size_t *count_of(ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field)
{
    return (size_t *)(void *)((char *)message + field->quantifier_offset);
}

bool crema_upgrade__given(const ProtobufCMessage *message,
                          const ProtobufCFieldDescriptor *field)
{
    size_t n;

    if (!crema_field_repeated(field)) return crema_field_is_set(message, field);
    memcpy(&n, (const char *)message + field->quantifier_offset, sizeof n);
    return n > 0;
}

/* Back to the default. */
static void unset(ProtobufCMessage *message,
                  const ProtobufCFieldDescriptor *field)
{
    bool pointer = field->type == PROTOBUF_C_TYPE_STRING ||
                   field->type == PROTOBUF_C_TYPE_MESSAGE;

    if (crema_field_repeated(field))
        *count_of(message, field) = 0;
    else if (pointer)
        memcpy(member(message, field), &field->default_value, sizeof(void *));
    else if (field->default_value)
        memcpy(member(message, field), field->default_value,
               crema_field_size(field));
    else
        memset(member(message, field), 0, crema_field_size(field));
    if (!crema_field_repeated(field) && !pointer)
        *(protobuf_c_boolean *)(void *)((char *)message +
                                        field->quantifier_offset) = 0;
}

enum crema_status crema_upgrade__child(const struct crema_upgrade *u,
                                       ProtobufCMessage *parent,
                                       const char *name, const void *from,
                                       ProtobufCMessage **out)
{
    const ProtobufCFieldDescriptor *field = crema_upgrade__field(parent, name);
    ProtobufCMessage **slot = member(parent, field);

    if (!*slot) {
        *slot = crema_message_new(u->source, field->descriptor);
        if (!*slot || !crema_source_copy_mark(u->source, slot, from) ||
            !crema_source_copy_mark(u->source, *slot, from))
            return crema_upgrade__no_memory(u);
    }
    *out = *slot;
    return CREMA_OK;
}

enum crema_status crema_upgrade__move(const struct crema_upgrade *u,
                                      ProtobufCMessage *to,
                                      const ProtobufCFieldDescriptor *to_field,
                                      ProtobufCMessage *from,
                                      const ProtobufCFieldDescriptor *field)
{
    void *src = member(from, field), *dst;

    if (!crema_upgrade__given(from, field)) return CREMA_OK;
    if (crema_field_repeated(field)) {
        dst = member(to, to_field);
        memcpy(dst, src, sizeof(void *));
        *count_of(to, to_field) = *count_of(from, field);
    } else {
        dst = crema_message_slot(u->source, to, to_field);
        if (!dst) return crema_upgrade__no_memory(u);
        memcpy(dst, src, crema_field_size(field));
        if (!crema_source_copy_mark(u->source, member(to, to_field), src))
            return crema_upgrade__no_memory(u);
    }
    unset(from, field);
    if (!crema_source_copy_mark(u->source, dst, src))
        return crema_upgrade__no_memory(u);
    return CREMA_OK;
}
