/* test_weights.c - which weights are one and the same; what sources hand over;
 * the list of layers. */
#include "net/net.h"
#include "proto/text.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct trial {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_world *world;
    struct crema_source *source[2];
    struct crema_net *net[2];
};

static void begin(struct trial *t)
{
    memset(t, 0, sizeof *t);
    ck_assert_ptr_nonnull(t->ctx = crema_ctx_new(NULL, NULL));
    ck_assert_int_eq(crema_device_open(t->ctx, "ref", 1, &t->dev), CREMA_OK);
    ck_assert_int_eq(crema_world_open(t->ctx, t->dev, 1, &t->world), CREMA_OK);
}

static enum crema_status build(struct trial *t, int i, const char *text,
                               bool train)
{
    const struct crema_net_options options = { .train = train,
                                               .backward = train };
    ProtobufCMessage *net;

    CREMA_TRY(crema_text_read(t->ctx, "net", text, strlen(text),
                              &crema__net_parameter__descriptor,
                              CREMA_TEXT_STRICT, &net, &t->source[i]));
    return crema_net_build(t->world, (Crema__NetParameter *)net, t->source[i],
                           &options, &t->net[i]);
}

static struct crema_net *net(struct trial *t, int i, const char *text,
                             bool train)
{
    ck_assert_msg(build(t, i, text, train) == CREMA_OK, "%s", t->ctx->message);
    return t->net[i];
}

static void end(struct trial *t)
{
    for (int i = 0; i < 2; i++) {
        crema_net_free(t->net[i]);
        crema_source_free(t->source[i]);
    }
    crema_world_free(t->world);
    crema_device_free(t->dev);
    crema_ctx_free(t->ctx);
}

static const struct crema_weight *weight(const struct trial *t,
                                         const char *layer, int i)
{
    struct crema_slot *s = crema_weights_find(&t->world->weights, layer, i);

    ck_assert_msg(s != NULL, "layer %s has no weights %d", layer, i);
    return s->weight;
}

static int count(const struct trial *t)
{
    int n = 0;

    for (struct crema_weight *w = t->world->weights.first; w; w = w->next) n++;
    return n;
}

#define X(dims)                                                                \
    "layer { name: 'x' type: 'Input' top: 'x' "                                \
    "input_param { shape { dim: [" dims "] } } }\n"
#define IP(name, bottom, n, rest)                                              \
    "layer { name: '" name "' type: 'InnerProduct' bottom: '" bottom           \
    "' top: '" name "' inner_product_param { num_output: " #n                  \
    " weight_filler { type: 'xavier' } } " rest " }\n"

START_TEST(test_net_has_the_training_nets)
{
    struct trial t;
    float before[12], after[12];

    begin(&t);
    net(&t, 0, X("8, 3") IP("a", "x", 4, ""), true);
    ck_assert_int_eq(
        crema_param_read(&weight(&t, "a", 0)->value, 0, 12, before), CREMA_OK);
    ck_assert_float_ne(before[0], before[1]);
    net(&t, 1, X("2, 3") IP("a", "x", 4, ""), false);
    ck_assert_int_eq(crema_net_forward(t.net[0]), CREMA_OK);
    ck_assert_int_eq(crema_net_forward(t.net[1]), CREMA_OK);
    ck_assert_int_eq(count(&t), 2);
    ck_assert_int_eq(crema_param_read(&weight(&t, "a", 0)->value, 0, 12, after),
                     CREMA_OK);
    ck_assert_int_eq(memcmp(before, after, sizeof before), 0);
    end(&t);
}
END_TEST

START_TEST(test_net_asks_for_another_shape)
{
    struct trial t;

    begin(&t);
    net(&t, 0, X("8, 3") IP("a", "x", 4, ""), true);
    ck_assert_int_eq(build(&t, 1, X("8, 5") IP("a", "x", 4, ""), false),
                     CREMA_EINVAL);
    ck_assert_msg(strstr(t.ctx->message,
                         "weights 0 are 4x3, but the blobs here ask for 4x5"),
                  "%s", t.ctx->message);
    end(&t);
}
END_TEST

START_TEST(shared_by_name)
{
    struct trial t;

    begin(&t);
    net(&t, 0,
        X("2, 4") IP("a", "x", 4,
                     "param { name: 'w' lr_mult: 3 } param { decay_mult: 0 }")
            IP("b", "a", 4, "param { name: 'w' decay_mult: 2 }")
                IP("c", "b", 16, "param { name: '' lr_mult: 0 }"),
        true);
    ck_assert_ptr_eq(weight(&t, "a", 0), weight(&t, "b", 0));
    ck_assert_ptr_ne(weight(&t, "a", 1), weight(&t, "b", 1));
    ck_assert_float_eq(weight(&t, "a", 0)->lr_mult, 3);
    ck_assert_float_eq(weight(&t, "a", 0)->decay_mult, 2);
    ck_assert_float_eq(weight(&t, "a", 1)->decay_mult, 0);
    ck_assert_float_eq(weight(&t, "c", 0)->lr_mult, 0);
    ck_assert_ptr_null(weight(&t, "c", 0)->shared);
    ck_assert_int_eq(count(&t), 5);
    end(&t);
}
END_TEST

