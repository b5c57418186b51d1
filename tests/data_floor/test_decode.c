/* test_decode.c - what a device makes of JPEGs, with a stand-in for nvJPEG
 * whose pixels are libjpeg-turbo's: to the bit what the threads make. */
#include "data_floor/rig.h"
#include "support/cuda_on_host.h"
#include "support/suite.h"

#include "data/mean.h"
#include "device/op.h"

enum { RECORDS = 13, BATCH = 5, BATCHES = 6 };
enum { HEIGHT = 70, WIDTH = 80, REFUSED_WIDTH = 97, MOST = 3 * 90 * 110 };

#define STAND_IN BUILD_DIR "/libnvjpeg_stand_in.so"

static char said[4096];

static void listen(void *user, enum crema_log_level level, const char *line)
{
    size_t used = strlen(said);

    (void)user;
    (void)level;
    snprintf(said + used, sizeof said - used, "%s\n", line);
}

static void begin(void)
{
    setup();
    crema_ctx_free(ctx);
    ctx = crema_ctx_new(listen, NULL);
    crema_databases_free(databases);
    OK(crema_databases_new(ctx, &databases));
    said[0] = '\0';
    setenv("CREMA_NVJPEG", STAND_IN, 1);
    unsetenv("NVJPEG_STAND_IN");
}

/* ---- records --------------------------------------------------------------
 */

enum kind { COLOUR, GREY, PNG, SMALL, REFUSED };

/* Smooth, as photographs are. */
static void draw(struct crema_image *image, int record)
{
    uint8_t *p = image->pixels;

    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            for (int c = 0; c < image->channels; c++)
                *p++ = (uint8_t)((y * (c + 1) + x * (record % 3 + 1)) / 3 + 9 +
                                 record);
}

static void put(struct crema_lmdb_writer *writer, int i, enum kind kind,
                bool varied)
{
    struct crema_datum datum = { .label = i, .has_label = true };
    int h = varied ? HEIGHT + i % 7 : HEIGHT,
        w = varied ? WIDTH - i % 5 : WIDTH;
    struct crema_image image = { 0 };
    uint8_t *file;
    char key[32];

    if (kind == SMALL) w = 60;
    if (kind == REFUSED) w = REFUSED_WIDTH;
    OK(crema_image_reserve(ctx, "drawn", h, w, kind == GREY ? 1 : 3, &image));
    draw(&image, i);
    OK(crema_image_encode(ctx, &image,
                          kind == PNG ? CREMA_IMAGE_PNG : CREMA_IMAGE_JPEG,
                          &file, &datum.size));
    datum.data = file;
    datum.encoded = true;
    snprintf(key, sizeof key, "%08d_x", i);
    put_datum(writer, key, &datum, NULL);
    crema_image_free(&image);
    free(file);
}

/* `other`: every third is of that kind. */
static const char *make(bool varied, enum kind other)
{
    const char *path = in_scratch("db");
    struct crema_lmdb_writer *writer;

    OK(crema_lmdb_create(ctx, path, &writer));
    for (int i = 0; i < RECORDS; i++)
        put(writer, i, i % 3 == 1 ? other : COLOUR, varied);
    OK(crema_lmdb_commit(writer));
    return path;
}

/* ---- what a device makes of batches ---------------------------------------
 */

static bool yes(void *user)
{
    (void)user;
    return true;
}

struct program {
    struct crema_device *dev;
    struct crema_heap heap;
    struct crema_param mean;
    struct crema_program *p;
    struct crema_tensor *bytes, *places, *y;
};

static void open_program(struct program *t, const char *device,
                         const struct crema_transform *transform,
                         const int size[4])
{
    const struct crema_shape shape =
        CREMA_SHAPE(size[0], size[1], size[2], size[3]);
    const float *values;

    *t = (struct program){ .mean.name = "mean" };
    values = crema_transform_mean(transform, &t->mean.shape);
    OK(cuda_on_host_open(ctx, device, &t->dev));
    OK(crema_device_decode(t->dev, "gpu"));
    t->heap.dev = t->mean.dev = t->dev;
    OK(crema_program_open(t->dev, &t->heap, true, &t->p));
    if (values)
        OK(crema_param_write(&t->mean, 0, crema_shape_count(&t->mean.shape),
                             values));
    t->bytes = crema_program_input(
        t->p, &CREMA_SHAPE(size[0], crema_shape_product(&shape, 1, 4)),
        CREMA_U8);
    t->places = crema_program_input(
        t->p, &CREMA_SHAPE(size[0], CREMA_PLACE_NUMBERS), CREMA_I32);
    t->bytes->streamed = t->places->streamed = t->bytes->decoded = true;
    t->y = crema_pictures(
        t->p, &shape, crema_transform_scale(transform), t->bytes, t->places,
        values ? crema_program_param(t->p, &t->mean, false) : NULL);
    crema_program_keep(t->y);
    crema_program_end(t->p, CREMA_FORWARD);
    OK(crema_program_prepare(t->p));
}

