/* forward.c - crema forward: runs a net and writes down every blob. */
#include "dump.h"
#include "npy.h"
#include "verbs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_FILES = 64 };

/* One --input: file k is for forward k, the last one from then on. */
struct feed {
    char *blob;
    char *files[MOST_FILES];
    int nfiles;
};

struct forward {
    struct job job;
    struct device_flags device;
    struct model_flags model;
    struct flag_list inputs, diffs;
    const char *folder;
    long iterations; /* -1: not given */
    bool backward, optimized;
    struct feed *feeds;
    struct crema_arena arena;
};

/* ---- what goes in ------------------------------------------------------- */

/* "BLOB=FILE,FILE" */
static enum crema_status take_apart(struct forward *f, const char *text,
                                    const char *flag, struct feed *feed)
{
    char *copy = crema_arena_strdup(&f->arena, text);
    char *equal = copy ? strchr(copy, '=') : NULL;

    if (!copy) return crema_no_memory(f->job.ctx, text);
    if (!equal || equal == copy || !equal[1])
        return crema_fail(f->job.ctx, CREMA_EINVAL,
                          "--%s wants BLOB=FILE.npy, got \"%s\"", flag, text);
    *equal = '\0';
    feed->blob = copy;
    feed->nfiles = split_list(equal + 1, feed->files, MOST_FILES);
    return CREMA_OK;
}

static enum crema_status take_inputs(struct forward *f)
{
    f->feeds =
        crema_arena_alloc(&f->arena, (f->inputs.count + 1) * sizeof *f->feeds);
    if (!f->feeds) return crema_no_memory(f->job.ctx, "inputs");
    for (size_t i = 0; i < f->inputs.count; i++)
        CREMA_TRY(take_apart(f, f->inputs.items[i], "input", &f->feeds[i]));
    return CREMA_OK;
}

/* The same but for axes of length 1. */
static bool same_but_ones(const struct crema_shape *a,
                          const struct crema_shape *b)
{
    int i = 0, k = 0;

    for (;;) {
        while (i < a->ndims && a->dim[i] == 1) i++;
        while (k < b->ndims && b->dim[k] == 1) k++;
        if (i == a->ndims || k == b->ndims)
            return i == a->ndims && k == b->ndims;
        if (a->dim[i++] != b->dim[k++]) return false;
    }
}

static enum crema_status feed_one(struct forward *f, const struct feed *feed,
                                  long k)
{
    const char *path = feed->files[k < feed->nfiles ? k : feed->nfiles - 1];
    const struct crema_blob *b = crema_net_blob(f->job.net, feed->blob);
    struct crema_shape shape;
    enum crema_status status;
    float *values;

    if (k >= feed->nfiles) return CREMA_OK;
    CREMA_TRY(npy_read(f->job.ctx, path, &shape, &values));
    if (b && b->first && same_but_ones(&b->first->shape, &shape))
        shape = b->first->shape;
    status = crema_net_write_input(f->job.net, feed->blob, &shape, values);
    free(values);
    return status;
}

static enum crema_status set_diff(struct forward *f, const char *text)
{
    struct crema_shape shape;
    enum crema_status status;
    struct feed feed = { 0 };
    float *values;

    CREMA_TRY(take_apart(f, text, "diff", &feed));
    CREMA_TRY(npy_read(f->job.ctx, feed.files[0], &shape, &values));
    status = crema_net_set_diff(f->job.net, feed.blob,
                                crema_shape_count(&shape), values);
    free(values);
    return status;
}

/* ---- running ------------------------------------------------------------ */

static enum crema_status make_folder(struct forward *f, const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return CREMA_OK;
    return crema_fail(f->job.ctx, CREMA_EIO, "cannot make folder %s: %s", path,
                      strerror(errno));
}

