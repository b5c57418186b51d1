/* test.c - the test nets: means of their outputs over test_iter batches. */
#include "base/number.h"
#include "solver/internal.h"

#include <stdlib.h>

/* Sums of every element of every output, over batches. */
struct scores {
    double *sum, loss;
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
                             struct scores *scores)
{
    size_t at = 0;

    for (int i = 0; i < net->noutputs; i++) {
        const struct crema_blob *b = &net->blob[net->output[i]];
        size_t n = (size_t)crema_shape_count(crema_blob_shape(b));

        CREMA_TRY(crema_solver__read(s, net, i));
        for (size_t k = 0; k < n && at < scores->nsums; k++)
            scores->sum[at++] += (double)s->values[k];
    }
    return CREMA_OK;
}

static enum crema_status batch(struct crema_solver *s, struct crema_net *net,
                               struct scores *scores)
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
        scores->loss += (double)loss;
    }
    return add(s, net, scores);
}

static void show(struct crema_solver *s, const struct crema_net *net,
                 const struct scores *scores, int batches)
{
    char text[CREMA_NUMBER_TEXT], loss[3 * CREMA_NUMBER_TEXT];
    size_t at = 0;

    if (s->param->test_compute_loss)
        crema_log(s->ctx, CREMA_INFO, "Test loss: %s",
                  crema_number_text((float)(scores->loss / batches), text));
    for (int i = 0; i < net->noutputs; i++) {
        const struct crema_blob *b = &net->blob[net->output[i]];
        int64_t n = crema_shape_count(crema_blob_shape(b));

        for (int64_t k = 0; k < n && at < scores->nsums; k++, at++) {
            double mean = scores->sum[at] / batches;

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

enum crema_status crema_solver__test(struct crema_solver *s, int i)
{
    enum crema_status status = CREMA_OK;
    struct scores scores = { 0 };
    int batches = s->param->test_iter[i];

    crema_log(s->ctx, CREMA_INFO, "Iteration %d, Testing net (#%d)", s->iter,
              i);
    for (int k = 0; k < batches && !s->stopped && status == CREMA_OK; k++) {
        status = heed(s);
        if (status == CREMA_OK && !s->stopped)
            status = batch(s, s->test[i], &scores);
    }
    if (s->stopped)
        crema_log(s->ctx, CREMA_INFO, "Test interrupted.");
    else if (status == CREMA_OK)
        show(s, s->test[i], &scores, batches);
    free(scores.sum);
    return status;
}

enum crema_status crema_solver__test_all(struct crema_solver *s)
{
    for (int i = 0; i < s->ntests && !s->stopped; i++)
        CREMA_TRY(crema_solver__test(s, i));
    return CREMA_OK;
}
