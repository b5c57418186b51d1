/* test_cut.c - batches of bytes, of which a device makes values, hold to the
 * bit what the threads make of the same records. */
#include "data_floor/rig.h"
#include "support/cuda_on_host.h"
#include "support/suite.h"

#include "data/mean.h"
#include "device/backend.h"
#include "device/op.h"

enum { RECORDS = 11, BATCH = 4, BATCHES = 9, CHANNELS = 3 };

static const char *const devices[] = { "ref", CUDA_ON_HOST, CUDA_ON_HOST_LAST };
enum { DEVICES = sizeof devices / sizeof *devices };

/* What records are, and what is done to them. */
static const struct {
    bool varied;  /* sizes differ */
    bool encoded; /* every other one is a PNG */
    int crop, mirror, means;
    bool mean_file;
    float scale;
    int batch;
} cases[] = {
    { .batch = BATCH },
    { .crop = 5, .mirror = 1, .batch = BATCH },
    { .crop = 5, .batch = BATCH }, /* centred */
    { .mirror = 1, .scale = 0.017f, .means = 1, .batch = BATCH },
    { .crop = 4, .mirror = 1, .scale = 0.3f, .means = 3, .batch = BATCH },
    { .crop = 6, .mirror = 1, .mean_file = true, .batch = BATCH },
    { .mirror = 1, .mean_file = true, .scale = 0.1f, .batch = BATCH },
    { .encoded = true, .crop = 5, .mirror = 1, .means = 3, .batch = BATCH },
    { .encoded = true, .mirror = 1, .mean_file = true, .batch = BATCH },
    { .varied = true,
      .encoded = true,
      .crop = 5,
      .mirror = 1,
      .means = 1,
      .batch = BATCH },
    { .varied = true, .encoded = true, .mirror = 1, .batch = 1 },
};
enum { CASES = sizeof cases / sizeof *cases };

/* ---- records --------------------------------------------------------------
 */

static int height_of(int record, bool varied)
{
    return varied ? 7 + record % 3 : 8;
}

static int width_of(int record, bool varied)
{
    return varied ? 9 - record % 4 : 9;
}

/* Record i as planes of bytes; as a PNG of the same pixels; as floats. */
enum kind { PLANES, ENCODED, FLOATS };

static void put(struct crema_lmdb_writer *writer, int i, enum kind kind,
                bool varied)
{
    int h = height_of(i, varied), w = width_of(i, varied), n = CHANNELS * h * w;
    struct crema_datum datum = { .label = i, .has_label = true };
    struct crema_image image = { 0 };
    uint8_t planes[300], *png = NULL;
    float floats[300];
    char key[32];

    for (int k = 0; k < n; k++) planes[k] = db_byte(i, k);
    for (int k = 0; k < n; k++) floats[k] = (float)planes[k] + 0.25f;
    if (kind == ENCODED) {
        OK(crema_image_reserve(ctx, "random", h, w, CHANNELS, &image));
        memcpy(image.pixels, planes, (size_t)n);
        OK(crema_image_encode(ctx, &image, CREMA_IMAGE_PNG, &png, &datum.size));
        datum.data = png;
        datum.encoded = true;
    } else {
        datum.channels = CHANNELS;
        datum.height = h;
        datum.width = w;
        if (kind == PLANES) datum.data = planes;
        if (kind == PLANES) datum.size = (size_t)n;
        if (kind == FLOATS) datum.nfloats = (size_t)n;
    }
    snprintf(key, sizeof key, "%08d_x", i);
    put_datum(writer, key, &datum, kind == FLOATS ? floats : NULL);
    crema_image_free(&image);
    free(png);
}

static const char *make(bool varied, bool encoded, int floats_from)
{
    const char *path = in_scratch("db");
    struct crema_lmdb_writer *writer;

    OK(crema_lmdb_create(ctx, path, &writer));
    for (int i = 0; i < RECORDS; i++)
        put(writer, i,
            i >= floats_from     ? FLOATS
            : encoded && (i & 1) ? ENCODED
                                 : PLANES,
            varied);
    OK(crema_lmdb_commit(writer));
    return path;
}

static char *make_mean(void)
{
    const int shape[3] = { CHANNELS, height_of(0, false), width_of(0, false) };
    char *path = strdup(in_scratch("mean.binaryproto"));
    float values[300];

    for (int i = 0; i < shape[0] * shape[1] * shape[2]; i++)
        values[i] = (float)(i * 29 % 255) + 0.125f * (float)(i % 7);
    OK(crema_mean_write(ctx, path, values, shape));
    return path;
}

/* ---- what a device makes of a batch ---------------------------------------
 */

