/* test_load.c - weights into nets: by name, from lists, reshaped, and what is
 * said about it. */
#include "crema.h"
#include "net/load.h"
#include "net/model.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOG = 4096 };

static struct crema_ctx *ctx;
static struct crema_device *dev;
static char logged[LOG], net_path[64], path[2][64];

static void listen_to(void *user, enum crema_log_level level, const char *line)
{
    size_t used = strlen(logged);

    (void)user;
    snprintf(logged + used, sizeof logged - used, "%c %s\n", "IWE"[level],
             line);
}

static void set_up(void)
{
    long id = (long)getpid();

    ctx = crema_ctx_new(listen_to, NULL);
    ck_assert_int_eq(crema_device_open(ctx, "cpu", 1, &dev), CREMA_OK);
    snprintf(net_path, sizeof net_path, "/tmp/crema_load_%ld.prototxt", id);
    snprintf(path[0], sizeof path[0], "/tmp/crema_load_%ld_a", id);
    snprintf(path[1], sizeof path[1], "/tmp/crema_load_%ld_b", id);
}

static void tear_down(void)
{
    unlink(net_path);
    unlink(path[0]);
    unlink(path[1]);
    crema_device_free(dev);
    crema_ctx_free(ctx);
}

static enum crema_status try_open(const char *text,
                                  const struct crema_model_options *o,
                                  struct crema_model **out)
{
    FILE *f = fopen(net_path, "w");

    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
    *out = NULL;
    return crema_model_open(dev, net_path, o, out);
}

static struct crema_model *opened(const char *text, const char *weights,
                                  bool reshape, uint32_t seed)
{
    const struct crema_model_options o = { .weights = weights,
                                           .seed = seed,
                                           .reshape_weights = reshape };
    struct crema_model *m;

    ck_assert_msg(try_open(text, &o, &m) == CREMA_OK, "%s",
                  crema_ctx_message(ctx));
    return m;
}

static void save(const char *text, uint32_t seed, const char *to)
{
    struct crema_model *m = opened(text, NULL, false, seed);

    ck_assert_int_eq(crema_net_save_weights(crema_model_net(m), to), CREMA_OK);
    crema_model_free(m);
}

/* `count` numbers of the layer's first blob. */
static void weight_of(struct crema_model *m, const char *layer, int count,
                      float *out)
{
    struct crema_slot *s = crema_load__slot(crema_model_net(m), layer, 0);

    ck_assert_ptr_nonnull(s);
    ck_assert_int_eq(crema_param_read(&s->weight->value, 0, count, out),
                     CREMA_OK);
}

static void run(struct crema_model *m, const float *x, int n, float *y)
{
    int64_t dims[CREMA_MODEL_DIMS];
    int ndims = crema_model_shape(m, "x", dims);

    ck_assert_int_eq(crema_model_write(m, "x", ndims, dims, x), CREMA_OK);
    ck_assert_int_eq(crema_model_forward(m), CREMA_OK);
    ck_assert_int_eq(
        crema_model_read(m, crema_model_output(m, 0), y, (size_t)n), CREMA_OK);
}

static void is_said(const char *text, const char *where)
{
    ck_assert_msg(strstr(where, text) != NULL, "no \"%s\" in\n%s", text, where);
}

/* ---- net surgery --------------------------------------------------------- */

#define INPUT                                                                  \
    "layer { name: 'in' type: 'Input' top: 'x'\n"                              \
    "  input_param { shape { dim: [2, 3, 4, 5] } } }\n"

static const char connected[] =
    INPUT "layer { name: 'fc1' type: 'InnerProduct' bottom: 'x' top: 'a'\n"
          "  inner_product_param { num_output: 7\n"
          "    weight_filler { type: 'xavier' }\n"
          "    bias_filler { type: 'uniform' } } }\n"
          "layer { name: 'r' type: 'ReLU' bottom: 'a' top: 'a' }\n"
          "layer { name: 'fc2' type: 'InnerProduct' bottom: 'a' top: 'y'\n"
          "  inner_product_param { num_output: 6\n"
          "    weight_filler { type: 'xavier' } } }\n";

/* Of the same names, for pictures of any size. */
static const char convolutional[] =
    INPUT "layer { name: 'fc1' type: 'Convolution' bottom: 'x' top: 'a'\n"
          "  convolution_param { num_output: 7 kernel_h: 4 kernel_w: 5 } }\n"
          "layer { name: 'r' type: 'ReLU' bottom: 'a' top: 'a' }\n"
          "layer { name: 'fc2' type: 'Convolution' bottom: 'a' top: 'y'\n"
          "  convolution_param { num_output: 6 kernel_size: 1 } }\n";

