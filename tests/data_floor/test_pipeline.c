/* test_pipeline.c - batches in order, the same whatever the threads do. */
#include "data_floor/rig.h"
#include "support/suite.h"

#include <unistd.h>

START_TEST(in_order_and_round_the_end)
{
    struct crema_pipeline_options options = { .batch_size = 4,
                                              .workers = _i + 1 };
    struct rig rig;
    int record = 0;

    OK(open_rig(make_db("db", 7), NULL, &options, &rig));
    ck_assert_int_eq(crema_pipeline_shape(rig.pipeline)[0], 4);
    ck_assert_int_eq(crema_pipeline_shape(rig.pipeline)[3], DB_WIDTH);
    for (int b = 0; b < 50; b++) {
        const struct crema_filled_batch *batch = next(&rig);

        for (int i = 0; i < 4; i++) check_item(batch, i, record++ % 7);
        ck_assert_uint_eq(crema_pipeline_position(rig.pipeline),
                          (uint64_t)record);
    }
    close_rig(&rig);
}
END_TEST

/* All that 30 batches of a run hold, one after the other. */
static float *run(const char *path, int workers, uint64_t start)
{
    enum { BATCHES = 30, ITEM = 2 * 3 * 3 };
    struct crema_pipeline_options options = {
        .batch_size = 5, .workers = workers, .ahead = 3, .rand_skip = 11
    };
    Crema__TransformationParameter p;
    float *all = malloc(BATCHES * 5 * (ITEM + 1) * sizeof *all), *to = all;
    struct rig rig;

    crema__transformation_parameter__init(&p);
    p.mirror = 1;
    p.crop_size = 3;
    OK(open_rig(path, &p, &options, &rig));
    crema_pipeline_seek(rig.pipeline, start);
    for (int b = 0; b < BATCHES; b++) {
        const struct crema_filled_batch *batch = next(&rig);

        memcpy(to, batch->data, 5 * ITEM * sizeof *to);
        memcpy(to + 5 * ITEM, batch->labels, 5 * sizeof *to);
        to += 5 * (ITEM + 1);
    }
    close_rig(&rig);
    return all;
}

START_TEST(the_same_for_one_and_four_workers_and_resumed)
{
    enum { BATCH = 5 * 19 };
    const char *path = make_db("db", 23);
    float *one = run(path, 1, 0), *four = run(path, 4, 0);
    float *resumed = run(path, 3, 50);

    ck_assert_mem_eq(one, four, 30 * BATCH * sizeof *one);
    ck_assert_mem_eq(one + 10 * BATCH, resumed, 20 * BATCH * sizeof *one);
    free(one);
    free(four);
    free(resumed);
}
END_TEST

START_TEST(seek_in_the_middle)
{
    struct crema_pipeline_options options = { .batch_size = 3, .workers = 2 };
    struct rig rig;

    OK(open_rig(make_db("db", 10), NULL, &options, &rig));
    next(&rig);
    next(&rig);
    crema_pipeline_seek(rig.pipeline, 8);
    check_item(next(&rig), 2, 0);
    ck_assert_uint_eq(crema_pipeline_position(rig.pipeline), 11);
    close_rig(&rig);
}
END_TEST

/* Rank 1 of 3 has batches 1, 4, 7 .. of a single run. */
START_TEST(ranks_take_batches_in_turn)
{
    const char *path = make_db("db", 10);

    for (uint32_t rank = 0; rank < 3; rank++) {
        struct crema_pipeline_options options = { .batch_size = 4,
                                                  .rank = rank,
                                                  .ranks = 3 };
        struct rig rig;

        OK(open_rig(path, NULL, &options, &rig));
        for (int b = 0; b < 5; b++) {
            const struct crema_filled_batch *batch = next(&rig);

            for (int i = 0; i < 4; i++)
                check_item(batch, i, ((3 * b + (int)rank) * 4 + i) % 10);
        }
        close_rig(&rig);
    }
}
END_TEST

/* --- memory and threads --- */

struct account {
    int taken, given;
    int limit;
};

static void *take(void *user, size_t bytes)
{
    struct account *account = user;

    if (account->taken == account->limit) return NULL;
    account->taken++;
    return malloc(bytes);
}

static void give(void *user, void *memory)
{
    struct account *account = user;

    account->given++;
    free(memory);
}

START_TEST(memory_of_the_callers)
{
    const char *path = make_db("db", 10);

    for (int limit = 0; limit < 12; limit++) {
        struct account account = { 0, 0, limit };
        struct crema_pipeline_options options = { .batch_size = 3,
                                                  .ahead = 2,
                                                  .held = 2,
                                                  .memory = { take, give,
                                                              &account } };
        struct rig rig;

        if (open_rig(path, NULL, &options, &rig) == CREMA_OK) {
            const struct crema_filled_batch *first = next(&rig);

            ck_assert_int_ge(limit, 8);
            next(&rig);
            check_item(first, 0, 0); /* two are held */
        } else {
            ck_assert_int_eq(ctx->status, CREMA_ENOMEM);
        }
        close_rig(&rig);
        ck_assert_int_eq(account.taken, account.given);
    }
}
END_TEST

START_TEST(closed_at_any_moment)
{
    const char *path = make_db("db", 50);

    for (int i = 0; i < 60; i++) {
        struct crema_pipeline_options options = { .batch_size = 8,
                                                  .workers = 4 };
        struct rig rig;

        OK(open_rig(path, NULL, &options, &rig));
        if (i % 3) OK(crema_pipeline_start(ctx, rig.pipeline));
        for (int b = 0; b < i % 5; b++) next(&rig);
        if (i % 7 == 0) usleep((useconds_t)(i * 10));
        close_rig(&rig);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pipeline");
    TCase *t = tcase_create("pipeline");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, in_order_and_round_the_end, 0, 4);
    tcase_add_test(t, the_same_for_one_and_four_workers_and_resumed);
    tcase_add_test(t, seek_in_the_middle);
    tcase_add_test(t, ranks_take_batches_in_turn);
    tcase_add_test(t, memory_of_the_callers);
    tcase_add_test(t, closed_at_any_moment);
    suite_add_tcase(s, t);
    return run_suite(s);
}
