/* prune.h - of a message's bytes, what the schema can unpack.  Floor 1.
 *
 * Forks use one field number for different things, and protobuf-c refuses a
 * message whole when one field in it is of another wire type than it expects.
 */
#ifndef CREMA_PROTO_PRUNE_H
#define CREMA_PROTO_PRUNE_H

#include "proto/wire.h"

#include <protobuf-c/protobuf-c.h>

struct crema_pruned {
    struct crema_bytes bytes; /* to be freed */
    size_t dropped;           /* fields that are something else here */
};

/* Appends what `w` walks, a message of this type, without fields that are no
 * such thing, messages inside it likewise, and without any message of type
 * `without` (NULL: none is left out); unknown fields stay.  EIO, with the fault
 * left in `w`, when it is no message at all. */
enum crema_status crema_prune(struct crema_wire *w,
                              const ProtobufCMessageDescriptor *,
                              const ProtobufCMessageDescriptor *without,
                              struct crema_pruned *) CREMA_MUST_USE;

#endif
