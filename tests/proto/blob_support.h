/* blob_support.h - a file to be opened as weights, state or blob. */
#ifndef TESTS_PROTO_BLOB_SUPPORT_H
#define TESTS_PROTO_BLOB_SUPPORT_H

#include "proto_support.h"

#include "proto/blob_file.h"

static inline void save(const void *data, size_t length)
{
    FILE *f = fopen(BLOB_PATH, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, length, f), length);
    ck_assert_int_eq(fclose(f), 0);
}

typedef enum crema_status open_fn(struct crema_ctx *, const char *,
                                  struct crema_blob_file **);

static inline struct crema_blob_file *opened(struct crema_ctx *ctx,
                                             open_fn *open)
{
    struct crema_blob_file *file;
    enum crema_status status = open(ctx, BLOB_PATH, &file);

    ck_assert_msg(status == CREMA_OK, "%s", crema_ctx_message(ctx));
    return file;
}

static inline void refused(struct crema_ctx *ctx, open_fn *open,
                           const char *says)
{
    struct crema_blob_file *file;

    ck_assert_int_ne(open(ctx, BLOB_PATH, &file), CREMA_OK);
    ck_assert_ptr_null(file);
    ck_assert_msg(strstr(crema_ctx_message(ctx), says) != NULL, "%s",
                  crema_ctx_message(ctx));
}

#endif
