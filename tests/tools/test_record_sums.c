/* test_record_sums.c - sums over records against loops over one record after
 * the other; components against what defines them. */
#include "data_floor/rig.h"
#include "record_sums.h"
#include "support/suite.h"

#include <math.h>

enum { RECORDS = 23, CHANNELS = 3, PIXELS = 20, SIZE = CHANNELS * PIXELS };

static struct console console;

static double value_of(int record, int at, bool floats)
{
    int v = db_byte(record, at % PIXELS) / 2 + db_byte(record + 5, at) / 3;

    return floats ? v + 0.25 * record : v;
}

/* From record `floats` on, records hold floats. */
static struct crema_records *open_db(int floats)
{
    const struct crema_lmdb_options how = { .mode = CREMA_IMAGE_UNCHANGED };
    const char *path = in_scratch("db");
    struct crema_lmdb_writer *writer;
    struct crema_database *database;
    struct crema_records *records;

    OK(crema_lmdb_create(ctx, path, &writer));
    for (int i = 0; i < RECORDS; i++) {
        struct crema_datum d = { .channels = CHANNELS,
                                 .height = 4,
                                 .width = 5 };
        uint8_t bytes[SIZE];
        float values[SIZE];
        char key[16];

        for (int k = 0; k < SIZE; k++) {
            values[k] = (float)value_of(i, k, true);
            bytes[k] = (uint8_t)value_of(i, k, false);
        }
        if (i < floats) d.data = bytes;
        if (i < floats)
            d.size = SIZE;
        else
            d.nfloats = SIZE;
        snprintf(key, sizeof key, "%08d", i);
        put_datum(writer, key, &d, i < floats ? NULL : values);
    }
    OK(crema_lmdb_commit(writer));
    OK(crema_database_open(ctx, databases, path, &database));
    OK(crema_records_lmdb(ctx, database, &how, &records));
    return records;
}

static const int floats_from[] = { RECORDS, 9, 0 };

START_TEST(sums_and_components)
{
    struct crema_records *records = open_db(floats_from[_i]);
    double values[SIZE] = { 0 }, mean[SUMS_CHANNELS];
    double cov[CHANNELS][CHANNELS] = { { 0 } };
    double comp[SUMS_CHANNELS][SUMS_CHANNELS];

    for (int i = 0; i < RECORDS; i++)
        for (int k = 0; k < SIZE; k++)
            values[k] += (double)(float)value_of(i, k, i >= floats_from[_i]);
    for (int threads = 1; threads <= 4; threads += 3) {
        struct record_sums sums;

        OK(record_sums(ctx, &console, records, threads, true, &sums));
        ck_assert_uint_eq(sums.records, RECORDS);
        ck_assert_mem_eq(sums.values, values, sizeof values);
        colour_components(&sums, mean, comp);
        free(sums.values);
    }
    for (int c = 0; c < CHANNELS; c++)
        for (int d = 0; d < CHANNELS; d++) {
            double is = 0, dot = 0;

            for (int i = 0; i < RECORDS; i++)
                for (int k = 0; k < PIXELS; k++) {
                    bool f = i >= floats_from[_i];

                    cov[c][d] += (value_of(i, c * PIXELS + k, f) - mean[c]) *
                                 (value_of(i, d * PIXELS + k, f) - mean[d]);
                }
            cov[c][d] /= RECORDS * PIXELS;
            for (int i = 0; i < CHANNELS; i++) {
                is += comp[i][c] * comp[i][d]; /* covariance = V L V' */
                dot += comp[c][i] * comp[d][i];
            }
            ck_assert_double_lt(fabs(is - cov[c][d]), 1e-3);
            if (c < d) ck_assert_double_lt(fabs(dot), 1e-6);
            if (c > 0 && c == d)
                ck_assert_double_le(dot, comp[c - 1][0] * comp[c - 1][0] +
                                             comp[c - 1][1] * comp[c - 1][1] +
                                             comp[c - 1][2] * comp[c - 1][2]);
        }
    crema_records_free(records);
}
END_TEST

static void open_all(void)
{
    setup();
    console_open(&console, "test", stderr);
}

static void close_all(void)
{
    console_close(&console);
    teardown();
}

int main(void)
{
    Suite *s = suite_create("record sums");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, open_all, close_all);
    tcase_add_loop_test(t, sums_and_components, 0, 3);
    suite_add_tcase(s, t);
    return run_suite(s);
}
