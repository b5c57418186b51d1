/* test_net.c - from definitions to nets: what is refused, shared and kept. */
#include "net/model.h"
#include "proto/upgrade.h"
#include "support/net_text.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct crema_model *opened(const char *text, bool train)
{
    const struct crema_model_options o = { .train = train };

    return opened_text(&o, text);
}

/* ---- what is refused, and where ------------------------------------------ */

#define DATA                                                                   \
    "layer { name: 'in' type: 'Input' top: 'x'\n"                              \
    "  input_param { shape { dim: 2 dim: 3 dim: 5 dim: 5 } } }\n"

static const struct {
    const char *text, *place, *says;
} refusals[] = {
    { DATA "layer { name: 'r' type: 'RelU' bottom: 'x' top: 'y' }\n",
      ":3:19: ", "did you mean \"ReLU\"?" },
    { DATA "layer { name: 'r' type: 'Sofmax' bottom: 'x' top: 'y' }\n"
           "layer { name: 's' type: 'Sigmod' bottom: 'y' top: 'z' }\n",
      ":4:19: ", "did you mean \"Sigmoid\"?" },
    { DATA "layer { name: 'p' type: 'Python' bottom: 'x' top: 'y' }\n",
      ":3:19: ", "Python" },
    { DATA "layer { name: 'r' type: 'ReLU' bottom: 'xx' top: 'y' }\n",
      ":3:32: ", "did you mean \"x\"?" },
    { DATA "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'y' }\n"
           "layer { name: 'b' type: 'ReLU' bottom: 'x' top: 'y' }\n",
      ":4:44: ", "already made by layer \"a\"" },
    { DATA "layer { name: 'r' type: 'ReLU' top: 'y' }\n",
      ":3:1: ", "takes 1 bottom, got 0" },
    { DATA "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y'\n"
           "  include { phase: TEST } exclude { phase: TRAIN } }\n",
      ":4:27: ", "include or exclude" },
    { DATA "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y'\n"
           "  loss_weight: 1 loss_weight: 2 }\n",
      ":4:3: ", "2 loss_weight for 1 tops" },
    { DATA "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'y'\n"
           "  convolution_param { num_output: 2 kernel_size: 9 } }\n",
      ":4:", "kernel 9 is larger than the padded input" },
    { DATA "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'y'\n"
           "  convolution_param { num_output: 0 kernel_size: 3 } }\n",
      ":4:23: ", "num_output" },
    { DATA "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'y'\n"
           "  param { name: 'w' } inner_product_param { num_output: 4 } }\n"
           "layer { name: 'b' type: 'InnerProduct' bottom: 'y' top: 'z'\n"
           "  param { name: 'w' } inner_product_param { num_output: 4 } }\n",
      ":6:", "shared" },
    { DATA "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'y'\n"
           "  inner_product_param { num_output: 75 } }\n"
           "layer { name: 'a' type: 'InnerProduct' bottom: 'y' top: 'z'\n"
           "  inner_product_param { num_output: 75 } }\n",
      ":5:9: ", "another layer with weights" },
    { DATA "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y'\n"
           "  param { lr_mult: 1 } }\n",
      ":4:3: ", "1 param for a layer with 0 blobs" },
    { DATA "layer { name: 'i' type: 'InnerProduct' bottom: 'x' top: 'y'\n"
           "  inner_product_param { num_output: 4294967295 axis: 0 } }\n"
           "layer { name: 'j' type: 'InnerProduct' bottom: 'y' top: 'z'\n"
           "  inner_product_param { num_output: 4294967295 axis: 0\n"
           "    weight_filler { type: 'xavier' } } }\n",
      ":5:1: ", "weights of 4294967295x4294967295 are too large" },
    { DATA "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'y'\n"
           "  convolution_param { num_output: 1 kernel_size: 4294967295\n"
           "    dilation: 4294967295 } }\n",
      ":4:", "kernel_size 4294967295 is not possible" },
    { DATA "layer { name: 's' type: 'Scale' bottom: 'x' top: 'y'\n"
           "  scale_param { axis: 1 num_axes: 2147483647 } }\n",
      ":4:", "2147483647 axes from axis 1 on do not exist" },
    { DATA "layer { name: 'n' type: 'LRN' bottom: 'x' top: 'y' lrn_param {\n"
           "  local_size: 4294967295 norm_region: WITHIN_CHANNEL } }\n",
      ":3:1: ", "a kernel of 4294967295 is not possible" },
    { "", "", "no layer is left" },
};
enum { NREFUSALS = sizeof refusals / sizeof *refusals };

