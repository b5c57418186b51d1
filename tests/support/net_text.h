/* net_text.h - a device for a test, and nets that the test spells out. */
#ifndef TESTS_SUPPORT_NET_TEXT_H
#define TESTS_SUPPORT_NET_TEXT_H

#include "crema.h"

/* Of the test that is running; open_ref() or one that calls open_device(), and
 * close_device(), are its checked fixture. */
extern struct crema_ctx *ctx;
extern struct crema_device *dev;

void open_device(const char *name);
void open_ref(void);
void close_device(void);

/* Fails the test with the context's message, unless it is CREMA_OK. */
void good(enum crema_status);

/* The text in a file of this process, written anew by each call; the path, for
 * the caller to unlink. */
const char *text_file(const char *text);
/* crema_model_open of such a file, which is gone afterwards. */
enum crema_status open_text(const struct crema_model_options *,
                            const char *text, struct crema_model **out);
/* The same where it must not fail. */
struct crema_model *opened_text(const struct crema_model_options *,
                                const char *text);

#endif
