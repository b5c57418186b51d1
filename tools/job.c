/* job.c - what crema's verbs share: console, context, device, net. */
#include "job.h"

#include "net/model.h"
#include "proto/upgrade.h"

#include <ctype.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Databases are read as memory that a file stands behind; where the file cannot
 * be read, this is how one hears of it. */
static void lose_file(int number)
{
    static const char line[] =
        "a database cannot be read any more: its file has become shorter, or "
        "its disk fails; crema db --check says more\n";
    ssize_t written = write(STDERR_FILENO, line, sizeof line - 1);

    (void)number;
    (void)written;
    _exit(1);
}

bool job_open(struct job *job, const char *verb)
{
    *job = (struct job){ 0 };
    signal(SIGBUS, lose_file);
    console_open(&job->console, verb, stderr);
    job->ctx = crema_ctx_new(console_log, &job->console);
    if (job->ctx) return true;
    console_say(&job->console, CREMA_ERROR, "out of memory");
    console_close(&job->console);
    return false;
}

void job_forget_net(struct job *job)
{
    crema_net_free(job->net);
    crema_world_free(job->world);
    crema_source_free(job->source);
    job->net = NULL;
    job->world = NULL;
    job->source = NULL;
}

int job_close(struct job *job, enum crema_status status)
{
    int code = status == CREMA_OK ? 0 : console_failed(&job->console, job->ctx);

    job_forget_net(job);
    crema_device_free(job->dev);
    crema_ctx_free(job->ctx);
    if (fflush(stdout) != 0 && code == 0) {
        console_say(&job->console, CREMA_ERROR, "cannot write to stdout");
        code = 1;
    }
    console_close(&job->console);
    return code;
}

/* ---- the device --------------------------------------------------------- */

int device_flags_wrong(const struct flags *flags, const struct device_flags *d)
{
    enum { MOST_THREADS = 1024, MOST_MIB = 1 << 20 };

    if (d->device && d->gpu)
        return flags_wrong(flags, "give --device or --gpu, not both");
    if (d->threads < 0 || d->threads > MOST_THREADS)
        return flags_wrong(flags, "--threads wants 0 to %d, got %ld",
                           MOST_THREADS, d->threads);
    if (d->workspace < 0 || d->workspace > MOST_MIB)
        return flags_wrong(flags, "--workspace wants 0 to %d, got %ld",
                           MOST_MIB, d->workspace);
    if (d->deterministic && d->decode == DECODE_GPU)
        return flags_wrong(flags, "--deterministic has the processor decode: "
                                  "leave --decode gpu out");
    return -1;
}

/* "0" or "3": one GPU. */
static bool is_number(const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++)
        if (!isdigit((unsigned char)text[i])) return false;
    return n > 0 && n < 4;
}

/* The user asked for a GPU with these words. */
static enum crema_status open_cuda(struct job *job, const char *flag,
                                   const char *value, const char *name,
                                   long threads)
{
    char reason[1024];

    if (crema_device_open(job->ctx, name, (int)threads, &job->dev) == CREMA_OK)
        return CREMA_OK;
    snprintf(reason, sizeof reason, "%s", crema_ctx_message(job->ctx));
    return crema_fail(job->ctx, CREMA_EDEVICE, "--%s %s: %s%s", flag, value,
                      reason,
                      strstr(reason, "--device cpu")
                          ? ""
                          : "; --device cpu computes on the processor");
}

static enum crema_status open_gpu(struct job *job, const char *id, long threads)
{
    char name[16];

    if (!is_number(id))
        return crema_fail(job->ctx, CREMA_EUNSUPPORTED,
                          "--gpu %s: one GPU is used at a time; give one "
                          "number, as --gpu 0",
                          id);
    snprintf(name, sizeof name, "cuda:%s", id);
    return open_cuda(job, "gpu", id, name, threads);
}

enum crema_status load_plugins(struct crema_ctx *ctx, struct flag_list *list)
{
    enum crema_status status = CREMA_OK;

    for (size_t i = 0; i < list->count && status == CREMA_OK; i++)
        status = crema_plugin_load(ctx, list->items[i]);
    flag_list_free(list);
    *list = (struct flag_list){ 0 };
    return status;
}