START_TEST(refused)
{
    struct crema_model *m = NULL;

    ck_assert_int_eq(open_text(NULL, refusals[_i].text, &m), CREMA_EINVAL);
    ck_assert_msg(strstr(crema_ctx_message(ctx), refusals[_i].place) &&
                      strstr(crema_ctx_message(ctx), refusals[_i].says),
                  "expected '%s' and '%s', got:\n%s", refusals[_i].place,
                  refusals[_i].says, crema_ctx_message(ctx));
}
END_TEST

/* A field of the net itself that would change what TRAIN computes. */
START_TEST(refused_in_train)
{
    static const char text[] = DATA "bn_stats_batch_size: 4";
    const struct crema_model_options train = { .train = true };
    struct crema_model *m = NULL;

    ck_assert_int_eq(open_text(&train, text, &m), CREMA_EUNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(crema_ctx_message(ctx), ":3:1: bn_stats_"));
    ck_assert_int_eq(open_text(NULL, text, &m), CREMA_OK);
    crema_model_free(m);
}
END_TEST

/* ---- phases, stages, levels ---------------------------------------------- */

static const char staged[] = DATA
    "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'a'\n"
    "  include { phase: TRAIN } }\n"
    "layer { name: 'b' type: 'ReLU' bottom: 'x' top: 'b'\n"
    "  include { phase: TEST stage: 'deploy' } include { min_level: 3 } }\n"
    "layer { name: 'c' type: 'ReLU' bottom: 'x' top: 'c'\n"
    "  exclude { not_stage: 'deploy' } }\n";

static const struct {
    struct crema_model_options o;
    const char *outputs;
} states[] = {
    { { .train = true }, "a" },
    { { .train = false }, "x" },
    { { .train = false, .stages = "x,deploy" }, "bc" },
    { { .train = true, .level = 3 }, "ab" },
};

START_TEST(rules)
{
    struct crema_model *m = NULL;
    const char *want = states[_i].outputs;
    int n = 0;

    ck_assert_int_eq(open_text(&states[_i].o, staged, &m), CREMA_OK);
    for (; crema_model_output(m, n); n++)
        ck_assert_int_eq(crema_model_output(m, n)[0], want[n]);
    ck_assert_int_eq(n, (int)strlen(want));
    crema_model_free(m);
}
END_TEST

/* ---- running ------------------------------------------------------------- */

static const char small[] =
    DATA "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y'\n"
         "  inner_product_param { num_output: 2\n"
         "    weight_filler { type: 'constant' value: 0.5 }\n"
         "    bias_filler { type: 'constant' value: 1 } } }\n"
         "layer { name: 'r' type: 'ReLU' bottom: 'y' top: 'y' }\n";

START_TEST(forward_and_reshape)
{
    struct crema_model *m = opened(small, false);
    const int64_t two[4] = { 2, 3, 5, 5 }, one[4] = { 1, 3, 5, 5 };
    int64_t dims[CREMA_MODEL_DIMS];
    float x[150], y[4];

    for (int i = 0; i < 150; i++) x[i] = i < 75 ? 1 : -1;
    ck_assert_str_eq(crema_model_input(m, 0), "x");
    ck_assert_ptr_null(crema_model_input(m, 1));
    ck_assert_int_eq(crema_model_write(m, "x", 4, two, x), CREMA_OK);
    ck_assert_int_eq(crema_model_read(m, "y", y, 4), CREMA_EINVAL);
    ck_assert_int_eq(crema_model_forward(m), CREMA_OK);
    ck_assert_int_eq(crema_model_read(m, "y", y, 4), CREMA_OK);
    ck_assert_float_eq(y[0], 38.5f);
    ck_assert_float_eq(y[3], 0);
    ck_assert_int_eq(crema_model_read(m, "y", y, 3), CREMA_EINVAL);

    ck_assert_int_eq(crema_model_write(m, "x", 4, one, x + 50), CREMA_OK);
    ck_assert_int_eq(crema_model_forward(m), CREMA_OK);
    ck_assert_int_eq(crema_model_shape(m, "y", dims), 2);
    ck_assert_int_eq(dims[0], 1);
    ck_assert_int_eq(crema_model_read(m, "y", y, 2), CREMA_OK);
    ck_assert_float_eq(y[0], 0); /* 25 - 50, halved, plus 1 */
    ck_assert_int_eq(crema_model_write(m, "y", 4, one, x), CREMA_EINVAL);
    crema_model_free(m);
}
END_TEST

