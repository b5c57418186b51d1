/* test.c - crema test: a net's outputs, averaged over its test data.
 *
 * By default every record counts once: when batches do not divide the data,
 * the last records run in a smaller batch and weigh less.
 */
#include "crops.h"
#include "data/transform.h"
#include "job.h"
#include "verbs.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>

struct test {
    struct job job;
    struct device_flags device;
    struct model_flags model;
    long iterations; /* 0: not given */
    bool oversample;
    struct crops *crops; /* NULL: the net measures itself */
    int bad_records;     /* 0: stop, 1: skip */
    double *sum;         /* of every element of every output, weighted */
    double loss, weight;
    size_t elements;
};

/* ---- outputs ------------------------------------------------------------ */

/* The net whose outputs count. */
static struct crema_net *scored(const struct test *t)
{
    return t->crops ? crops_net(t->crops) : t->job.net;
}

static const struct crema_blob *output(const struct test *t, int i)
{
    return &scored(t)->blob[scored(t)->output[i]];
}

static float loss_weight(const struct crema_net *net,
                         const struct crema_blob *b)
{
    for (int i = 0; i < net->nlosses; i++)
        if (net->loss[i].tensor == b->last) return net->loss[i].weight;
    return 0;
}

static enum crema_status count_elements(struct test *t)
{
    for (int i = 0; i < scored(t)->noutputs; i++)
        t->elements +=
            (size_t)crema_shape_count(crema_blob_shape(output(t, i)));
    t->sum = calloc(t->elements + 1, sizeof *t->sum);
    return t->sum ? CREMA_OK : crema_no_memory(t->job.ctx, "scores");
}

static enum crema_status add_output(struct test *t, long batch, int i,
                                    size_t *at, double weight)
{
    const struct crema_blob *b = output(t, i);
    int64_t n = crema_shape_count(crema_blob_shape(b));
    float *values = malloc((size_t)n * sizeof *values + 1);
    char text[CREMA_NUMBER_TEXT];
    enum crema_status status;

    if (!values) return crema_no_memory(t->job.ctx, b->name);
    status = crema_net_read_blob(scored(t), b, values);
    for (int64_t k = 0; k < n && status == CREMA_OK; k++) {
        console_say(&t->job.console, CREMA_INFO, "Batch %ld, %s = %s", batch,
                    b->name, crema_number_text(values[k], text));
        if (*at < t->elements) t->sum[(*at)++] += weight * values[k];
    }
    free(values);
    return status;
}

/* Of what forward has computed. */
static enum crema_status count_batch(struct test *t, long batch, double weight)
{
    size_t at = 0;
    float loss;

    if (t->crops) CREMA_TRY(crops_measure(t->crops));
    if (!t->sum) CREMA_TRY(count_elements(t));
    CREMA_TRY(crema_net_loss(scored(t), &loss));
    t->loss += weight * loss;
    t->weight += weight;
    for (int i = 0; i < scored(t)->noutputs; i++)
        CREMA_TRY(add_output(t, batch, i, &at, weight));
    return CREMA_OK;
}

static enum crema_status run_batch(struct test *t, long batch, double weight)
{
    CREMA_TRY(crema_net_forward(t->job.net));
    return count_batch(t, batch, weight);
}

static void show(const struct test *t)
{
    const struct crema_net *net = scored(t);
    char text[CREMA_NUMBER_TEXT], w[CREMA_NUMBER_TEXT], l[CREMA_NUMBER_TEXT];
    size_t at = 0;

    printf("Loss: %s\n", crema_number_text((float)(t->loss / t->weight), text));
    for (int i = 0; i < net->noutputs; i++) {
        const struct crema_blob *b = output(t, i);
        int64_t n = crema_shape_count(crema_blob_shape(b));
        float weight = loss_weight(net, b);

        for (int64_t k = 0; k < n && at < t->elements; k++) {
            float mean = (float)(t->sum[at++] / t->weight);

            printf("%s = %s", b->name, crema_number_text(mean, text));
            if (weight != 0)
                printf(" (* %s = %s loss)", crema_number_text(weight, w),
                       crema_number_text(weight * mean, l));
            printf("\n");
        }
    }
}

/* ---- one pass over the data --------------------------------------------- */

/* The layer that reads records; NULL when there is none. */
static struct crema_layer *data_layer(const struct crema_net *net)
{
    for (int i = 0; i < net->nlayers; i++)
        if (net->layer[i].type->records) return &net->layer[i];
    return NULL;
}

/* Where each layer stands in its data: room for nlayers. */
static void positions(const struct crema_net *net, uint64_t *at)
{
    for (int i = 0; i < net->nlayers; i++)
        at[i] = net->layer[i].type->position
                    ? net->layer[i].type->position(&net->layer[i])
                    : 0;
}

/* The same net for `batch` records at a time, whose layers go on at `at`. */
static enum crema_status rebuild(struct test *t, uint64_t batch,
                                 const uint64_t *at)
{
    struct crema_net *net = t->job.net;
    const struct crema_net_options options = net->options;

    for (size_t i = 0; i < t->job.param->n_layer; i++)
        crops_set_batch(t->job.param->layer[i], (uint32_t)batch);
    t->job.net = NULL;
    crema_net_free(net);
    CREMA_TRY(crema_net_build(t->job.world, t->job.param, t->job.source,
                              &options, &t->job.net));
    for (int i = 0; i < t->job.net->nlayers; i++) {
        struct crema_layer *l = &t->job.net->layer[i];

        if (l->type->seek) CREMA_TRY(l->type->seek(l, at[i]));
    }
    return CREMA_OK;
}

