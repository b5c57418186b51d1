/* test_memory.c - nothing is allocated while iterating, and running out of
 * memory is a failure like any other. */
#include "memory/counting.h"
#include "net/model.h"
#include "solver/solver.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char net_text[] =
    "name: 'small'\n"
    "layer { name: 'd' type: 'DummyData' top: 'x' top: 'l'\n"
    "  dummy_data_param { shape { dim: 4 dim: 3 dim: 12 dim: 12 }\n"
    "    shape { dim: 4 } data_filler { type: 'gaussian' std: 1 }\n"
    "    data_filler { type: 'constant' value: 1 } } }\n"
    "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c'\n"
    "  convolution_param { num_output: 20 kernel_size: 3 pad: 1\n"
    "    weight_filler { type: 'xavier' } } }\n"
    "layer { name: 'b' type: 'BatchNorm' bottom: 'c' top: 'c' }\n"
    "layer { name: 's' type: 'Scale' bottom: 'c' top: 'c'\n"
    "  scale_param { bias_term: true } }\n"
    "layer { name: 'r' type: 'ReLU' bottom: 'c' top: 'c' }\n"
    "layer { name: 'n' type: 'LRN' bottom: 'c' top: 'n' }\n"
    "layer { name: 'p' type: 'Pooling' bottom: 'n' top: 'p'\n"
    "  pooling_param { pool: MAX kernel_size: 3 stride: 2 } }\n"
    "layer { name: 'i' type: 'InnerProduct' bottom: 'p' top: 'i'\n"
    "  inner_product_param { num_output: 5\n"
    "    weight_filler { type: 'xavier' } } }\n"
    "layer { name: 'o' type: 'Dropout' bottom: 'i' top: 'i'\n"
    "  loss_weight: 0.01 }\n"
    "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'i' bottom: 'l'\n"
    "  top: 'loss' }\n";

static char net_path[64], solver_path[64];

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

static void write_files(void)
{
    char text[512];

    snprintf(net_path, sizeof net_path, "/tmp/crema_memory_%ld.net",
             (long)getpid());
    snprintf(solver_path, sizeof solver_path, "/tmp/crema_memory_%ld.solver",
             (long)getpid());
    snprintf(text, sizeof text,
             "net: '%s' base_lr: 0.01 lr_policy: 'fixed' momentum: 0.9\n"
             "weight_decay: 0.001 max_iter: 100 random_seed: 1\n"
             "snapshot_after_train: false\n",
             net_path);
    write_text(net_path, net_text);
    write_text(solver_path, text);
}

static void remove_files(void)
{
    unlink(net_path);
    unlink(solver_path);
}

/* ---- iterating ----------------------------------------------------------- */

struct training {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_source *source;
    struct crema_solver *solver;
};

static enum crema_status start(struct training *t, const char *device)
{
    const struct crema_solver_options options = { .data_threads = 1 };
    Crema__SolverParameter *param;

    t->ctx = crema_ctx_new(NULL, NULL);
    if (!t->ctx) return CREMA_ENOMEM;
    CREMA_TRY(crema_device_open(t->ctx, device, 1, &t->dev));
    CREMA_TRY(
        crema_solver_read(t->ctx, solver_path, 0, NULL, &param, &t->source));
    return crema_solver_open(t->ctx, t->dev, param, t->source, &options,
                             &t->solver);
}

static void end(struct training *t)
{
    crema_solver_free(t->solver);
    crema_source_free(t->source);
    crema_device_free(t->dev);
    crema_ctx_free(t->ctx);
}

static const char *const devices[] = { "ref", "cpu" };

START_TEST(iterating_allocates_nothing)
{
    struct training t = { 0 };
    enum crema_status status;
    long made;

    ck_assert_msg(start(&t, devices[_i]) == CREMA_OK, "%s",
                  crema_ctx_message(t.ctx));
    ck_assert_int_eq(crema_solver_step(t.solver, 3), CREMA_OK);
    (void)allocations();
    status = crema_solver_step(t.solver, 10);
    made = allocations(); /* before Check makes its own */
    ck_assert_int_eq(status, CREMA_OK);
    /* ref is free to: its convolutions make a table each time */
    if (_i > 0) ck_assert_int_eq(made, 0);
    end(&t);
}
END_TEST

/* ---- running out ----------------------------------------------------------
 */

/* Each allocation in turn fails, alone or with all that follow: ENOMEM or
 * success comes back, and (says the leak checker) nothing is lost. */
START_TEST(every_allocation_may_fail)
{
    for (long n = 1;; n++) {
        struct training t = { 0 };
        enum crema_status status;
        int failed;

        fail_allocation(n, _i);
        status = start(&t, "ref");
        if (status == CREMA_OK) status = crema_solver_step(t.solver, 1);
        failed = allocation_failed();
        fail_allocation(0, 0);
        ck_assert_msg(!failed || status == CREMA_ENOMEM,
                      "allocation %ld: status %d: %s", n, (int)status,
                      t.ctx ? crema_ctx_message(t.ctx) : "");
        end(&t);
        if (!failed) break;
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("memory");
    TCase *t = tcase_create("memory");

    tcase_set_timeout(t, 200);
    tcase_add_unchecked_fixture(t, write_files, remove_files);
    tcase_add_loop_test(t, iterating_allocates_nothing, 0, 2);
    tcase_add_loop_test(t, every_allocation_may_fail, 0, 2);
    suite_add_tcase(s, t);
    return run_suite_as(s, CK_NOFORK); /* leaks are seen at the end */
}
