/* extract_features.c - blobs of a net, record by record, into databases, as
 * Caffe's program of this name. */
#include "data/lmdb.h"
#include "data_tools.h"
#include "job.h"
#include "proto/datum.h"
#include "proto/sink.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 64 };

struct extract {
    struct job job;
    struct device_flags device;
    struct model_flags model;
    int n;
    char *blob[MOST], *path[MOST];
    struct crema_lmdb_writer *db[MOST];
    uint64_t written[MOST];
    long batches;
};

/* As the net is recorded: these are read after each pass. */
static enum crema_status keep(void *user, struct crema_net *net)
{
    const struct extract *e = user;

    for (int i = 0; i < e->n; i++)
        crema_program_keep(crema_net_blob(net, e->blob[i])->last);
    return CREMA_OK;
}

static enum crema_status check_blobs(struct extract *e)
{
    for (int i = 0; i < e->n; i++)
        if (!crema_net_blob(e->job.net, e->blob[i]))
            return crema_fail(e->job.ctx, CREMA_EINVAL,
                              "%s has no blob \"%s\" in phase TEST",
                              e->model.model, e->blob[i]);
    return CREMA_OK;
}

/* One record: C x H x W of a blob with 4 axes; of others, all in C. */
static enum crema_status put(struct extract *e, int i,
                             const struct crema_shape *s, const float *values)
{
    int64_t count = crema_shape_product(s, 1, s->ndims);
    const struct crema_datum datum = {
        .channels = s->ndims == 4 ? (int)s->dim[1] : (int)count,
        .height = s->ndims == 4 ? (int)s->dim[2] : 1,
        .width = s->ndims == 4 ? (int)s->dim[3] : 1,
        .nfloats = (size_t)count,
    };
    struct crema_bytes bytes = { .ctx = e->job.ctx };
    char key[24];
    struct crema_slice k = { key, 0 };
    enum crema_status status = crema_datum_write(&bytes, &datum, values);

    k.length = (size_t)snprintf(key, sizeof key, "%010llu",
                                (unsigned long long)e->written[i]++);
    if (status == CREMA_OK)
        status = crema_lmdb_put(
            e->db[i], k, (struct crema_slice){ bytes.data, bytes.length });
    free(bytes.data);
    return status;
}

static enum crema_status put_all(struct extract *e, int i)
{
    const struct crema_blob *b = crema_net_blob(e->job.net, e->blob[i]);
    const struct crema_shape *s = crema_blob_shape(b);
    int64_t images = s->ndims ? s->dim[0] : 1;
    int64_t each = s->ndims ? crema_shape_product(s, 1, s->ndims) : 1;
    float *values = malloc(sizeof *values * (size_t)(images * each + 1));
    enum crema_status status = values
                                   ? crema_net_read_blob(e->job.net, b, values)
                                   : crema_no_memory(e->job.ctx, e->blob[i]);

    for (int64_t k = 0; k < images && status == CREMA_OK; k++)
        status = put(e, i, s, values + k * each);
    free(values);
    return status;
}

static enum crema_status run(struct extract *e)
{
    for (long k = 0; k < e->batches; k++) {
        CREMA_TRY(crema_net_forward(e->job.net));
        for (int i = 0; i < e->n; i++) CREMA_TRY(put_all(e, i));
        console_progress(&e->job.console, "batches", (uint64_t)k + 1,
                         (uint64_t)e->batches);
    }
    return CREMA_OK;
}

static enum crema_status work(struct extract *e)
{
    const struct net_wishes wishes = { .no_fusion = true };
    enum crema_status status = CREMA_OK;

    CREMA_TRY(job_device(&e->job, &e->device, "cpu"));
    CREMA_TRY(job_net(&e->job, &e->model, &wishes));
    CREMA_TRY(check_blobs(e));
    e->job.net->recorded = keep;
    e->job.net->recorded_user = e;
    CREMA_TRY(crema_net_record(e->job.net));
    for (int i = 0; i < e->n && status == CREMA_OK; i++)
        status = crema_lmdb_create(e->job.ctx, e->path[i], &e->db[i]);
    if (status == CREMA_OK) status = run(e);
    for (int i = 0; i < e->n && status == CREMA_OK; i++) {
        status = crema_lmdb_commit(e->db[i]);
        e->db[i] = NULL;
        if (status == CREMA_OK)
            console_say(&e->job.console, CREMA_INFO,
                        "Extracted features of %llu query images for feature "
                        "blob %s",
                        (unsigned long long)e->written[i], e->blob[i]);
    }
    for (int i = 0; i < e->n; i++) crema_lmdb_abandon(e->db[i]);
    return status;
}

/* -1, or the exit status after saying what is wrong. */
static int read_words(struct extract *e, const struct flags *flags, int argc,
                      char **argv)
{
    char *end;

    e->model.weights = argv[1];
    e->model.model = argv[2];
    e->n = split_list(argv[3], e->blob, MOST);
    if (e->n == 0 || split_list(argv[4], e->path, MOST) != e->n)
        return flags_wrong(flags, "as many databases as blobs are wanted");
    e->batches = strtol(argv[5], &end, 10);
    if (*end || e->batches < 1)
        return flags_wrong(flags, "\"%s\" is no number of batches", argv[5]);
    if (strcmp(argv[6], "lmdb"))
        return flags_wrong(flags, "databases are of kind lmdb, not \"%s\"",
                           argv[6]);
    if (argc > 7 && !strcmp(argv[7], "GPU")) {
        e->device.device = "cuda";
        if (argc > 8 && !strncmp(argv[8], "DEVICE_ID=", 10)) {
            e->device.device = NULL;
            e->device.gpu = argv[8] + 10;
        }
    } else if (argc > 7 && strcmp(argv[7], "CPU")) {
        return flags_wrong(flags, "\"%s\" is neither CPU nor GPU", argv[7]);
    }
    return -1;
}

int tool_extract_features(int argc, char **argv)
{
    struct extract e = { .model.phase = 1 };
    const struct flag table[] = {
        RESHAPE_FLAG(&e.model.reshape_weights),
    };
    const struct flags flags = {
        "extract_features",
        "WEIGHTS NET BLOB,.. DB,.. BATCHES lmdb [CPU|GPU [DEVICE_ID=N]]",
        "Writes blobs of a net, as they are for the records that its data "
        "layer "
        "reads in phase TEST, into a database each.",
        table,
        sizeof table / sizeof *table,
        6,
        8,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status < 0) status = read_words(&e, &flags, argc, argv);
    if (status >= 0) return status;
    if (!job_open(&e.job, "extract_features")) return 1;
    return job_close(&e.job, work(&e));
}