START_TEST(connected_layers_become_convolutions)
{
    const struct crema_model_options o = { .weights = path[0] };
    struct crema_model *m;
    float x[2 * 3 * 4 * 5], want[12], got[12];

    for (int i = 0; i < 120; i++) x[i] = (float)(i % 17) / 8 - 1;
    save(connected, 5, path[0]);
    m = opened(connected, path[0], false, 1);
    run(m, x, 12, want);
    crema_model_free(m);
    ck_assert_int_eq(try_open(convolutional, &o, &m), CREMA_EINVAL);
    is_said("blob 0 is 7x60 in the file, 7x3x4x5 in the net",
            crema_ctx_message(ctx));
    is_said("--reshape_weights", crema_ctx_message(ctx));
    logged[0] = '\0';
    m = opened(convolutional, path[0], true, 1);
    is_said("reshaped", logged);
    is_said("fc1 (7x60 as 7x3x4x5), fc2 (6x7 as 6x7x1x1)", logged);
    run(m, x, 12, got);
    crema_model_free(m);
    for (int i = 0; i < 12; i++)
        ck_assert_msg(got[i] - want[i] < 1e-5f && want[i] - got[i] < 1e-5f,
                      "output %d is %g, not %g", i, (double)got[i],
                      (double)want[i]);
}
END_TEST

/* As many numbers in another order are no reshape. */
START_TEST(other_first_sizes_stay_refused)
{
    static const char turned[] =
        INPUT "layer { name: 'fc1' type: 'InnerProduct' bottom: 'x' top: 'a'\n"
              "  inner_product_param { num_output: 7 transpose: true } }\n";
    const struct crema_model_options o = { .weights = path[0],
                                           .reshape_weights = true };
    struct crema_model *m;

    save(connected, 5, path[0]);
    ck_assert_int_eq(try_open(turned, &o, &m), CREMA_EINVAL);
    is_said("blob 0 is 7x60 in the file, 60x7 in the net",
            crema_ctx_message(ctx));
    ck_assert_ptr_null(strstr(crema_ctx_message(ctx), "--reshape_weights"));
}
END_TEST

/* ---- names --------------------------------------------------------------- */

#define PRODUCT(name, from, to)                                                \
    "layer { name: '" name "' type: 'InnerProduct' bottom: '" from             \
    "' top: '" to "'\n"                                                        \
    "  inner_product_param { num_output: 3 weight_filler { type: 'xavier' }"   \
    " } }\n"

static const char both[] =
    INPUT PRODUCT("one", "x", "a") PRODUCT("two", "a", "b");
static const char first[] = INPUT PRODUCT("one", "x", "a");
static const char other[] =
    INPUT PRODUCT("one", "x", "a") PRODUCT("new", "a", "b");

START_TEST(the_last_file_wins)
{
    float one[3], two[3], got[3];
    char list[160];
    struct crema_model *m;

    save(both, 1, path[0]);
    save(first, 2, path[1]);
    m = opened(both, NULL, false, 1);
    weight_of(m, "two", 3, two);
    crema_model_free(m);
    m = opened(first, NULL, false, 2);
    weight_of(m, "one", 3, one);
    crema_model_free(m);
    snprintf(list, sizeof list, "%s,%s", path[0], path[1]);
    m = opened(both, list, false, 3);
    weight_of(m, "one", 3, got);
    ck_assert_mem_eq(got, one, sizeof got);
    weight_of(m, "two", 3, got);
    ck_assert_mem_eq(got, two, sizeof got);
    crema_model_free(m);
}
END_TEST

START_TEST(every_layer_is_accounted_for)
{
    save(both, 1, path[0]);
    logged[0] = '\0';
    crema_model_free(opened(other, path[0], false, 1));
    is_said("I Loaded weights of 1 layers from ", logged);
    is_said("I   loaded                       1: one\n", logged);
    is_said("I   skipped, not in the net      1: two\n", logged);
    is_said("W   missing, left as they are    1: new\n", logged);
}
END_TEST

/* A hundred names do not fit into a line, their number does. */
START_TEST(long_lists_are_counted)
{
    enum { N = 100 };
    char *text = calloc(N + 2, 300), name[64];
    size_t n = 0;

    n += (size_t)sprintf(text + n, "%s", first);
    for (int i = 0; i < N; i++)
        n += (size_t)sprintf(
            text + n,
            "layer { name: 'a_layer_%d' type: 'Bias' bottom: 'x' top: 't%d' }",
            i, i);
    save(text, 1, path[0]);
    logged[0] = '\0';
    crema_model_free(opened(first, path[0], false, 1));
    is_said("skipped, not in the net    100: a_layer_0, a_layer_1, ", logged);
    snprintf(name, sizeof name, "a_layer_16 and %d more\n", N - 17);
    is_said(name, logged);
    free(text);
}
END_TEST

START_TEST(names_that_nearly_agree_are_suggested)
{
    static const char misnamed[] =
        INPUT PRODUCT("One_", "x", "a") PRODUCT("quite_different", "a", "b");
    const struct crema_model_options o = { .weights = path[0] };
    struct crema_model *m;

    save(both, 1, path[0]);
    ck_assert_int_eq(try_open(misnamed, &o, &m), CREMA_EINVAL);
    is_said("no layer of this net by name", crema_ctx_message(ctx));
    is_said("in the file    2: one, two", crema_ctx_message(ctx));
    is_said("in the net     2: One_, quite_different", crema_ctx_message(ctx));
    is_said("\"one\" may be what the net calls \"One_\"",
            crema_ctx_message(ctx));
    ck_assert_ptr_null(strstr(crema_ctx_message(ctx), "\"two\" may"));
}
END_TEST

