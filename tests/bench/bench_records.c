/* bench_records.c - what a record costs on its way into a batch, by CPU time of
 * one worker, beside the bare steps it consists of and bare calls of libraries.
 *
 *     cmake --build build --target bench_records && build/tests/bench_records
 *
 * Records are 256 x 256 in 3 channels, cropped to 227, less a mean for each
 * channel; photos are 500 x 375.  The bare steps of a pipeline go from memory
 * to memory, as records and batches do not fit into a processor's caches: 192
 * KiB are read and 604 KiB written for each.
 */
#include "bench.h"

#include "data/pipeline.h"
#include "proto/datum.h"

#include <string.h>
#include <turbojpeg.h>
#include <unistd.h>

enum { SIDE = 256, CROP = 227, CHANNELS = 3, RECORDS = 512, BATCH = 32 };
enum { PHOTO_HEIGHT = 375, PHOTO_WIDTH = 500 };
enum { BYTES = SIDE * SIDE * CHANNELS, ITEM = CROP * CROP * CHANNELS };
enum { RING = 5 * BATCH }; /* items of a pipeline's batches */
enum { PASSES = 3, SECONDS_TENTHS = 4 };

/* ---- records ------------------------------------------------------------ */

/* Slopes with some grain, as a photo has. */
static void paint(uint8_t *pixels, int height, int width, uint32_t seed)
{
    uint32_t random = seed * 2654435761u + 1;

    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < CHANNELS; c++) {
                random = random * 1664525u + 1013904223u;
                *pixels++ =
                    (uint8_t)((x * (1 + c) + y) / 4 + (int)(random >> 28));
            }
}

static void put(struct crema_lmdb_writer *writer, int i,
                const struct crema_datum *datum)
{
    struct crema_bytes bytes = { .ctx = ctx };
    char key[16];

    snprintf(key, sizeof key, "%08d", i);
    need(crema_datum_write(&bytes, datum, NULL));
    need(crema_lmdb_put(writer, (struct crema_slice){ key, 8 },
                        (struct crema_slice){ bytes.data, bytes.length }));
    free(bytes.data);
}

static void make_database(const char *path, bool jpeg)
{
    uint8_t *pixels = malloc(BYTES);
    struct crema_lmdb_writer *writer;

    if (!pixels) exit(1);
    need(crema_lmdb_create(ctx, path, &writer));
    for (int i = 0; i < RECORDS; i++) {
        struct crema_image image = { SIDE, SIDE, CHANNELS, pixels, BYTES };
        struct crema_datum datum = { .channels = CHANNELS,
                                     .height = SIDE,
                                     .width = SIDE,
                                     .data = pixels,
                                     .size = BYTES,
                                     .has_label = true };
        uint8_t *file = NULL;

        paint(pixels, SIDE, SIDE, (uint32_t)i);
        if (jpeg) {
            need(crema_image_encode(ctx, &image, CREMA_IMAGE_JPEG, &file,
                                    &datum.size));
            datum.data = file;
            datum.encoded = true;
        }
        put(writer, i, &datum);
        free(file);
    }
    need(crema_lmdb_commit(writer));
    free(pixels);
}

/* ---- measuring ---------------------------------------------------------- */

static double tell(const char *what, double seconds)
{
    printf("%-44s %8.1f us  %8.0f records/s\n", what, 1e6 * seconds,
           1 / seconds);
    return seconds;
}

/* The best of some passes over `run`, in seconds for each record. */
static double best_of(double (*run)(void *), void *user)
{
    double best = run(user);

    for (int i = 1; i < PASSES; i++) {
        double seconds = run(user);

        if (seconds < best) best = seconds;
    }
    return best;
}

/* Inputs follow one another in memory, and so do outputs; both begin anew. */
struct step {
    const struct crema_transform *transform;
    const uint8_t *bytes; /* of pictures, or of a picture's file */
    size_t length;        /* of the file */
    uint64_t inputs, outputs;
    float *out;
    bool by_pixel;
    struct crema_image picture;
};

