/* test_augment_records.c - records changed at random: the same whatever the
 * threads, the device and the place where a run begins. */
#include "data_floor/rig.h"
#include "support/suite.h"

#include "data/mean.h"

#include <math.h>

enum { RECORDS = 7, SIDE = 48, CHANNELS = 3, PLANE = SIDE * SIDE };

/* Raw planes: blue is x, green is y, times 5; red is the record's. */
static const char *make_places(void)
{
    const char *path = in_scratch("places");
    struct crema_lmdb_writer *writer;
    static uint8_t planes[CHANNELS * PLANE];
    struct crema_datum datum = { .channels = CHANNELS,
                                 .height = SIDE,
                                 .width = SIDE,
                                 .data = planes,
                                 .size = sizeof planes };
    char key[16];

    OK(crema_lmdb_create(ctx, path, &writer));
    for (int i = 0; i < RECORDS; i++) {
        for (int k = 0; k < PLANE; k++) {
            planes[k] = (uint8_t)(k % SIDE * 5);
            planes[PLANE + k] = (uint8_t)(k / SIDE * 5);
            planes[2 * PLANE + k] = (uint8_t)(30 * i);
        }
        snprintf(key, sizeof key, "%08d", i);
        put_datum(writer, key, &datum, NULL);
    }
    OK(crema_lmdb_commit(writer));
    return path;
}

static Crema__ResizeParameter resize;
static Crema__RandomAspectRatioParameter area;
static Crema__DistortionParameter distort;
static Crema__ExpansionParameter expand;
static Crema__NoiseParameter noise;
static Crema__SaltPepperParameter pepper;
static float means[CHANNELS] = { 104.5f, 116.75f, 122.1f };

/* All at once. */
static void set_all(Crema__TransformationParameter *p)
{
    crema__transformation_parameter__init(p);
    crema__resize_parameter__init(&resize);
    crema__random_aspect_ratio_parameter__init(&area);
    crema__distortion_parameter__init(&distort);
    crema__expansion_parameter__init(&expand);
    crema__noise_parameter__init(&noise);
    crema__salt_pepper_parameter__init(&pepper);
    p->mirror = 1;
    p->crop_size = 20;
    p->scale = 0.017f;
    p->mean_value = means;
    p->n_mean_value = CHANNELS;
    resize.height = 24;
    resize.width = 28;
    area.resize_param = &resize;
    area.min_area_ratio = 0.2f;
    area.aspect_ratio_change = 1.5f;
    p->random_aspect_ratio_param = &area;
    distort.brightness_prob = distort.contrast_prob = 0.5f;
    distort.saturation_prob = distort.hue_prob = 0.5f;
    distort.brightness_delta = 32;
    distort.contrast_lower = distort.saturation_lower = 0.5f;
    distort.contrast_upper = distort.saturation_upper = 1.5f;
    distort.hue_delta = 18;
    p->distort_param = &distort;
    expand.prob = 0.5f;
    expand.max_expand_ratio = 2;
    p->expand_param = &expand;
    noise.has_prob = 1;
    noise.prob = 0.3f;
    noise.saltpepper = 1;
    pepper.fraction = 0.05f;
    noise.saltpepper_param = &pepper;
    p->noise_param = &noise;
    p->rotate = 1;
    p->max_rotation_angle = 15;
    p->erase_ratio = 0.5f;
}

static float *copy(const struct crema_filled_batch *b)
{
    size_t n = (size_t)(b->shape[0] * b->shape[1] * b->shape[2] * b->shape[3]);
    float *out = malloc(n * sizeof *out);

    ck_assert_ptr_nonnull(out);
    memcpy(out, b->data, n * sizeof *out);
    return out;
}

enum { BATCH = 5, BATCHES = 6, ITEM = CHANNELS * 20 * 20 };

