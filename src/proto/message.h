/* message.h - protobuf-c messages by their descriptors.  Floor 1. */
#ifndef CREMA_PROTO_MESSAGE_H
#define CREMA_PROTO_MESSAGE_H

#include "proto/source.h"

#include <protobuf-c/protobuf-c.h>

/* A field's name in text: protoc-c keeps `base` for itself, so the schema
 * writes base_.  Returns its length. */
size_t crema_field_name(const ProtobufCFieldDescriptor *);
/* By the name in text; NULL when there is none. */
const ProtobufCFieldDescriptor *
crema_field_find(const ProtobufCMessageDescriptor *, const char *name,
                 size_t length);
/* Bytes of one value in C. */
size_t crema_field_size(const ProtobufCFieldDescriptor *);
bool crema_field_repeated(const ProtobufCFieldDescriptor *);

/* Of a field that is not repeated. */
bool crema_field_is_set(const ProtobufCMessage *,
                        const ProtobufCFieldDescriptor *);

/* Fields at their defaults; owned by the source.  NULL: out of memory. */
ProtobufCMessage *crema_message_new(struct crema_source *,
                                    const ProtobufCMessageDescriptor *);

/* The slot for the value of a field, which counts as set from then on: a new
 * zeroed entry if the field is repeated.  Arrays grow by doubling inside the
 * source's arena, and the marks move along.  NULL: out of memory. */
void *crema_message_slot(struct crema_source *, ProtobufCMessage *,
                         const ProtobufCFieldDescriptor *);

#endif