/* Six items in batches of two; a new set begins at its own beginning. */
START_TEST(memory_is_dealt_out)
{
    struct crema_model *m =
        opened("layer { name: 'd' type: 'MemoryData' top: 'x' top: 'label'\n"
               "  memory_data_param {\n"
               "    batch_size: 2 channels: 1 height: 1 width: 3 } }\n",
               false);
    const int64_t data[4] = { 6, 1, 1, 3 }, labels[1] = { 6 };
    const int64_t five[1] = { 5 };
    float values[18], got[6];

    for (int i = 0; i < 18; i++) values[i] = (float)i;
    ck_assert_str_eq(crema_model_input(m, 0), "x");
    ck_assert_str_eq(crema_model_input(m, 1), "label");
    ck_assert_int_eq(crema_model_forward(m), CREMA_EINVAL);
    ck_assert_int_eq(crema_model_write(m, "x", 4, data, values), CREMA_OK);
    ck_assert_int_eq(crema_model_forward(m), CREMA_EINVAL);
    ck_assert_int_eq(crema_model_write(m, "label", 1, five, values),
                     CREMA_EINVAL);
    ck_assert_int_eq(crema_model_write(m, "label", 1, labels, values),
                     CREMA_OK);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(crema_model_forward(m), CREMA_OK);
        ck_assert_int_eq(crema_model_read(m, "x", got, 6), CREMA_OK);
        ck_assert_mem_eq(got, values + i % 3 * 6, sizeof got);
        ck_assert_int_eq(crema_model_read(m, "label", got, 2), CREMA_OK);
        ck_assert_float_eq(got[1], (float)(i % 3 * 2 + 1));
    }
    ck_assert_int_eq(crema_model_write(m, "x", 4, data, values), CREMA_OK);
    ck_assert_int_eq(crema_model_forward(m), CREMA_OK);
    ck_assert_int_eq(crema_model_read(m, "label", got, 2), CREMA_OK);
    ck_assert_float_eq(got[0], 0);
    crema_model_free(m);
}
END_TEST

/* After a shape that cannot be the net fails until it gets a better one. */
START_TEST(impossible_shape)
{
    struct crema_model *m = opened(small, false);
    const int64_t good[4] = { 1, 3, 5, 5 }, bad[4] = { 1, 3, 5, 4 };
    int64_t dims[CREMA_MODEL_DIMS];
    float x[75] = { 0 }, y[2];

    ck_assert_int_eq(crema_model_forward(m), CREMA_OK);
    ck_assert_int_eq(crema_model_write(m, "x", 4, bad, x), CREMA_EINVAL);
    ck_assert_int_eq(crema_model_forward(m), CREMA_EINVAL);
    ck_assert_int_eq(crema_model_shape(m, "y", dims), -1);
    ck_assert_int_eq(crema_model_read(m, "y", y, 2), CREMA_EINVAL);
    ck_assert_int_eq(crema_model_write(m, "x", 4, good, x), CREMA_OK);
    ck_assert_int_eq(crema_model_forward(m), CREMA_OK);
    ck_assert_int_eq(crema_model_read(m, "y", y, 2), CREMA_OK);
    ck_assert_float_eq(y[0], 1);
    crema_model_free(m);
}
END_TEST

/* The blob that a diff was given for has another size by now. */
START_TEST(diff_of_another_shape)
{
    struct crema_model *m = opened(small, false);
    struct crema_net *net = crema_model_net(m);
    const float x[225] = { 0 }, diff[4] = { 0 };

    net->options.backward = true;
    ck_assert_int_eq(crema_net_set_diff(net, "y", 4, diff), CREMA_OK);
    ck_assert_int_eq(
        crema_net_write_input(net, "x", &CREMA_SHAPE(3, 3, 5, 5), x), CREMA_OK);
    ck_assert_int_eq(crema_net_forward(net), CREMA_OK);
    ck_assert_int_eq(crema_net_backward(net), CREMA_EINVAL);
    ck_assert_ptr_nonnull(strstr(crema_ctx_message(ctx), "4 elements"));
    ck_assert_int_eq(
        crema_net_write_input(net, "x", &CREMA_SHAPE(2, 3, 5, 5), x), CREMA_OK);
    ck_assert_int_eq(crema_net_forward(net), CREMA_OK);
    ck_assert_int_eq(crema_net_backward(net), CREMA_OK);
    crema_model_free(m);
}
END_TEST