/* With other threads and from the middle, with lighting and without. */
START_TEST(the_same_whatever_the_threads)
{
    const int shape[3] = { 1, CHANNELS, CHANNELS };
    const float lights[9] = { 50, 52, 48, 5, 0, -5, 1, -2, 1 };
    struct crema_pipeline_options one = { .batch_size = BATCH };
    struct crema_pipeline_options four = { .batch_size = BATCH, .workers = 4 };
    Crema__TransformationParameter p;
    const char *path = make_places();
    float *values[BATCHES];
    struct rig rig;

    set_all(&p);
    OK(crema_mean_write(ctx, in_scratch("lights"), lights, shape));
    if (_i) p.lighting_file = (char *)in_scratch("lights");
    OK(open_rig(path, &p, &one, &rig));
    for (int b = 0; b < BATCHES; b++) values[b] = copy(next(&rig));
    close_rig(&rig);
    OK(open_rig(path, &p, &four, &rig));
    for (int pass = 0; pass < 2; pass++) {
        for (int b = 2 * pass; b < BATCHES; b++)
            ck_assert_mem_eq(next(&rig)->data, values[b],
                             BATCH * ITEM * sizeof(float));
        crema_pipeline_seek(rig.pipeline, 2 * BATCH);
    }
    ck_assert_mem_ne(values[0], values[1], ITEM * sizeof(float));
    for (int b = 0; b < BATCHES; b++) free(values[b]);
    close_rig(&rig);
}
END_TEST

/* What a device makes of bytes; lighting makes floats of them. */
START_TEST(bytes_become_the_same)
{
    const struct crema_picture_sizes sizes = { CHANNELS, 20, 20,    CHANNELS,
                                               0,        0,  0.017f };
    struct crema_pipeline_options options = { .batch_size = BATCH };
    Crema__TransformationParameter p;
    const char *path = make_places();
    struct rig floats, bytes;

    set_all(&p);
    OK(open_rig(path, &p, &options, &floats));
    options.bytes = true;
    OK(open_rig(path, &p, &options, &bytes));
    for (int b = 0; b < BATCHES; b++) {
        const struct crema_filled_batch *is = next(&bytes), *as = next(&floats);

        ck_assert_ptr_nonnull(is->bytes);
        for (int k = 0; k < BATCH * ITEM; k++) {
            float v = crema_picture_value(
                &sizes, is->bytes + k / ITEM * ITEM,
                is->places + k / ITEM * CREMA_PLACE_NUMBERS, means,
                k % ITEM / 400, k % 400 / 20, k % 20);

            ck_assert_float_eq(v, as->data[k]);
        }
    }
    close_rig(&floats);
    close_rig(&bytes);
}
END_TEST

/* A raw record is resized as a picture of the same pixels. */
START_TEST(raw_records_are_resized)
{
    struct crema_pipeline_options options = { .batch_size = RECORDS };
    struct crema_image in = { 0 }, out = { 0 };
    Crema__TransformationParameter p;
    const struct crema_filled_batch *b;
    struct rig rig;

    set_all(&p);
    crema__transformation_parameter__init(&p);
    p.resize_param = &resize;
    OK(open_rig(make_places(), &p, &options, &rig));
    OK(crema_image_reserve(ctx, "in", SIDE, SIDE, CHANNELS, &in));
    for (int k = 0; k < PLANE; k++) {
        in.pixels[3 * k] = (uint8_t)(k % SIDE * 5);
        in.pixels[3 * k + 1] = (uint8_t)(k / SIDE * 5);
        in.pixels[3 * k + 2] = 60;
    }
    OK(crema_image_resize(ctx, &in, 24, 28, &out));
    b = next(&rig);
    ck_assert_int_eq(b->shape[2], 24);
    ck_assert_int_eq(b->shape[3], 28);
    for (int k = 0; k < 24 * 28; k++)
        for (int c = 0; c < CHANNELS; c++)
            ck_assert_float_eq(b->data[(2 * CHANNELS + c) * 24 * 28 + k],
                               (float)out.pixels[k * CHANNELS + c]);
    crema_image_free(&in);
    crema_image_free(&out);
    close_rig(&rig);
}
END_TEST

