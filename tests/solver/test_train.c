/* test_train.c - trajectories of one weight, worked out beside the solver.
 *
 *   y = w x, x = 2, L = 3 y: the gradient is 6 whatever w is, w begins at 0.5
 */
#include "rig.h"
#include "support/suite.h"

#include <math.h>

#define NET(param) NET_WITH("", param)
#define NET_WITH(head, param)                                                  \
    "net_param { " head "\n"                                                   \
    "  layer { name: 'x' type: 'DummyData' top: 'x' dummy_data_param {\n"      \
    "    shape { dim: 1 dim: 1 } data_filler { value: 2 } } }\n"               \
    "  layer { name: 'w' type: 'InnerProduct' bottom: 'x' top: 'y'\n"          \
    "    loss_weight: 3 " param "\n"                                           \
    "    inner_product_param { num_output: 1 bias_term: false\n"               \
    "      weight_filler { value: 0.5 } } }\n"                                 \
    "}\n"                                                                      \
    "max_iter: 5 lr_policy: 'fixed' base_lr: 0.01 random_seed: 1\n"            \
    "snapshot_after_train: false\n"

struct numbers {
    const char *text;
    double rate, momentum, decay; /* of this weight */
    bool l1;
    double gradient;
};

static const struct numbers cases[] = {
    { NET(""), 0.01, 0, 0, false, 6 },
    { NET("") "momentum: 0.9", 0.01, 0.9, 0, false, 6 },
    { NET("") "momentum: 0.9 weight_decay: 0.5", 0.01, 0.9, 0.5, false, 6 },
    { NET("") "weight_decay: 0.5 regularization_type: 'L1'", 0.01, 0, 0.5, true,
      6 },
    { NET("param { lr_mult: 2 decay_mult: 3 }") "weight_decay: 0.1", 0.02, 0,
      0.3, false, 6 },
    { NET("param { lr_mult: 0 }") "weight_decay: 0.1", 0, 0, 0.1, false, 6 },
    /* the mean over iter_size batches */
    { NET("") "iter_size: 3 momentum: 0.5", 0.01, 0.5, 0, false, 6 },
    /* clipped to norm 2, before decay */
    { NET("") "clip_gradients: 2 weight_decay: 0.5", 0.01, 0, 0.5, false, 2 },
    { NET("") "clip_gradients: 7", 0.01, 0, 0, false, 6 },
    /* the sum of three, 18, is clipped to 2, then divided */
    { NET("") "clip_gradients: 2 iter_size: 3", 0.01, 0, 0, false, 2.0 / 3 },
    /* larger on the way, not at the end */
    { NET_WITH("global_grad_scale: 1000", "") "weight_decay: 0.5", 0.01, 0, 0.5,
      false, 6 },
    { NET_WITH("global_grad_scale: 1000", "") "clip_gradients: 2 iter_size: 3",
      0.01, 0, 0, false, 2.0 / 3 },
};
enum { CASES = sizeof cases / sizeof *cases };

START_TEST(trajectory)
{
    const struct numbers *c = &cases[_i];
    double w = 0.5, h = 0;
    struct rig *r = rig_new();

    rig_open(r, c->text, NULL);
    for (int i = 0; i < 5; i++) {
        double g = c->gradient + c->decay * (c->l1 ? (w > 0) - (w < 0) : w);

        rig_step(r, 1);
        h = c->momentum * h + c->rate * g;
        w -= h;
        ck_assert_double_eq_tol((double)rig_weight(r), w, 1e-6);
    }
    rig_free(r);
}
END_TEST

/* A weight to which nothing flows back still decays, as in Caffe. */
START_TEST(idle_weight_decays)
{
    static const char text[] =
        "net_param { layer { name: 'x' type: 'DummyData' top: 'x'\n"
        "  dummy_data_param { shape { dim: 1 dim: 1 } } }\n"
        "  layer { name: 'w' type: 'InnerProduct' bottom: 'x' top: 'y'\n"
        "    inner_product_param { num_output: 1 bias_term: false\n"
        "      weight_filler { value: 1 } } } }\n"
        "max_iter: 2 lr_policy: 'fixed' base_lr: 0.1 weight_decay: 0.5\n"
        "random_seed: 1 snapshot_after_train: false";
    struct rig *r = rig_new();

    rig_open(r, text, NULL);
    rig_step(r, 2);
    ck_assert_double_eq_tol((double)rig_weight(r), 0.95 * 0.95, 1e-6);
    rig_free(r);
}
END_TEST

