/* test_shuffle.c - permutations without a table; records in their order. */
#include "data_floor/rig.h"

#include "data/permutation.h"
#include "support/suite.h"

START_TEST(every_number_once)
{
    static const uint64_t counts[] = { 1,   2,   3,    17,    255,   256,
                                       257, 999, 1024, 65536, 65537, 100003 };
    uint64_t count = counts[_i];
    uint8_t *seen = calloc(count, 1);

    ck_assert_ptr_nonnull(seen);
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        struct crema_permutation p;

        crema_permutation_begin(&p, count, 7, epoch);
        for (uint64_t i = 0; i < count; i++) {
            uint64_t n = crema_permutation_at(&p, i);

            ck_assert_uint_lt(n, count);
            ck_assert_uint_eq(seen[n], epoch);
            seen[n]++;
        }
    }
    free(seen);
}
END_TEST

/* All orders of five numbers come up, each as often as the others. */
START_TEST(every_order_alike)
{
    enum { COUNT = 5, ORDERS = 120, EACH = 100 };
    int times[ORDERS] = { 0 };
    double chi = 0;

    for (uint64_t epoch = 0; epoch < ORDERS * EACH; epoch++) {
        struct crema_permutation p;
        unsigned left = 31, order = 0;

        crema_permutation_begin(&p, COUNT, 1, epoch);
        for (unsigned i = 0; i < COUNT; i++) {
            unsigned n = (unsigned)crema_permutation_at(&p, i);

            order = order * (COUNT - i) +
                    (unsigned)__builtin_popcount(left & ((1u << n) - 1));
            left &= ~(1u << n);
        }
        times[order]++;
    }
    for (int i = 0; i < ORDERS; i++)
        chi += (double)((times[i] - EACH) * (times[i] - EACH)) / EACH;
    ck_assert_msg(chi > 75 && chi < 175, "chi square %g of 119 degrees", chi);
}
END_TEST

/* Where a number goes says nothing about its neighbour. */
START_TEST(neighbours_part)
{
    enum { COUNT = 10000 };
    struct crema_permutation p;
    double near = 0;

    crema_permutation_begin(&p, COUNT, 3, 0);
    for (uint64_t i = 0; i + 1 < COUNT; i++) {
        double a = (double)crema_permutation_at(&p, i);
        double b = (double)crema_permutation_at(&p, i + 1);

        near += a - b < COUNT / 20 && b - a < COUNT / 20;
    }
    /* 1 - (1 - 1/20)^2 of all pairs, give or take four deviations */
    ck_assert_double_gt(near, 975 - 4 * 30);
    ck_assert_double_lt(near, 975 + 4 * 30);
}
END_TEST

static void open_shuffled(const char *path, uint32_t seed, uint32_t rank,
                          uint32_t ranks, int workers, struct rig *rig)
{
    const struct crema_lmdb_options how = { .shuffle = true, .seed = seed };

    open_ordered(path, &how, rank, ranks, workers, rig);
}

START_TEST(databases_are_shuffled_anew_in_each_epoch)
{
    enum { COUNT = 212, EPOCHS = 3 }; /* the index has four entries */
    const char *path = make_db("db", COUNT);
    int order[EPOCHS * COUNT];
    bool seen[EPOCHS][COUNT] = { { false } };
    struct rig rig;

    open_shuffled(path, 5, 0, 1, _i + 1, &rig);
    for (int i = 0; i < EPOCHS * COUNT; i++) {
        static const struct crema_filled_batch *b;

        if (i % 4 == 0) b = next(&rig);
        order[i] = key_of(b, i % 4);
        check_item(b, i % 4, order[i]);
        ck_assert(!seen[i / COUNT][order[i]]);
        seen[i / COUNT][order[i]] = true;
    }
    ck_assert_mem_ne(order, order + COUNT, COUNT * sizeof *order);
    for (int start = 600; start > 0; start -= 100) {
        crema_pipeline_seek(rig.pipeline, (uint64_t)start);
        check_item(next(&rig), 3, order[start + 3]);
    }
    close_rig(&rig);
    open_shuffled(path, 6, 0, 1, 1, &rig);
    ck_assert_int_ne(key_of(next(&rig), 0) * 1000 + key_of(next(&rig), 0),
                     order[0] * 1000 + order[4]);
    close_rig(&rig);
}
END_TEST