/* What is saved is what is loaded; shared weights stand in every layer. */
START_TEST(weights_round_trip)
{
    char path[64];
    struct crema_model *a = opened(small, false), *b = NULL;
    struct crema_model_options o = { .weights = path };
    struct crema_slot *s;
    float w[150];

    snprintf(path, sizeof path, "/tmp/crema_test_net_%ld.caffemodel",
             (long)getpid());
    s = crema_weights_find(&crema_model_net(a)->world->weights, "ip", 0);
    for (int i = 0; i < 150; i++) w[i] = (float)i;
    ck_assert_int_eq(crema_param_write(&s->weight->value, 0, 150, w), CREMA_OK);
    ck_assert_int_eq(crema_net_save_weights(crema_model_net(a), path),
                     CREMA_OK);
    good(open_text(&o, small, &b));
    s = crema_weights_find(&crema_model_net(b)->world->weights, "ip", 0);
    memset(w, 0, sizeof w);
    ck_assert_int_eq(crema_param_read(&s->weight->value, 0, 150, w), CREMA_OK);
    for (int i = 0; i < 150; i++) ck_assert_float_eq(w[i], (float)i);
    crema_model_free(a);
    crema_model_free(b);
    unlink(path);
}
END_TEST

START_TEST(weights_of_another_shape)
{
    static const char other[] =
        DATA "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y'\n"
             "  inner_product_param { num_output: 3 } }\n";
    char path[64];
    struct crema_model *a = opened(small, false), *b = NULL;
    struct crema_model_options o = { .weights = path };

    snprintf(path, sizeof path, "/tmp/crema_test_net_%ld.caffemodel",
             (long)getpid());
    ck_assert_int_eq(crema_net_save_weights(crema_model_net(a), path),
                     CREMA_OK);
    ck_assert_int_eq(open_text(&o, other, &b), CREMA_EINVAL);
    ck_assert_ptr_nonnull(strstr(crema_ctx_message(ctx),
                                 "blob 0 is 2x75 in the file, 3x75 in the "
                                 "net"));
    o.weights = "/nowhere/at/all.caffemodel";
    ck_assert_int_eq(open_text(&o, small, &b), CREMA_EIO);
    crema_model_free(a);
    unlink(path);
}
END_TEST

/* Shapes alone need no values of weights; fillers are checked all the same. */
START_TEST(no_values)
{
    const struct crema_net_options o = { .train = true };
    struct crema_source *source;
    Crema__NetParameter *param;
    struct crema_world *world;
    struct crema_net *net;
    char bad[sizeof small];

    for (int i = 0; i < 2; i++) {
        strcpy(bad, small);
        if (i) memcpy(strstr(bad, "constant"), "konstant", 8);
        ck_assert_int_eq(crema_net_file_read(ctx, text_file(bad),
                                             CREMA_TEXT_STRICT, &param,
                                             &source),
                         CREMA_OK);
        unlink(source->path);
        ck_assert_int_eq(crema_world_open(ctx, dev, 1, &world), CREMA_OK);
        world->lender.no_values = true;
        ck_assert_int_eq(crema_net_build(world, param, source, &o, &net),
                         i ? CREMA_EINVAL : CREMA_OK);
        ck_assert(i || !world->weights.first->value.data);
        if (i == 0) crema_net_free(net);
        crema_world_free(world);
        crema_source_free(source);
    }
}
END_TEST

