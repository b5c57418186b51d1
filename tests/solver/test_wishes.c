/* test_wishes.c - what people ask of a run: fields set from the command line,
 * the best weights, early stops, old snapshots, passes over data.
 */
#include "rig.h"

#include "data_floor/make_db.h"
#include "support/suite.h"

#define HEAD(batch)                                                            \
    "  layer { name: 'data' type: 'Data' top: 'x' top: 'label'\n"              \
    "    transform_param { scale: 0.01 }\n"                                    \
    "    data_param { source: 'db' backend: LMDB batch_size: " batch " } }\n"  \
    "  layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'z'\n"         \
    "    inner_product_param { num_output: 10\n"                               \
    "      weight_filler { type: 'xavier' } } }\n"                             \
    "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'z'\n"             \
    "    bottom: 'label' top: 'loss' }\n"                                      \
    "  layer { name: 'acc' type: 'Accuracy' bottom: 'z' bottom: 'label'\n"     \
    "    top: 'accuracy' include { phase: TEST } }\n"
#define NET(batch) "net_param {\n" HEAD(batch) "}\n"
#define REST                                                                   \
    "lr_policy: 'fixed' base_lr: 0.01 snapshot_prefix: 'out' random_seed: 3\n"

enum { RECORDS = 17 };

static struct rig *rig_with_records(void)
{
    struct rig *r = rig_new();
    struct crema_lmdb_writer *writer;

    ctx = r->ctx;
    OK(crema_lmdb_create(ctx, "db", &writer));
    for (int i = 0; i < RECORDS; i++) put_record(writer, i);
    OK(crema_lmdb_commit(writer));
    return r;
}

static void run(struct rig *r, const char *text)
{
    rig_open(r, text, NULL);
    ck_assert_msg(crema_solver_run(r->solver) == CREMA_OK, "%s",
                  crema_ctx_message(r->ctx));
}

static void said(const struct rig *r, const char *words)
{
    ck_assert_msg(strstr(r->log, words) != NULL, "no \"%s\" in\n%s", words,
                  r->log);
}

