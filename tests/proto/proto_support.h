/* proto_support.h - reading and printing for the tests of src/proto. */
#ifndef TESTS_PROTO_SUPPORT_H
#define TESTS_PROTO_SUPPORT_H

#include "proto/upgrade.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OF(message) &crema__##message##__descriptor

/* A folder of files to test with that the checkout may lack: $CREMA_SHARED, or
 * ../shared.  False when there is none. */
static inline bool shared_path(char *out, size_t size, const char *name)
{
    const char *root = getenv("CREMA_SHARED");

    snprintf(out, size, "%s/%s", root ? root : SOURCE_DIR "/../shared", name);
    return access(out, R_OK) == 0;
}

/* The message as text, to be freed. */
static inline char *printed(struct crema_ctx *ctx,
                            const ProtobufCMessage *message)
{
    struct crema_bytes bytes = { .ctx = ctx };
    struct crema_sink sink = crema_sink_bytes(&bytes);

    ck_assert_int_eq(crema_text_print(ctx, message, &sink), CREMA_OK);
    return bytes.data ? (char *)bytes.data : calloc(1, 1);
}

/* Reads `text` as the message and gives it as printed, or NULL. */
static inline char *reprinted(struct crema_ctx *ctx,
                              const ProtobufCMessageDescriptor *descriptor,
                              const char *text, size_t length)
{
    struct crema_source *source;
    ProtobufCMessage *message;
    char *again;

    if (crema_text_read(ctx, "t", text, length, descriptor, CREMA_TEXT_STRICT,
                        &message, &source) != CREMA_OK)
        return NULL;
    again = printed(ctx, message);
    crema_source_free(source);
    return again;
}

/* One suite of one test case with these tests; the program's exit status. */
static inline int run_tests(const char *name, const TTest *const *tests,
                            size_t n)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);

    for (size_t i = 0; i < n; i++) tcase_add_test(tcase, tests[i]);
    tcase_set_timeout(tcase, 240);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}

#define RUN_TESTS(name, tests)                                                 \
    run_tests(name, tests, sizeof(tests) / sizeof *(tests))

#endif
