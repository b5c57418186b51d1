/* test_pipeline_records.c - records of all kinds on their way into batches:
 * undecodable, mislabelled, of other sizes, floats, pictures. */
#include "data_floor/rig.h"

#include "data/list.h"
#include "support/suite.h"

/* A database of `records`, those whose bit is set in `bad` without pixels. */
static const char *make_bad_db(int records, uint32_t bad)
{
    static const char name[] = "bad";
    struct crema_lmdb_writer *writer;

    OK(crema_lmdb_create(ctx, in_scratch(name), &writer));
    for (int i = 0; i < records; i++) {
        struct crema_datum datum = { .data = (const uint8_t *)"no picture",
                                     .size = 10,
                                     .encoded = true };
        char key[32];

        snprintf(key, sizeof key, "%08d_bad", i);
        if (bad >> i & 1)
            put_datum(writer, key, &datum, NULL);
        else
            put_record(writer, i);
    }
    OK(crema_lmdb_commit(writer));
    return in_scratch(name);
}

START_TEST(bad_records_stop_in_their_place)
{
    struct crema_pipeline_options options = { .batch_size = 3,
                                              .workers = _i + 1 };
    const struct crema_filled_batch *batch;
    struct rig rig;

    OK(open_rig(make_bad_db(12, 1 << 7 | 1 << 8 | 1 << 10), NULL, &options,
                &rig));
    next(&rig);
    next(&rig);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(crema_pipeline_next(ctx, rig.pipeline, &batch),
                         CREMA_EINVAL);
        ck_assert_msg(
            strncmp(ctx->message, "record 00000007_bad of database ", 32) == 0,
            "%s", ctx->message);
    }
    crema_pipeline_seek(rig.pipeline, 11);
    check_item(next(&rig), 0, 11);
    close_rig(&rig);
}
END_TEST

START_TEST(bad_records_are_left_out)
{
    static const int good[] = { 1, 2, 4, 5, 6, 9 };
    struct crema_pipeline_options options = { .batch_size = 4,
                                              .workers = _i + 1,
                                              .skip_bad = true };
    uint32_t bad = 1 << 0 | 1 << 3 | 1 << 7 | 1 << 8;
    struct rig rig;
    int n = 0;

    OK(open_rig(make_bad_db(10, bad), NULL, &options, &rig));
    for (int b = 0; b < 30; b++) {
        const struct crema_filled_batch *batch = next(&rig);

        for (int i = 0; i < 4; i++) check_item(batch, i, good[n++ % 6]);
    }
    ck_assert_uint_eq(crema_pipeline_stats(rig.pipeline).bad, 4);
    ck_assert_uint_eq(crema_pipeline_position(rig.pipeline), 200);
    crema_pipeline_seek(rig.pipeline, 196);
    check_item(next(&rig), 0, 6);
    close_rig(&rig);
}
END_TEST

START_TEST(only_bad_records)
{
    struct crema_pipeline_options options = { .batch_size = 4,
                                              .skip_bad = true };
    struct rig rig;

    ck_assert_int_eq(open_rig(make_bad_db(5, 31), NULL, &options, &rig),
                     CREMA_EINVAL);
    close_rig(&rig);
}
END_TEST

static const char *make_sizes_db(void)
{
    struct crema_lmdb_writer *writer;
    uint8_t data[300];

    memset(data, 3, sizeof data);
    OK(crema_lmdb_create(ctx, in_scratch("sizes"), &writer));
    for (int i = 0; i < 6; i++) {
        struct crema_datum datum = {
            .channels = 1, .height = 4 + i, .width = 30 - 4 * i, .data = data
        };
        char key[32];

        datum.size = (size_t)(datum.height * datum.width);
        snprintf(key, sizeof key, "%08d", i);
        put_datum(writer, key, &datum, NULL);
    }
    OK(crema_lmdb_commit(writer));
    return in_scratch("sizes");
}

START_TEST(sizes_may_differ_in_batches_of_one)
{
    struct crema_pipeline_options options = { .batch_size = 1, .workers = 3 };
    const struct crema_filled_batch *batch;
    const char *path = make_sizes_db();
    struct rig rig;

    OK(open_rig(path, NULL, &options, &rig));
    for (int i = 0; i < 20; i++) {
        batch = next(&rig);
        ck_assert_int_eq(batch->shape[2], 4 + i % 6);
        ck_assert_int_eq(batch->shape[3], 30 - 4 * (i % 6));
        ck_assert_float_eq(batch->data[batch->shape[2] * batch->shape[3] - 1],
                           3);
    }
    close_rig(&rig);
    options.batch_size = 2;
    OK(open_rig(path, NULL, &options, &rig));
    ck_assert_int_eq(crema_pipeline_next(ctx, rig.pipeline, &batch),
                     CREMA_EINVAL);
    ck_assert_msg(strstr(ctx->message, "record 00000001 ") != NULL, "%s",
                  ctx->message);
    close_rig(&rig);
}
END_TEST

