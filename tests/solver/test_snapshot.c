/* test_snapshot.c - a run that is interrupted and goes on is the same run. */
#include "rig.h"

#include "proto/h5.h"
#include "support/suite.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

/* Random data, dropout, batch norm, a test net, a window of losses: all that a
 * state has to keep. */
#define NET                                                                    \
    "net_param {\n"                                                            \
    "  layer { name: 'in' type: 'DummyData' top: 'x' top: 'label'\n"           \
    "    dummy_data_param { shape { dim: 4 dim: 3 dim: 5 dim: 5 }\n"           \
    "      shape { dim: 4 } data_filler { type: 'gaussian' std: 1 }\n"         \
    "      data_filler { value: 1 } } }\n"                                     \
    "  layer { name: 'conv' type: 'Convolution' bottom: 'x' top: 'y'\n"        \
    "    convolution_param { num_output: 4 kernel_size: 3\n"                   \
    "      weight_filler { type: 'xavier' } } }\n"                             \
    "  layer { name: 'bn' type: 'BatchNorm' bottom: 'y' top: 'y' }\n"          \
    "  layer { name: 'drop' type: 'Dropout' bottom: 'y' top: 'y' }\n"          \
    "  layer { name: 'ip' type: 'InnerProduct' bottom: 'y' top: 'z'\n"         \
    "    inner_product_param { num_output: 3\n"                                \
    "      weight_filler { type: 'gaussian' std: 0.1 } } }\n"                  \
    "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'z'\n"             \
    "    bottom: 'label' top: 'loss' }\n"                                      \
    "}\n"
#define SOLVER                                                                 \
    NET "lr_policy: 'multistep' stepvalue: 3 stepvalue: 9 gamma: 0.5\n"        \
        "base_lr: 0.05 momentum: 0.9 weight_decay: 0.01 max_iter: 12\n"        \
        "display: 1 average_loss: 5 test_iter: 2 test_interval: 4\n"           \
        "snapshot_prefix: 'out' random_seed: 7\n"

/* Whether crema was built with HDF5. */
static bool has_h5(struct crema_ctx *ctx)
{
    struct crema_h5 *h5;

    return crema_h5_open(ctx, "/nowhere.h5", &h5) == CREMA_EIO;
}

/* ---- going on ----------------------------------------------------------- */

/* The log from iteration 6 on, without times. */
static void strip(char *log)
{
    char *from = strstr(log, "\nIteration 6 "), *to = log;

    ck_assert_ptr_nonnull(from);
    for (; *from; from++) {
        if (*from == '(' && strstr(from, "iter/s")) {
            const char *close = strchr(from, ')');

            if (close && memmem(from, (size_t)(close - from), "iter/s", 6))
                from += close - from;
        }
        *to++ = *from;
    }
    *to = '\0';
}

START_TEST(resumed_run_is_the_run)
{
    struct rig *r = rig_new();
    char *log;

    rig_open(r, SOLVER, NULL);
    rig_step(r, 6);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    log = strdup(r->log);
    ck_assert_int_eq(rename("out_iter_12.caffemodel", "weights"), 0);
    ck_assert_int_eq(rename("out_iter_12.solverstate", "state"), 0);

    rig_open(r, SOLVER, "out_iter_6.solverstate");
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert(rig_same("out_iter_12.caffemodel", "weights"));
    ck_assert(rig_same("out_iter_12.solverstate", "state"));
    strip(log);
    strip(r->log);
    ck_assert_str_eq(r->log, log);
    free(log);
    rig_free(r);
}
END_TEST

/* The same in HDF5; and the state of either form goes on as the other. */
START_TEST(resumed_from_hdf5)
{
    static const char hdf5[] = SOLVER "snapshot_format: HDF5\n";
    struct rig *r = rig_new();

    if (!has_h5(r->ctx)) {
        rig_free(r);
        return;
    }
    rig_open(r, hdf5, NULL);
    rig_step(r, 6);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    ck_assert_ptr_nonnull(
        strstr(r->log, "\nSnapshotting to HDF5 file out_iter_6.caffemodel.h5\n"
                       "Snapshotting solver state to HDF5 file "
                       "out_iter_6.solverstate.h5\n"));
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert_int_eq(rename("out_iter_12.caffemodel.h5", "weights"), 0);
    ck_assert_int_eq(rename("out_iter_12.solverstate.h5", "state"), 0);

    rig_open(r, hdf5, "auto");
    ck_assert_ptr_nonnull(
        strstr(r->log, "Resuming from out_iter_6.solverstate.h5"));
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert(rig_same("out_iter_12.caffemodel.h5", "weights"));
    ck_assert(rig_same("out_iter_12.solverstate.h5", "state"));

    rig_open(r, SOLVER, "out_iter_6.solverstate.h5");
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert_int_eq(rename("out_iter_12.caffemodel", "message"), 0);
    rig_open(r, SOLVER, NULL);
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert(rig_same("out_iter_12.caffemodel", "message"));
    rig_free(r);
}
END_TEST