/* Two ranks have all records of an epoch between them. */
START_TEST(ranks_share_a_shuffled_database)
{
    enum { COUNT = 40 };
    const char *path = make_db("db", COUNT);
    bool seen[COUNT] = { false };

    for (uint32_t rank = 0; rank < 2; rank++) {
        struct rig rig;

        open_shuffled(path, 5, rank, 2, 2, &rig);
        for (int i = 0; i < COUNT / 2 / 4; i++) {
            const struct crema_filled_batch *b = next(&rig);

            for (int k = 0; k < 4; k++) {
                ck_assert(!seen[key_of(b, k)]);
                seen[key_of(b, k)] = true;
            }
        }
        close_rig(&rig);
    }
}
END_TEST

/* Three databases by weight 5, 2 and 1: each has its share in whatever part of
 * the run, takes its own records in turn, and a resumed run finds them again.
 */
START_TEST(mixed_by_weight)
{
    enum { TAKEN = 16384 };
    static const double weights[] = { 5, 2, 1 };
    const char *paths[] = { make_db("a", 7), make_db("b", 100),
                            make_db("c", 31) };
    static const uint64_t counts[] = { 7, 100, 31 };
    const struct crema_lmdb_options how = { 0 };
    struct crema_records *parts[3], *mix;
    static uint64_t rows[TAKEN];
    uint64_t times[3] = { 0 };
    char name[CREMA_RECORD_NAME];

    for (int i = 0; i < 3; i++) {
        struct crema_database *database;

        OK(crema_database_open(ctx, databases, paths[i], &database));
        OK(crema_records_lmdb(ctx, database, &how, &parts[i]));
    }
    OK(crema_records_mix(ctx, 3, parts, weights, 5, &mix));
    ck_assert_uint_eq(mix->count, 138);
    for (uint64_t i = 0; i < TAKEN; i++) {
        struct crema_record r = { 0 };
        int part;

        OK(mix->type->find(ctx, mix, i, &r));
        part = r.row < 7 ? 0 : r.row < 107 ? 1 : 2;
        rows[i] = r.row - (part > 0 ? 7 : 0) - (part > 1 ? 100 : 0);
        ck_assert_uint_eq(rows[i], times[part]++ % counts[part]);
        ck_assert_ptr_eq(r.of, parts[part]);
        rows[i] = r.row;
        crema_record_name(mix, &r, name);
        ck_assert_ptr_nonnull(strstr(name, paths[part]));
        if (i % 1000 == 999) {
            ck_assert_double_eq_tol((double)times[0] / (double)(i + 1), 0.625,
                                    0.06);
            ck_assert_double_eq_tol((double)times[2] / (double)(i + 1), 0.125,
                                    0.05);
        }
    }
    ck_assert_uint_eq(times[0], TAKEN * 5 / 8);
    ck_assert_uint_eq(times[2], TAKEN / 8);
    for (uint64_t i = TAKEN; i > 0; i -= 1024) {
        struct crema_record r = { 0 };

        OK(mix->type->find(ctx, mix, i - 1, &r));
        ck_assert_uint_eq(r.row, rows[i - 1]);
    }
    crema_records_free(mix);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("shuffle");
    TCase *t = tcase_create("shuffle");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, every_number_once, 0, 12);
    tcase_add_test(t, every_order_alike);
    tcase_add_test(t, neighbours_part);
    tcase_add_loop_test(t, databases_are_shuffled_anew_in_each_epoch, 0, 3);
    tcase_add_test(t, ranks_share_a_shuffled_database);
    tcase_add_test(t, mixed_by_weight);
    suite_add_tcase(s, t);
    return run_suite(s);
}
