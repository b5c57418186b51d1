/* test_windows.c - windows of pictures: which, from where, to where. */
#include "data_floor/rig.h"

#include "data/window.h"
#include "data/window_file.h"
#include "support/suite.h"

/* --- places, worked out by hand; pictures of 20 x 20 --- */

static const struct {
    struct crema_window_rule rule;
    int end[4];
    bool mirror, found;
    struct crema_window_place place;
} places[] = {
    { { 8, 0, false },
      { 2, 3, 9, 10 },
      false,
      true,
      { 2, 3, 8, 8, 0, 0, 8, 8 } },
    { { 8, 0, false },
      { 0, 0, 19, 9 },
      true,
      true,
      { 0, 0, 20, 10, 0, 0, 8, 8 } },
    { { 8, 0, false }, { 13, 3, 20, 10 }, false, false, { 0 } },
    { { 8, 0, false }, { -1, 3, 6, 10 }, false, false, { 0 } },
    /* 4 pixels and twice as many around them */
    { { 8, 2, false },
      { 4, 4, 7, 7 },
      false,
      true,
      { 2, 2, 9, 9, 0, 0, 8, 8 } },
    { { 8, 2, false },
      { 0, 0, 3, 3 },
      false,
      true,
      { 0, 0, 7, 7, 2, 2, 6, 6 } },
    { { 8, 2, false }, { 0, 0, 3, 3 }, true, true, { 0, 0, 7, 7, 0, 2, 6, 6 } },
    { { 8, 2, false },
      { 16, 4, 19, 7 },
      false,
      true,
      { 14, 2, 6, 9, 0, 0, 5, 8 } },
    { { 8, 2, false },
      { 16, 4, 19, 7 },
      true,
      true,
      { 14, 2, 6, 9, 3, 0, 5, 8 } },
    { { 8, 0, true },
      { 4, 4, 7, 11 },
      false,
      true,
      { 2, 4, 9, 9, 0, 0, 8, 8 } },
    { { 8, 2, false }, { 30, 4, 33, 7 }, false, false, { 0 } },
    { { 8, 2, false }, { 2000000000, 4, 2000000003, 7 }, false, false, { 0 } },
};

START_TEST(places_by_hand)
{
    const struct crema_window_place *want = &places[_i].place;
    struct crema_window_place got;

    ck_assert_int_eq(crema_window_locate(&places[_i].rule, places[_i].end, 20,
                                         20, places[_i].mirror, &got),
                     places[_i].found);
    if (!places[_i].found) return;
    ck_assert_int_eq(got.left, want->left);
    ck_assert_int_eq(got.top, want->top);
    ck_assert_int_eq(got.width, want->width);
    ck_assert_int_eq(got.height, want->height);
    ck_assert_int_eq(got.to_left, want->to_left);
    ck_assert_int_eq(got.to_top, want->to_top);
    ck_assert_int_eq(got.to_width, want->to_width);
    ck_assert_int_eq(got.to_height, want->to_height);
}
END_TEST

/* --- records --- */

static uint8_t pixel(int y, int x, int c)
{
    return (uint8_t)(7 * y + 11 * x + 80 * c);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void write_picture(const char *path)
{
    enum { SIDE = 20 };
    uint8_t pixels[SIDE][SIDE][3], *bytes;
    struct crema_image image = { SIDE, SIDE, 3, &pixels[0][0][0],
                                 sizeof pixels };
    FILE *file = fopen(path, "wb");
    size_t length;

    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            for (int c = 0; c < 3; c++) pixels[y][x][c] = pixel(y, x, c);
    OK(crema_image_encode(ctx, &image, CREMA_IMAGE_PNG, &bytes, &length));
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    free(bytes);
}

/* The label of each window of objects is 10 times its left end. */
static const char windows[] = "# 0\np.png\n3\n20\n20\n4\n"
                              "20 0.9 2 3 9 10\n50 0.5 5 0 12 7\n"
                              "3 0.49 0 0 7 7\n1 0.1 1 6 8 13\n"
                              "# 1 p.png 3 20 20 2\n"
                              "110 1 11 2 18 9\n1 0 12 12 19 19\n";

static struct crema_windows_options wishes(void)
{
    return (struct crema_windows_options){
        .file = in_scratch("windows.txt"),
        .root = in_scratch(""),
        .batch_size = 8,
        .size = 8,
        .mirror = true,
        .fg_threshold = 0.5f,
        .bg_threshold = 0.3f,
        .fg_fraction = 0.4f,
        .seed = 4,
    };
}

/* Is it the window from (top, left) on, less mean and scaled? */
static bool shows(const float *item, int top, int left, bool mirror)
{
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++) {
                int at = mirror ? 7 - x : x;
                float want =
                    ((float)pixel(top + y, left + at, c) - 10 * (float)c) *
                    0.5f;

                if (item[(c * 8 + y) * 8 + x] != want) return false;
            }
    return true;
}