/* What stands behind `words` the last time they were said. */
static double number_behind(const struct rig *r, const char *words)
{
    const char *last = NULL;

    for (const char *at = r->log; (at = strstr(at, words)); at++) last = at;
    ck_assert_msg(last != NULL, "no \"%s\" in\n%s", words, r->log);
    return strtod(last + strlen(words), NULL);
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* ---- --set --------------------------------------------------------------- */

static enum crema_status read_with(struct rig *r, const char *set)
{
    FILE *f = fopen("solver.prototxt", "w");

    ck_assert_ptr_nonnull(f);
    fputs("net: 'a' lr_policy: 'fixed' base_lr: 1 stepvalue: 3 stepvalue: 4\n"
          "train_state { level: 2 stage: 'old' }\n"
          "test_state { stage: 'one' } test_state { stage: 'two' }",
          f);
    ck_assert_int_eq(fclose(f), 0);
    rig_close(r);
    return crema_solver_read(r->ctx, "solver.prototxt", 1, &set, &r->param,
                             &r->source);
}

static const Crema__SolverParameter *set(struct rig *r, const char *text)
{
    ck_assert_msg(read_with(r, text) == CREMA_OK, "%s: %s", text,
                  crema_ctx_message(r->ctx));
    return r->param;
}

START_TEST(fields_are_set)
{
    struct rig *r = rig_new();
    const Crema__SolverParameter *p = set(r, "base_lr=0.25");

    ck_assert_double_eq((double)p->base_lr, 0.25);
    ck_assert_str_eq(set(r, "lr_policy=step")->lr_policy, "step");
    ck_assert_str_eq(set(r, "snapshot_prefix=a\"b\\c")->snapshot_prefix,
                     "a\"b\\c");
    p = set(r, "stepvalue=7");
    ck_assert_uint_eq(p->n_stepvalue, 1);
    ck_assert_int_eq(p->stepvalue[0], 7);
    p = set(r, "stepvalue=[7, 8, 9]");
    ck_assert_uint_eq(p->n_stepvalue, 3);
    p = set(r, "stepvalue+=7");
    ck_assert_uint_eq(p->n_stepvalue, 3);
    ck_assert_int_eq(p->stepvalue[2], 7);
    p = set(r, "train_state.stage=new");
    ck_assert_uint_eq(p->train_state->n_stage, 1);
    ck_assert_str_eq(p->train_state->stage[0], "new");
    ck_assert_int_eq(p->train_state->level, 2);
    p = set(r, "base_lr: 0.5");
    ck_assert_double_eq((double)p->base_lr, 0.5);
    p = set(r, "net_param.state.stage=x");
    ck_assert_str_eq(p->net_param->state->stage[0], "x");
    p = set(r, "test_state={ level: 3 }");
    ck_assert_uint_eq(p->n_test_state, 1);
    rig_free(r);
}
END_TEST

static const struct {
    const char *set, *says;
} wrong_sets[] = {
    { "bace_lr=1", "--set bace_lr=1: there is no field \"bace_lr\" in "
                   "SolverParameter; did you mean \"base_lr\"?" },
    { "train_state.stages=x", "in NetState; did you mean \"stage\"?" },
    { "base_lr.x=1", "\"base_lr\" has no fields of its own" },
    { "base_lr+=1", "+= is for fields that may stand more than once" },
    { "base_lr=much", "--set base_lr=much:1:10: " },
    { "test_state.stage=x", "there are 2 test_state" },
};
enum { WRONG_SETS = sizeof wrong_sets / sizeof *wrong_sets };

START_TEST(wrong_set)
{
    struct rig *r = rig_new();

    ck_assert_int_ne(read_with(r, wrong_sets[_i].set), CREMA_OK);
    r->source = NULL;
    ck_assert_msg(strstr(crema_ctx_message(r->ctx), wrong_sets[_i].says), "%s",
                  crema_ctx_message(r->ctx));
    rig_free(r);
}
END_TEST

/* ---- snapshots that stay ------------------------------------------------- */

START_TEST(newest_snapshots_stay)
{
    static const char text[] =
        NET("4") REST "max_iter: 5 snapshot: 1 snapshot_keep: 2 display: 1\n";
    struct rig *r = rig_with_records();
    FILE *f = fopen("out_iter_1.solverstate.mine", "w");

    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fclose(f), 0);
    run(r, text);
    ck_assert(!is_there("out_iter_3.caffemodel"));
    ck_assert(!is_there("out_iter_3.solverstate"));
    ck_assert(is_there("out_iter_4.caffemodel"));
    ck_assert(is_there("out_iter_5.solverstate"));
    ck_assert(is_there("out_iter_1.solverstate.mine"));
    said(r, "Removed snapshot out_iter_3\n");

    /* The run that goes on removes those of the first. */
    rig_open(r, text, "out_iter_5.solverstate");
    rig_step(r, 1);
    ck_assert(!is_there("out_iter_4.caffemodel"));
    ck_assert(is_there("out_iter_5.caffemodel"));

    /* A new one knows of none and leaves them. */
    rig_open(r, text, NULL);
    rig_step(r, 4);
    ck_assert(!is_there("out_iter_2.caffemodel"));
    ck_assert(is_there("out_iter_3.caffemodel"));
    ck_assert(is_there("out_iter_6.caffemodel"));
    rig_free(r);
}
END_TEST

/* ---- the best, early stops ---------------------------------------------- */

/* With rate 0 the first test is the best. */
START_TEST(no_improvement_ends_training)
{
    struct rig *r = rig_with_records();

    run(r, NET("4") "lr_policy: 'fixed' snapshot_prefix: 'out' "
                    "random_seed: 3 max_iter: 100 test_iter: 2 "
                    "test_interval: 5 snapshot_best: 'accuracy' "
                    "early_stop: 3 test_compute_loss: true");
    said(r, "Iteration 0, best accuracy so far = ");
    said(r, "out_best.caffemodel\n");
    said(r, ", early stop: ");
    said(r, "Optimization stopped early.\n");
    ck_assert(is_there("out_best.caffemodel"));
    rig_free(r);
}
END_TEST

