/* race.c - the fastest way to convolve, found by running them all.
 *
 * Every form the case can be put into, and in each the first engines of cuDNN's
 * list; what a form leaves to our own kernels is timed with it.  Convolutions
 * of our own come last, and only where groups are many: without groups cuDNN's
 * kernels have instructions of newer GPUs that ours have not.  Their results
 * have to agree with those of what is fastest until then.
 */
#include "device/cuda/agree.h"
#include "device/cuda/conv_own.h"
#include "device/cuda/engine.h"
#include "device/cuda/timing.h"

#include "base/clock.h"

/* Engines of a form that are timed at most; of them, such as compile their
 * kernel first, which takes up to seconds each. */
enum { LISTED = 96, TIMED = 12, COMPILED = 4 };

/* Seconds for those of one form; one that has begun goes on. */
static const double COMPILING = 1;

enum { X, W, Y, B, WORKSPACE };

struct race {
    struct crema_device *dev;
    const struct conv_case *problem;
    struct cuda_timing timing;
    struct conv_engine *now, *best; /* running, and fastest so far */
    struct conv_choice choice;      /* best's */
    struct conv_sample truth; /* what others have to agree with, or none */
};

static struct conv_data data_of(const struct race *r)
{
    void *const *b = r->timing.buffer;

    return (struct conv_data){ b[X], b[W], b[Y], b[B] };
}

static enum crema_status work(void *user)
{
    struct race *r = user;
    struct conv_data d = data_of(r);
    const struct conv_case *c = r->problem;
    int error = 0;

    CREMA_TRY(crema_cuda_engine_run(r->now, r->dev, NULL));
    if (c->way == CONV_FORWARD && !crema_cuda_engine_fuses(r->now))
        error = crema_cuda_conv_behind(crema_cuda_stream(r->dev), c, &d);
    return error ? crema_cuda_launch_failed(r->dev, NULL, error) : CREMA_OK;
}

static enum crema_status sample(struct race *r, struct conv_sample *out)
{
    struct conv_data d = data_of(r);

    return crema_cuda_sample(r->dev, r->problem,
                             crema_cuda_engine_bias(r->now), &d, work, r, out);
}

static enum crema_status check_now(struct race *r)
{
    struct conv_sample mine = { 0 };
    bool agree;

    CREMA_TRY(sample(r, &mine));
    agree = crema_cuda_samples_agree(&r->truth, &mine);
    crema_cuda_sample_free(&mine);
    return agree ? CREMA_OK : CREMA_EUNSUPPORTED;
}

static enum crema_status time_now(struct race *r, double *us)
{
    struct conv_data d = data_of(r);

    CREMA_TRY(crema_cuda_engine_bind(r->now, r->dev, &d,
                                     r->timing.buffer[WORKSPACE]));
    if (r->truth.value) CREMA_TRY(check_now(r));
    return crema_cuda_time(&r->timing, work, r, r->choice.us, us);
}

/* Times one; CREMA_EUNSUPPORTED when it cannot run. */
static enum crema_status enter(struct race *r, struct conv_choice choice)
{
    enum crema_status status =
        crema_cuda_engine_open(r->dev, r->problem, &choice, &r->now);

    if (status != CREMA_OK) return status;
    status = time_now(r, &choice.us);
    if (status == CREMA_OK && (!r->best || choice.us < r->choice.us)) {
        crema_cuda_engine_free(r->best);
        r->best = r->now;
        r->choice = choice;
    } else
        crema_cuda_engine_free(r->now);
    r->now = NULL;
    return status;
}

static enum crema_status list(struct race *r, enum conv_form form,
                              struct cudnn_choice *out, int *count)
{
    struct crema_cuda *c = crema_cuda(r->dev);
    struct cudnn_filter f = crema_cuda_conv_filter(
        r->problem, r->dev->deterministic, crema_cuda_workspace_limit(r->dev));
    struct conv_graph g;
    enum crema_status status;

