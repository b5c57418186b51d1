/* test.c - the test nets: means of their outputs over test_iter batches, or
 * where that is left out, over all data once: what batches of the net's size
 * leave over runs in a smaller one and weighs less.
 */
#include "base/number.h"
#include "solver/internal.h"

#include <stdlib.h>

/* Sums of every element of every output, over batches. */
struct scores {
    double *sum, loss, weight;
    size_t nsums;
};

static size_t all_elements(const struct crema_net *net)
{
    size_t n = 0;

    for (int i = 0; i < net->noutputs; i++)
        n += (size_t)crema_shape_count(
            crema_blob_shape(&net->blob[net->output[i]]));
    return n;
}

/* The outputs of one forward; a net that reshapes keeps its first elements. */
static enum crema_status add(struct crema_solver *s, struct crema_net *net,
                             struct scores *scores, double weight)
{
    size_t at = 0;

    for (int i = 0; i < net->noutputs; i++) {
        const struct crema_blob *b = &net->blob[net->output[i]];
        size_t n = (size_t)crema_shape_count(crema_blob_shape(b));

        CREMA_TRY(crema_solver__read(s, net, i));
        for (size_t k = 0; k < n && at < scores->nsums; k++)
            scores->sum[at++] += weight * (double)s->values[k];
    }
    return CREMA_OK;
}

static enum crema_status batch(struct crema_solver *s, struct crema_net *net,
                               struct scores *scores, double weight)
{
    float loss;

    CREMA_TRY(crema_net_forward(net));
    if (!scores->sum) {
        scores->nsums = all_elements(net);
        scores->sum = calloc(scores->nsums + 1, sizeof *scores->sum);
        if (!scores->sum) return crema_no_memory(s->ctx, "test scores");
    }
    if (s->param->test_compute_loss) {
        CREMA_TRY(crema_net_loss(net, &loss));
        scores->loss += weight * (double)loss;
    }
    scores->weight += weight;
    return add(s, net, scores, weight);
}

static void show(struct crema_solver *s, const struct crema_net *net,
                 const struct scores *scores)
{
    char text[CREMA_NUMBER_TEXT], loss[3 * CREMA_NUMBER_TEXT];
    size_t at = 0;

    if (s->param->test_compute_loss)
        crema_log(
            s->ctx, CREMA_INFO, "Test loss: %s",
            crema_number_text((float)(scores->loss / scores->weight), text));
    for (int i = 0; i < net->noutputs; i++) {
        const struct crema_blob *b = &net->blob[net->output[i]];
        int64_t n = crema_shape_count(crema_blob_shape(b));

        for (int64_t k = 0; k < n && at < scores->nsums; k++, at++) {
            double mean = scores->sum[at] / scores->weight;

            crema_solver__loss_text(net, net->output[i], mean, loss,
                                    sizeof loss);
            crema_log(s->ctx, CREMA_INFO, "    Test net output #%zu: %s = %s%s",
                      at, b->name, crema_number_text((float)mean, text), loss);
        }
    }
}

/* People may stop or want a snapshot in the middle of a long test. */
static enum crema_status heed(struct crema_solver *s)
{
    enum crema_solver_action action = s->options.what_now
                                          ? s->options.what_now(s->options.user)
                                          : CREMA_GO_ON;

    if (action == CREMA_SNAPSHOT) return crema_solver_snapshot(s);
    s->stopped |= action == CREMA_STOP;
    return CREMA_OK;
}

/* The mean of each output, over its elements, too. */
static enum crema_status judge(struct crema_solver *s, int i,
                               const struct scores *scores)
{
    const struct crema_net *net = s->test[i];
    size_t at = 0;

    for (int k = 0; k < net->noutputs; k++) {
        int64_t n =
            crema_shape_count(crema_blob_shape(&net->blob[net->output[k]]));
        double sum = 0;

        for (int64_t j = 0; j < n && at < scores->nsums; j++)
            sum += scores->sum[at++];
        if (n > 0)
            CREMA_TRY(crema_solver__judge(s, i, k,
                                          sum / ((double)n * scores->weight)));
    }
    return CREMA_OK;
}

static enum crema_status seek(struct crema_net *net, uint64_t record)
{
    for (int i = 0; i < net->nlayers; i++) {
        struct crema_layer *l = &net->layer[i];

        if (l->type->seek) CREMA_TRY(l->type->seek(l, record));
    }
    return CREMA_OK;
}

static enum crema_status run(struct crema_solver *s, int i,
                             struct scores *scores)
{
    const struct crema_solver__pass *p = &s->pass[i];
    double weight = p->records ? (double)p->batch : 1;

    if (p->tail) CREMA_TRY(seek(s->test[i], 0));
    for (int k = 0; k < p->batches + (p->tail != NULL); k++) {
        CREMA_TRY(heed(s));
        if (s->stopped) return CREMA_OK;
        if (k < p->batches) {
            CREMA_TRY(batch(s, s->test[i], scores, weight));
            continue;
        }
        CREMA_TRY(seek(p->tail, p->records - p->rest));
        CREMA_TRY(batch(s, p->tail, scores, (double)p->rest));
    }
    return CREMA_OK;
}

/* Test net i: one pass of its batches. */
static enum crema_status test(struct crema_solver *s, int i)
{
    struct scores scores = { 0 };
    enum crema_status status;

    crema_log(s->ctx, CREMA_INFO, "Iteration %d, Testing net (#%d)", s->iter,
              i);
    status = run(s, i, &scores);
    if (s->stopped) {
        crema_log(s->ctx, CREMA_INFO, "Test interrupted.");
    } else if (status == CREMA_OK) {
        show(s, s->test[i], &scores);
        status = judge(s, i, &scores);
    }
    free(scores.sum);
    return status;
}

enum crema_status crema_solver__test_all(struct crema_solver *s)
{
    for (int i = 0; i < s->ntests && !s->stopped; i++) CREMA_TRY(test(s, i));
    return CREMA_OK;
}
