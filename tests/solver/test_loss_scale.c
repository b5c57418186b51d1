/* test_loss_scale.c - gradients are scaled on their way, by what finds itself.
 *
 *   y = w x, x = 2, L = 3 max(y, 0): the gradient is 6 whatever w is, w begins
 * at 0.5; with a rate of 2^-20 each step takes 6 2^-20, to the bit
 */
#include "device/backend.h"
#include "device/formula/loss_scale.h"
#include "rig.h"
#include "support/cuda_on_host.h"
#include "support/suite.h"

#include <math.h>

#define NET(head, more)                                                        \
    "net_param { " head "\n"                                                   \
    "  layer { name: 'x' type: 'DummyData' top: 'x' dummy_data_param {\n"      \
    "    shape { dim: 1 dim: 1 } data_filler { value: 2 } } }\n"               \
    "  layer { name: 'w' type: 'InnerProduct' bottom: 'x' top: 'y'\n"          \
    "    inner_product_param { num_output: 1\n"                                \
    "      bias_term: false weight_filler { value: 0.5 } } }\n"                \
    "  layer { name: 'relu' type: 'ReLU' bottom: 'y' top: 'z'\n"               \
    "    loss_weight: 3 }\n"                                                   \
    "}\n"                                                                      \
    "max_iter: 40 lr_policy: 'fixed' base_lr: 9.5367431640625e-7\n"            \
    "random_seed: 1 snapshot_prefix: 'out' snapshot_after_train: false\n" more

#define ADAPTIVE "global_grad_scale_adaptive: true "

static const float STEP = 6.0f / (1 << 20);

static void open_on(struct rig *r, const char *device, const char *math,
                    const char *text)
{
    crema_device_free(r->dev);
    ck_assert_int_eq(strncmp(device, "cuda", 4) == 0
                         ? cuda_on_host_open(r->ctx, device, &r->dev)
                         : crema_device_open(r->ctx, device, 1, &r->dev),
                     CREMA_OK);
    if (math) ck_assert_int_eq(crema_device_set_math(r->dev, math), CREMA_OK);
    rig_open(r, text, NULL);
}

static void hold_scale(struct rig *r, float scale, float steps)
{
    float now[2];

    ck_assert_int_eq(
        crema_param_read(&crema_solver_net(r->solver)->world->loss_scale, 0, 2,
                         now),
        CREMA_OK);
    ck_assert_float_eq(now[0], scale);
    ck_assert_float_eq(now[1], steps);
}

/* ---- the rule -------------------------------------------------------------
 */

START_TEST(rule)
{
    const struct crema_loss_scaling s = { -1, 3 }, clips = { 2, 3 };
    float state[2] = { 8, 0 };

    ck_assert_float_eq(crema_loss_scale_step(&s, 1, state), 0.125f);
    ck_assert_float_eq(crema_loss_scale_step(&s, 0, state), 0.125f);
    ck_assert_float_eq(state[1], 2);
    ck_assert_float_eq(crema_loss_scale_step(&s, 1, state), 0.125f);
    ck_assert_float_eq(state[0], 16);
    ck_assert_float_lt(crema_loss_scale_step(&s, INFINITY, state), 0);
    ck_assert_float_lt(crema_loss_scale_step(&s, NAN, state), 0);
    ck_assert_float_eq(state[0], 4);
    ck_assert_float_eq(state[1], 0);
    /* a norm of 12 / 4 is cut to 2 */
    ck_assert_float_eq_tol(crema_loss_scale_step(&clips, 144, state),
                           2.0f / 3 / 4, 1e-7f);
    ck_assert_float_eq(crema_loss_scale_step(&clips, 64, state), 0.25f);
}
END_TEST

/* It never gets out of what floats hold. */
START_TEST(bounds)
{
    const struct crema_loss_scaling s = { -1, 1 };
    float state[2] = { 1, 0 };

    for (int i = 0; i < 400; i++) crema_loss_scale_step(&s, INFINITY, state);
    ck_assert_float_eq(state[0], CREMA_LEAST_SCALE);
    for (int i = 0; i < 400; i++)
        ck_assert_float_gt(crema_loss_scale_step(&s, 1, state), 0);
    ck_assert_float_eq(state[0], CREMA_MOST_SCALE);
}
END_TEST

/* ---- runs ---------------------------------------------------------------- */

static const char *const devices[] = { "ref", "cpu", CUDA_ON_HOST,
                                       CUDA_ON_HOST_LAST };
enum { DEVICES = sizeof devices / sizeof *devices };