/* L falls by 0.36 a step: 3, 2.64, 2.28 ... */
START_TEST(log_has_caffes_lines)
{
    static const char *const lines[] = {
        "Creating training net specified in net_param.\n",
        "Learning Rate Policy: fixed\n",
        "\nIteration 0, Testing net (#0)\n    Test net output #0: y = 1 (* 3 "
        "= 3 loss)\n",
        "s/2 iters), loss = 3\n    Train net output #0: y = 1 (* 3 = 3 loss)\n"
        "Iteration 0, lr = 0.01\n",
        /* the mean of the last two */
        "s/2 iters), loss = 2.46\n    Train net output #0: y = 0.76 (* 3 = "
        "2.28 loss)\nIteration 2, lr = 0.01\n",
        "\nIteration 3, Testing net (#0)\n",
        "\nSnapshotting to binary proto file out_iter_4.caffemodel\n"
        "Snapshotting solver state to binary proto file "
        "out_iter_4.solverstate\n",
        "\nIteration 4, loss = 1.74\nOptimization Done.\n",
    };
    struct rig *r = rig_new();

    rig_open(r,
             "net_param {\n"
             "  layer { name: 'x' type: 'DummyData' top: 'x'\n"
             "    dummy_data_param { shape { dim: 1 dim: 1 }\n"
             "    data_filler { value: 2 } } }\n"
             "  layer { name: 'w' type: 'InnerProduct' bottom: 'x' top: 'y'\n"
             "    loss_weight: 3 inner_product_param { num_output: 1\n"
             "    bias_term: false weight_filler { value: 0.5 } } } }\n"
             "max_iter: 4 lr_policy: 'fixed' base_lr: 0.01 random_seed: 1\n"
             "display: 2 average_loss: 2 test_iter: 2 test_interval: 3\n"
             "snapshot_prefix: 'out'",
             NULL);
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(strstr(r->log, lines[i]) != NULL, "no \"%s\" in\n%s",
                      lines[i], r->log);
    rig_free(r);
}
END_TEST

/* ---- definitions that nobody can train by ------------------------------- */

static const struct {
    const char *text, *says;
} refusals[] = {
    { "lr_policy: 'fixed' max_iter: 1", "no net to train" },
    { "net: 'a' train_net: 'b' lr_policy: 'fixed' max_iter: 1",
      "2 training nets" },
    { "net: 'nope.prototxt' lr_policy: 'fixed' max_iter: 1",
      "solver.prototxt:1:1: cannot open net nope.prototxt" },
    { "net: 'a' max_iter: 1", "lr_policy is missing" },
    { "net: 'a' lr_policy: 'fixd' max_iter: 1", "did you mean \"fixed\"?" },
    { "net: 'a' lr_policy: 'step' max_iter: 1", "stepsize of at least 1" },
    { "net: 'a' lr_policy: 'fixed'", "max_iter is missing" },
    { "net: 'a' lr_policy: 'fixed' max_iter: 1 type: 'Sgd'",
      "did you mean \"SGD\"?" },
    { "net: 'a' lr_policy: 'fixed' max_iter: 1 iter_size: 0",
      "iter_size must be at least 1" },
    { "net: 'a' lr_policy: 'fixed' max_iter: 1 regularization_type: 'L3'",
      "there are L1, L2" },
    { "net: 'a' lr_policy: 'fixed' max_iter: 1 test_iter: 2",
      "test_iter without test_interval" },
    { "net: 'a' lr_policy: 'fixed' max_iter: 1 test_net: 'b'",
      "0 test_iter for 1 test nets" },
    { "net: 'a' lr_policy: 'fixed' max_iter: 1 lookahead: true",
      "lookahead, which only some forks" },
    { "net: 'nope' lr_policy: 'fixed' max_iter: 1 larc: false eval_type: 'x'",
      "cannot open net nope" },
};
enum { REFUSALS = sizeof refusals / sizeof *refusals };

START_TEST(refusal)
{
    struct rig *r = rig_new();

    ck_assert_int_ne(rig_try(r, refusals[_i].text, NULL), CREMA_OK);
    ck_assert_msg(strstr(crema_ctx_message(r->ctx), refusals[_i].says) != NULL,
                  "%s", crema_ctx_message(r->ctx));
    rig_free(r);
}
END_TEST

/* A seed that was not given is drawn, and said. */
START_TEST(seed_is_said)
{
    struct rig *r = rig_new();

    rig_open(r,
             "net_param { layer { name: 'x' type: 'DummyData' top: 'x'\n"
             "  dummy_data_param { shape { dim: 1 } } } }\n"
             "lr_policy: 'fixed' max_iter: 1",
             NULL);
    ck_assert_ptr_nonnull(strstr(r->log, "random_seed: "));
    rig_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train");
    TCase *all = tcase_create("train");

    tcase_add_loop_test(all, trajectory, 0, CASES);
    tcase_add_test(all, idle_weight_decays);
    tcase_add_test(all, log_has_caffes_lines);
    tcase_add_loop_test(all, refusal, 0, REFUSALS);
    tcase_add_test(all, seed_is_said);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