enum crema_status job_device(struct job *job, struct device_flags *flags,
                             const char *fallback)
{
    static const char *const layouts[] = { "auto", "rule", "blocked", "last",
                                           "packed" };
    static const char *const decoders[] = { "cpu", "auto", "gpu" };
    const char *name = flags->device ? flags->device : fallback;

    CREMA_TRY(load_plugins(job->ctx, &flags->plugins));
    if (flags->gpu)
        CREMA_TRY(open_gpu(job, flags->gpu, flags->threads));
    else if (!strncmp(name, "cuda", 4))
        CREMA_TRY(open_cuda(job, "device", name, name, flags->threads));
    else
        CREMA_TRY(
            crema_device_open(job->ctx, name, (int)flags->threads, &job->dev));
    if (flags->math) CREMA_TRY(crema_device_set_math(job->dev, flags->math));
    crema_device_limit_workspace(job->dev, (size_t)flags->workspace << 20);
    if (flags->deterministic) crema_device_be_deterministic(job->dev);
    if (flags->winograd) crema_device_use_winograd(job->dev);
    CREMA_TRY(crema_device_arrange(job->dev, layouts[flags->layout]));
    CREMA_TRY(crema_device_decode(job->dev, decoders[flags->decode]));
    console_say(&job->console, CREMA_INFO, "Use %s: %s",
                crema_device_kind(job->dev), crema_device_name(job->dev));
    return CREMA_OK;
}

/* ---- the net ------------------------------------------------------------ */

int split_list(char *text, char **pieces, int most)
{
    char *rest = NULL;
    int n = 0;

    for (char *w = strtok_r(text, ",", &rest); w && n < most;
         w = strtok_r(NULL, ",", &rest))
        pieces[n++] = w;
    return n;
}

enum crema_status job_build(struct job *job, const struct model_flags *model,
                            const struct net_wishes *wishes)
{
    enum { MOST_STAGES = 64 };
    struct crema_net_options options = {
        .train = model->phase == 0,
        .level = (int)model->level,
        .backward = wishes->backward,
        .force_backward = wishes->force_backward,
        .no_fusion = wishes->no_fusion,
        .optimistic = wishes->blind,
        .reshape_weights = model->reshape_weights,
    };
    char *pieces[MOST_STAGES];
    char *text = crema_arena_strdup(&job->world->arena,
                                    model->stage ? model->stage : "");
    const char **stages = crema_arena_alloc(&job->world->arena, sizeof pieces);

    if (!text || !stages) return crema_no_memory(job->ctx, "stages");
    options.nstages = split_list(text, pieces, MOST_STAGES);
    memcpy(stages, pieces, (size_t)options.nstages * sizeof *pieces);
    options.stages = stages;
    return crema_net_build(job->world, job->param, job->source, &options,
                           &job->net);
}

/* "3x227x227" */
static enum crema_status read_input(struct job *job, const char *text)
{
    struct crema_shape *s = &job->world->lender.assumed;
    char more;

    if (!text) return CREMA_OK;
    s->ndims = 3;
    if (sscanf(text, "%" SCNd64 "x%" SCNd64 "x%" SCNd64 "%c", &s->dim[0],
               &s->dim[1], &s->dim[2], &more) != 3 ||
        s->dim[0] < 1 || s->dim[1] < 1 || s->dim[2] < 1 ||
        !crema_shape_valid(s))
        return crema_fail(job->ctx, CREMA_EINVAL,
                          "--input wants channels x height x width, as in "
                          "3x227x227, got %s",
                          text);
    return CREMA_OK;
}

enum crema_status job_net(struct job *job, const struct model_flags *model,
                          const struct net_wishes *wishes)
{
    CREMA_TRY(crema_net_file_read(job->ctx, model->model, CREMA_TEXT_STRICT,
                                  &job->param, &job->source));
    CREMA_TRY(crema_world_open(job->ctx, job->dev, wishes->seed, &job->world));
    job->world->lender.opens_data = !wishes->blind;
    CREMA_TRY(read_input(job, model->input));
    job->world->lender.no_values = wishes->no_values;
    job->world->lender.skip_bad = wishes->skip_bad;
    CREMA_TRY(job_build(job, model, wishes));
    return model->weights ? crema_net_load_list(job->net, model->weights)
                          : CREMA_OK;
}

enum crema_status job_net_or_blind(struct job *job,
                                   const struct model_flags *model,
                                   struct net_wishes *wishes)
{
    enum crema_status status;

    wishes->blind = model->input != NULL;
    status = job_net(job, model, wishes);
    if (wishes->blind || status != CREMA_EIO || !job->world) return status;
    console_say(&job->console, CREMA_WARNING, "%s",
                crema_ctx_message(job->ctx));
    job_forget_net(job);
    wishes->blind = true;
    wishes->backward = false;
    return job_net(job, model, wishes);
}