/* float_data, and an encoded picture with its channels */
START_TEST(floats_and_pictures)
{
    struct crema_pipeline_options options = { .batch_size = 2 };
    static const float values[] = { -1.5f, 0, 1e6f, 3.25f };
    struct crema_datum datum = {
        .channels = 1, .height = 2, .width = 2, .nfloats = 4
    };
    uint8_t pixels[] = { 1, 2, 3, 4, 5, 6 };
    struct crema_image image = { 1, 2, 3, pixels, 6 };
    struct crema_lmdb_writer *writer;
    const struct crema_filled_batch *batch;
    struct rig rig;
    uint8_t *bytes;

    OK(crema_lmdb_create(ctx, in_scratch("floats"), &writer));
    put_datum(writer, "a", &datum, values);
    OK(crema_lmdb_commit(writer));
    OK(open_rig(in_scratch("floats"), NULL, &options, &rig));
    ck_assert_mem_eq(next(&rig)->data, values, sizeof values);
    close_rig(&rig);

    OK(crema_image_encode(ctx, &image, CREMA_IMAGE_PNG, &bytes, &datum.size));
    datum = (struct crema_datum){ .data = bytes,
                                  .size = datum.size,
                                  .encoded = true };
    OK(crema_lmdb_create(ctx, in_scratch("pictures"), &writer));
    put_datum(writer, "a", &datum, NULL);
    OK(crema_lmdb_commit(writer));
    free(bytes);
    OK(open_rig(in_scratch("pictures"), NULL, &options, &rig));
    batch = next(&rig);
    ck_assert_int_eq(batch->shape[1], 3);
    for (int c = 0; c < 3; c++)
        for (int x = 0; x < 2; x++)
            ck_assert_float_eq(batch->data[2 * c + x],
                               (float)pixels[3 * x + c]);
    close_rig(&rig);
}
END_TEST

/* Beside bytes as float_data, beside floats as labels that repeat. */
START_TEST(records_with_many_labels)
{
    static const float labels[] = { 0.5f, -2, 1e9f }, value = 7;
    static const uint8_t repeated[] = {
        0x28, 3, 0x2d, 0, 0, 0x20, 0x41, 0x28, 1
    };
    struct crema_lmdb_options how = { .labels = 3 };
    const struct crema_transform_options plain = { 0 };
    const struct crema_pipeline_options options = { .batch_size = 2 };
    struct crema_datum datum = {
        .channels = 1, .height = 1, .width = 1, .nfloats = 3
    };
    const struct crema_filled_batch *b;
    struct crema_lmdb_writer *writer;
    struct crema_database *database;
    struct crema_bytes bytes = { .ctx = ctx };
    struct rig rig = { 0 };

    datum.data = repeated;
    datum.size = 1;
    OK(crema_lmdb_create(ctx, in_scratch("labels"), &writer));
    put_datum(writer, "a", &datum, labels);
    datum.data = NULL;
    datum.size = 0;
    datum.nfloats = 1;
    OK(crema_datum_write(&bytes, &datum, &value));
    OK(crema_bytes_append(&bytes, repeated, sizeof repeated));
    OK(crema_lmdb_put(writer, (struct crema_slice){ "b", 1 },
                      (struct crema_slice){ bytes.data, bytes.length }));
    free(bytes.data);
    OK(crema_lmdb_commit(writer));
    OK(crema_database_open(ctx, databases, in_scratch("labels"), &database));
    OK(crema_records_lmdb(ctx, database, &how, &rig.records));
    OK(crema_transform_new(ctx, &plain, &rig.transform));
    OK(crema_pipeline_open(ctx, rig.records, rig.transform, &options,
                           &rig.pipeline));
    OK(crema_pipeline_next(ctx, rig.pipeline, &b));
    ck_assert_float_eq(b->data[0], (float)repeated[0]);
    ck_assert_mem_eq(b->labels, labels, sizeof labels);
    ck_assert_float_eq(b->data[1], value);
    ck_assert_float_eq(b->labels[3], 3);
    ck_assert_float_eq(b->labels[4], 10);
    ck_assert_float_eq(b->labels[5], 1);
    close_rig(&rig);
    how.labels = 2;
    OK(crema_records_lmdb(ctx, database, &how, &rig.records));
    OK(crema_transform_new(ctx, &plain, &rig.transform));
    ck_assert_int_eq(crema_pipeline_open(ctx, rig.records, rig.transform,
                                         &options, &rig.pipeline),
                     CREMA_EINVAL);
    ck_assert_msg(strstr(ctx->message, "has 3 labels, 2 are expected") != NULL,
                  "%s", ctx->message);
    close_rig(&rig);
}
END_TEST