/* Of a loss less is better; what was best is remembered by the state. */
START_TEST(least_loss_is_best)
{
    static const char text[] =
        NET("17") REST "max_iter: 6 test_interval: 1 test_iter: 1\n"
                       "snapshot_best: 'loss' early_stop: 2 snapshot: 3\n";
    struct rig *r = rig_with_records();
    double best, last;

    run(r, text);
    best = number_behind(r, "best loss so far = ");
    last = number_behind(r, "#1: loss = ");
    ck_assert_double_eq(best, last);
    ck_assert_ptr_null(strstr(r->log, "early stop"));
    rig_open(r, text, "out_iter_3.solverstate");
    rig_step(r, 1);
    /* the test before iteration 3 is made anew, and is no worse than before */
    ck_assert_ptr_nonnull(strstr(r->log, "Iteration 3, best loss so far"));
    rig_free(r);
}
END_TEST

static const struct {
    const char *text, *says;
} refusals[] = {
    { NET("4") REST "max_iter: 1 test_iter: 1 test_interval: 1 "
                    "snapshot_best: 'acuracy'",
      "snapshot_best: no test net has an output \"acuracy\"; did you mean "
      "\"accuracy\"?" },
    { NET("4") REST "max_iter: 1 snapshot_best: 'accuracy'",
      "there is no test net: say test_interval" },
    { NET("4") REST "max_iter: 1 test_interval: 1 early_stop: 2",
      "early_stop counts tests without a better snapshot_best" },
    { NET("4") REST "max_epoch: 0", "max_epoch must be above 0, got 0" },
    { NET("4") "lr_policy: 'plateau' max_iter: 1", "wants plateau_winsize" },
    { NET("4") "lr_policy: 'multifixed' max_iter: 1 stagelr: 1",
      "1 stagelr and 0 stageiter" },
    { NET("4") REST "max_iter: 1 plateau_output: 'loss'",
      "only for lr_policy \"plateau\"" },
    { NET("4") REST "max_iter: 1 momentum_policy: 'cubic'",
      "there are fixed, poly, opt" },
    { NET("4") REST "max_iter: 1 type: 'Adam' momentum_policy: 'poly'",
      "is for SGD and Nesterov" },
    { NET("4") REST "max_iter: 1 larc_policy: 'clap'",
      "there are scale, clip" },
    { NET("4") REST "max_iter: 1 regularization_type: 'decoupled'",
      "type: \"AdamW\"" },
    { NET("4") REST "max_iter: 1 regularization_type: 'L1' type: 'SGDW'",
      "does not go with it" },
};
enum { REFUSALS = sizeof refusals / sizeof *refusals };

START_TEST(refusal)
{
    struct rig *r = rig_with_records();

    ck_assert_int_ne(rig_try(r, refusals[_i].text, NULL), CREMA_OK);
    ck_assert_msg(strstr(crema_ctx_message(r->ctx), refusals[_i].says) != NULL,
                  "%s", crema_ctx_message(r->ctx));
    rig_free(r);
}
END_TEST

/* ---- plateaus of tests --------------------------------------------------- */

START_TEST(plateau_watches_tests)
{
    struct rig *r = rig_with_records();

    run(r, NET("17") "lr_policy: 'plateau' base_lr: 1e-30 gamma: 0.1 "
                     "plateau_winsize: 4 plateau_output: 'accuracy' "
                     "snapshot_prefix: 'out' random_seed: 3 max_iter: 10 "
                     "test_iter: 1 test_interval: 2 display: 1");
    said(r, "Iteration 3, lr = 1e-30\n");
    said(r, "Plateau Status: Iteration 4, step = 1\n");
    said(r, "Iteration 9, lr = 1e-31\n");
    rig_free(r);
}
END_TEST