START_TEST(lr_mult_0_takes_no_gradient)
{
    struct trial t;
    struct crema_program *p;

    begin(&t);
    p = net(&t, 0,
            X("2, 4")
                IP("a", "x", 4,
                   "param { lr_mult: 0 }") "layer { name: 'n' type: "
                                           "'BatchNorm' bottom: 'a' top: 'n' }"
                                           "layer { name: 'l' type: 'Input' "
                                           "top: 'l' "
                                           "input_param { shape { dim: 2 } } }"
                                           "layer { name: 's' type: "
                                           "'SoftmaxWithLoss' bottom: 'n' "
                                           "bottom: 'l' top: 's' }",
            true)
            ->program;
    for (struct crema_tensor *w = p->tensors; w; w = w->next)
        if (w->param)
            ck_assert_int_eq(w->grad != NULL, !strcmp(w->name, "a[1]"));
    for (int i = 0; i < 3; i++)
        ck_assert_float_eq(weight(&t, "n", i)->lr_mult, 0);
    end(&t);
}
END_TEST

/* Another batch size is another program over the same weights. */
START_TEST(recorded_again)
{
    const float x[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    float first[4], again[16];
    struct trial t;
    struct crema_net *n;

    begin(&t);
    n = net(&t, 0, X("1, 3") IP("a", "x", 4, ""), false);
    ck_assert_int_eq(crema_net_write_input(n, "x", &CREMA_SHAPE(1, 3), x),
                     CREMA_OK);
    ck_assert_int_eq(crema_net_forward(n), CREMA_OK);
    ck_assert_int_eq(crema_net_read_blob(n, crema_net_blob(n, "a"), first),
                     CREMA_OK);
    ck_assert_int_eq(crema_net_write_input(n, "x", &CREMA_SHAPE(4, 3), x),
                     CREMA_OK);
    ck_assert_int_eq(crema_net_forward(n), CREMA_OK);
    ck_assert_int_eq(crema_net_read_blob(n, crema_net_blob(n, "a"), again),
                     CREMA_OK);
    ck_assert_int_eq(memcmp(first, again, sizeof first), 0);
    ck_assert_int_eq(count(&t), 2);
    end(&t);
}
END_TEST

/* ---- sources of data ------------------------------------------------------
 */

#define DUMMY                                                                  \
    "layer { name: 'd' type: 'DummyData' top: 'a' top: 'b' "                   \
    "dummy_data_param { num: 2 num: 3 channels: 4 height: 1 width: 1 "         \
    "data_filler { type: 'gaussian' } "                                        \
    "data_filler { type: 'constant' value: 7 } } }"

static void forward(struct crema_net *n, const char *blob, float *out)
{
    ck_assert_int_eq(crema_net_forward(n), CREMA_OK);
    ck_assert_int_eq(crema_net_read_blob(n, crema_net_blob(n, blob), out),
                     CREMA_OK);
}

START_TEST(dummy_data)
{
    float first[8], second[8], b[12];
    struct crema_layer *l;
    struct crema_net *n;
    struct trial t;

    begin(&t);
    n = net(&t, 0, DUMMY, true);
    l = &n->layer[0];
    forward(n, "a", first);
    forward(n, "a", second);
    ck_assert_int_ne(memcmp(first, second, sizeof first), 0);
    ck_assert_uint_eq(l->type->position(l), 2);
    ck_assert_int_eq(l->type->seek(l, 1), CREMA_OK);
    forward(n, "a", first);
    ck_assert_int_eq(memcmp(first, second, sizeof first), 0);
    forward(n, "b", b);
    for (int i = 0; i < 12; i++) ck_assert_float_eq(b[i], 7);
    end(&t);
}
END_TEST

static const struct {
    const char *fields, *message;
} bad_data[] = {
    { "batch_size: 1", "net:1:1: layer \"d\": no source is given" },
    { "source: 'x'", "batch_size must be positive, got 0" },
    { "source: 'x' batch_size: 1 prefetch: 0",
      "net:1:83: layer \"d\": prefetch must be positive" },
    { "source: '/nowhere/lmdb' batch_size: 1", "net:1:57: layer \"d\": " },
    { "source: 'x' batch_size: 1 side: 2",
      "net:1:83: layer \"d\": side, which only some forks" },
};

START_TEST(data_refused)
{
    char text[512];
    struct trial t;

    begin(&t);
    snprintf(text, sizeof text,
             "layer { name: 'd' type: 'Data' top: 'data' data_param { %s } }",
             bad_data[_i].fields);
    ck_assert_int_ne(build(&t, 0, text, true), CREMA_OK);
    ck_assert_msg(strstr(t.ctx->message, bad_data[_i].message), "%s",
                  t.ctx->message);
    end(&t);
}
END_TEST

/* ---- the list -------------------------------------------------------------
 */

START_TEST(registry)
{
    const struct crema_layer_type *type;
    int n = 0;

    for (; (type = crema_layer_nth(n)); n++) {
        ck_assert_ptr_eq(crema_layer_find(type->name), type);
        ck_assert_ptr_nonnull(type->record);
        if (n > 0)
            ck_assert_int_lt(strcmp(crema_layer_nth(n - 1)->name, type->name),
                             0);
    }
    ck_assert_int_ge(n, 20);
    ck_assert_ptr_null(crema_layer_find("Relu"));
    ck_assert_ptr_null(crema_layer_nth(-1));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("weights");
    TCase *t = tcase_create("all");

    tcase_add_test(t, test_net_has_the_training_nets);
    tcase_add_test(t, test_net_asks_for_another_shape);
    tcase_add_test(t, shared_by_name);
    tcase_add_test(t, lr_mult_0_takes_no_gradient);
    tcase_add_test(t, recorded_again);
    tcase_add_test(t, dummy_data);
    tcase_add_loop_test(t, data_refused, 0, sizeof bad_data / sizeof *bad_data);
    tcase_add_test(t, registry);
    suite_add_tcase(s, t);
    return run_suite(s);
}
