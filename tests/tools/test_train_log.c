/* test_train_log.c - figures out of logs of every age. */
#include "crema.h"
#include "support/suite.h"
#include "train_log.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct crema_ctx *ctx;
static struct train_log log_;

static void set_up(void)
{
    ctx = crema_ctx_new(NULL, NULL);
    log_ = (struct train_log){ 0 };
}

static void tear_down(void)
{
    train_log_free(&log_);
    crema_ctx_free(ctx);
}

static enum crema_status read_text(const char *text)
{
    char path[64];
    FILE *f;
    enum crema_status status;

    snprintf(path, sizeof path, "/tmp/crema_train_log_%ld", (long)getpid());
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
    status = train_log_read(ctx, path, &log_);
    unlink(path);
    return status;
}

/* "1:0.5 2:0.25" is what the series must hold. */
static void has(const char *name, bool test, const char *points)
{
    char text[512] = "";
    size_t k, used = 0;

    for (k = 0; k < log_.n; k++)
        if (log_.series[k].test == test && !strcmp(log_.series[k].name, name))
            break;
    ck_assert_msg(k < log_.n, "no %s series \"%s\"", test ? "test" : "train",
                  name);
    for (size_t i = 0; i < log_.series[k].n; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%g:%g",
                                 i ? " " : "", log_.series[k].iteration[i],
                                 log_.series[k].value[i]);
    ck_assert_str_eq(text, points);
}

#define GLOG "I0814 00:26:05.123456 22487 solver.cpp:228] "

START_TEST(of_caffe)
{
    ck_assert_int_eq(
        read_text(GLOG
                  "Iteration 0, Testing net (#0)\n" GLOG
                  "    Test net output #0: accuracy = 0.1\n" GLOG
                  "    Test net output #1: loss = 2.3 (* 1 = 2.3 loss)\n" GLOG
                  "Iteration 0, loss = 2.4\n" GLOG
                  "    Train net output #0: loss = 2.5 (* 1 = 2.5 loss)\n" GLOG
                  "Iteration 0, lr = 0.01\n" GLOG
                  "Iteration 100 (8.1 iter/s, 12.3s/100 iters), loss = "
                  "1.5\n" GLOG
                  "    Train net output #0: loss = 1.4 (* 1 = 1.4 loss)\n" GLOG
                  "Iteration 100, lr = 0.001\n" GLOG
                  "Iteration 200, Testing net (#1)\n" GLOG
                  "    Test net output #0: accuracy = 0.75\n"),
        CREMA_OK);
    has("accuracy", true, "0:0.1");
    has("accuracy (net 1)", true, "200:0.75");
    has("loss", true, "0:2.3");
    /* the average, not the last one */
    has("loss", false, "0:2.4 100:1.5");
    has("lr", false, "0:0.01 100:0.001");
}
END_TEST

START_TEST(of_2013)
{
    ck_assert_int_eq(read_text("I1 solver.cpp:92] Iteration 500, loss = 0.5\n"
                               "I1 solver.cpp:106] Iteration 500, Testing net\n"
                               "I1 solver.cpp:142] Test score #0: 0.98\n"
                               "I1 solver.cpp:142] Test score #1: 0.06\n"),
                     CREMA_OK);
    has("loss", false, "500:0.5");
    has("score 0", true, "500:0.98");
    has("score 1", true, "500:0.06");
}
END_TEST

START_TEST(resumed)
{
    ck_assert_int_eq(read_text("] Iteration 0, loss = 4\n"
                               "] Iteration 10, loss = 3\n"
                               "] Iteration 20, loss = nan\n"
                               "] Iteration 30, loss = 9\n"
                               "] Iteration 20, loss = 2\n"
                               "] Iteration 30, loss = 1\n"),
                     CREMA_OK);
    has("loss", false, "0:4 10:3 20:2 30:1");
}
END_TEST

START_TEST(of_something_else)
{
    ck_assert_int_eq(read_text("name: \"LeNet\"\nloss\nIteration\n"),
                     CREMA_EINVAL);
    ck_assert_ptr_nonnull(strstr(crema_ctx_message(ctx), "log of a training"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train_log");
    TCase *tc = tcase_create("all");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, of_caffe);
    tcase_add_test(tc, of_2013);
    tcase_add_test(tc, resumed);
    tcase_add_test(tc, of_something_else);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
