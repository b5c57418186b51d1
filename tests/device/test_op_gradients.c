/* test_op_gradients.c - gradients of what no layer records yet, or not alone.
 */
#include "support/gradient.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>

typedef void record(struct gradient *);

static struct crema_tensor *x_of(struct gradient *g)
{
    return gradient_input(g, "x", &CREMA_SHAPE(3, 4), GRADIENT_UNIFORM);
}

static struct crema_tensor *positive(struct gradient *g)
{
    return gradient_input(g, "p", &CREMA_SHAPE(3, 4), GRADIENT_POSITIVE);
}

/* ---- power, with the corners of its exponent ---------------------------- */

static void power(struct gradient *g, struct crema_tensor *x, float exponent,
                  float scale, float shift)
{
    const float p[CREMA_FORMULA_NUMBERS] = { exponent, scale, shift };

    gradient_output(g, crema_unary(g->p, CREMA_UNARY_power, p, x));
}

static void power_fraction(struct gradient *g)
{
    power(g, positive(g), 0.7f, 1.5f, 0.25f);
}

static void power_negative(struct gradient *g)
{
    power(g, positive(g), -0.75f, 2, 1);
}

static void power_square(struct gradient *g)
{
    power(g, x_of(g), 2, 1, 0);
}

static void power_line(struct gradient *g)
{
    power(g, x_of(g), 1, -3, 2);
}

/* ---- slices ---------------------------------------------------------------
 */

static void slice_all(struct gradient *g)
{
    const int64_t size[3] = { 1, 2, 1 };
    struct crema_tensor *y[3];

    crema_slice(g->p, 1, x_of(g), 3, size, y);
    for (int i = 0; i < 3; i++)
        gradient_output(g, crema_unary(g->p, CREMA_UNARY_tanh, NULL, y[i]));
}

/* Nothing comes back for the others: their share is 0. */
static void slice_one(struct gradient *g)
{
    const int64_t size[3] = { 1, 1, 1 };
    struct crema_tensor *y[3];

    crema_slice(g->p, 0, x_of(g), 3, size, y);
    gradient_output(g, y[1]);
}

static void concat_some(struct gradient *g)
{
    struct crema_tensor *part[3] = { x_of(g), NULL, NULL }, *y;

    part[1] = crema_fill(g->p, &CREMA_SHAPE(3, 2), 0.5f);
    part[2] = crema_unary(g->p, CREMA_UNARY_sigmoid, NULL, part[0]);
    y = crema_concat(g->p, 1, 3, part);
    gradient_output(g, crema_unary(g->p, CREMA_UNARY_tanh, NULL, y));
}

/* ---- where gradients stop or meet -----------------------------------------
 */

static void detached(struct gradient *g)
{
    struct crema_tensor *x = x_of(g), *pair[2];
    struct crema_tensor *c = gradient_weight(g, "c", &CREMA_SHAPE(3, 4));

    pair[0] = x;
    pair[1] = crema_detach(g->p, c);
    gradient_output(g, crema_product(g->p, 2, pair, true));
}

static void weights_in_two_places(struct gradient *g)
{
    struct crema_tensor *w = gradient_weight(g, "w", &CREMA_SHAPE(4, 4));
    struct crema_tensor *y = crema_inner_product(g->p, false, x_of(g), w, NULL);

    y = crema_unary(g->p, CREMA_UNARY_tanh, NULL, y);
    gradient_output(g, crema_inner_product(g->p, true, y, w, NULL));
}

static void scale_by_blob(struct gradient *g)
{
    struct crema_tensor *s =
        gradient_input(g, "s", &CREMA_SHAPE(4), GRADIENT_UNIFORM);
    struct crema_tensor *y = crema_scale(g->p, 1, x_of(g), s, s);

    gradient_output(g, crema_scale(g->p, 1, y, NULL, s));
}

static void two_outputs_of_one(struct gradient *g)
{
    struct crema_tensor *y = crema_unary(g->p, CREMA_UNARY_tanh, NULL, x_of(g));

    gradient_output(g, y);
    gradient_output(g, crema_view(g->p, &CREMA_SHAPE(12), y));
}