/* ---- from the application's memory --------------------------------------- */

/* Weights are read, written and saved through crema.h, before the net has run
 * and after. */
START_TEST(weights_are_the_applications)
{
    static const char one[] =
        INPUT "layer { name: 'fc' type: 'InnerProduct' bottom: 'x' top: 'y'\n"
              "  inner_product_param { num_output: 6 } }\n";
    struct crema_model *m = opened(one, NULL, false, 1), *again;
    float x[120], w[360], b[6] = { 1, 2, 3, 4, 5, 6 }, y[12], got[360];
    int64_t dims[CREMA_MODEL_DIMS];

    for (int i = 0; i < 120; i++) x[i] = 1;
    for (int i = 0; i < 360; i++) w[i] = (float)(i / 60);
    ck_assert_int_eq(crema_model_weight_shape(m, "fc", 0, dims), 2);
    ck_assert_int_eq(dims[0], 6);
    ck_assert_int_eq(dims[1], 60);
    ck_assert_int_eq(crema_model_weight_shape(m, "fc", 2, dims), -1);
    ck_assert_int_eq(crema_model_weight_shape(m, "no", 0, dims), -1);
    ck_assert_int_eq(crema_model_weight_write(m, "fc", 0, w, 360), CREMA_OK);
    run(m, x, 12, y);
    ck_assert_float_eq(y[11], 5 * 60);
    ck_assert_int_eq(crema_model_weight_write(m, "fc", 1, b, 6), CREMA_OK);
    run(m, x, 12, y);
    ck_assert_float_eq(y[11], 5 * 60 + 6);
    ck_assert_int_eq(crema_model_weight_read(m, "fc", 0, got, 360), CREMA_OK);
    ck_assert_mem_eq(got, w, sizeof w);
    ck_assert_int_eq(crema_model_weight_read(m, "fc", 0, got, 359),
                     CREMA_EINVAL);
    is_said("weights 0 of layer \"fc\" are 6x60, not 359 numbers",
            crema_ctx_message(ctx));
    ck_assert_int_eq(crema_model_weight_write(m, "fd", 0, w, 360),
                     CREMA_EINVAL);
    ck_assert_int_eq(crema_model_save(m, path[0]), CREMA_OK);
    crema_model_free(m);
    again = opened(one, NULL, false, 2);
    ck_assert_int_eq(crema_model_load(again, path[0]), CREMA_OK);
    run(again, x, 12, got);
    ck_assert_mem_eq(got, y, sizeof y);
    crema_model_free(again);
}
END_TEST

/* ---- other formats ------------------------------------------------------- */

static enum crema_status give(void *user, const struct crema_stored_blob *b,
                              int64_t at, int64_t count, float *out)
{
    (void)user;
    for (int64_t i = 0; i < count; i++)
        out[i] = (float)(100 * b->index + at + i);
    return CREMA_OK;
}

/* A format that keeps shared weights with their first layer only. */
START_TEST(owners_have_what_others_share)
{
    static const char sharing[] =
        INPUT "layer { name: 'p' type: 'Bias' bottom: 'x' top: 'y'\n"
              "  param { name: 'w' } bias_param { axis: 1 } }\n"
              "layer { name: 'q' type: 'Bias' bottom: 'y' top: 'z'\n"
              "  param { name: 'w' } bias_param { axis: 1 } }\n";
    struct crema_stored_blob b = { .ndims = 1, .dims = { 3 }, .count = 3 };
    struct crema_stored_layer q = { .name = "q", .type = "Bias" };
    struct crema_stored_layer p = {
        .name = "p", .type = "Bias", .nblobs = 1, .blobs = &b, .next = &q
    };
    struct crema_weight_source from = {
        .path = "made up", .layers = &p, .owners_only = true, .read = give
    };
    struct crema_model *m = opened(sharing, NULL, false, 1);
    struct crema_load_report report;
    float got[3];

    ck_assert_int_eq(crema_net_take_weights(crema_model_net(m), &from, &report),
                     CREMA_OK);
    ck_assert_int_eq(report.loaded, 1);
    ck_assert_int_eq(report.missing, 0);
    weight_of(m, "q", 3, got);
    ck_assert_float_eq(got[2], 2);
    b.index = 1; /* not the blob that p has */
    ck_assert_int_eq(crema_net_take_weights(crema_model_net(m), &from, NULL),
                     CREMA_EINVAL);
    crema_model_free(m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("load");
    TCase *tc = tcase_create("load");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, connected_layers_become_convolutions);
    tcase_add_test(tc, other_first_sizes_stay_refused);
    tcase_add_test(tc, the_last_file_wins);
    tcase_add_test(tc, every_layer_is_accounted_for);
    tcase_add_test(tc, long_lists_are_counted);
    tcase_add_test(tc, names_that_nearly_agree_are_suggested);
    tcase_add_test(tc, weights_are_the_applications);
    tcase_add_test(tc, owners_have_what_others_share);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