static double transform_once(void *user)
{
    const struct step *s = user;
    struct crema_sample sample = { .channels = CHANNELS,
                                   .height = SIDE,
                                   .width = SIDE };
    struct crema_scratch scratch = { 0 };
    double begun = cpu_seconds();
    uint64_t n = 0;

    while (cpu_seconds() - begun < 0.1 * SECONDS_TENTHS)
        for (int i = 0; i < 64; i++, n++) {
            *(s->by_pixel ? &sample.pixels : &sample.planes) =
                s->bytes + n % s->inputs * BYTES;
            need(crema_transform_apply(ctx, s->transform, "", &sample, n,
                                       &scratch,
                                       s->out + n % s->outputs * ITEM));
        }
    crema_scratch_free(&scratch);
    return (cpu_seconds() - begun) / (double)n;
}

/* The loop that one writes first: mirrored, out of pixels. */
static double plain_once(void *user)
{
    static const float means[] = { 104, 117, 123 };
    const struct step *s = user;
    double begun = cpu_seconds();
    int n = 0;

    for (; cpu_seconds() - begun < 0.1 * SECONDS_TENTHS; n++) {
        const uint8_t *in = s->bytes + (n % 29 * SIDE + n % 27) * CHANNELS;

        for (int c = 0; c < CHANNELS; c++)
            for (int y = 0; y < CROP; y++)
                for (int x = 0; x < CROP; x++)
                    s->out[(c * CROP + y) * CROP + CROP - 1 - x] =
                        (float)in[(y * SIDE + x) * CHANNELS + c] - means[c];
    }
    return (cpu_seconds() - begun) / n;
}

static double decode_once(void *user)
{
    const struct step *s = user;
    struct crema_image image = { 0 };
    double begun = cpu_seconds();
    int n = 0;

    for (; cpu_seconds() - begun < 0.1 * SECONDS_TENTHS; n++)
        need(crema_image_decode(ctx, "", s->bytes, s->length,
                                CREMA_IMAGE_UNCHANGED, &image));
    crema_image_free(&image);
    return (cpu_seconds() - begun) / n;
}

/* TurboJPEG alone, as it is called for one picture after another. */
static double turbojpeg_once(void *user)
{
    const struct step *s = user;
    tjhandle jpeg = tjInitDecompress();
    uint8_t *pixels = malloc((size_t)PHOTO_HEIGHT * PHOTO_WIDTH * CHANNELS);
    double begun = cpu_seconds();
    int n = 0, width, height, sampling;

    if (!jpeg || !pixels) exit(1);
    for (; cpu_seconds() - begun < 0.1 * SECONDS_TENTHS; n++)
        if (tjDecompressHeader2(jpeg, (uint8_t *)(uintptr_t)s->bytes,
                                (unsigned long)s->length, &width, &height,
                                &sampling) ||
            tjDecompress2(jpeg, s->bytes, (unsigned long)s->length, pixels,
                          width, 0, height, TJPF_BGR, 0))
            exit(1);
    free(pixels);
    tjDestroy(jpeg);
    return (cpu_seconds() - begun) / n;
}

static double resize_once(void *user)
{
    const struct step *s = user;
    struct crema_image out = { 0 };
    double begun = cpu_seconds();
    int n = 0;

    for (; cpu_seconds() - begun < 0.1 * SECONDS_TENTHS; n++)
        need(crema_image_resize(ctx, &s->picture, SIDE, SIDE, &out));
    crema_image_free(&out);
    return (cpu_seconds() - begun) / n;
}

static double pipeline_once(void *user)
{
    struct crema_pipeline *p = user;
    double begun = cpu_seconds();
    int n = 0;

    for (; cpu_seconds() - begun < 0.1 * SECONDS_TENTHS; n += BATCH) {
        const struct crema_filled_batch *batch;

        need(crema_pipeline_next(ctx, p, &batch));
    }
    return (cpu_seconds() - begun) / n;
}

static void measure(const char *what, struct crema_database *database,
                    const struct crema_transform *transform, bool shuffle,
                    bool bytes, double bare)
{
    const struct crema_lmdb_options how = { .mode = CREMA_IMAGE_UNCHANGED,
                                            .shuffle = shuffle };
    const struct crema_pipeline_options options = { .batch_size = BATCH,
                                                    .workers = 1,
                                                    .bytes = bytes };
    struct crema_records *records;
    struct crema_pipeline *p;
    double seconds;

    need(crema_records_lmdb(ctx, database, &how, &records));
    need(crema_pipeline_open(ctx, records, transform, &options, &p));
    pipeline_once(p);
    seconds = tell(what, best_of(pipeline_once, p));
    if (bare > 0)
        printf("%-44s %8.2f\n", "    over its bare steps", seconds / bare);
    crema_pipeline_free(p);
    crema_records_free(records);
}

