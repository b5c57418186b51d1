/* net_text.c - a device for a test, and nets that the test spells out. */
#include "support/net_text.h"

#include <check.h>
#include <stdio.h>
#include <unistd.h>

struct crema_ctx *ctx;
struct crema_device *dev;

void open_device(const char *name)
{
    ctx = crema_ctx_new(NULL, NULL);
    good(crema_device_open(ctx, name, 1, &dev));
}

void open_ref(void)
{
    open_device("ref");
}

void close_device(void)
{
    crema_device_free(dev);
    crema_ctx_free(ctx);
}

void good(enum crema_status status)
{
    ck_assert_msg(status == CREMA_OK, "%s", crema_ctx_message(ctx));
}

const char *text_file(const char *text)
{
    static char path[64];
    FILE *f;

    snprintf(path, sizeof path, "/tmp/crema_test_%ld.prototxt", (long)getpid());
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
    return path;
}

enum crema_status open_text(const struct crema_model_options *options,
                            const char *text, struct crema_model **out)
{
    const char *path = text_file(text);
    enum crema_status status = crema_model_open(dev, path, options, out);

    unlink(path);
    return status;
}

struct crema_model *opened_text(const struct crema_model_options *options,
                                const char *text)
{
    struct crema_model *m = NULL;

    good(open_text(options, text, &m));
    return m;
}
