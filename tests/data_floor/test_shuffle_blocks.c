/* test_shuffle_blocks.c - rows shuffled in blocks: each once in an epoch, near
 * each other, and nothing but a function of seed and ordinal. */
#include "data_floor/rig.h"

#include "data/blocks.h"
#include "support/suite.h"

static const struct {
    uint64_t count, block, window;
} cases[] = {
    { 1, 1, 1 },     { 1, 8, 4 },      { 7, 8, 4 },      { 8, 8, 1 },
    { 9, 8, 1 },     { 100, 1, 1 },    { 100, 1, 7 },    { 100, 10, 3 },
    { 101, 10, 3 },  { 109, 10, 100 }, { 1000, 16, 4 },  { 1000, 1000, 1 },
    { 999, 500, 1 }, { 4097, 64, 16 }, { 4095, 64, 16 }, { 70001, 256, 16 },
};
enum { CASES = sizeof cases / sizeof *cases, EPOCHS = 3 };

static struct crema_blocks blocks_of(int i, uint32_t seed)
{
    return (struct crema_blocks){ .count = cases[i].count,
                                  .block = cases[i].block,
                                  .window = cases[i].window,
                                  .seed = seed };
}

START_TEST(every_row_once)
{
    struct crema_blocks b = blocks_of(_i, 5), again = blocks_of(_i, 5);
    uint64_t count = b.count;
    uint64_t *order = calloc(EPOCHS * count, sizeof *order);
    uint8_t *seen = calloc(count, 1);

    ck_assert(order && seen);
    for (uint64_t i = 0; i < EPOCHS * count; i++) {
        order[i] = crema_blocks_row(&b, i);
        if (order[i] >= count || seen[order[i]]++ != i / count)
            ck_abort_msg("place %d has row %d", (int)i, (int)order[i]);
    }
    /* asked for in any order */
    for (uint64_t i = EPOCHS * count; i > 0; i -= i < 97 ? i : 97)
        if (crema_blocks_row(&again, i - 1) != order[i - 1])
            ck_abort_msg("place %d has another row", (int)i - 1);
    if (count >= 100)
        ck_assert_mem_ne(order, order + count, count * sizeof *order);
    free(order);
    free(seen);
}
END_TEST

/* The rows of a window are those of its blocks, as they are told. */
START_TEST(rows_of_a_window_lie_together)
{
    struct crema_blocks b = blocks_of(_i, 6), ahead = blocks_of(_i, 6);
    uint64_t each = crema_blocks_each(&b), rows = b.block * b.window;
    uint8_t *in = calloc(b.count, 1);

    ck_assert_ptr_nonnull(in);
    for (uint64_t i = 0; i < EPOCHS * b.count; i++) {
        uint64_t place = i % b.count, row;

        if (place % rows == 0) {
            uint64_t k = i / b.count * each + place / b.block;
            uint64_t end = k + b.window, last = (i / b.count + 1) * each;

            memset(in, 0, b.count);
            for (; k < end && k < last; k++) {
                uint64_t first, n = crema_blocks_stretch(&ahead, k, &first);

                ck_assert_uint_le(n, b.block);
                for (uint64_t j = 0; j < n; j++) in[(first + j) % b.count] = 1;
            }
        }
        row = crema_blocks_row(&b, i);
        if (!in[row]) ck_abort_msg("place %d has row %d", (int)i, (int)row);
        in[row] = 0;
    }
    free(in);
}
END_TEST

/* Where a row comes in an epoch is anywhere, the first row and the last one
 * too: of 20 parts of the epoch none is preferred. */
START_TEST(no_place_is_preferred)
{
    enum { COUNT = 205, PARTS = 20, TIMES = 4000 };
    static const uint64_t rows[] = { 0, 100, COUNT - 1 };
    struct crema_blocks b = { .count = COUNT, .block = 10, .window = 3 };
    double times[PARTS] = { 0 }, chi = 0;

    for (uint32_t seed = 0; seed < TIMES; seed++) {
        b.seed = seed;
        b.order.count = b.within.count = 0;
        for (uint64_t i = 0; i < COUNT; i++)
            if (crema_blocks_row(&b, i) == rows[_i]) times[i * PARTS / COUNT]++;
    }
    for (int i = 0; i < PARTS; i++) {
        double expected = 0;

        for (int k = 0; k < COUNT; k++)
            expected += k * PARTS / COUNT == i ? (double)TIMES / COUNT : 0;
        chi += (times[i] - expected) * (times[i] - expected) / expected;
    }
    ck_assert_msg(chi < 45, "chi square %g of 19 degrees", chi);
}
END_TEST

static void open_blocks(const char *path, uint32_t rank, uint32_t ranks,
                        int workers, struct rig *rig)
{
    const struct crema_lmdb_options how = {
        .shuffle = true, .seed = 5, .block = 16, .window = 3
    };

    open_ordered(path, &how, rank, ranks, workers, rig);
}

enum { RECORDS = 210 };

/* By any number of threads, and from anywhere. */
START_TEST(databases_are_read_in_that_order)
{
    struct crema_blocks b = {
        .count = RECORDS, .block = 16, .window = 3, .seed = 5
    };
    struct rig rig;

    open_blocks(make_db("db", RECORDS), 0, 1, _i + 1, &rig);
    for (uint64_t i = 0; i < 2 * RECORDS; i++) {
        static const struct crema_filled_batch *batch;

        if (i % 4 == 0) batch = next(&rig);
        check_item(batch, (int)(i % 4), (int)crema_blocks_row(&b, i));
    }
    for (uint64_t start = 600; start > 0; start -= 40) {
        crema_pipeline_seek(rig.pipeline, start);
        check_item(next(&rig), 3, (int)crema_blocks_row(&b, start + 3));
    }
    close_rig(&rig);
}
END_TEST

/* What three ranks take is an epoch. */
START_TEST(ranks_share_blocks)
{
    const char *path = make_db("db", 204);
    bool seen[204] = { false };

    for (uint32_t rank = 0; rank < 3; rank++) {
        struct rig rig;

        open_blocks(path, rank, 3, 2, &rig);
        for (int i = 0; i < 204 / 3; i++) {
            static const struct crema_filled_batch *batch;

            if (i % 4 == 0) batch = next(&rig);
            ck_assert(!seen[key_of(batch, i % 4)]);
            seen[key_of(batch, i % 4)] = true;
        }
        close_rig(&rig);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("shuffle_blocks");
    TCase *t = tcase_create("shuffle_blocks");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, every_row_once, 0, CASES);
    tcase_add_loop_test(t, rows_of_a_window_lie_together, 0, CASES);
    tcase_add_loop_test(t, no_place_is_preferred, 0, 3);
    tcase_add_loop_test(t, databases_are_read_in_that_order, 0, 3);
    tcase_add_test(t, ranks_share_blocks);
    suite_add_tcase(s, t);
    return run_suite(s);
}
