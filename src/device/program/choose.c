/* choose.c - how the images of each convolution and of its gradients lie.
 *
 * trial     convolutions that differ are timed alone in each arrangement
 * cost      what a step would take: those times, and a reorder wherever an
 *           image or weights would be wanted otherwise than they lie (cost.c)
 * search    one arrangement for each of the three directions, of all
 *           convolutions; then one convolution after the other where that is
 *           better still
 *
 * What does not convolve follows its first input here, as it does later.  Small
 * gains are not taken: the rule is the same in every run.
 */
#include "device/program/choose.h"

#include "base/clock.h"
#include "device/program/passes.h"

#include <stdlib.h>
#include <string.h>

static const double few_flops = 1e7; /* of a forward pass: not worth a trial */
static const double least_gain = 0.03;
static const double most_steps = 2e7; /* of a round of the search, in ops */
enum { MOST_ROUNDS = 2 };

static const char letters[CREMA_ARRANGEMENTS + 1] = "rblpw";

/* ---- who can choose ------------------------------------------------------ */

static unsigned ways_of(const struct crema_program *p,
                        const struct crema_op *op, enum crema_arrangement *rule)
{
    const struct crema_backend *first = p->dev->type->backends[0];

    if (!first || !first->arrangements || (op->refused & 1)) return 0;
    return first->arrangements(p->dev, op, rule);
}

/* Gradients come in the forwards' reverse order, so the one that is looked for
 * is mostly the one before the last found. */
static struct crema_family *family_of(struct crema_search *s,
                                      const struct crema_op *f, int *last)
{
    for (int n = 0; n < s->nfamilies; n++) {
        *last = *last > 0 ? *last - 1 : s->nfamilies - 1;
        if (s->family[*last].member[CREMA_CONV_FORWARD]->op == f)
            return &s->family[*last];
    }
    return NULL;
}

static void add(struct crema_search *s, const struct crema_choice *c, int *last)
{
    struct crema_choice *new = &s->choice[s->nchoices];
    struct crema_family *f;

    if (c->op->forward) {
        f = family_of(s, c->op->forward, last);
        if (!f) return;
    } else {
        f = &s->family[s->nfamilies++];
        *last = 0;
    }
    *new = *c;
    new->family = f;
    s->nchoices++;
    f->member[crema_conv_role(c->op)] = new;
}

static enum crema_status find_choices(struct crema_search *s)
{
    struct crema_program *p = s->p;
    size_t n = (size_t)p->nops + 1;
    int last = 0;

    s->choice = calloc(n, sizeof *s->choice);
    s->family = calloc(n, sizeof *s->family);
    if (!s->choice || !s->family)
        return crema_no_memory(p->ctx, "choosing layouts");
    for (int i = 0; i < p->nops; i++) {
        struct crema_choice c = { .op = p->op[i] };

        c.ways = ways_of(p, c.op, &c.rule);
        if (c.ways) add(s, &c, &last);
    }
    return CREMA_OK;
}

/* ---- arrangements as a whole ----------------------------------------------
 */

static void take_rule(struct crema_search *s)
{
    for (int i = 0; i < s->nchoices; i++)
        s->choice[i].op->arrangement = s->choice[i].rule;
}

/* a where it can be; its layout alone stands in for what cannot. */
static enum crema_arrangement nearest(const struct crema_choice *c,
                                      enum crema_arrangement a)
{
    if (c->ways >> a & 1) return a;
    if (a == CREMA_PACKED) return CREMA_LAST;
    return a == CREMA_WINOGRAD ? CREMA_BLOCKED : c->rule;
}

static void force(struct crema_search *s, enum crema_arrangement a)
{
    for (int i = 0; i < s->nchoices; i++)
        s->choice[i].op->arrangement = nearest(&s->choice[i], a);
}

/* An earlier choice; false where it is not of this program. */
static bool follow(struct crema_search *s, const char *word)
{
    if (!word || strlen(word) != (size_t)s->nchoices) return false;
    for (int i = 0; i < s->nchoices; i++) {
        const char *at = strchr(letters, word[i]);

        if (!at || !(s->choice[i].ways >> (at - letters) & 1)) return false;
        s->choice[i].op->arrangement = (enum crema_arrangement)(at - letters);
    }
    return true;
}

static enum crema_status remember(struct crema_search *s)
{
    char *word = crema_arena_alloc(&s->p->arena, (size_t)s->nchoices + 1);

    if (!word) return crema_no_memory(s->p->ctx, "choosing layouts");
    for (int i = 0; i < s->nchoices; i++)
        word[i] = letters[s->choice[i].op->arrangement];
    word[s->nchoices] = '\0';
    s->p->arranged = word;
    return CREMA_OK;
}