START_TEST(lists_with_many_labels)
{
    static const char text[] = "a name.png 1 -2.5 3e2\n\nb 0 0 7 \r\n";
    static const float want[] = { 1, -2.5f, 300, 0, 0, 0, 0, 0, 7 };
    const char *path = in_scratch("list.txt");
    FILE *file = fopen(path, "w");
    struct crema_list list;

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    OK(crema_list_read_labels(ctx, path, 3, &list));
    ck_assert_uint_eq(list.count, 3);
    ck_assert_str_eq(list.items[0].name, "a name.png");
    ck_assert_str_eq(list.items[1].name, "");
    ck_assert_str_eq(list.items[2].name, "b");
    ck_assert_mem_eq(list.labels, want, sizeof want);
    crema_list_free(&list);
    ck_assert_int_eq(crema_list_read_labels(ctx, path, 4, &list), CREMA_EINVAL);
    ck_assert_ptr_nonnull(strstr(ctx->message, "list.txt:1:1: a label is no"));
    ck_assert_int_eq(crema_list_read(ctx, path, &list), CREMA_EINVAL);
    ck_assert_ptr_nonnull(strstr(ctx->message, "no whole number"));
}
END_TEST

/* As editors of other systems leave them; and no text at all. */
START_TEST(lists_of_other_systems)
{
    static const char marked[] = "\xef\xbb\xbf"
                                 "a.png 1\r\nb.png -2";
    static const char wide[] = "a.png 1\nb\0.\0p\0n\0g\0 2\n";
    const char *path = in_scratch("list.txt");
    FILE *file = fopen(path, "wb");
    struct crema_list list;

    ck_assert_ptr_nonnull(file);
    fwrite(marked, 1, sizeof marked - 1, file);
    fclose(file);
    OK(crema_list_read(ctx, path, &list));
    ck_assert_uint_eq(list.count, 2);
    ck_assert_str_eq(list.items[0].name, "a.png");
    ck_assert_int_eq(list.items[1].label, -2);
    crema_list_free(&list);
    file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fwrite(wide, 1, sizeof wide - 1, file);
    fclose(file);
    ck_assert_int_eq(crema_list_read(ctx, path, &list), CREMA_EINVAL);
    ck_assert_ptr_nonnull(strstr(ctx->message, "list.txt:2:1: a zero byte"));
}
END_TEST

/* A list of pictures is shuffled anew in each epoch, and the same again. */
START_TEST(shuffled_lists)
{
    enum { COUNT = 16 };
    struct crema_images_options o = { .list = TEST_DATA "/images/list.txt",
                                      .root = TEST_DATA "/images/img/",
                                      .height = 8,
                                      .width = 8,
                                      .shuffle = true,
                                      .seed = 3 };
    uint64_t rows[3 * COUNT];
    struct crema_records *records;
    bool seen[3][COUNT] = { { false } };

    OK(crema_records_images(ctx, &o, &records));
    ck_assert_uint_eq(records->count, COUNT);
    for (uint64_t i = 0; i < 3 * COUNT; i++) {
        struct crema_record record = { 0 };

        OK(records->type->find(ctx, records, i, &record));
        rows[i] = record.row;
        ck_assert(!seen[i / COUNT][record.row]);
        seen[i / COUNT][record.row] = true;
    }
    ck_assert_mem_ne(rows, rows + COUNT, COUNT * sizeof *rows);
    for (uint64_t i = 3 * COUNT; i-- > 0;) {
        struct crema_record record = { 0 };

        OK(records->type->find(ctx, records, i, &record));
        ck_assert_uint_eq(record.row, rows[i]);
    }
    crema_records_free(records);
    o.width = 0;
    ck_assert_int_eq(crema_records_images(ctx, &o, &records), CREMA_EINVAL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pipeline_records");
    TCase *t = tcase_create("pipeline_records");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, bad_records_stop_in_their_place, 0, 4);
    tcase_add_loop_test(t, bad_records_are_left_out, 0, 4);
    tcase_add_test(t, only_bad_records);
    tcase_add_test(t, sizes_may_differ_in_batches_of_one);
    tcase_add_test(t, floats_and_pictures);
    tcase_add_test(t, records_with_many_labels);
    tcase_add_test(t, lists_with_many_labels);
    tcase_add_test(t, lists_of_other_systems);
    tcase_add_test(t, shuffled_lists);
    suite_add_tcase(s, t);
    return run_suite(s);
}