static void close_program(struct program *t)
{
    crema_program_free(t->p);
    crema_param_release(&t->mean);
    crema_heap_release(&t->heap);
    crema_device_free(t->dev);
}

static void run(struct program *t, const struct crema_filled_batch *b,
                float *out)
{
    ck_assert_ptr_nonnull(b->cuts.encoded);
    OK(crema_tensor_feed_cuts(t->dev, t->bytes, &b->cuts));
    OK(crema_tensor_feed(t->dev, t->places, b->places));
    OK(crema_program_run(t->p, CREMA_FORWARD, CREMA_FORWARD, NULL, NULL));
    OK(crema_tensor_read(t->dev, t->y, out));
}

static const struct {
    bool varied;
    enum kind other;
    int crop, mirror, means;
    bool mean_file;
    float scale;
    int batch;
} cases[] = {
    { .batch = BATCH },
    { .crop = 65, .batch = BATCH }, /* centred */
    { .crop = 65, .mirror = 1, .means = 3, .scale = 0.3f, .batch = BATCH },
    { .crop = 50, .mirror = 1, .mean_file = true, .batch = BATCH },
    { .varied = true, .crop = 65, .mirror = 1, .means = 1, .batch = BATCH },
    { .varied = true, .other = PNG, .crop = 65, .mirror = 1, .batch = BATCH },
    { .varied = true, .other = SMALL, .crop = 59, .mirror = 1, .batch = BATCH },
    { .varied = true,
      .other = REFUSED,
      .crop = 65,
      .mirror = 1,
      .batch = BATCH },
    { .varied = true, .crop = 65, .mirror = 1, .batch = 1 },
    { .other = REFUSED, .crop = 65, .batch = 1 },
};
enum { CASES = sizeof cases / sizeof *cases };

static char *make_mean(void)
{
    const int shape[3] = { 3, HEIGHT, WIDTH };
    char *path = strdup(in_scratch("mean.binaryproto"));
    static float values[3 * HEIGHT * WIDTH];

    for (int i = 0; i < 3 * HEIGHT * WIDTH; i++)
        values[i] = (float)(i * 29 % 255) + 0.125f * (float)(i % 7);
    OK(crema_mean_write(ctx, path, values, shape));
    return path;
}

static void describe(int i, Crema__TransformationParameter *p, float *means)
{
    crema__transformation_parameter__init(p);
    p->crop_size = (uint32_t)cases[i].crop;
    p->mirror = cases[i].mirror;
    if (cases[i].scale != 0) p->scale = cases[i].scale;
    p->n_mean_value = (size_t)cases[i].means;
    p->mean_value = means;
    if (cases[i].mean_file) p->mean_file = make_mean();
}

/* Records that lie encoded in the batch before the device has it. */
static int encoded_in(const struct crema_filled_batch *b)
{
    int n = 0;

    for (int i = 0; i < b->shape[0]; i++) n += b->cuts.encoded[i].length > 0;
    return n;
}

START_TEST(devices_make_what_threads_make)
{
    static const char *const devices[] = { CUDA_ON_HOST, CUDA_ON_HOST_LAST };
    struct crema_pipeline_options options = { .batch_size = cases[_i].batch,
                                              .held = CREMA_FEED_HOLDS,
                                              .workers = 2 };
    const char *path = make(cases[_i].varied, cases[_i].other);
    float means[3] = { 104.5f, 116.75f, 122.1f };
    static float out[BATCH * MOST];
    Crema__TransformationParameter p;
    struct rig floats, bytes;
    struct program program;
    int encoded = 0;

    describe(_i, &p, means);
    OK(open_rig(path, &p, &options, &floats));
    options.bytes = true;
    options.decodes = yes;
    OK(open_rig(path, &p, &options, &bytes));
    ck_assert(crema_pipeline_encoded(bytes.pipeline));
    open_program(&program, devices[_i % 2], bytes.transform,
                 crema_pipeline_shape(bytes.pipeline));
    for (int b = 0; b < BATCHES; b++) {
        const struct crema_filled_batch *made = next(&bytes);
        const struct crema_filled_batch *want = next(&floats);

        encoded += encoded_in(made);
        run(&program, made, out);
        ck_assert_mem_eq(made->labels, want->labels,
                         (size_t)want->shape[0] * sizeof(float));
        ck_assert_mem_eq(out, want->data,
                         (size_t)(want->shape[0] * want->shape[1] *
                                  want->shape[2] * want->shape[3]) *
                             sizeof(float));
        if (cases[_i].other == REFUSED)
            for (int i = 0; i < made->shape[0]; i++)
                ck_assert(!made->cuts.encoded[i].length ||
                          made->cuts.encoded[i].width != REFUSED_WIDTH);
    }
    ck_assert_int_gt(encoded, 0);
    ck_assert_int_eq(strstr(said, "not supported (4)") != NULL,
                     cases[_i].other == REFUSED);
    close_program(&program);
    close_rig(&floats);
    close_rig(&bytes);
    if (cases[_i].mean_file) free(p.mean_file);
}
END_TEST