/* ---- the user's own C: y0 = x0 x1, y1 = x0^2 ---------------------------- */

static enum crema_status host_forward(void *state, struct crema_ctx *ctx,
                                      int nx, const struct crema_host_tensor *x,
                                      int ny, const struct crema_host_tensor *y)
{
    int64_t n = crema_shape_count(&x[0].shape);

    (void)state, (void)ctx, (void)nx, (void)ny;
    for (int64_t i = 0; i < n; i++) {
        y[0].diff[i] = x[0].data[i] * x[1].data[i];
        y[1].diff[i] = x[0].data[i] * x[0].data[i];
    }
    return CREMA_OK;
}

static enum crema_status host_backward(void *state, struct crema_ctx *ctx,
                                       int nx,
                                       const struct crema_host_tensor *x,
                                       int ny,
                                       const struct crema_host_tensor *y)
{
    int64_t n = crema_shape_count(&x[0].shape);

    (void)state, (void)ctx, (void)nx, (void)ny;
    for (int64_t i = 0; i < n; i++) {
        float d0 = y[0].data ? y[0].data[i] : 0;
        float d1 = y[1].data ? y[1].data[i] : 0;

        if (x[0].diff) x[0].diff[i] = d0 * x[1].data[i] + 2 * d1 * x[0].data[i];
        if (x[1].diff) x[1].diff[i] = d0 * x[0].data[i];
    }
    return CREMA_OK;
}

static void host(struct gradient *g)
{
    const struct crema_host_op op = { host_forward, host_backward, NULL };
    struct crema_tensor *x[2] = { x_of(g), positive(g) }, *y[2];
    const struct crema_shape shapes[2] = { x[0]->shape, x[0]->shape };

    crema_host(g->p, &op, 2, x, 2, shapes, y);
    gradient_output(g, y[0]);
    gradient_output(g, y[1]);
}

/* Nothing comes back for y1, nobody wants dx1. */
static void host_in_part(struct gradient *g)
{
    const struct crema_host_op op = { host_forward, host_backward, NULL };
    struct crema_tensor *x[2], *y[2];
    const struct crema_shape shapes[2] = { CREMA_SHAPE(3, 4),
                                           CREMA_SHAPE(3, 4) };

    x[0] = x_of(g);
    x[1] = crema_fill(g->p, &shapes[0], 3);
    crema_host(g->p, &op, 2, x, 2, shapes, y);
    gradient_output(g, y[0]);
}

/* ref, which is given ReLUs to do with other ops. */
static enum crema_status plan_nothing(struct crema_device *dev,
                                      struct crema_op *op,
                                      struct crema_port in[],
                                      struct crema_port out[])
{
    (void)dev, (void)op, (void)in, (void)out;
    return CREMA_EUNSUPPORTED;
}

static bool any(const struct crema_op *op)
{
    (void)op;
    return true;
}

static void fuse_relus(struct gradient *g)
{
    static const struct crema_backend willing = { .name = "willing",
                                                  .plan = plan_nothing,
                                                  .fuses_relu = any };
    static const struct crema_backend *const backends[] = { &willing, NULL };
    static const struct crema_device_type type = { .name = "willing",
                                                   .host = true,
                                                   .backends = backends };

    g->dev->type = &type;
}

/* Batch norm of x, its scale and bias, and a ReLU, as few ops as may be. */
static void norm(struct gradient *g, bool global, bool s, bool b, bool relu)
{
    const struct crema_shape channels = CREMA_SHAPE(4);
    struct crema_tensor *with[2] = { NULL, NULL }, *mean, *var, *y;
    struct crema_tensor *x =
        gradient_input(g, "x", &CREMA_SHAPE(3, 4, 2, 3), GRADIENT_UNIFORM);

    fuse_relus(g);
    if (global) {
        struct crema_tensor *one = crema_fill(g->p, &CREMA_SHAPE(1), 2);

        mean = crema_fill(g->p, &channels, 0.1f);
        var = crema_fill(g->p, &channels, 1.5f);
        y = crema_batch_norm_global(g->p, 1e-3f, x, mean, var, one);
    } else {
        y = crema_batch_norm(g->p, 1e-3f, x, &mean, &var);
    }
    if (s) with[0] = gradient_weight(g, "s", &channels);
    if (b) with[1] = gradient_weight(g, "b", &channels);
    y = crema_scale(g->p, 1, y, with[0], with[1]);
    if (relu) y = crema_unary(g->p, CREMA_UNARY_relu, NULL, y);
    gradient_output(g, y);
    crema_program_keep(y);
}

