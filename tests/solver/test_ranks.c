/* test_ranks.c - runs that share their data: each record of an epoch is some
 * run's, and no two runs'. */
#include "rig.h"

#include "data_floor/make_db.h"
#include "support/suite.h"

#define SOLVER(seed)                                                           \
    "net_param {\n"                                                            \
    "  layer { name: 'data' type: 'Data' top: 'x' top: 'label'\n"              \
    "    include { phase: TRAIN } transform_param { scale: 0.01 }\n"           \
    "    data_param { source: 'db' backend: LMDB batch_size: 4\n"              \
    "      shuffle: true } }\n"                                                \
    "  layer { name: 'data' type: 'Data' top: 'x' top: 'label'\n"              \
    "    include { phase: TEST } transform_param { scale: 0.01 }\n"            \
    "    data_param { source: 'db' backend: LMDB batch_size: 4 } }\n"          \
    "  layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y'\n"         \
    "    inner_product_param { num_output: 10 } }\n"                           \
    "  layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'y'\n"             \
    "    bottom: 'label' top: 'loss' }\n"                                      \
    "}\n"                                                                      \
    "lr_policy: 'fixed' base_lr: 0.01 max_epoch: 2 test_iter: 6\n"             \
    "test_interval: 100 snapshot_prefix: 'out' " seed

enum { RECORDS = 24, RANKS = 3, EPOCHS = 2, BATCH = 4 };

static void make_records(struct rig *r)
{
    struct crema_lmdb_writer *writer;

    ctx = r->ctx;
    OK(crema_lmdb_create(ctx, "db", &writer));
    for (int i = 0; i < RECORDS; i++) put_record(writer, i);
    OK(crema_lmdb_commit(writer));
}

/* Notes the records of the batch that was trained on. */
static void note(const struct rig *r, int seen[RECORDS], int epoch)
{
    struct crema_layer *data =
        crema_net_data(crema_solver_net(r->solver), NULL);

    for (int i = 0; i < BATCH; i++) {
        int record = atoi(data->type->item(data, i));

        ck_assert_int_eq(seen[record], epoch);
        seen[record]++;
    }
}

START_TEST(each_record_is_one_ranks)
{
    int seen[RECORDS] = { 0 };
    struct rig *r[RANKS];

    for (uint32_t rank = 0; rank < RANKS; rank++) {
        const struct crema_solver_options options = { .rank = rank,
                                                      .ranks = RANKS };

        r[rank] = rig_new();
        make_records(r[rank]);
        ck_assert_msg(rig_try(r[rank], SOLVER("random_seed: 3"), &options) ==
                          CREMA_OK,
                      "%s", crema_ctx_message(r[rank]->ctx));
        /* 48 records, 12 in each iteration of all ranks */
        ck_assert_int_eq(r[rank]->param->max_iter, 4);
    }
    for (int step = 0; step < EPOCHS * RECORDS / BATCH / RANKS; step++)
        for (int rank = 0; rank < RANKS; rank++) {
            rig_step(r[rank], 1);
            note(r[rank], seen, step * BATCH * RANKS / RECORDS);
        }
    for (int i = 0; i < RECORDS; i++) ck_assert_int_eq(seen[i], EPOCHS);
    for (int rank = RANKS - 1; rank >= 0; rank--) rig_free(r[rank]);
}
END_TEST

/* Ranks that drew their own orders would overlap. */
START_TEST(a_seed_is_wanted)
{
    const struct crema_solver_options options = { .rank = 1, .ranks = 2 };
    struct rig *r = rig_new();

    make_records(r);
    ck_assert_int_ne(rig_try(r, SOLVER(""), &options), CREMA_OK);
    ck_assert_ptr_nonnull(strstr(crema_ctx_message(r->ctx), "say random_seed"));
    rig_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ranks");
    TCase *all = tcase_create("ranks");

    tcase_set_timeout(all, 60);
    tcase_add_test(all, each_record_is_one_ranks);
    tcase_add_test(all, a_seed_is_wanted);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