/* A scale that nothing overflows with changes nothing. */
START_TEST(exact)
{
    struct rig *r = rig_new();

    open_on(r, devices[_i], NULL,
            NET(ADAPTIVE "global_grad_scale: 1024", "momentum: 0.5"));
    rig_step(r, 2);
    hold_scale(r, 1024, 2);
    ck_assert_float_eq(rig_weight(r), 0.5f - 2.5f * STEP);
    rig_free(r);
}
END_TEST

/* 6 2^66 is too large, squared, for a float, 6 2^61 is not: five steps are left
 * out, decay and history too. */
START_TEST(overflow)
{
    struct rig *r = rig_new();

    open_on(r, devices[_i], NULL,
            NET(ADAPTIVE "global_grad_scale: 73786976294838206464",
                "momentum: 0.5 weight_decay: 0.5"));
    rig_step(r, 5);
    hold_scale(r, 2305843009213693952.0f, 0);
    ck_assert_float_eq(rig_weight(r), 0.5f);
    rig_step(r, 1);
    hold_scale(r, 2305843009213693952.0f, 1);
    ck_assert_float_eq(rig_weight(r), 0.5f - 6.25f / (1 << 20));
    rig_free(r);
}
END_TEST

/* iter_size sums what is scaled alike, and one bad part spoils the step, not
 * the next one. */
START_TEST(sums)
{
    struct rig *r = rig_new();

    open_on(
        r, devices[_i], NULL,
        NET(ADAPTIVE "global_grad_scale: 4611686018427387904", "iter_size: 2"));
    rig_step(r, 3);
    hold_scale(r, 1152921504606846976.0f, 1);
    ck_assert_float_eq(rig_weight(r), 0.5f - STEP);
    rig_free(r);
}
END_TEST

/* fp16 adapts by itself: 3 2^16 and 3 2^15, of y, and 6 2^14, of w, are beyond
 * its 65504. */
START_TEST(fp16)
{
    struct rig *r = rig_new();

    open_on(r, CUDA_ON_HOST, "fp16", NET("", ""));
    rig_step(r, 12);
    hold_scale(r, 8192, 9);
    ck_assert_float_eq_tol(rig_weight(r), 0.5f - 9 * STEP, 1e-7f);
    rig_free(r);
}
END_TEST

/* What the net says goes before. */
START_TEST(fp16_fixed)
{
    struct rig *r = rig_new();

    open_on(r, CUDA_ON_HOST, "fp16", NET("global_grad_scale: 64", ""));
    ck_assert(!crema_solver_net(r->solver)->adapts);
    rig_step(r, 12);
    ck_assert_float_eq_tol(rig_weight(r), 0.5f - 12 * STEP, 1e-7f);
    rig_free(r);
}
END_TEST

/* The scale and its age are part of the state. */
START_TEST(resumed)
{
    const char *text =
        NET(ADAPTIVE "global_grad_scale: 73786976294838206464", "momentum: .5");
    struct rig *r = rig_new();

    rig_open(r, text, NULL);
    rig_step(r, 9);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    ck_assert_int_eq(rename("out_iter_9.solverstate", "whole"), 0);
    rig_open(r, text, NULL);
    rig_step(r, 7);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    rig_open(r, text, "out_iter_7.solverstate");
    hold_scale(r, 2305843009213693952.0f, 2);
    rig_step(r, 2);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    ck_assert(rig_same("whole", "out_iter_9.solverstate"));
    rig_free(r);
}
END_TEST

/* Gradients that no scale makes finite are no reason to go on in silence. */
START_TEST(hopeless)
{
    struct rig *r = rig_new();

    rig_open(
        r,
        NET(ADAPTIVE "global_grad_scale: 1.1920928955078125e-7", "display: 4"),
        NULL);
    r->param->base_lr = 0;
    crema_solver_net(r->solver)->loss[0].weight = INFINITY;
    ck_assert_int_eq(crema_net_record(crema_solver_net(r->solver)), CREMA_OK);
    ck_assert_int_ne(crema_solver_step(r->solver, 20), CREMA_OK);
    rig_free(r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("loss scale");
    TCase *tc = tcase_create("it adapts");

    tcase_add_test(tc, rule);
    tcase_add_test(tc, bounds);
    tcase_add_loop_test(tc, exact, 0, DEVICES);
    tcase_add_loop_test(tc, overflow, 0, DEVICES);
    tcase_add_loop_test(tc, sums, 0, DEVICES);
    tcase_add_test(tc, fp16);
    tcase_add_test(tc, fp16_fixed);
    tcase_add_test(tc, resumed);
    tcase_add_test(tc, hopeless);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