/* ---- trials ----------------------------------------------------------------
 */

static bool same_but_images(const struct crema_shape *a,
                            const struct crema_shape *b)
{
    struct crema_shape c = *a;

    if (c.ndims) c.dim[0] = b->dim[0];
    return crema_shape_equal(&c, b);
}

static bool alike(const struct crema_trial *t, const struct crema_trial *u)
{
    const struct crema_op *f = t->forward, *g = u->forward;

    return memcmp(f->params, g->params, f->type->params_size) == 0 &&
           same_but_images(&f->in[0]->shape, &g->in[0]->shape) &&
           crema_shape_equal(&f->in[1]->shape, &g->in[1]->shape) &&
           !f->in[2] == !g->in[2] && f->storage == g->storage &&
           f->grad_storage == g->grad_storage &&
           f->in[0]->needs_grad == g->in[0]->needs_grad &&
           f->in[1]->needs_grad == g->in[1]->needs_grad &&
           memcmp(t->gradient, u->gradient, sizeof t->gradient) == 0;
}

static enum crema_status try(struct crema_search *s, struct crema_family *f)
{
    struct crema_choice *first = f->member[CREMA_CONV_FORWARD];
    struct crema_trial t = { .forward = first->op };

    for (int r = 0; r < CREMA_CONV_ROLES; r++)
        t.gradient[r] = r != CREMA_CONV_FORWARD && f->member[r];
    t.all_images = first->ways >> CREMA_WINOGRAD & 1;
    for (f->trial = s->trials; f->trial; f->trial = f->trial->next)
        if (alike(f->trial, &t)) return CREMA_OK;
    f->trial = malloc(sizeof *f->trial);
    if (!f->trial) return crema_no_memory(s->p->ctx, "a trial");
    t.next = s->trials;
    *f->trial = t;
    s->trials = f->trial;
    for (int a = CREMA_BLOCKED; a < CREMA_ARRANGEMENTS; a++)
        if (first->ways >> a & 1)
            CREMA_TRY(crema_trial_run(
                s->p->dev, f->trial, (enum crema_arrangement)a, s->p->threads));
    return CREMA_OK;
}

/* Trials have few images, whose reorders stay in cache; a whole image blob's
 * may not. */
static enum crema_status try_all(struct crema_search *s)
{
    double bytes = 0, seconds = 0, memory;
    int64_t largest = 1;

    for (int i = 0; i < s->nfamilies; i++) {
        const struct crema_op *f = s->family[i].member[CREMA_CONV_FORWARD]->op;
        int64_t count = crema_shape_count(&f->out[0]->shape);

        CREMA_TRY(try(s, &s->family[i]));
        if (count > largest) largest = count;
    }
    for (const struct crema_trial *t = s->trials; t; t = t->next) {
        bytes += t->moved;
        seconds += t->moving;
    }
    CREMA_TRY(crema_trial_move(s->p->dev, largest, s->p->threads, &memory));
    s->moving = bytes > 0 ? seconds / bytes : 0;
    if (s->moving < memory) s->moving = memory;
    return CREMA_OK;
}

/* ---- search ----------------------------------------------------------------
 */

static void note(const struct crema_search *s, enum crema_arrangement *out)
{
    for (int i = 0; i < s->nchoices; i++) out[i] = s->choice[i].op->arrangement;
}

static void recall(const struct crema_search *s,
                   const enum crema_arrangement *from)
{
    for (int i = 0; i < s->nchoices; i++)
        s->choice[i].op->arrangement = from[i];
}

/* The n-th of all ways to give each role an arrangement. */
static void nth(int n, enum crema_arrangement out[CREMA_CONV_ROLES])
{
    for (int r = 0; r < CREMA_CONV_ROLES; r++, n /= CREMA_ARRANGEMENTS - 1)
        out[r] = (enum crema_arrangement)(CREMA_BLOCKED +
                                          n % (CREMA_ARRANGEMENTS - 1));
}

enum {
    WAYS = (CREMA_ARRANGEMENTS - 1) * (CREMA_ARRANGEMENTS - 1) *
           (CREMA_ARRANGEMENTS - 1)
};

/* All convolutions alike, direction by direction; leaves the best and returns
 * its cost.  best: room for all choices, now what costs `least`. */
static double uniform(struct crema_search *s, enum crema_arrangement *best,
                      double least)
{
    for (int n = 0; n < WAYS; n++) {
        enum crema_arrangement as[CREMA_CONV_ROLES];
        double now;

        nth(n, as);
        for (int i = 0; i < s->nchoices; i++) {
            struct crema_choice *c = &s->choice[i];

            c->op->arrangement = nearest(c, as[crema_conv_role(c->op)]);
        }
        now = crema_arrangement_cost(s);
        if (now >= least) continue;
        least = now;
        note(s, best);
    }
    recall(s, best);
    return least;
}