static void norm_relu(struct gradient *g)
{
    norm(g, false, false, false, true);
}

static void norm_scale(struct gradient *g)
{
    norm(g, false, true, true, false);
}

static void norm_scale_relu(struct gradient *g)
{
    norm(g, false, true, true, true);
}

static void norm_scale_alone_relu(struct gradient *g)
{
    norm(g, false, true, false, true);
}

static void norm_bias(struct gradient *g)
{
    norm(g, false, false, true, false);
}

static void global_scale(struct gradient *g)
{
    norm(g, true, true, true, false);
}

static void global_scale_relu(struct gradient *g)
{
    norm(g, true, true, true, true);
}

static void global_bias(struct gradient *g)
{
    norm(g, true, false, true, false);
}

static const struct {
    const char *title;
    record *fn;
} cases[] = {
    { "batch norm and relu in one", norm_relu },
    { "batch norm and scale in one", norm_scale },
    { "batch norm, scale and relu in one", norm_scale_relu },
    { "batch norm, scale without bias and relu in one", norm_scale_alone_relu },
    { "batch norm and bias in one", norm_bias },
    { "global norm and scale in one", global_scale },
    { "global norm, scale and relu in one", global_scale_relu },
    { "global norm and bias in one", global_bias },
    { "power, a fraction", power_fraction },
    { "power, negative", power_negative },
    { "power, square", power_square },
    { "power, a line", power_line },
    { "slice", slice_all },
    { "slice, one part wanted", slice_one },
    { "concat, one part without gradient", concat_some },
    { "detach", detached },
    { "weights in two places", weights_in_two_places },
    { "scale and bias by one blob", scale_by_blob },
    { "two outputs of one tensor", two_outputs_of_one },
    { "host", host },
    { "host, in part", host_in_part },
};

START_TEST(gradient)
{
    struct gradient g;

    gradient_open(&g, cases[_i].title, true);
    cases[_i].fn(&g);
    gradient_check(&g);
}
END_TEST

/* The harness itself: a slope that is wrong is found. */
static enum crema_status wrong_backward(void *state, struct crema_ctx *ctx,
                                        int nx,
                                        const struct crema_host_tensor *x,
                                        int ny,
                                        const struct crema_host_tensor *y)
{
    CREMA_TRY(host_backward(state, ctx, nx, x, ny, y));
    x[0].diff[7] *= 1.1f;
    return CREMA_OK;
}

START_TEST(wrong)
{
    const struct crema_host_op op = { host_forward, wrong_backward, NULL };
    const struct crema_shape shapes[2] = { CREMA_SHAPE(3, 4),
                                           CREMA_SHAPE(3, 4) };
    struct crema_tensor *x[2], *y[2];
    struct gradient g;

    gradient_open(&g, "wrong on purpose", true);
    x[0] = x_of(&g);
    x[1] = positive(&g);
    crema_host(g.p, &op, 2, x, 2, shapes, y);
    gradient_output(&g, y[0]);
    gradient_output(&g, y[1]);
    gradient_check(&g);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("op gradients");
    TCase *t = tcase_create("ref"), *planted = tcase_create("planted");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(t, gradient, 0, sizeof cases / sizeof *cases);
    suite_add_tcase(s, t);
    failed = run_suite(s);
    s = suite_create("a planted fault");
    runner = srunner_create(s);
    tcase_add_test(planted, wrong);
    suite_add_tcase(s, planted);
    srunner_run_all(runner, CK_SILENT);
    failed += srunner_ntests_failed(runner) != 1;
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
