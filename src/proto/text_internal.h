/* text_internal.h - what the files of the prototxt reader share. */
#ifndef CREMA_PROTO_TEXT_INTERNAL_H
#define CREMA_PROTO_TEXT_INTERNAL_H

#include "proto/message.h"
#include "proto/text.h"

enum crema_text__kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_INTEGER, /* decimal, octal or hexadecimal, without sign */
    TOKEN_FLOAT,
    TOKEN_STRING, /* one piece, with its quotes */
    TOKEN_SYMBOL  /* one character */
};

struct crema_text__token {
    enum crema_text__kind kind;
    const char *start; /* in the text */
    size_t length;
};

struct crema_text__reader {
    struct crema_ctx *ctx;
    struct crema_source *text; /* is read */
    struct crema_source *home; /* owns the message and its marks */
    const char *at, *end;      /* the text behind `token` */
    struct crema_text__token token;
    enum crema_text_mode mode;
    int unknown; /* fields so far */
    struct crema_note *complaints, **last, **last_note;
};

/* A message being read, and the way to it from the outermost one. */
struct crema_text__frame {
    const struct crema_text__frame *parent;
    const char *name; /* of the field; NULL for the outermost message */
    size_t index;     /* of the entry, if the field is repeated */
    bool repeated;
    int depth;
    const char *start; /* its place in the text */
};

enum { CREMA_TEXT__DEPTH = 100 };

/* lexer: moves on by one token */
enum crema_status crema_text__next(struct crema_text__reader *) CREMA_MUST_USE;
bool crema_text__is(const struct crema_text__reader *, char symbol);
/* Moves on if the token is that symbol. */
enum crema_status crema_text__accept(struct crema_text__reader *, char symbol,
                                     bool *found) CREMA_MUST_USE;

/* A complaint; fail also ends the reading. */
enum crema_status crema_text__complain(struct crema_text__reader *,
                                       const char *at, const char *fmt, ...)
    CREMA_PRINTF(3, 4) CREMA_MUST_USE;
enum crema_status crema_text__fail(struct crema_text__reader *, const char *at,
                                   const char *fmt, ...)
    CREMA_PRINTF(3, 4) CREMA_MUST_USE;
enum crema_status
crema_text__no_memory(struct crema_text__reader *) CREMA_MUST_USE;

/* Expected `what`, found something else: says so, and why if it is known. */
enum crema_status crema_text__unexpected(struct crema_text__reader *,
                                         const char *what) CREMA_MUST_USE;
enum crema_status
crema_text__unknown_field(struct crema_text__reader *,
                          const ProtobufCMessageDescriptor *,
                          const struct crema_text__frame *) CREMA_MUST_USE;
/* The token is no value of this enum. */
enum crema_status
crema_text__unknown_value(struct crema_text__reader *,
                          const ProtobufCFieldDescriptor *) CREMA_MUST_USE;
/* The token is a bare word where a string belongs. */
enum crema_status
crema_text__unquoted(struct crema_text__reader *,
                     const ProtobufCFieldDescriptor *) CREMA_MUST_USE;

/* Reads one value that is not a message into its slot and moves on. */
enum crema_status crema_text__scalar(struct crema_text__reader *,
                                     const ProtobufCFieldDescriptor *,
                                     void *slot) CREMA_MUST_USE;
/* Reads adjacent string pieces; data is NULL to check them only. */
enum crema_status crema_text__string(struct crema_text__reader *, char **data,
                                     size_t *length) CREMA_MUST_USE;
/* Moves on behind the value of an unknown field, whose name is the token. */
enum crema_status crema_text__skip(struct crema_text__reader *,
                                   int depth) CREMA_MUST_USE;

#endif