/* The processor decodes where the transformation is not for the device, where
 * the first record is no JPEG it would get, where nobody asks, and from a seek
 * on where that is wanted. */
START_TEST(left_to_the_processor)
{
    struct crema_pipeline_options options = { .batch_size = BATCH,
                                              .bytes = true,
                                              .decodes = yes };
    const char *path = make(false, COLOUR);
    Crema__TransformationParameter p;
    struct rig rig;

    crema__transformation_parameter__init(&p);
    p.crop_size = 65;
    p.mirror = true; /* TRAIN */
    p.force_gray = true;
    OK(open_rig(path, &p, &options, &rig));
    ck_assert(!crema_pipeline_encoded(rig.pipeline));
    ck_assert_ptr_null(next(&rig)->cuts.encoded);
    close_rig(&rig);
    p.force_gray = false;
    p.max_rotation_angle = 5;
    OK(open_rig(path, &p, &options, &rig));
    ck_assert(!crema_pipeline_encoded(rig.pipeline));
    close_rig(&rig);
    p.max_rotation_angle = 0;
    OK(open_rig(path, &p, &options, &rig));
    ck_assert(crema_pipeline_encoded(rig.pipeline));
    ck_assert_int_eq(encoded_in(next(&rig)), BATCH);
    crema_pipeline_seek(rig.pipeline, 0);
    crema_pipeline_decode_all(rig.pipeline);
    ck_assert_ptr_null(next(&rig)->cuts.encoded);
    close_rig(&rig);
    options.decodes = NULL;
    OK(open_rig(path, &p, &options, &rig));
    ck_assert_ptr_null(next(&rig)->cuts.encoded);
    close_rig(&rig);
}
END_TEST

/* An APP1 segment: big-endian TIFF, one entry, the orientation. */
static void turn(uint8_t *jpeg, size_t length, uint8_t *out)
{
    static const uint8_t segment[] = {
        0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0,    'M', 'M',
        0,    42,   0, 0,  0,   8,   0,   1,   1, 0x12, 0,   3,
        0,    0,    0, 1,  0,   6,   0,   0,   0, 0,    0,   0,
    };

    memcpy(out, jpeg, 2);
    memcpy(out + 2, segment, sizeof segment);
    memcpy(out + 2 + sizeof segment, jpeg + 2, length - 2);
}

/* The same JPEG in one's own memory, in which each thing may be another. */
START_TEST(not_left)
{
    struct crema_scratch leaves = { .leaves_jpeg = true }, decodes = { 0 };
    struct crema_image image = { 0 };
    struct crema_sample s = { 0 };
    uint8_t *jpeg, turned[1 << 16];
    size_t n;

    OK(crema_image_reserve(ctx, "drawn", HEIGHT, WIDTH, 3, &image));
    draw(&image, 0);
    OK(crema_image_encode(ctx, &image, CREMA_IMAGE_JPEG, &jpeg, &n));
    ck_assert(crema_sample_encoded(&leaves, CREMA_IMAGE_COLOR, jpeg, n, &s));
    ck_assert(s.jpeg.data == jpeg && s.jpeg.length == n);
    ck_assert(s.channels == 3 && s.height == HEIGHT && s.width == WIDTH);
    ck_assert(!crema_sample_encoded(&leaves, CREMA_IMAGE_GRAY, jpeg, n, &s));
    ck_assert(!crema_sample_encoded(&decodes, CREMA_IMAGE_COLOR, jpeg, n, &s));
    turn(jpeg, n, turned);
    n += 36;
    ck_assert(
        crema_sample_encoded(&leaves, CREMA_IMAGE_UNCHANGED, turned, n, &s));
    ck_assert(!crema_sample_encoded(&leaves, CREMA_IMAGE_COLOR, turned, n, &s));
    free(jpeg);
    OK(crema_image_reserve(ctx, "large", 1024, 513, 3, &image));
    memset(image.pixels, 9, (size_t)3 * 1024 * 513);
    OK(crema_image_encode(ctx, &image, CREMA_IMAGE_JPEG, &jpeg, &n));
    ck_assert(n < CREMA_ENCODED_BYTES);
    ck_assert(!crema_sample_encoded(&leaves, CREMA_IMAGE_COLOR, jpeg, n, &s));
    free(jpeg);
    crema_image_free(&image);
}
END_TEST

