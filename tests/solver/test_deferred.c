/* test_deferred.c - on a device that nobody waits for, losses come to light
 * later; the log, the weights and the reason of a failure are the same.
 *
 * The device is the CUDA one, run on the host.
 */
#include "rig.h"
#include "support/cuda_on_host.h"
#include "support/suite.h"

#include <math.h>

/* The label is constant, the data random; weight 2 for a second loss. */
#define NET                                                                    \
    "net_param {\n"                                                            \
    "  layer { name: 'in' type: 'DummyData' top: 'x' top: 'label'\n"           \
    "    dummy_data_param { shape { dim: 4 dim: 6 } shape { dim: 4 }\n"        \
    "      data_filler { type: 'gaussian' std: 1 }\n"                          \
    "      data_filler { value: 1 } } }\n"                                     \
    "  layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'z'\n"         \
    "    inner_product_param { num_output: 3\n"                                \
    "      weight_filler { type: 'gaussian' std: 0.1 } } }\n"                  \
    "  layer { name: 'drop' type: 'Dropout' bottom: 'z' top: 'z' }\n"          \
    "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'z'\n"             \
    "    bottom: 'label' top: 'loss' }\n"                                      \
    "  layer { name: 'more' type: 'SoftmaxWithLoss' bottom: 'z'\n"             \
    "    bottom: 'label' top: 'more' loss_weight: 2 }\n"                       \
    "}\n"                                                                      \
    "momentum: 0.9 weight_decay: 0.01 random_seed: 7\n"                        \
    "snapshot_prefix: 'out'\n"

static const char *const runs[] = {
    /* more iterations than the ring has places, seldom shown */
    NET "lr_policy: 'step' stepsize: 20 gamma: 0.5 base_lr: 0.05\n"
        "max_iter: 150 display: 100 average_loss: 90\n",
    NET "lr_policy: 'fixed' base_lr: 0.05 max_iter: 40 display: 1\n",
    NET "lr_policy: 'fixed' base_lr: 0.05 max_iter: 50 display: 7\n"
        "iter_size: 3 average_loss: 5 clip_gradients: 0.5\n",
    /* each iteration fills the ring, or is too large for it */
    NET "lr_policy: 'fixed' base_lr: 0.05 max_iter: 3 display: 2\n"
        "iter_size: 64\n",
    NET "lr_policy: 'fixed' base_lr: 0.05 max_iter: 2 display: 1\n"
        "iter_size: 65\n",
    /* snapshots and tests in between */
    NET "lr_policy: 'fixed' base_lr: 0.05 max_iter: 30 display: 9\n"
        "average_loss: 4 snapshot: 11 test_iter: 2 test_interval: 8\n",
};
enum { RUNS = sizeof runs / sizeof *runs };

struct trial {
    enum crema_status status;
    char *log, *why;
    float weight;
    int iter;
};

static struct trial train(const char *text, bool deferred, float wild)
{
    struct rig *r = rig_new();
    struct trial t;

    if (deferred) {
        crema_device_free(r->dev);
        ck_assert_int_eq(cuda_on_host_open(r->ctx, CUDA_ON_HOST, &r->dev),
                         CREMA_OK);
    }
    rig_open(r, text, NULL);
    if (wild != 0) {
        rig_step(r, 5);
        r->param->base_lr = wild;
    }
    t.status = crema_solver_run(r->solver);
    ck_assert(crema_net_is_deferring(crema_solver_net(r->solver)) == deferred ||
              t.status != CREMA_OK);
    t.weight = rig_weight(r);
    t.iter = crema_solver_progress(r->solver).iter;
    t.why = strdup(t.status == CREMA_OK ? "" : crema_ctx_message(r->ctx));
    t.log = strdup(r->log);
    rig_free(r);
    return t;
}

static void compare(const char *text, float wild, enum crema_status status)
{
    struct trial a = train(text, false, wild), b = train(text, true, wild);

    ck_assert_int_eq(a.status, status);
    ck_assert_int_eq(b.status, status);
    ck_assert_str_eq(a.why, b.why);
    ck_assert_int_eq(a.iter, b.iter);
    /* a rate that wild may leave infinity behind */
    if (a.weight != b.weight)
        ck_assert_float_eq_tol(a.weight, b.weight,
                               1e-5f * (1 + fabsf(a.weight)));
    free(a.log);
    free(a.why);
    free(b.log);
    free(b.why);
}

START_TEST(the_run_is_the_same)
{
    compare(runs[_i], 0, CREMA_OK);
}
END_TEST

/* Losses in the log, to 5 digits: sums differ in the last bits. */
START_TEST(the_log_is_the_same)
{
    struct trial a = train(runs[_i], false, 0), b = train(runs[_i], true, 0);
    const char *x = a.log, *y = b.log;
    int lines = 0;

    while ((x = strstr(x, ", loss = ")) && (y = strstr(y, ", loss = "))) {
        x += 9;
        y += 9;
        ck_assert_double_eq_tol(strtod(x, NULL), strtod(y, NULL), 1e-4);
        lines++;
    }
    ck_assert_int_ge(lines, 1);
    ck_assert_ptr_null(x ? strstr(y, ", loss = ") : NULL);
    free(a.log);
    free(a.why);
    free(b.log);
    free(b.why);
}
END_TEST

/* The rate is wild from iteration 5 on: the loss breaks soon after and is seen
 * much later, but the weights are those of before, and the message names the
 * iteration. */
START_TEST(a_broken_loss_stops_learning)
{
    compare(runs[0], 1e30f, CREMA_EINVAL);
    compare(runs[2], 1e30f, CREMA_EINVAL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("deferred");
    TCase *t = tcase_create("losses");

    tcase_add_loop_test(t, the_run_is_the_same, 0, RUNS);
    tcase_add_loop_test(t, the_log_is_the_same, 0, RUNS);
    tcase_add_test(t, a_broken_loss_stops_learning);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    return run_suite(s);
}