/* One pass over the records, and room for positions. */
struct pass {
    uint64_t records, batch, counted, *at;
    long batches;
};

/* A batch that goes beyond the last record, since some were left out, is
 * computed again without those it took from the next pass.  */
static enum crema_status next_batch(struct test *t, struct pass *p)
{
    const struct crema_layer *l = data_layer(t->job.net);
    uint64_t begin = l->type->position(l), end;

    if (begin + p->batch > p->records) {
        p->batch = p->records - begin;
        positions(t->job.net, p->at);
        CREMA_TRY(rebuild(t, p->batch, p->at));
    }
    positions(t->job.net, p->at);
    CREMA_TRY(crema_net_forward(t->job.net));
    l = data_layer(t->job.net);
    end = l->type->position(l);
    if (end <= p->records) {
        p->counted += p->batch;
        return count_batch(t, p->batches++, (double)p->batch);
    }
    if (p->batch == 1) return CREMA_OK; /* none is left */
    p->batch -= end - p->records < p->batch ? end - p->records : p->batch - 1;
    return rebuild(t, p->batch, p->at);
}

static enum crema_status run_pass(struct test *t, struct pass *p)
{
    uint64_t at = 0;

    while (at < p->records) {
        const struct crema_layer *l;

        CREMA_TRY(next_batch(t, p));
        l = data_layer(t->job.net);
        at = l->type->position(l);
        console_progress(&t->job.console, "records", at, p->records);
    }
    if (p->counted < p->records)
        console_say(&t->job.console, CREMA_WARNING,
                    "%llu records could not be decoded and were left out",
                    (unsigned long long)(p->records - p->counted));
    return CREMA_OK;
}

static enum crema_status run_all(struct test *t)
{
    const struct crema_layer *l = data_layer(t->job.net);
    struct pass p = { 0 };
    enum crema_status status;

    if (!l) return run_batch(t, 0, 1);
    p.batch = (uint64_t)l->top[0]->shape.dim[0];
    if (t->crops) p.batch /= CREMA_CROPS;
    p.records = l->type->records(l);
    p.at = calloc((size_t)t->job.net->nlayers + 1, sizeof *p.at);
    if (!p.at) return crema_no_memory(t->job.ctx, "a net");
    console_say(&t->job.console, CREMA_INFO, "Running over %llu records.",
                (unsigned long long)p.records);
    status = run_pass(t, &p);
    free(p.at);
    return status;
}

static enum crema_status run_some(struct test *t)
{
    const struct crema_layer *l = data_layer(t->job.net);
    uint64_t left_out;

    console_say(&t->job.console, CREMA_INFO, "Running for %ld iterations.",
                t->iterations);
    for (long k = 0; k < t->iterations; k++) CREMA_TRY(run_batch(t, k, 1));
    left_out = l && l->type->left_out ? l->type->left_out(l) : 0;
    if (left_out)
        console_say(&t->job.console, CREMA_WARNING,
                    "%llu records could not be decoded and were left out",
                    (unsigned long long)left_out);
    return CREMA_OK;
}

static enum crema_status work(struct test *t)
{
    const struct net_wishes wishes = { .skip_bad = t->bad_records == 1 };

    CREMA_TRY(job_device(&t->job, &t->device, "auto"));
    CREMA_TRY(t->oversample ? crops_open(&t->job, &t->model, &wishes, &t->crops)
                            : job_net(&t->job, &t->model, &wishes));
    CREMA_TRY(t->iterations ? run_some(t) : run_all(t));
    console_clear(&t->job.console);
    show(t);
    return CREMA_OK;
}

static int close_all(struct test *t, enum crema_status status)
{
    crops_free(t->crops);
    return job_close(&t->job, status);
}

int verb_test(int argc, char **argv)
{
    struct test t = { .model.phase = 1, .device.decode = DECODE_AUTO };
    const struct flag table[] = {
        MODEL_FLAGS(&t.model),
        DEVICE_FLAGS(&t.device),
        DECODE_FLAG(&t.device),
        { "iterations", FLAG_INT, &t.iterations, "N",
          "batches to run; left out: every record once" },
        { "bad_records", FLAG_CHOICE, &t.bad_records, "stop|skip",
          "what a record that cannot be decoded does" },
        { "oversample", FLAG_BOOL, &t.oversample, NULL,
          "average probabilities over centre and corners, mirrored too" },
    };
    const struct flags flags = { "crema test",
                                 "",
                                 "Averages a net's outputs over its test data.",
                                 table,
                                 sizeof table / sizeof *table,
                                 0,
                                 0 };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    if (!t.model.model) return flags_wrong(&flags, "wants --model FILE");
    if (!t.model.weights)
        return flags_wrong(&flags, "wants --weights FILE: what is to be "
                                   "tested?");
    if (t.iterations < 0)
        return flags_wrong(&flags, "--iterations wants at least 1");
    status = device_flags_wrong(&flags, &t.device);
    if (status >= 0) return status;
    if (!job_open(&t.job, "test")) return 1;
    status = close_all(&t, work(&t));
    free(t.sum);
    return status;
}
