/* test_plugin.c - layers of examples/plugin: gradients, parameters, and what
 * is refused. */
#include "layers/layer.h"
#include "net/net.h"
#include "proto/text.h"
#include "support/gradient.h"
#include "support/suite.h"

#include <check.h>
#include <string.h>

#define PLUGIN(name) BUILD_DIR "/" name ".so"

START_TEST(gradients)
{
    gradient_check_plugin("mish", PLUGIN("my_layers"), "x:2,3,4",
                          "layer { name: 'l' type: 'Mish' bottom: 'x' "
                          "top: 'y' }",
                          true);
    gradient_check_plugin("mish 3", PLUGIN("my_layers"), "x:5",
                          "layer { name: 'l' type: 'Mish' bottom: 'x' top: 'y' "
                          "plugin_param { name: 'beta' number: 3 } }",
                          true);
    gradient_check_plugin("rezero", PLUGIN("my_layers"), "x:2,3 f:2,3",
                          "layer { name: 'l' type: 'ReZero' bottom: 'x' "
                          "bottom: 'f' top: 'y' }",
                          true);
}
END_TEST

/* ---- what may be said in a prototxt ----------------------------------------
 */

static enum crema_status build(struct crema_ctx *ctx, const char *text)
{
    const struct crema_net_options options = { .train = true };
    struct crema_world *world = NULL;
    struct crema_source *source;
    struct crema_net *net = NULL;
    struct crema_device *dev;
    ProtobufCMessage *param;
    enum crema_status status;

    ck_assert_int_eq(crema_device_open(ctx, "ref", 1, &dev), CREMA_OK);
    ck_assert_msg(crema_text_read(ctx, "net", text, strlen(text),
                                  &crema__net_parameter__descriptor,
                                  CREMA_TEXT_STRICT, &param,
                                  &source) == CREMA_OK,
                  "%s", crema_ctx_message(ctx));
    ck_assert_int_eq(crema_world_open(ctx, dev, 1, &world), CREMA_OK);
    status = crema_net_build(world, (Crema__NetParameter *)param, source,
                             &options, &net);
    crema_net_free(net);
    crema_world_free(world);
    crema_source_free(source);
    crema_device_free(dev);
    return status;
}

#define NET(type, rest)                                                        \
    "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 2 "   \
    "} } }\nlayer { name: 'l' type: '" type "' bottom: 'x' top: 'y' " rest     \
    " }"

static const struct refused {
    const char *net, *why;
} refused[] = {
    { NET("Mish", "plugin_param { name: 'bata' number: 1 }"),
      "Mish has no plugin_param \"bata\"; did you mean \"beta\"?" },
    { NET("Mish", "plugin_param { name: 'beta' number: 101 }"),
      "beta must be 0 to 100, got 101" },
    { NET("Mish", "plugin_param { name: 'beta' number: [1, 2] }"),
      "beta wants one number, got 2" },
    { NET("Mish", "plugin_param { name: 'beta' text: 'much' }"),
      "beta wants one number, got 0" },
    { NET("Mish", "plugin_param { name: 'beta' number: 1 } "
                  "plugin_param { name: 'beta' number: 2 }"),
      "plugin_param \"beta\" is given twice" },
    { NET("Mish", "plugin_param { number: 1 }"), "no plugin_param \"\"" },
    { NET("ReLU", "plugin_param { name: 'beta' number: 1 }"),
      "plugin_param is for layers of plugins that read it, not for ReLU" },
    { NET("Mush", ""), "unknown layer type \"Mush\"; did you mean \"Mish\"?" },
};

START_TEST(refusals)
{
    const struct refused *r = &refused[_i];
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    ck_assert_int_eq(crema_plugin_load(ctx, PLUGIN("my_layers")), CREMA_OK);
    ck_assert_int_eq(build(ctx, r->net), CREMA_EINVAL);
    ck_assert_msg(strstr(crema_ctx_message(ctx), r->why), "%s",
                  crema_ctx_message(ctx));
    ck_assert_msg(!strncmp(crema_ctx_message(ctx), "net:2:", 6), "%s",
                  crema_ctx_message(ctx));
    crema_ctx_free(ctx);
}
END_TEST

/* ---- loading
 * ------------------------------------------------------------------ */

START_TEST(known_to_its_ctx_alone)
{
    struct crema_ctx *with = crema_ctx_new(NULL, NULL);
    struct crema_ctx *without = crema_ctx_new(NULL, NULL);
    int own = 0;

    ck_assert_int_eq(crema_plugin_load(with, PLUGIN("my_layers")), CREMA_OK);
    ck_assert_ptr_nonnull(crema_layer_known(with, "Mish"));
    ck_assert_ptr_nonnull(crema_layer_known(with, "ReLU"));
    ck_assert_ptr_null(crema_layer_known(without, "Mish"));
    ck_assert_ptr_null(crema_layer_find("Mish"));
    while (crema_layer_nth(own)) own++;
    ck_assert_str_eq(crema_layer_known_nth(with, own)->name, "Mish");
    ck_assert_str_eq(crema_layer_known_nth(with, own + 1)->name, "ReZero");
    ck_assert_ptr_null(crema_layer_known_nth(with, own + 2));
    ck_assert_ptr_null(crema_layer_known_nth(without, own));
    ck_assert_int_eq(build(with, NET("Mish", "")), CREMA_OK);
    ck_assert_int_eq(build(without, NET("Mish", "")), CREMA_EINVAL);
    crema_ctx_free(without);
    crema_ctx_free(with);
}
END_TEST

static void check_load(const char *path, const char *why)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    ck_assert_int_eq(crema_plugin_load(ctx, path), CREMA_EINVAL);
    ck_assert_msg(strstr(crema_ctx_message(ctx), why), "%s",
                  crema_ctx_message(ctx));
    ck_assert_ptr_null(crema_layer_known(ctx, "Mish"));
    crema_ctx_free(ctx);
}

START_TEST(not_loaded)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    check_load("missing.so", "./missing.so: cannot open");
    check_load(PLUGIN("no_plugin"), "is no plugin");
    check_load(PLUGIN("other_abi"), "was built for another crema");
    ck_assert_int_eq(crema_plugin_load(ctx, PLUGIN("my_layers")), CREMA_OK);
    ck_assert_int_eq(crema_plugin_load(ctx, PLUGIN("my_layers")), CREMA_EINVAL);
    ck_assert_ptr_nonnull(
        strstr(crema_ctx_message(ctx), "there is a layer \"Mish\" already"));
    crema_ctx_free(ctx);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("plugin");
    TCase *t = tcase_create("all");

    tcase_add_test(t, gradients);
    tcase_add_loop_test(t, refusals, 0, sizeof refused / sizeof *refused);
    tcase_add_test(t, known_to_its_ctx_alone);
    tcase_add_test(t, not_loaded);
    suite_add_tcase(s, t);
    return run_suite(s);
}