START_TEST(drawn_seed_is_kept)
{
    struct rig *r = rig_new();

    rig_open(r,
             NET "lr_policy: 'fixed' base_lr: 0.1 max_iter: 4\n"
                 "snapshot_prefix: 'out' snapshot: 2",
             NULL);
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert_int_eq(rename("out_iter_4.caffemodel", "weights"), 0);
    rig_open(r,
             NET "lr_policy: 'fixed' base_lr: 0.1 max_iter: 4\n"
                 "snapshot_prefix: 'out'",
             "out_iter_2.solverstate");
    ck_assert_ptr_null(strstr(r->log, "random_seed: "));
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert(rig_same("out_iter_4.caffemodel", "weights"));
    rig_free(r);
}
END_TEST

START_TEST(auto_takes_the_newest)
{
    struct rig *r = rig_new();

    rig_open(r, SOLVER, "auto");
    ck_assert_ptr_nonnull(strstr(r->log, "starts anew"));
    rig_step(r, 2);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    rig_step(r, 8);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    ck_assert_int_eq(system("touch out_iter_99.solverstate.1.tmp "
                            "other_iter_50.solverstate out_iter_x.solverstate"),
                     0);
    rig_open(r, SOLVER, "auto");
    ck_assert_ptr_nonnull(
        strstr(r->log, "Resuming from out_iter_10.solverstate"));
    ck_assert_int_eq(crema_solver_progress(r->solver).iter, 10);
    rig_free(r);
}
END_TEST

/* A state that was moved finds the weights that were moved with it. */
START_TEST(moved_state)
{
    struct rig *r = rig_new();

    rig_open(r, SOLVER, NULL);
    rig_step(r, 1);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    ck_assert_int_eq(system("mkdir kept && mv out_iter_1.* kept"), 0);
    rig_open(r, SOLVER, "kept/out_iter_1.solverstate");
    rig_free(r);
}
END_TEST

/* ---- what is refused ---------------------------------------------------- */

static void refused(struct rig *r, const char *text, const char *snapshot,
                    const char *says)
{
    const struct crema_solver_options options = { .snapshot = snapshot };

    ck_assert_int_ne(rig_try(r, text, &options), CREMA_OK);
    ck_assert_msg(strstr(crema_ctx_message(r->ctx), says) != NULL, "%s",
                  crema_ctx_message(r->ctx));
}

START_TEST(unfit_states)
{
    struct rig *r = rig_new();

    rig_open(r, SOLVER, NULL);
    rig_step(r, 1);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    refused(r, SOLVER, "nope.solverstate", "nope.solverstate");
    refused(r, SOLVER, "out_iter_1.caffemodel", "is a .caffemodel");
    ck_assert_int_eq(system("head -c 300 out_iter_1.solverstate >cut"), 0);
    refused(r, SOLVER, "cut", "cut");
    refused(r,
            "net_param { layer { name: 'in' type: 'DummyData' top: 'x'\n"
            "  dummy_data_param { shape { dim: 1 } } } }\n"
            "lr_policy: 'fixed' max_iter: 1",
            "out_iter_1.solverstate", "it is of another solver or net");
    rig_free(r);
}
END_TEST

/* ---- disasters ---------------------------------------------------------- */