static struct crema_transform *make_transform(bool mirror)
{
    Crema__TransformationParameter p;
    struct crema_transform *out;
    float means[CHANNELS] = { 104, 117, 123 };

    crema__transformation_parameter__init(&p);
    p.crop_size = CROP;
    p.mirror = mirror;
    p.n_mean_value = CHANNELS;
    p.mean_value = means;
    need(crema_transform_new(
        ctx, &(struct crema_transform_options){ .param = &p, .train = true },
        &out));
    return out;
}

/* Decoding, by TurboJPEG alone and by crema, of a picture of that size. */
static double tell_decoding(const char *what, int height, int width)
{
    size_t bytes = (size_t)height * (size_t)width * CHANNELS;
    uint8_t *pixels = malloc(bytes), *file;
    struct crema_image image = { height, width, CHANNELS, pixels, bytes };
    struct step step = { 0 };
    char title[64];
    double seconds;

    if (!pixels) exit(1);
    paint(pixels, height, width, 1);
    need(
        crema_image_encode(ctx, &image, CREMA_IMAGE_JPEG, &file, &step.length));
    step.bytes = file;
    snprintf(title, sizeof title, "decoding a JPEG of %s: TurboJPEG", what);
    tell(title, best_of(turbojpeg_once, &step));
    seconds = tell("  crema", best_of(decode_once, &step));
    if (height == PHOTO_HEIGHT) {
        step.picture = image;
        tell("resizing it to 256 x 256", best_of(resize_once, &step));
    }
    free(file);
    free(pixels);
    return seconds;
}

static void run(struct crema_databases *databases)
{
    struct crema_database *raw, *jpeg;
    struct crema_transform *plain = make_transform(false);
    struct crema_transform *mirrored = make_transform(true);
    uint8_t *pixels = malloc((size_t)RECORDS * BYTES);
    float *out = calloc(RING, ITEM * sizeof *out);
    struct step near = { plain, pixels, 0, 1, 1, out, false, { 0 } };
    struct step far = { plain, pixels, 0, RECORDS, RING, out, false, { 0 } };
    double planes, mirror, decode, by_pixel;

    if (!pixels || !out) exit(1);
    need(crema_database_open(ctx, databases, "raw", &raw));
    need(crema_database_open(ctx, databases, "jpeg", &jpeg));
    for (uint32_t i = 0; i < RECORDS; i++)
        paint(pixels + (size_t)i * BYTES, SIDE, SIDE, i);
    tell("crop, mirror, mean, to float: a plain loop",
         best_of(plain_once, &near));
    near.transform = mirrored;
    tell("  crema, half of them mirrored, by plane",
         best_of(transform_once, &near));
    near.by_pixel = true;
    tell("  by pixel", best_of(transform_once, &near));
    planes = tell("  memory to memory, none mirrored",
                  best_of(transform_once, &far));
    far.transform = mirrored;
    mirror = tell("  memory to memory, half of them mirrored",
                  best_of(transform_once, &far));
    far.by_pixel = true;
    far.inputs = 1;
    by_pixel =
        tell("  a picture to memory, by pixel", best_of(transform_once, &far));
    decode = tell_decoding("256 x 256", SIDE, SIDE);
    tell_decoding("500 x 375", PHOTO_HEIGHT, PHOTO_WIDTH);
    measure("pipeline: raw records", raw, plain, false, false, planes);
    measure("pipeline: raw, mirrored", raw, mirrored, false, false, mirror);
    measure("pipeline: raw, mirrored, shuffled", raw, mirrored, true, false,
            mirror);
    measure("pipeline: raw, as bytes for a GPU", raw, mirrored, false, true, 0);
    measure("pipeline: JPEG, mirrored", jpeg, mirrored, false, false,
            decode + by_pixel);
    free(pixels);
    free(out);
    crema_transform_free(plain);
    crema_transform_free(mirrored);
}

int main(void)
{
    char folder[] = "/tmp/crema_bench_XXXXXX", command[64];
    struct crema_databases *databases;

    ctx = crema_ctx_new(NULL, NULL);
    if (!ctx || !mkdtemp(folder) || chdir(folder) != 0) return 1;
    make_database("raw", false);
    make_database("jpeg", true);
    need(crema_databases_new(ctx, &databases));
    run(databases);
    crema_databases_free(databases);
    crema_ctx_free(ctx);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) != 0;
}
