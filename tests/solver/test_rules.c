/* test_rules.c - decay apart from the gradient, rates of each weight's own,
 * momentum that changes: trajectories of one weight beside the solver's.
 *
 *   y = w x, x = 2, L = 3 y: the gradient is 6 whatever w is, w begins at 0.5
 */
#include "rig.h"
#include "support/suite.h"

#include <math.h>

#define NET(head, param)                                                       \
    "net_param { " head "\n"                                                   \
    "  layer { name: 'x' type: 'DummyData' top: 'x' dummy_data_param {\n"      \
    "    shape { dim: 1 dim: 1 } data_filler { value: 2 } } }\n"               \
    "  layer { name: 'w' type: 'InnerProduct' bottom: 'x' top: 'y'\n"          \
    "    loss_weight: 3 " param "\n"                                           \
    "    inner_product_param { num_output: 1 bias_term: false\n"               \
    "      weight_filler { value: 0.5 } } }\n"                                 \
    "}\n"                                                                      \
    "max_iter: 8 base_lr: 0.01 random_seed: 1\n"                               \
    "snapshot_after_train: false snapshot_prefix: 'out'\n"

struct weight {
    double w, h, v, correlation;
};
typedef void step_fn(struct weight *, int t);

static void sgdw(struct weight *s, int t)
{
    (void)t;
    s->w *= 1 - 0.01 * 0.5;
    s->h = 0.9 * s->h + 0.01 * 6;
    s->w -= s->h;
}

/* lr_mult 2, decay_mult 3; poly with power 1 over 8 iterations */
static void sgdw_falling(struct weight *s, int t)
{
    double rate = 0.02 * (1 - t / 8.0);

    s->w *= 1 - rate * 0.5 * 3;
    s->w -= rate * 6;
}

static void adam_step(struct weight *s, int t, double g, double rate)
{
    s->h = 0.9 * s->h + 0.1 * g;
    s->v = 0.99 * s->v + 0.01 * g * g;
    s->w -= rate * sqrt(1 - pow(0.99, t + 1)) / (1 - pow(0.9, t + 1)) * s->h /
            (sqrt(s->v) + 1e-3);
}

static void adamw(struct weight *s, int t)
{
    s->w *= 1 - 0.01 * 0.5;
    adam_step(s, t, 6, 0.01);
}

static void adam(struct weight *s, int t)
{
    adam_step(s, t, 6 + 0.5 * s->w, 0.01);
}

static void momentum_poly(struct weight *s, int t)
{
    s->h = (0.5 + 0.4 * pow(t / 8.0, 2)) * s->h + 0.01 * 6;
    s->w -= s->h;
}

static void momentum_opt(struct weight *s, int t)
{
    (void)t;
    s->h = 0.95 * 0.95 * s->h + 0.01 * 6; /* (1 - sqrt(0.01) / 2)^2 */
    s->w -= s->h;
}

static void decay_poly(struct weight *s, int t)
{
    s->w -= 0.01 * (6 + (0.1 + 0.7 * t / 8.0) * s->w);
}

static void larc_scale(struct weight *s, int t)
{
    double rate = 0.01 * (1 - 0.9) * 2 * fabs(s->w) / 6;

    (void)t;
    s->h = 0.9 * s->h + rate * (6 + 0.5 * s->w);
    s->w -= s->h;
}

static void larc_clip(struct weight *s, int t)
{
    double local = 0.2 * fabs(s->w) / 6;

    (void)t;
    s->w -= (local < 0.01 ? local : 0.01) * 6;
}

/* The direction of g is that of h from the second step on. */
static void larc_turbo(struct weight *s, int t)
{
    double cosine = t > 0 ? (s->h > 0 ? 1 : -1) : 0;

    s->correlation = 0.95 * s->correlation + 0.05 * cosine;
    s->h = 0.5 * s->h +
           0.01 * (0.5 * 4 * fabs(s->w) / 6 - 0.9 * s->correlation) * 6;
    s->w -= s->h;
}

/* The sum of three, 18, is clipped to 2, then divided. */
static void larc_clipped(struct weight *s, int t)
{
    double g = 2.0 / 3;

    (void)t;
    s->w -= 0.01 * 2 * fabs(s->w) / g * g;
}