    *count = 0;
    CREMA_TRY(crema_cuda_conv_graph(&c->trial, c->cudnn, r->problem, form, &g));
    status = crema_cudnn_list(g.graph, &c->target, &f, LISTED, out, count);
    crema_cudnn_graph_close(g.graph);
    return status;
}

/* The first of the list that can run, up to the limits. */
static enum crema_status run_form(struct race *r, enum conv_form form)
{
    const unsigned compiled = 1u << CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION;
    struct cudnn_choice engines[LISTED];
    double compiling = 0;
    int n, timed = 0, made = 0;

    CREMA_TRY(list(r, form, engines, &n));
    for (int i = 0; i < n && timed < TIMED; i++) {
        bool slow = engines[i].behaviour & compiled;
        double begun = crema_seconds();
        enum crema_status status;

        if (slow && (made == COMPILED || compiling > COMPILING)) continue;
        made += slow;
        status = enter(r, (struct conv_choice){ form, engines[i], 0 });
        if (slow) compiling += crema_seconds() - begun;
        if (status == CREMA_EDEVICE || status == CREMA_ENOMEM) return status;
        timed += status == CREMA_OK;
    }
    return CREMA_OK;
}

/* Tiles of all widths. */
static enum crema_status run_own(struct race *r)
{
    enum crema_status status = CREMA_OK;

    if (r->best) { /* which is bound */
        r->now = r->best;
        status = sample(r, &r->truth);
        r->now = NULL;
        if (status != CREMA_OK) return status;
    }
    for (int i = 0; i < CONV_OWN_WIDTHS; i++) {
        const struct conv_choice own = { .form = CONV_OWN,
                                         .engine.engine =
                                             crema_conv_own_widths[i] };

        status = enter(r, own);
        if (status == CREMA_EDEVICE || status == CREMA_ENOMEM) break;
    }
    crema_cuda_sample_free(&r->truth);
    return status;
}

static enum crema_status run_all(struct race *r)
{
    enum crema_status status = CREMA_OK;

    for (int f = 0; f < CONV_FORMS; f++) {
        enum conv_form form = (enum conv_form)f;

        if (!crema_conv_form_fits(r->problem, form)) continue;
        if (form < CONV_LEGACY)
            status = run_form(r, form);
        else if (r->best && r->problem->conv.groups == 1)
            continue;
        else if (form == CONV_LEGACY)
            status = enter(r, (struct conv_choice){ .form = CONV_LEGACY });
        else
            status = run_own(r);
        if (status == CREMA_EDEVICE || status == CREMA_ENOMEM) return status;
    }
    return r->best ? CREMA_OK : CREMA_EUNSUPPORTED;
}

/* Reasons of what was only tried are nobody's business. */
static enum crema_status run_quietly(struct race *r)
{
    struct crema_device *dev = r->dev;
    struct crema_ctx *ctx = dev->ctx, *trial = &crema_cuda(dev)->trial;
    enum crema_status status;

    dev->ctx = trial;
    status = run_all(r);
    dev->ctx = ctx;
    if (status == CREMA_EDEVICE || status == CREMA_ENOMEM)
        return crema_fail(ctx, status, "timing cuDNN's engines: %s",
                          trial->message);
    return status;
}

enum crema_status crema_cuda_conv_race(struct crema_device *dev,
                                       const struct conv_case *problem,
                                       struct conv_choice *choice,
                                       struct conv_engine **out)
{
    struct race r = { .dev = dev, .problem = problem };
    const size_t bytes[CUDA_BUFFERS] = {
        [X] = problem->x.bytes,
        [W] = problem->w.bytes,
        [Y] = problem->y.bytes,
        [B] = problem->bias ? sizeof(float) * (size_t)problem->y.padded[1] : 0,
        [WORKSPACE] = crema_cuda_workspace_limit(dev),
    };
    enum crema_status status;

    CREMA_TRY(crema_cuda_timing_open(dev, bytes, &r.timing));
    status = run_quietly(&r);
    crema_cuda_timing_close(&r.timing);
    if (status != CREMA_OK) {
        crema_cuda_engine_free(r.best);
        return status;
    }
    *choice = r.choice;
    *out = r.best;
    return CREMA_OK;
}