/* Gives the family the arrangements; false where it lacks one of them or has
 * them already. */
static bool give(struct crema_family *f,
                 const enum crema_arrangement as[CREMA_CONV_ROLES])
{
    bool other = false;

    for (int r = 0; r < CREMA_CONV_ROLES; r++) {
        const struct crema_choice *c = f->member[r];

        if (c ? !(c->ways >> as[r] & 1) : as[r] != CREMA_BLOCKED) return false;
        other |= c && c->op->arrangement != as[r];
    }
    for (int r = 0; r < CREMA_CONV_ROLES && other; r++)
        if (f->member[r]) f->member[r]->op->arrangement = as[r];
    return other;
}

/* One convolution otherwise than the rest, if that is better. */
static double improve(struct crema_search *s, struct crema_family *f,
                      double least)
{
    enum crema_arrangement best[CREMA_CONV_ROLES], as[CREMA_CONV_ROLES];

    for (int r = 0; r < CREMA_CONV_ROLES; r++)
        best[r] = f->member[r] ? f->member[r]->op->arrangement : CREMA_BLOCKED;
    for (int n = 0; n < WAYS; n++) {
        double now;

        nth(n, as);
        if (!give(f, as)) continue;
        now = crema_arrangement_cost(s);
        if (now >= least) continue;
        least = now;
        memcpy(best, as, sizeof best);
    }
    (void)give(f, best);
    return least;
}

/* Leaves the best that was found, or the rule's where that is as good. */
static void find_best(struct crema_search *s, enum crema_arrangement *best)
{
    double by_rule, before, least;

    take_rule(s);
    note(s, best);
    by_rule = crema_arrangement_cost(s);
    least = uniform(s, best, by_rule);
    if ((double)s->nfamilies * WAYS * s->p->nops < most_steps)
        for (int round = 0; round < MOST_ROUNDS; round++) {
            before = least;
            for (int i = 0; i < s->nfamilies; i++)
                least = improve(s, &s->family[i], least);
            if (least == before) break;
        }
    if (least > (1 - least_gain) * by_rule) take_rule(s);
}

/* ---- the pass --------------------------------------------------------------
 */

static bool worth_it(const struct crema_search *s)
{
    double flops = 0;

    for (int i = 0; i < s->nfamilies; i++) {
        const struct crema_op *f = s->family[i].member[0]->op;

        if (f->type->flops) flops += f->type->flops(f);
    }
    return flops >= few_flops;
}

static int count_last(const struct crema_search *s)
{
    int n = 0;

    for (int i = 0; i < s->nchoices; i++) {
        enum crema_arrangement a = s->choice[i].op->arrangement;

        n += a == CREMA_LAST || a == CREMA_PACKED;
    }
    return n;
}

static enum crema_status measure(struct crema_search *s)
{
    double begun = crema_seconds();
    enum crema_arrangement *best;

    CREMA_TRY(try_all(s));
    best = malloc(sizeof *best * (size_t)s->nchoices);
    if (!best) return crema_no_memory(s->p->ctx, "choosing layouts");
    find_best(s, best);
    free(best);
    s->p->chosen = CREMA_MEASURED;
    crema_log(s->p->ctx, CREMA_INFO,
              "Layouts: channels last in %d of %d convolution passes, measured "
              "in %.2f s",
              count_last(s), s->nchoices, crema_seconds() - begun);
    return CREMA_OK;
}

static enum crema_status choose(struct crema_search *s)
{
    struct crema_program *p = s->p;

    if (p->forced != CREMA_RULE) {
        force(s, p->forced);
        p->chosen = CREMA_FORCED;
    } else if (p->dev->measures && follow(s, p->arranged)) {
        p->chosen = CREMA_FOLLOWED;
    } else if (p->dev->measures && worth_it(s)) {
        CREMA_TRY(measure(s));
    } else {
        take_rule(s);
        p->chosen = CREMA_BY_RULE;
    }
    return remember(s);
}

enum crema_status crema_pass_choose(struct crema_program *p)
{
    struct crema_search s = { .p = p };
    enum crema_status status = find_choices(&s);

    if (status == CREMA_OK && s.nchoices > 0) status = choose(&s);
    for (struct crema_trial *t = s.trials, *next; t; t = next) {
        next = t->next;
        free(t);
    }
    free(s.choice);
    free(s.family);
    return status;
}