/* A list of files, of which one is too small. */
static void make_list(void)
{
    FILE *list = fopen(in_scratch("list.txt"), "w");

    ck_assert_ptr_nonnull(list);
    for (int i = 0; i < 4; i++) {
        struct crema_image image = { 0 };
        size_t length;
        uint8_t *bytes;
        char name[32];
        FILE *f;

        snprintf(name, sizeof name, "%d.jpg", i);
        OK(crema_image_reserve(ctx, name, HEIGHT, i == 2 ? 60 : WIDTH, 3,
                               &image));
        draw(&image, i);
        OK(crema_image_encode(ctx, &image, CREMA_IMAGE_JPEG, &bytes, &length));
        f = fopen(in_scratch(name), "wb");
        ck_assert_ptr_nonnull(f);
        ck_assert_uint_eq(fwrite(bytes, 1, length, f), length);
        ck_assert_int_eq(fclose(f), 0);
        fprintf(list, "%s %d\n", name, i);
        crema_image_free(&image);
        free(bytes);
    }
    ck_assert_int_eq(fclose(list), 0);
}

static void open_list(const struct crema_pipeline_options *options, int side,
                      struct rig *rig)
{
    const char *root = in_scratch("");
    const struct crema_images_options how = { .list = in_scratch("list.txt"),
                                              .root = root,
                                              .height = side,
                                              .width = side };
    Crema__TransformationParameter p;
    const struct crema_transform_options o = { .param = &p };

    crema__transformation_parameter__init(&p);
    p.crop_size = 59;
    OK(crema_records_images(ctx, &how, &rig->records));
    OK(crema_transform_new(ctx, &o, &rig->transform));
    OK(crema_pipeline_open(ctx, rig->records, rig->transform, options,
                           &rig->pipeline));
}

START_TEST(lists_of_files)
{
    struct crema_pipeline_options options = { .batch_size = 4 };
    const struct crema_filled_batch *made, *want;
    static float out[4 * 3 * 59 * 59];
    struct rig floats, bytes;
    struct program program;

    make_list();
    open_list(&options, 0, &floats);
    options.bytes = true;
    options.decodes = yes;
    open_list(&options, 0, &bytes);
    open_program(&program, CUDA_ON_HOST, bytes.transform,
                 crema_pipeline_shape(bytes.pipeline));
    made = next(&bytes);
    want = next(&floats);
    ck_assert_int_eq(encoded_in(made), 3);
    run(&program, made, out);
    ck_assert_mem_eq(out, want->data, sizeof out);
    ck_assert_mem_eq(made->labels, want->labels, 4 * sizeof(float));
    close_program(&program);
    close_rig(&floats);
    close_rig(&bytes);
    open_list(&options, 61, &bytes); /* resized: by the processor */
    ck_assert(!crema_pipeline_encoded(bytes.pipeline));
    close_rig(&bytes);
}
END_TEST

/* A JPEG whose codes are damaged: the device's failure is the processor's case,
 * and its too, said with the record's name. */
START_TEST(hopeless_record)
{
    struct crema_pipeline_options options = { .batch_size = BATCH,
                                              .bytes = true,
                                              .decodes = yes };
    struct program program;
    struct crema_cuts *cuts;
    struct rig rig;

    OK(open_rig(make(false, COLOUR), NULL, &options, &rig));
    open_program(&program, CUDA_ON_HOST, rig.transform,
                 crema_pipeline_shape(rig.pipeline));
    cuts = (struct crema_cuts *)&next(&rig)->cuts;
    memset(cuts->bytes + 2 * cuts->stride, 0, cuts->encoded[2].length);
    ck_assert_int_eq(crema_tensor_feed_cuts(program.dev, program.bytes, cuts),
                     CREMA_EINVAL);
    ck_assert_str_eq(ctx->message,
                     "record 00000002_x: not a JPEG, PNG, BMP or PPM picture");
    close_program(&program);
    close_rig(&rig);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("decode");
    TCase *t = tcase_create("JPEG");

    tcase_add_checked_fixture(t, begin, teardown);
    tcase_add_loop_test(t, devices_make_what_threads_make, 0, CASES);
    tcase_add_test(t, left_to_the_processor);
    tcase_add_test(t, not_left);
    tcase_add_test(t, lists_of_files);
    tcase_add_test(t, hopeless_record);
    suite_add_tcase(s, t);
    return run_suite(s);
}