static void local_auto(struct weight *s, int t)
{
    double rate = 0.01 * 3 * fabs(s->w) / (6 + 0.5 * fabs(s->w));

    (void)t;
    s->w -= rate * (6 + 0.5 * s->w);
}

#define FIXED "lr_policy: 'fixed' "
static const struct {
    const char *text;
    step_fn *step;
} cases[] = {
    { NET("", "") FIXED "type: 'SGDW' momentum: 0.9 weight_decay: 0.5", sgdw },
    { NET("", "param { lr_mult: 2 decay_mult: 3 }") "lr_policy: 'poly' "
                                                    "power: 1 type: 'SGDW' "
                                                    "weight_decay: 0.5",
      sgdw_falling },
    { NET("", "") FIXED "type: 'AdamW' momentum: 0.9 momentum2: 0.99 "
                        "delta: 1e-3 weight_decay: 0.5",
      adamw },
    { NET("", "") FIXED "type: 'Adam' momentum: 0.9 momentum2: 0.99 "
                        "delta: 1e-3 weight_decay: 0.5",
      adam },
    { NET("", "") FIXED "momentum: 0.5 momentum_policy: 'poly' "
                        "max_momentum: 0.9 momentum_power: 2",
      momentum_poly },
    { NET("", "") FIXED "momentum_policy: 'opt'", momentum_opt },
    { NET("", "") FIXED "weight_decay: 0.1 weight_decay_policy: 'poly' "
                        "max_weight_decay: 0.8",
      decay_poly },
    { NET("", "") FIXED "larc: true larc_eta: 2 momentum: 0.9 "
                        "weight_decay: 0.5",
      larc_scale },
    /* lr_mult gives way */
    { NET("", "param { lr_mult: 7 }") FIXED "larc: true larc_policy: 'clip' "
                                            "larc_eta: 0.2",
      larc_clip },
    { NET("", "") FIXED "larc: true larc_eta: 4 larc_turbo: true "
                        "momentum: 0.5",
      larc_turbo },
    { NET("global_grad_scale: 1000", "") FIXED "larc: true larc_eta: 2 "
                                               "clip_gradients: 2 iter_size: 3",
      larc_clipped },
    { NET("", "") FIXED "local_lr_auto: true local_gw_ratio: 3 "
                        "weight_decay: 0.5",
      local_auto },
};
enum { CASES = sizeof cases / sizeof *cases };

static void follow(struct rig *r, step_fn *step, struct weight *s, int from,
                   int to)
{
    for (int t = from; t < to; t++) {
        rig_step(r, 1);
        step(s, t);
        ck_assert_double_eq_tol((double)rig_weight(r), s->w, 2e-6);
    }
}

START_TEST(trajectory)
{
    struct weight s = { .w = 0.5 };
    struct rig *r = rig_new();

    rig_open(r, cases[_i].text, NULL);
    follow(r, cases[_i].step, &s, 0, 8);
    rig_free(r);
}
END_TEST

/* What a rule remembers is in the state. */
START_TEST(resumed_trajectory)
{
    struct weight s = { .w = 0.5 };
    struct rig *r = rig_new();

    rig_open(r, cases[_i].text, NULL);
    follow(r, cases[_i].step, &s, 0, 4);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    rig_open(r, cases[_i].text, "out_iter_4.solverstate");
    follow(r, cases[_i].step, &s, 4, 8);
    rig_free(r);
}
END_TEST

/* ---- plateau: the loss grows by itself, for w falls no more ------------- */

/* L = 3 falls while it can: by lr 0, or by a rate that a plateau lowers. */
START_TEST(plateau_watches_the_loss)
{
    struct rig *r = rig_new();

    rig_open(
        r,
        NET("", "param { lr_mult: 0 }") "lr_policy: 'plateau' plateau_winsize: "
                                        "2 plateau_winsize: 3 "
                                        "gamma: 0.1 display: 1",
        NULL);
    rig_step(r, 8);
    ck_assert_ptr_nonnull(
        strstr(r->log, "Plateau Status: Iteration 2, step = 1\n"));
    ck_assert_ptr_nonnull(
        strstr(r->log, "Plateau Status: Iteration 5, step = 2\n"));
    ck_assert_ptr_nonnull(strstr(r->log, "Iteration 1, lr = 0.01\n"));
    ck_assert_ptr_nonnull(strstr(r->log, "Iteration 4, lr = 0.001\n"));
    ck_assert_ptr_nonnull(strstr(r->log, "Iteration 5, lr = 0.0001\n"));
    ck_assert_ptr_nonnull(
        strstr(r->log, "Iteration 0, current minimum_loss = 3\n"));
    rig_free(r);
}
END_TEST

