/* best.c - runs that go by what their tests say: which weights are the best so
 * far, when to stop, when the rate falls.
 */
#include "base/number.h"
#include "proto/nearest.h"
#include "solver/internal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* ---- which output ------------------------------------------------------- */

static const char *output_name(const struct crema_net *net, int i)
{
    return net->blob[net->output[i]].name;
}

/* Of losses less is better, of all else more. */
static bool is_loss(const struct crema_net *net, int blob)
{
    int by = net->blob[blob].producer;

    return crema_solver__loss_weight(net, blob) != 0 ||
           (by >= 0 && net->layer[by].type->loss);
}

static enum crema_status unknown(struct crema_solver *s, const char *what,
                                 char *const *name)
{
    struct crema_place at = crema_source_place(s->source, name, s->param);
    struct crema_nearest near = { .name = *name, .length = strlen(*name) };
    char all[512] = "";
    size_t used = 0;

    for (int t = 0; t < s->ntests; t++)
        for (int i = 0; i < s->test[t]->noutputs; i++) {
            const char *output = output_name(s->test[t], i);

            crema_nearest_try(&near, output, strlen(output));
            if (used < sizeof all)
                used += (size_t)snprintf(all + used, sizeof all - used, "%s%s",
                                         used ? ", " : "", output);
        }
    if (s->ntests == 0)
        return crema_fail_at(s->ctx, CREMA_EINVAL, &at,
                             "%s goes by a test, and there is no test net: say "
                             "test_interval",
                             what);
    if (near.best)
        return crema_fail_at(s->ctx, CREMA_EINVAL, &at,
                             "%s: no test net has an output \"%s\"; did you "
                             "mean \"%s\"?",
                             what, *name, near.best);
    return crema_fail_at(s->ctx, CREMA_EINVAL, &at,
                         "%s: no test net has an output \"%s\"; there are %s",
                         what, *name, all);
}

static enum crema_status find(struct crema_solver *s, const char *what,
                              char *const *name,
                              struct crema_solver__figure *out)
{
    out->net = -1;
    if (!*name) return CREMA_OK;
    for (int t = 0; t < s->ntests; t++)
        for (int i = 0; i < s->test[t]->noutputs; i++) {
            const struct crema_net *net = s->test[t];

            if (strcmp(output_name(net, i), *name) != 0) continue;
            *out =
                (struct crema_solver__figure){ t, i,
                                               !is_loss(net, net->output[i]) };
            return CREMA_OK;
        }
    return unknown(s, what, name);
}

enum crema_status crema_solver__find_figures(struct crema_solver *s)
{
    CREMA_TRY(
        find(s, "plateau_output", &s->param->plateau_output, &s->plateau));
    return find(s, "snapshot_best", &s->param->snapshot_best, &s->best.figure);
}

/* ---- what a test says --------------------------------------------------- */

static enum crema_status save_best(struct crema_solver *s)
{
    char path[PATH_MAX], text[CREMA_NUMBER_TEXT];
    int n = snprintf(path, sizeof path, "%s_best.caffemodel%s",
                     s->param->snapshot_prefix, crema_solver__ending(s));

    if (n >= (int)sizeof path)
        return crema_fail(s->ctx, CREMA_EINVAL, "snapshot_prefix is too long");
    crema_log(s->ctx, CREMA_INFO,
              "Iteration %d, best %s so far = %s: snapshotting to file %s",
              s->iter, s->param->snapshot_best,
              crema_number_text((float)s->best.value, text), path);
    return crema_net_save_weights(s->net, path);
}

static enum crema_status judge_best(struct crema_solver *s, double value)
{
    struct crema_solver__best *b = &s->best;
    int patience = s->param->early_stop;
    char text[CREMA_NUMBER_TEXT];

    if (!b->known ? value == value
                  : (b->figure.larger ? value > b->value : value < b->value)) {
        b->known = true;
        b->value = value;
        b->iter = s->iter;
        b->tests_since = 0;
        return save_best(s);
    }
    b->tests_since++;
    if (patience < 1 || b->tests_since < patience) return CREMA_OK;
    crema_log(s->ctx, CREMA_INFO,
              "Iteration %d, early stop: %d tests without a better %s than %s "
              "at iteration %d",
              s->iter, b->tests_since, s->param->snapshot_best,
              crema_number_text((float)b->value, text), b->iter);
    b->enough = true;
    return CREMA_OK;
}

enum crema_status crema_solver__judge(struct crema_solver *s, int test,
                                      int output, double value)
{
    const struct crema_solver__figure *p = &s->plateau, *b = &s->best.figure;

    if (p->net == test && p->output == output)
        s->pace.figure = p->larger ? -value : value;
    if (b->net == test && b->output == output) return judge_best(s, value);
    return CREMA_OK;
}