START_TEST(batches_of_objects_and_background)
{
    static const int tops[20] = {
        [1] = 6, [2] = 3, [5] = 0, [11] = 2, [12] = 12
    };
    struct crema_pipeline_options options = { .batch_size = 8,
                                              .workers = 1 + _i };
    const struct crema_transform_options plain = { 0 };
    struct crema_windows_options o = wishes();
    Crema__TransformationParameter p;
    float means[3] = { 0, 10, 20 };
    int mirrored = 0, seen[20] = { 0 };
    struct rig rig;

    crema__transformation_parameter__init(&p);
    p.scale = 0.5f;
    p.n_mean_value = 3;
    p.mean_value = means;
    o.param = &p;
    o.cache = _i == 1;
    write_text(o.file, windows);
    write_picture(in_scratch("p.png"));
    OK(crema_records_windows(ctx, &o, &rig.records));
    ck_assert_uint_eq(rig.records->count, 5);
    OK(crema_transform_new(ctx, &plain, &rig.transform));
    OK(crema_pipeline_open(ctx, rig.records, rig.transform, &options,
                           &rig.pipeline));
    for (int b = 0; b < 10; b++) {
        const struct crema_filled_batch *batch = next(&rig);

        for (int i = 0; i < 8; i++) {
            const float *item = batch->data + i * 3 * 64;
            int label = (int)batch->labels[i], left = label / 10;
            bool mirror;

            ck_assert_int_eq(label > 0, i >= 5);
            if (label == 0)
                left = shows(item, 6, 1, 0) || shows(item, 6, 1, 1) ? 1 : 12;
            mirror = shows(item, tops[left], left, true);
            ck_assert(mirror || shows(item, tops[left], left, false));
            mirrored += mirror;
            seen[left]++;
        }
    }
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(seen[i] > 0, tops[i] || i == 5);
    ck_assert_int_gt(mirrored, 20);
    ck_assert_int_lt(mirrored, 60);
    close_rig(&rig);
}
END_TEST

/* What is outside the picture is 0, whatever the mean. */
START_TEST(the_rim_is_empty)
{
    struct crema_windows_options o = wishes();
    Crema__TransformationParameter p;
    float mean = 300;
    struct crema_scratch room = { 0 };
    struct crema_sample sample = { 0 };
    struct crema_record record = { 0 };
    struct crema_records *records;

    crema__transformation_parameter__init(&p);
    p.n_mean_value = 1;
    p.mean_value = &mean;
    o.param = &p;
    o.pad = 2;
    o.fg_fraction = 1;
    o.mirror = false;
    write_text(o.file, "# 0 p.png 3 20 20 1\n1 1 0 0 3 3\n");
    write_picture(in_scratch("p.png"));
    OK(crema_records_windows(ctx, &o, &records));
    OK(records->type->find(ctx, records, 0, &record));
    OK(records->type->load(ctx, records, &record, &room, &sample));
    for (int i = 0; i < 3 * 64; i++) {
        bool outside = i % 8 < 2 || i / 8 % 8 < 2;

        ck_assert_int_eq(sample.floats[i] == 0, outside);
    }
    ck_assert_float_eq_tol(sample.floats[2 * 8 + 2], -300, 3);
    crema_scratch_free(&room);
    crema_records_free(records);
}
END_TEST

static const struct {
    const char *text, *message;
} broken[] = {
    { "p.png\n", "windows.txt:1:1: a picture begins with # and a number" },
    { "# 0\np.png", "windows.txt:2:1: ends within a picture" },
    { "# 0\np.png\n1 20 20 0\n", "windows.txt:3:1: pictures have 3 channels" },
    { "# 0\np.png\n3\n20\n20\n1\n1 0.5 1 1 5\n", "ends within a picture" },
    { "# 0\np.png\n3\n20\n20\n1\n1 0.5 1 1 x 5\n",
      "windows.txt:7:1: a window's end is no whole number" },
    { "# 0\np.png\n3\n20\n20\n1\n1 0.5 6 1 5 5\n",
      "windows.txt:7:1: a window ends before it begins" },
    { "# 0\np.png\n3\n20\n20\n1\n1 often 1 1 5 5\n",
      "a window's overlap is no number" },
    { "# 0 p.png 3 20 20 1\n0 0.5 1 1 5 5\n", "but label 0, which is" },
    { "# 0 p.png 3 20 20 1\n0 0.1 1 1 5 5\n",
      "no window has an overlap of 0.5" },
    { "# 0 p.png 3 20 20 1\n1 0.9 1 1 5 5\n",
      "no window has an overlap below 0.3" },
    { "", "no window has an overlap of 0.5" },
};

START_TEST(broken_files)
{
    struct crema_windows_options o = wishes();
    struct crema_records *records;

    write_text(o.file, broken[_i].text);
    ck_assert_int_eq(crema_records_windows(ctx, &o, &records), CREMA_EINVAL);
    ck_assert_msg(strstr(ctx->message, broken[_i].message) != NULL, "%s",
                  ctx->message);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("windows");
    TCase *t = tcase_create("windows");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, places_by_hand, 0, sizeof places / sizeof *places);
    tcase_add_loop_test(t, batches_of_objects_and_background, 0, 3);
    tcase_add_test(t, the_rim_is_empty);
    tcase_add_loop_test(t, broken_files, 0, sizeof broken / sizeof *broken);
    suite_add_tcase(s, t);
    return run_suite(s);
}