/* ---- passes over data ---------------------------------------------------- */

/* 17 records by 4: as one batch of 17. */
START_TEST(tests_go_through_the_data_once)
{
    struct rig *r = rig_with_records();
    double loss, accuracy;

    run(r, NET("17") REST "max_iter: 0 test_iter: 1 test_interval: 1");
    loss = number_behind(r, "#1: loss = ");
    accuracy = number_behind(r, "#0: accuracy = ");
    run(r, NET("4") "base_lr: 0 lr_policy: 'fixed' snapshot_prefix: 'out' "
                    "random_seed: 3 max_iter: 3 test_interval: 1");
    said(r, "is tested on all 17 records\n");
    ck_assert_double_eq_tol(number_behind(r, "#1: loss = "), loss, 1e-5);
    ck_assert_double_eq_tol(number_behind(r, "#0: accuracy = "), accuracy,
                            1e-6);
    rig_free(r);
}
END_TEST

START_TEST(length_in_epochs)
{
    struct rig *r = rig_with_records();

    run(r, NET("4") REST "max_epoch: 3 iter_size: 2 display: 1");
    /* 51 records of 8 in an iteration */
    said(r, "max_epoch: 3 passes over 17 records, 7 iterations\n");
    said(r, "Iteration 6, epoch = 2.82353\n");
    ck_assert_int_eq(crema_solver_progress(r->solver).iter, 7);
    rig_free(r);
}
END_TEST

/* A net with this rule for a layer; trained in a stage, and tested once. */
#define STAGED(rule)                                                           \
    "net_param { layer { name: 'x' type: 'DummyData' top: 'x' "                \
    "dummy_data_param { shape { dim: 2 dim: 3 } } } "                          \
    "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' "            \
    "inner_product_param { num_output: 1 } } "                                 \
    "layer { name: 'odd' type: 'ReLU' bottom: 'y' top: 'y' " rule " } "        \
    "layer { name: 'loss' type: 'Reduction' bottom: 'y' top: 'loss' "          \
    "loss_weight: 1 } } base_lr: 0.1 lr_policy: 'fixed' max_iter: 1 "          \
    "test_iter: 1 test_interval: 1 snapshot_after_train: false "

START_TEST(stages_that_tests_lack_are_told)
{
    static const struct {
        const char *solver;
        bool told;
    } cases[] = {
        { STAGED("include { stage: 'a' }") "train_state { stage: 'a' }", true },
        { STAGED("include { phase: TRAIN } include { phase: TEST not_stage: "
                 "'b' }") "train_state { stage: 'a' }",
          true },
        { STAGED("exclude { stage: 'b' }") "train_state { stage: 'a' }", true },
        { STAGED("include { stage: 'a' }") "train_state { stage: 'a' } "
                                           "test_state { stage: 'a' }",
          false },
        { STAGED("include { phase: TRAIN stage: 'a' }") "train_state { stage: "
                                                        "'a' }",
          false },
        { STAGED("include { stage: 'a' }"), false },
        { STAGED("include { phase: TRAIN }") "train_state { stage: 'a' }",
          false },
    };
    struct rig *r = rig_new();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_open(r, cases[i].solver, NULL);
        ck_assert_msg(cases[i].told == (strstr(r->log, "speak of stages") != 0),
                      "case %zu: %s", i, r->log);
    }
    rig_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wishes");
    TCase *all = tcase_create("wishes");

    tcase_add_test(all, fields_are_set);
    tcase_add_loop_test(all, wrong_set, 0, WRONG_SETS);
    tcase_add_test(all, newest_snapshots_stay);
    tcase_add_test(all, no_improvement_ends_training);
    tcase_add_test(all, least_loss_is_best);
    tcase_add_loop_test(all, refusal, 0, REFUSALS);
    tcase_add_test(all, plateau_watches_tests);
    tcase_add_test(all, tests_go_through_the_data_once);
    tcase_add_test(all, length_in_epochs);
    tcase_add_test(all, stages_that_tests_lack_are_told);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