/* The parts that are taken have the areas and aspects that were asked for. */
START_TEST(random_areas)
{
    enum { MANY = 600, TO = 48 };
    struct crema_pipeline_options options = { .batch_size = MANY };
    Crema__ResizeParameter__InterpMode nearest =
        CREMA__RESIZE_PARAMETER__INTERP_MODE__NEAREST;
    double sum = 0, logs = 0;
    Crema__TransformationParameter p;
    const struct crema_filled_batch *b;
    struct rig rig;

    set_all(&p);
    crema__transformation_parameter__init(&p);
    p.mirror = 1; /* the rig's word for TRAIN */
    p.random_aspect_ratio_param = &area;
    area.max_area_ratio = 0.4f;
    resize.height = resize.width = TO;
    resize.interp_mode = &nearest;
    resize.n_interp_mode = 1;
    OK(open_rig(make_places(), &p, &options, &rig));
    b = next(&rig);
    for (int i = 0; i < MANY; i++) {
        const float *v = b->data + i * CHANNELS * PLANE;
        /* the last output is the input at w - w / TO, rounded */
        double w = 1 + fabs((double)(v[TO - 1] - v[0])) / 5;
        double h = 1 + (double)(v[PLANE + PLANE - 1] - v[PLANE]) / 5;

        ck_assert_double_ge(w * h / PLANE, 0.2 * 0.9);
        ck_assert_double_le(w * h / PLANE, 0.4 * 1.1);
        ck_assert_double_le(fabs(log(w / h)), log(1.5) * 1.15);
        sum += w * h / PLANE;
        logs += log(w / h);
    }
    ck_assert_double_lt(fabs(sum / MANY - 0.3), 0.012);
    ck_assert_double_lt(fabs(logs / MANY), 0.05);
    close_rig(&rig);
}
END_TEST

/* One number is added to each channel, on all pixels; its mean is 0, and the
 * channels move as the components say. */
START_TEST(lighting_adds_components)
{
    enum { MANY = 900, EACH = CHANNELS * 4 };
    const int shape[3] = { 1, CHANNELS, CHANNELS };
    const float lights[9] = { 40, 20, 0, 0, 0, 10, 0, 0, 0 };
    struct crema_pipeline_options options = { .batch_size = MANY,
                                              .bytes = true };
    double sum[CHANNELS] = { 0 }, squares[CHANNELS] = { 0 };
    Crema__TransformationParameter p;
    const struct crema_filled_batch *b;
    struct rig rig;

    crema__transformation_parameter__init(&p);
    p.mirror = p.center_crop = 1;
    p.crop_size = 2;
    p.scale = 0.5f;
    p.lighting_std = 0.2f;
    OK(crema_mean_write(ctx, in_scratch("lights"), lights, shape));
    p.lighting_file = (char *)in_scratch("lights");
    OK(open_rig(make_places(), &p, &options, &rig));
    b = next(&rig);
    ck_assert_ptr_nonnull(b->data);
    for (int i = 0; i < MANY; i++) {
        const float *v = b->data + i * EACH;
        double light[CHANNELS] = { (double)(v[0] + v[1]) - 2.5 * 47,
                                   (double)(v[4] + v[6]) - 2.5 * 47,
                                   (double)(2 * v[8]) - 30 * (i % RECORDS) };

        ck_assert_double_lt(fabs(light[0] - 2 * light[1]), 1e-3);
        for (int k = 9; k < 12; k++) ck_assert_float_eq(v[8], v[k]);
        for (int c = 0; c < CHANNELS; c++) {
            sum[c] += light[c];
            squares[c] += light[c] * light[c];
        }
    }
    ck_assert_double_lt(fabs(sum[0] / MANY), 4 * 8 / 30.0);
    ck_assert_double_lt(fabs(sqrt(squares[0] / MANY) - 8), 0.8);
    ck_assert_double_lt(fabs(sum[2] / MANY), 4 * 2 / 30.0);
    ck_assert_double_lt(fabs(sqrt(squares[2] / MANY) - 2), 0.2);
    close_rig(&rig);
}
END_TEST

START_TEST(what_does_not_fit)
{
    const int shape[3] = { 1, 2, 2 };
    const float lights[4] = { 0 };
    struct crema_pipeline_options options = { .batch_size = 2 };
    Crema__TransformationParameter p;
    const char *path = make_places();
    struct rig rig;

    set_all(&p);
    OK(crema_mean_write(ctx, in_scratch("lights"), lights, shape));
    p.lighting_file = (char *)in_scratch("lights");
    ck_assert_int_ne(open_rig(path, &p, &options, &rig), CREMA_OK);
    ck_assert_msg(strstr(ctx->message, "but lighting_file is for 2"), "%s",
                  ctx->message);
    close_rig(&rig);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("augment records");
    TCase *t = tcase_create("records");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, the_same_whatever_the_threads, 0, 2);
    tcase_add_test(t, bytes_become_the_same);
    tcase_add_test(t, raw_records_are_resized);
    tcase_add_test(t, random_areas);
    tcase_add_test(t, lighting_adds_components);
    tcase_add_test(t, what_does_not_fit);
    suite_add_tcase(s, t);
    return run_suite(s);
}
