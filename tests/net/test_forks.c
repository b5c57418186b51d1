/* test_forks.c - fields and names of forks: used, or named once. */
#include "layers/forks.h"
#include "net/net.h"
#include "proto/text.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define INPUT                                                                  \
    "layer { name: 'x' type: 'Input' top: 'x' "                                \
    "input_param { shape { dim: [2, 4, 6, 6] } } }\n"

struct said {
    int lines;
    char last[1200];
};

static void hear(void *user, enum crema_log_level level, const char *text)
{
    struct said *said = user;

    ck_assert_int_eq(level, CREMA_WARNING);
    said->lines++;
    snprintf(said->last, sizeof said->last, "%s", text);
}

/* Builds the net; *type: that of its second layer. */
static struct said build(const char *text, const char **type)
{
    const struct crema_net_options options = { .train = true };
    struct said said = { 0 };
    struct crema_ctx *ctx = crema_ctx_new(hear, &said);
    struct crema_device *dev = NULL;
    struct crema_world *world = NULL;
    struct crema_source *source = NULL;
    struct crema_net *net = NULL;
    ProtobufCMessage *param;

    ck_assert_ptr_nonnull(ctx);
    ck_assert(crema_device_open(ctx, "ref", 1, &dev) == CREMA_OK);
    ck_assert_msg(crema_text_read(ctx, "net", text, strlen(text),
                                  &crema__net_parameter__descriptor,
                                  CREMA_TEXT_STRICT, &param,
                                  &source) == CREMA_OK,
                  "%s", ctx->message);
    ck_assert(crema_world_open(ctx, dev, 1, &world) == CREMA_OK);
    ck_assert_msg(crema_net_build(world, (Crema__NetParameter *)param, source,
                                  &options, &net) == CREMA_OK,
                  "%s", ctx->message);
    if (type) *type = net->layer[1].type->name;
    crema_net_free(net);
    crema_world_free(world);
    crema_source_free(source);
    crema_device_free(dev);
    crema_ctx_free(ctx);
    return said;
}

START_TEST(ignored_fields_are_named_once)
{
    struct said said =
        build("reduce_buckets: 3 " INPUT
              "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'a' debug: true "
              "relu_param { fuse: true engine: CAFFE } }\n"
              "layer { name: 'b' type: 'ReLU' bottom: 'a' top: 'b' debug: true "
              "relu_param { fuse: true } }",
              NULL);

    ck_assert_int_eq(said.lines, 1);
    ck_assert_str_eq(said.last, "without effect here: reduce_buckets debug "
                                "relu_param.fuse");
}
END_TEST

START_TEST(defaults_are_not_named)
{
    struct said said = build(
        "reduce_buckets: 6 " INPUT
        "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'a' debug: false "
        "relu_param { fuse: false engine: CUDNN } }",
        NULL);

    ck_assert_int_eq(said.lines, 0);
}
END_TEST

/* A type is either unknown to crema, or means what the table says; and it
 * stands once. */
START_TEST(names_of_forks)
{
    for (const struct crema_fork_type *t = crema_fork_types; t->name; t++) {
        const struct crema_layer_type *ours = crema_layer_find(t->name);
        const char *type = NULL;
        char text[400];

        if (t > crema_fork_types) ck_assert_str_lt(t[-1].name, t->name);
        ck_assert_msg((ours != NULL) == (t->type != NULL), "%s", t->name);
        if (!ours) continue;
        snprintf(text, sizeof text,
                 INPUT "layer { name: 'a' type: '%s' bottom: 'x' top: 'y' }",
                 t->name);
        build(text, &type);
        ck_assert_str_eq(type, t->type);
    }
}
END_TEST

/* A name that is in no message would never be found. */
START_TEST(fields_exist)
{
    for (const struct crema_fork_field *f = crema_fork_layer_fields; f->name;
         f++)
        ck_assert_msg(protobuf_c_message_descriptor_get_field_by_name(
                          &crema__layer_parameter__descriptor, f->name) != NULL,
                      "layer: %s", f->name);
    for (const struct crema_fork_field *f = crema_fork_net_fields; f->name; f++)
        ck_assert_msg(protobuf_c_message_descriptor_get_field_by_name(
                          &crema__net_parameter__descriptor, f->name) != NULL,
                      "net: %s", f->name);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("fields and names of forks");
    TCase *t = tcase_create("forks");

    tcase_add_test(t, ignored_fields_are_named_once);
    tcase_add_test(t, defaults_are_not_named);
    tcase_add_test(t, names_of_forks);
    tcase_add_test(t, fields_exist);
    suite_add_tcase(s, t);
    return run_suite(s);
}
