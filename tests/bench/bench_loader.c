/* bench_loader.c - how fast records become batches, as a Data or ImageData
 * layer makes them; for data.py.
 *
 *     bench_loader SOURCE WORKERS SECONDS
 *
 * SOURCE: a database, or a folder of pictures with its list.txt.  Pictures that
 * are not 256 x 256 are resized to that; a crop of 227, half of them mirrored,
 * less one mean for each channel, as floats, 32 to a batch, shuffled.  Says in
 * JSON how many records, in which wall and CPU time of the process.
 */
#include "bench.h"

#include "base/clock.h"
#include "data/pipeline.h"

#include <sys/stat.h>

enum { SIDE = 256, CROP = 227, BATCH = 32, SEED = 1 };

static struct crema_records *open_list(const char *folder)
{
    char list[4096], root[4096];
    const struct crema_images_options how = { .list = list,
                                              .root = root,
                                              .height = SIDE,
                                              .width = SIDE,
                                              .shuffle = true,
                                              .seed = SEED };
    struct crema_records *records;

    snprintf(list, sizeof list, "%s/list.txt", folder);
    snprintf(root, sizeof root, "%s/", folder);
    need(crema_records_images(ctx, &how, &records));
    return records;
}

static struct crema_records *open_database(struct crema_databases *databases,
                                           const char *path)
{
    const struct crema_lmdb_options how = { .mode = CREMA_IMAGE_UNCHANGED,
                                            .shuffle = true,
                                            .seed = SEED };
    struct crema_database *database;
    struct crema_records *records;

    need(crema_database_open(ctx, databases, path, &database));
    need(crema_records_lmdb(ctx, database, &how, &records));
    return records;
}

static bool is_database(const char *path)
{
    struct stat st;
    char file[4096];

    snprintf(file, sizeof file, "%s/data.mdb", path);
    return stat(file, &st) == 0;
}

static struct crema_transform *make_transform(void)
{
    float means[] = { 104, 117, 123 };
    Crema__TransformationParameter p;
    struct crema_transform *out;

    crema__transformation_parameter__init(&p);
    p.crop_size = CROP;
    p.mirror = true;
    p.n_mean_value = sizeof means / sizeof *means;
    p.mean_value = means;
    need(crema_transform_new(ctx,
                             &(struct crema_transform_options){
                                 .param = &p, .train = true, .seed = SEED },
                             &out));
    return out;
}

/* For that time, once the ring has gone round. */
static void run(struct crema_pipeline *p, double seconds)
{
    const struct crema_filled_batch *batch;
    double begun, cpu;
    long records = 0;

    for (int i = 0; i < 8; i++) need(crema_pipeline_next(ctx, p, &batch));
    begun = crema_seconds();
    cpu = cpu_seconds();
    for (; crema_seconds() - begun < seconds; records += BATCH)
        need(crema_pipeline_next(ctx, p, &batch));
    printf("{\"records\": %ld, \"wall\": %.6f, \"cpu\": %.6f}\n", records,
           crema_seconds() - begun, cpu_seconds() - cpu);
}

int main(int argc, char **argv)
{
    struct crema_pipeline_options options = { .batch_size = BATCH };
    struct crema_databases *databases;
    struct crema_transform *transform;
    struct crema_records *records;
    struct crema_pipeline *p;

    ctx = crema_ctx_new(NULL, NULL);
    if (argc != 4 || !ctx) {
        fprintf(stderr, "usage: bench_loader SOURCE WORKERS SECONDS\n");
        return 2;
    }
    options.workers = atoi(argv[2]);
    need(crema_databases_new(ctx, &databases));
    records = is_database(argv[1]) ? open_database(databases, argv[1])
                                   : open_list(argv[1]);
    transform = make_transform();
    need(crema_pipeline_open(ctx, records, transform, &options, &p));
    run(p, atof(argv[3]));
    crema_pipeline_free(p);
    crema_records_free(records);
    crema_transform_free(transform);
    crema_databases_free(databases);
    crema_ctx_free(ctx);
    return 0;
}
