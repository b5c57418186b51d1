/* message.c - protobuf-c messages by their descriptors. */
#include "proto/message.h"

#include <string.h>

size_t crema_field_name(const ProtobufCFieldDescriptor *field)
{
    size_t length = strlen(field->name);

    return length && field->name[length - 1] == '_' ? length - 1 : length;
}

const ProtobufCFieldDescriptor *
crema_field_find(const ProtobufCMessageDescriptor *descriptor, const char *name,
                 size_t length)
{
    const ProtobufCFieldDescriptor *field;
    char key[128];

    if (length + 2 > sizeof key) return NULL;
    memcpy(key, name, length);
    key[length] = '\0';
    field = protobuf_c_message_descriptor_get_field_by_name(descriptor, key);
    if (!field) {
        memcpy(key + length, "_", 2);
        field =
            protobuf_c_message_descriptor_get_field_by_name(descriptor, key);
    }
    return field && crema_field_name(field) == length ? field : NULL;
}

size_t crema_field_size(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
        return sizeof(char *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(ProtobufCMessage *);
    default:
        return 4;
    }
}

bool crema_field_repeated(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

bool crema_field_is_set(const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)message;

    if (field->type == PROTOBUF_C_TYPE_STRING ||
        field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const void *p = *(void *const *)(const void *)(base + field->offset);

        return p && p != field->default_value;
    }
    if (field->label == PROTOBUF_C_LABEL_REQUIRED) return true;
    return *(
        const protobuf_c_boolean *)(const void *)(base +
                                                  field->quantifier_offset);
}

ProtobufCMessage *
crema_message_new(struct crema_source *source,
                  const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message =
        crema_arena_alloc(&source->arena, descriptor->sizeof_message);

    if (message) protobuf_c_message_init(descriptor, message);
    return message;
}

/* The entries of an array with room for 2^k of them are moved to one with
 * room for 2^(k+1). */
static char *widen(struct crema_source *source, const char *old, size_t n,
                   size_t size)
{
    char *array = crema_arena_alloc(&source->arena, (n ? 2 * n : 1) * size);

    if (!array) return NULL;
    if (n) memcpy(array, old, n * size);
    for (size_t i = 0; i < n; i++)
        if (!crema_source_copy_mark(source, array + i * size, old + i * size))
            return NULL;
    return array;
}

void *crema_message_slot(struct crema_source *source, ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field)
{
    char *base = (char *)message;
    void *member = base + field->offset;
    size_t size = crema_field_size(field), *n;
    char *array;

    if (!crema_field_repeated(field)) {
        if (field->label == PROTOBUF_C_LABEL_OPTIONAL &&
            field->type != PROTOBUF_C_TYPE_STRING &&
            field->type != PROTOBUF_C_TYPE_MESSAGE)
            *(protobuf_c_boolean *)(void *)(base + field->quantifier_offset) =
                1;
        return member;
    }
    n = (size_t *)(void *)(base + field->quantifier_offset);
    memcpy(&array, member, sizeof array);
    if ((*n & (*n - 1)) == 0) {
        array = widen(source, array, *n, size);
        if (!array) return NULL;
        memcpy(member, &array, sizeof array);
    }
    return array + (*n)++ * size;
}
