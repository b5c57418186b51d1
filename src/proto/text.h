/* text.h - prototxt: text to message and back, for any message.  Floor 1.
 *
 * protobuf-c has no text format; this one works from its descriptors.  What is
 * read belongs to the source, the text it came from: crema_source_free frees
 * both, and nothing of a message is to be freed by itself.  In C a field is
 * set when its has_ member says so; a string or message when its pointer is
 * neither NULL nor the default that the schema shares.
 */
#ifndef CREMA_PROTO_TEXT_H
#define CREMA_PROTO_TEXT_H

#include "proto/sink.h"
#include "proto/source.h"

#include <protobuf-c/protobuf-c.h>

enum crema_text_mode {
    CREMA_TEXT_STRICT,  /* an unknown field is an error */
    CREMA_TEXT_TOLERANT /* ... is left out and put into source->notes */
};

/* On success *source owns *message; on failure *source is NULL.  All unknown
 * names of a text are reported in one go. */
enum crema_status crema_text_read(struct crema_ctx *, const char *path,
                                  const char *text, size_t length,
                                  const ProtobufCMessageDescriptor *,
                                  enum crema_text_mode, ProtobufCMessage **,
                                  struct crema_source **) CREMA_MUST_USE;
enum crema_status crema_text_read_file(struct crema_ctx *, const char *path,
                                       const ProtobufCMessageDescriptor *,
                                       enum crema_text_mode,
                                       ProtobufCMessage **,
                                       struct crema_source **) CREMA_MUST_USE;

/* Lets `text` (say "base_lr: 0.1") speak last in a message of `source`: single
 * fields are replaced, repeated ones grow.  `from` names the text in errors.
 * After a failure the message is half changed and of no more use. */
enum crema_status crema_text_merge(struct crema_ctx *, const char *from,
                                   const char *text, struct crema_source *,
                                   ProtobufCMessage *) CREMA_MUST_USE;

/* Set fields only, by field number, two blanks a level.  Reading it back gives
 * the same message; what the schema does not know is left out, and the log
 * says how many fields those were. */
enum crema_status crema_text_print(struct crema_ctx *, const ProtobufCMessage *,
                                   const struct crema_sink *) CREMA_MUST_USE;

#endif