START_TEST(plateau_is_resumed)
{
    static const char text[] =
        NET("", "param { lr_mult: 0 }") "lr_policy: 'plateau' gamma: 0.1 "
                                        "plateau_winsize: 5 display: 1";
    struct rig *r = rig_new();

    rig_open(r, text, NULL);
    rig_step(r, 3);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    rig_open(r, text, "out_iter_3.solverstate");
    rig_step(r, 5);
    ck_assert_ptr_nonnull(
        strstr(r->log, "Plateau Status: Iteration 5, step = 1\n"));
    rig_free(r);
}
END_TEST

/* ---- debug_info ---------------------------------------------------------- */

START_TEST(debug_info_has_caffes_lines)
{
    static const char *const lines[] = {
        "    [Forward] Layer x, top blob x data: 2\n"
        "    [Forward] Layer w, top blob y data: 1\n"
        "    [Forward] Layer w, param blob 0 data: 0.5\n"
        "    [Backward] Layer w, param blob 0 diff: 6\n"
        "    [Backward] All net params (data, diff): L1 norm = (0.5, 6); L2 "
        "norm = (0.5, 6)\n"
        "    [Update] Layer w, param 0 data: 0.5; diff: 0.06",
        "    [Forward] Layer w, param blob 0 data: 0.44\n",
    };
    struct rig *r = rig_new();

    rig_open(r, NET("", "") FIXED "debug_info: true", NULL);
    rig_step(r, 2);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(strstr(r->log, lines[i]) != NULL, "no \"%s\" in\n%s",
                      lines[i], r->log);
    ck_assert_double_eq_tol((double)rig_weight(r), 0.38, 1e-6);
    rig_free(r);
}
END_TEST

/* ---- what is carried from pass to pass ----------------------------------- */

/* Sequences that never begin anew. */
#define LSTM                                                                   \
    "net_param {\n"                                                            \
    "  layer { name: 'in' type: 'DummyData' top: 'x' top: 'cont' top: 'z'\n"   \
    "    dummy_data_param { shape { dim: 2 dim: 3 dim: 4 }\n"                  \
    "      shape { dim: 2 dim: 3 } shape { dim: 2 dim: 3 dim: 5 }\n"           \
    "      data_filler { type: 'gaussian' std: 1 } data_filler { value: 1 }\n" \
    "      data_filler { type: 'gaussian' std: 1 } } }\n"                      \
    "  layer { name: 'rnn' type: 'LSTM' bottom: 'x' bottom: 'cont' top: 'y'\n" \
    "    recurrent_param { num_output: 5\n"                                    \
    "      weight_filler { type: 'gaussian' std: 1 } } }\n"                    \
    "  layer { name: 'loss' type: 'EuclideanLoss' bottom: 'y' bottom: 'z'\n"   \
    "    top: 'loss' } }\n"                                                    \
    "lr_policy: 'fixed' base_lr: 0.1 max_iter: 8 random_seed: 5\n"             \
    "snapshot_prefix: 'out' test_iter: 2 test_interval: 3\n"

START_TEST(carried_states_are_resumed)
{
    struct rig *r = rig_new();

    rig_open(r, LSTM, NULL);
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert_int_eq(rename("out_iter_8.caffemodel", "weights"), 0);
    ck_assert_int_eq(rename("out_iter_8.solverstate", "state"), 0);
    rig_open(r, LSTM, NULL);
    rig_step(r, 4);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    rig_open(r, LSTM, "out_iter_4.solverstate");
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert(rig_same("out_iter_8.caffemodel", "weights"));
    ck_assert(rig_same("out_iter_8.solverstate", "state"));
    rig_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rules");
    TCase *all = tcase_create("rules");

    tcase_add_loop_test(all, trajectory, 0, CASES);
    tcase_add_loop_test(all, resumed_trajectory, 0, CASES);
    tcase_add_test(all, plateau_watches_the_loss);
    tcase_add_test(all, plateau_is_resumed);
    tcase_add_test(all, debug_info_has_caffes_lines);
    tcase_add_test(all, carried_states_are_resumed);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