static void compute(const char *name, const struct crema_transform *t,
                    const struct crema_filled_batch *b, float *out)
{
    const struct crema_shape shape =
        CREMA_SHAPE(b->shape[0], b->shape[1], b->shape[2], b->shape[3]);
    struct crema_param mean = { .name = "mean" };
    const float *values = crema_transform_mean(t, &mean.shape);
    struct crema_tensor *bytes, *places, *y;
    struct crema_program *p;
    struct crema_device *dev;
    struct crema_heap heap;

    OK(strcmp(name, "ref") ? cuda_on_host_open(ctx, name, &dev)
                           : crema_device_open(ctx, name, 1, &dev));
    heap = (struct crema_heap){ .dev = dev };
    mean.dev = dev;
    OK(crema_program_open(dev, &heap, true, &p));
    if (values)
        OK(crema_param_write(&mean, 0, crema_shape_count(&mean.shape), values));
    bytes = crema_program_input(
        p, &CREMA_SHAPE(shape.dim[0], crema_shape_product(&shape, 1, 4)),
        CREMA_U8);
    places = crema_program_input(
        p, &CREMA_SHAPE(shape.dim[0], CREMA_PLACE_NUMBERS), CREMA_I32);
    bytes->streamed = places->streamed = true;
    y = crema_pictures(p, &shape, crema_transform_scale(t), bytes, places,
                       values ? crema_program_param(p, &mean, false) : NULL);
    ck_assert_ptr_nonnull(y);
    crema_program_keep(y);
    crema_program_end(p, CREMA_FORWARD);
    OK(crema_program_prepare(p));
    OK(crema_tensor_feed(dev, bytes, b->bytes));
    OK(crema_tensor_feed(dev, places, b->places));
    OK(crema_program_run(p, CREMA_FORWARD, CREMA_FORWARD, NULL, NULL));
    OK(crema_tensor_read(dev, y, out));
    crema_program_free(p);
    crema_param_release(&mean);
    crema_heap_release(&heap);
    crema_device_free(dev);
}

static void same(const struct crema_filled_batch *a,
                 const struct crema_filled_batch *b,
                 const struct crema_transform *t)
{
    size_t n = (size_t)(a->shape[0] * a->shape[1] * a->shape[2] * a->shape[3]);
    float out[BATCH * 300];

    ck_assert_mem_eq(a->shape, b->shape, sizeof a->shape);
    ck_assert_mem_eq(a->labels, b->labels, (size_t)a->shape[0] * sizeof(float));
    ck_assert_ptr_nonnull(a->data);
    if (b->data) { /* floats among bytes */
        ck_assert_mem_eq(a->data, b->data, n * sizeof(float));
        return;
    }
    for (int d = 0; d < DEVICES; d++) {
        memset(out, 0xff, sizeof out);
        compute(devices[d], t, b, out);
        ck_assert_mem_eq(a->data, out, n * sizeof(float));
    }
}

START_TEST(devices_make_what_threads_make)
{
    struct crema_pipeline_options options = { .batch_size = cases[_i].batch,
                                              .workers = 2 };
    const char *path = make(cases[_i].varied, cases[_i].encoded, RECORDS);
    float means[CHANNELS] = { 104.5f, 116.75f, 122.1f };
    Crema__TransformationParameter p;
    struct rig floats, bytes;

    crema__transformation_parameter__init(&p);
    p.crop_size = (uint32_t)cases[_i].crop;
    p.mirror = cases[_i].mirror;
    if (cases[_i].scale != 0) p.scale = cases[_i].scale;
    p.n_mean_value = (size_t)cases[_i].means;
    p.mean_value = means;
    if (cases[_i].mean_file) p.mean_file = make_mean();
    OK(open_rig(path, &p, &options, &floats));
    options.bytes = true;
    OK(open_rig(path, &p, &options, &bytes));
    for (int b = 0; b < BATCHES; b++) {
        const struct crema_filled_batch *batch = next(&bytes);

        ck_assert_ptr_null(batch->data);
        same(next(&floats), batch, bytes.transform);
    }
    close_rig(&floats);
    close_rig(&bytes);
    if (cases[_i].mean_file) free(p.mean_file);
}
END_TEST

/* From the first record with floats on batches hold floats; each batch is the
 * same whatever the threads do. */
START_TEST(floats_among_bytes)
{
    struct crema_pipeline_options options = { .batch_size = 3, .workers = 3 };
    const char *path = make(false, false, 7);
    struct rig floats, bytes;

    OK(open_rig(path, NULL, &options, &floats));
    options.bytes = true;
    OK(open_rig(path, NULL, &options, &bytes));
    for (int b = 0; b < BATCHES; b++) {
        const struct crema_filled_batch *batch = next(&bytes);

        ck_assert_int_eq(batch->data != NULL, b >= 2);
        same(next(&floats), batch, bytes.transform);
        ck_assert_uint_eq(crema_pipeline_position(bytes.pipeline),
                          crema_pipeline_position(floats.pipeline));
    }
    close_rig(&floats);
    close_rig(&bytes);
}
END_TEST

/* Where the first record has floats, all batches do. */
START_TEST(floats_alone)
{
    struct crema_pipeline_options options = { .batch_size = 3, .bytes = true };
    struct rig rig;

    OK(open_rig(make(false, false, 0), NULL, &options, &rig));
    ck_assert(!crema_pipeline_bytes(rig.pipeline));
    ck_assert_ptr_nonnull(next(&rig)->data);
    close_rig(&rig);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cut");
    TCase *t = tcase_create("bytes");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, devices_make_what_threads_make, 0, CASES);
    tcase_add_test(t, floats_among_bytes);
    tcase_add_test(t, floats_alone);
    suite_add_tcase(s, t);
    return run_suite(s);
}