static enum crema_status once(struct forward *f, struct dump *d, long k,
                              const char *folder)
{
    float loss;

    for (size_t i = 0; i < f->inputs.count; i++)
        CREMA_TRY(feed_one(f, &f->feeds[i], k));
    dump_begin(d, folder);
    CREMA_TRY(crema_net_forward(f->job.net));
    if (f->job.net->nlosses) {
        CREMA_TRY(crema_net_loss(f->job.net, &loss));
        console_say(&f->job.console, CREMA_INFO, "Iteration %ld, loss = %.9g",
                    k, (double)loss);
    }
    if (!folder) return CREMA_OK;
    if (f->backward) CREMA_TRY(crema_net_backward(f->job.net));
    CREMA_TRY(dump_end(d));
    return dump_params(d);
}

/* Without --iterations as many forwards as the inputs have files; the last is
 * written down. */
static enum crema_status run(struct forward *f, struct dump *d)
{
    char folder[PATH_MAX];
    int files = 1;

    for (size_t i = 0; i < f->inputs.count; i++)
        if (f->feeds[i].nfiles > files) files = f->feeds[i].nfiles;
    if (f->iterations == 0) {
        dump_begin(d, f->folder);
        return dump_params(d);
    }
    for (long k = 0; f->iterations < 0 && k < files; k++)
        CREMA_TRY(once(f, d, k, k + 1 < files ? NULL : f->folder));
    for (long k = 0; k < f->iterations; k++) {
        snprintf(folder, sizeof folder, "%s/%ld", f->folder, k);
        CREMA_TRY(make_folder(f, folder));
        CREMA_TRY(once(f, d, k, folder));
    }
    return CREMA_OK;
}

static enum crema_status work(struct forward *f)
{
    struct net_wishes wishes = { .backward = f->backward };
    struct dump d = { .job = &f->job,
                      .backward = f->backward,
                      .optimized = f->optimized };
    enum crema_status status;

    CREMA_TRY(take_inputs(f));
    CREMA_TRY(job_device(&f->job, &f->device, "auto"));
    CREMA_TRY(job_net(&f->job, &f->model, &wishes));
    CREMA_TRY(make_folder(f, f->folder));
    for (size_t i = 0; i < f->diffs.count; i++)
        CREMA_TRY(set_diff(f, f->diffs.items[i]));
    status = dump_attach(&d);
    if (status == CREMA_OK) status = run(f, &d);
    dump_free(&d);
    return status;
}

int verb_forward(int argc, char **argv)
{
    struct forward f = { .iterations = -1, .model.phase = 1 };
    const struct flag table[] = {
        MODEL_FLAGS(&f.model),
        PHASE_FLAG(&f.model),
        { "input", FLAG_LIST, &f.inputs, "BLOB=A.npy,..",
          "what goes into an Input or MemoryData layer's blob" },
        { "iterations", FLAG_INT, &f.iterations, "N",
          "forwards, each into a folder of its own; 0: only parameters" },
        { "backward", FLAG_BOOL, &f.backward, NULL, "diffs too" },
        { "diff", FLAG_LIST, &f.diffs, "BLOB=F.npy",
          "the diff of a net output that backward begins with" },
        { "dump", FLAG_TEXT, &f.folder, "DIR", "where the files go" },
        { "optimized", FLAG_BOOL, &f.optimized, NULL,
          "as in training: blobs that are fused away go into absent.txt" },
        DEVICE_FLAGS(&f.device),
    };
    const struct flags flags = {
        "crema forward",
        "",
        "Runs a net and writes every blob, diff and parameter to DIR.",
        table,
        sizeof table / sizeof *table,
        0,
        0,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    if (!f.model.model) return flags_wrong(&flags, "wants --model FILE");
    if (!f.folder) return flags_wrong(&flags, "wants --dump DIR");
    if (f.diffs.count && !f.backward)
        return flags_wrong(&flags, "--diff is of use with --backward only");
    status = device_flags_wrong(&flags, &f.device);
    if (status >= 0) return status;
    if (!job_open(&f.job, "forward")) return 1;
    status = job_close(&f.job, work(&f));
    flag_list_free(&f.inputs);
    flag_list_free(&f.diffs);
    crema_arena_free(&f.arena);
    return status;
}