START_TEST(full_disk_leaves_the_last_one_whole)
{
    struct rlimit before, tight;
    struct rig *r = rig_new();
    enum crema_status first, second;
    int limited;
    char *why;

    rig_open(r, SOLVER, NULL);
    rig_step(r, 3);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    ck_assert_int_eq(system("cp out_iter_3.caffemodel w; "
                            "cp out_iter_3.solverstate s"),
                     0);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = 600;
    /* the same names again, then new ones; Check writes files of its own */
    limited = setrlimit(RLIMIT_FSIZE, &tight);
    first = crema_solver_snapshot(r->solver);
    why = strdup(crema_ctx_message(r->ctx));
    (void)!crema_solver_step(r->solver, 1);
    second = crema_solver_snapshot(r->solver);
    (void)!setrlimit(RLIMIT_FSIZE, &before);
    ck_assert_int_eq(limited, 0);
    ck_assert_int_eq(first, CREMA_EIO);
    ck_assert_int_eq(second, CREMA_EIO);
    ck_assert_msg(strstr(why, "out_iter_3.caffemodel") &&
                      strstr(why, strerror(EFBIG)),
                  "%s", why);
    ck_assert(rig_same("out_iter_3.caffemodel", "w"));
    ck_assert(rig_same("out_iter_3.solverstate", "s"));
    ck_assert_int_ne(access("out_iter_4.solverstate", F_OK), 0);
    ck_assert_int_ne(system("ls | grep -q tmp"), 0);
    free(why);
    rig_free(r);
}
END_TEST

START_TEST(loss_not_finite)
{
    struct rig *r = rig_new();
    const char *why;

    rig_open(r, SOLVER "clip_gradients: -1", NULL);
    rig_step(r, 1);
    ck_assert_int_eq(crema_solver_snapshot(r->solver), CREMA_OK);
    r->param->base_lr = 1e30f;
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_EINVAL);
    why = crema_ctx_message(r->ctx);
    ck_assert_msg(strstr(why, "the loss is ") && strstr(why, "of layer \"") &&
                      strstr(why, "iteration "),
                  "%s", why);
    ck_assert_int_ne(access("out_iter_12.solverstate", F_OK), 0);
    ck_assert_int_eq(access("out_iter_1.solverstate", F_OK), 0);
    rig_free(r);
}
END_TEST

START_TEST(folder_is_checked_first)
{
    struct rig *r = rig_new();

    refused(r,
            NET "lr_policy: 'fixed' max_iter: 1 snapshot_prefix: 'no/such/x'",
            NULL, "no/such/x_iter_N.caffemodel");
    rig_free(r);
}
END_TEST

/* ---- what people want in between ---------------------------------------- */

struct wish {
    int asked, snapshot_at, stop_at;
};

static enum crema_solver_action what_now(void *user)
{
    struct wish *w = user;
    int n = w->asked++;

    return n == w->snapshot_at ? CREMA_SNAPSHOT
           : n == w->stop_at   ? CREMA_STOP
                               : CREMA_GO_ON;
}

START_TEST(wishes_are_heeded)
{
    struct wish w = { .snapshot_at = 2, .stop_at = 4 };
    const struct crema_solver_options options = { .what_now = what_now,
                                                  .user = &w };
    struct rig *r = rig_new();

    ck_assert_int_eq(rig_try(r,
                             NET "lr_policy: 'fixed' base_lr: 0.1\n"
                                 "max_iter: 12 snapshot_prefix: 'out'",
                             &options),
                     CREMA_OK);
    ck_assert_int_eq(crema_solver_run(r->solver), CREMA_OK);
    ck_assert_int_eq(access("out_iter_3.solverstate", F_OK), 0);
    ck_assert_int_eq(access("out_iter_5.solverstate", F_OK), 0);
    ck_assert_int_eq(crema_solver_progress(r->solver).iter, 5);
    ck_assert_ptr_nonnull(strstr(r->log, "Optimization stopped early.\n"));
    rig_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("snapshot");
    TCase *all = tcase_create("snapshot");

    tcase_set_timeout(all, 60);
    tcase_add_test(all, resumed_run_is_the_run);
    tcase_add_test(all, resumed_from_hdf5);
    tcase_add_test(all, drawn_seed_is_kept);
    tcase_add_test(all, auto_takes_the_newest);
    tcase_add_test(all, moved_state);
    tcase_add_test(all, unfit_states);
    tcase_add_test(all, full_disk_leaves_the_last_one_whole);
    tcase_add_test(all, loss_not_finite);
    tcase_add_test(all, folder_is_checked_first);
    tcase_add_test(all, wishes_are_heeded);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