/* A test net reads the weights that the train net learns. */
START_TEST(nets_share_weights)
{
    struct crema_net_options o = { .train = true };
    struct crema_net *train, *test;
    struct crema_source *source;
    Crema__NetParameter *param;
    struct crema_world *world;
    const char *path = text_file(small);

    ck_assert_int_eq(
        crema_net_file_read(ctx, path, CREMA_TEXT_STRICT, &param, &source),
        CREMA_OK);
    unlink(path);
    ck_assert_int_eq(crema_world_open(ctx, dev, 1, &world), CREMA_OK);
    ck_assert_int_eq(crema_net_build(world, param, source, &o, &train),
                     CREMA_OK);
    o.train = false;
    ck_assert_int_eq(crema_net_build(world, param, source, &o, &test),
                     CREMA_OK);
    ck_assert_ptr_eq(world->weights.first->next, world->weights.last);
    crema_net_free(test);
    crema_net_free(train);
    crema_world_free(world);
    crema_source_free(source);
}
END_TEST

/* A label that no class has is named, not used as an index. */
START_TEST(labels_are_checked)
{
    static const char text[] =
        "layer { name: 'd' type: 'DummyData' top: 'x' top: 'l'\n"
        "  dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 }\n"
        "    data_filler { type: 'constant' value: 1 }\n"
        "    data_filler { type: 'constant' value: 3 } } }\n"
        "layer { name: 's' type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'l' }\n";
    struct crema_model *m = opened(text, true);

    ck_assert_int_eq(crema_model_forward(m), CREMA_EINVAL);
    ck_assert_msg(strstr(crema_ctx_message(ctx), "label 3") &&
                      strstr(crema_ctx_message(ctx), "0..2"),
                  "%s", crema_ctx_message(ctx));
    crema_model_free(m);
}
END_TEST

/* Pyramid pooling of a single level leaves an image, of more a vector. */
START_TEST(pyramid_axes)
{
    char text[256];
    int64_t dims[CREMA_MODEL_DIMS];
    struct crema_model *m;

    snprintf(text, sizeof text,
             "layer { name: 'x' type: 'Input' top: 'x' "
             "input_param { shape { dim: [2, 3, 6, 6] } } }"
             "layer { name: 'p' type: 'SPP' bottom: 'x' top: 'y' "
             "spp_param { pyramid_height: %d } }",
             _i);
    m = opened(text, false);
    ck_assert_int_eq(crema_model_shape(m, "y", dims), _i == 1 ? 4 : 2);
    ck_assert_int_eq(dims[1], _i == 1 ? 3 : 15);
    crema_model_free(m);
}
END_TEST

/* The largest is found whatever stands beside it. */
START_TEST(largest_beside_nan)
{
    static const char text[] =
        "layer { name: 'x' type: 'Input' top: 'x' "
        "input_param { shape { dim: [6, 3] } } }"
        "layer { name: 'a' type: 'ArgMax' bottom: 'x' top: 'y' }";
    static const float x[18] = { 1, 2,   NAN, 1,   NAN, 2, 2,   1, NAN,
                                 2, NAN, 1,   NAN, 1,   2, NAN, 2, 1 };
    static const float largest[6] = { 1, 2, 0, 0, 2, 1 };
    const int64_t dims[2] = { 6, 3 };
    struct crema_model *m = opened(text, false);
    float y[6];

    ck_assert_int_eq(crema_model_write(m, "x", 2, dims, x), CREMA_OK);
    ck_assert_int_eq(crema_model_forward(m), CREMA_OK);
    ck_assert_int_eq(crema_model_read(m, "y", y, 6), CREMA_OK);
    for (int i = 0; i < 6; i++) ck_assert_float_eq(y[i], largest[i]);
    crema_model_free(m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("net");
    TCase *t = tcase_create("net");

    tcase_add_checked_fixture(t, open_ref, close_device);
    tcase_add_loop_test(t, refused, 0, NREFUSALS);
    tcase_add_test(t, refused_in_train);
    tcase_add_loop_test(t, rules, 0, sizeof states / sizeof *states);
    tcase_add_test(t, forward_and_reshape);
    tcase_add_test(t, memory_is_dealt_out);
    tcase_add_test(t, impossible_shape);
    tcase_add_test(t, diff_of_another_shape);
    tcase_add_test(t, no_values);
    tcase_add_test(t, weights_round_trip);
    tcase_add_test(t, weights_of_another_shape);
    tcase_add_test(t, nets_share_weights);
    tcase_add_test(t, labels_are_checked);
    tcase_add_loop_test(t, pyramid_axes, 1, 3);
    tcase_add_test(t, largest_beside_nan);
    suite_add_tcase(s, t);
    return run_suite(s);
}
