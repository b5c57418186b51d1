/* fuzz_prototxt.c - any text: read, upgraded, printed, and read again. */
#include "proto/upgrade.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(struct crema_ctx *ctx, const ProtobufCMessage *message)
{
    struct crema_bytes bytes = { .ctx = ctx };
    struct crema_sink sink = crema_sink_bytes(&bytes);

    if (crema_text_print(ctx, message, &sink) != CREMA_OK) abort();
    return bytes.data ? (char *)bytes.data : calloc(1, 1);
}

/* What is printed must read, and print the same. */
static void print_twice(struct crema_ctx *ctx, const ProtobufCMessage *message)
{
    struct crema_source *source;
    ProtobufCMessage *again;
    char *once = print(ctx, message), *twice;

    if (crema_text_read(ctx, "printed", once, strlen(once), message->descriptor,
                        CREMA_TEXT_STRICT, &again, &source) != CREMA_OK)
        abort();
    twice = print(ctx, again);
    if (strcmp(once, twice) != 0) abort();
    free(once);
    free(twice);
    crema_source_free(source);
}

static void try_as(struct crema_ctx *ctx, const uint8_t *data, size_t size,
                   const ProtobufCMessageDescriptor *descriptor,
                   enum crema_text_mode mode)
{
    struct crema_source *source;
    ProtobufCMessage *message;
    enum crema_status status;

    if (crema_text_read(ctx, "fuzz", (const char *)data, size, descriptor, mode,
                        &message, &source) != CREMA_OK)
        return;
    print_twice(ctx, message);
    if (descriptor == &crema__net_parameter__descriptor)
        status = crema_net_upgrade(ctx, source, (Crema__NetParameter *)message);
    else
        status = crema_solver_upgrade(ctx, source,
                                      (Crema__SolverParameter *)message);
    if (status == CREMA_OK) print_twice(ctx, message);
    crema_source_free(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    if (!ctx) abort();
    try_as(ctx, data, size, &crema__net_parameter__descriptor,
           CREMA_TEXT_STRICT);
    try_as(ctx, data, size, &crema__net_parameter__descriptor,
           CREMA_TEXT_TOLERANT);
    try_as(ctx, data, size, &crema__solver_parameter__descriptor,
           CREMA_TEXT_TOLERANT);
    crema_ctx_free(ctx);
    return 0;
}
