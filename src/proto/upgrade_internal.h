/* upgrade_internal.h - what the files of the upgrade share. */
#ifndef CREMA_PROTO_UPGRADE_INTERNAL_H
#define CREMA_PROTO_UPGRADE_INTERNAL_H

#include "proto/message.h"
#include "proto/upgrade.h"

struct crema_upgrade {
    struct crema_ctx *ctx;
    struct crema_source *source;
};

enum crema_status
crema_upgrade__no_memory(const struct crema_upgrade *) CREMA_MUST_USE;
/* Into the log, with the place of `field`. */
void crema_upgrade__warn(const struct crema_upgrade *, const void *field,
                         const char *fmt, ...) CREMA_PRINTF(3, 4);

/* The field of this name, which the schema must have. */
const ProtobufCFieldDescriptor *crema_upgrade__field(const ProtobufCMessage *,
                                                     const char *name);
/* A message in the single field `name` of `parent`, made if need be; it takes
 * the place of `from`. */
enum crema_status crema_upgrade__child(const struct crema_upgrade *,
                                       ProtobufCMessage *parent,
                                       const char *name, const void *from,
                                       ProtobufCMessage **out) CREMA_MUST_USE;
/* Moves what is set: a whole repeated field, or a value into a single or at
 * the end of a repeated field of the same type.  `from` is unset then. */
enum crema_status
crema_upgrade__move(const struct crema_upgrade *, ProtobufCMessage *to,
                    const ProtobufCFieldDescriptor *to_field,
                    ProtobufCMessage *from,
                    const ProtobufCFieldDescriptor *) CREMA_MUST_USE;
bool crema_upgrade__given(const ProtobufCMessage *,
                          const ProtobufCFieldDescriptor *);

/* layers -> layer; nothing else changes. */
enum crema_status crema_upgrade__v1(const struct crema_upgrade *,
                                    Crema__NetParameter *) CREMA_MUST_USE;
/* Padding layers become pads of what follows them. */
enum crema_status crema_upgrade__padding(const struct crema_upgrade *,
                                         Crema__NetParameter *) CREMA_MUST_USE;
/* The fields of a V0 layer into today's layer, whose type it also sets; not
 * blobs_lr and weight_decay. */
enum crema_status crema_upgrade__v0(const struct crema_upgrade *,
                                    Crema__V0LayerParameter *,
                                    Crema__LayerParameter *) CREMA_MUST_USE;

#endif
