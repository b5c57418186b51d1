/* plane_cases.c - planes resized, and what a pooling picked put back. */
#include "support/op_cases.h"

/* n: first, from, to of rows; the same of columns */
static void resize(struct parity *t, const struct parity_case *c)
{
    const int64_t first[2] = { c->n[0], c->n[3] };
    const int64_t from[2] = { c->n[1], c->n[4] };
    const int64_t to[2] = { c->n[2], c->n[5] };

    parity_output(
        t, crema_resize(parity_program(t), first, from, to, parity_x(t)));
}

/* Pooled and put back. */
static void unpool(struct parity *t, const struct parity_case *c)
{
    struct crema_program *p = parity_program(t);
    struct crema_tensor *mask = NULL;
    struct crema_tensor *y = crema_pooling(p, c->params, parity_x(t), &mask);

    parity_output(t, crema_unpool(p, c->x.dim[2], c->x.dim[3],
                                  crema_sum(p, 1, &y, (const float[]){ 2 }),
                                  mask));
}

static const struct parity_case planes[] = {
    { "resize, larger", resize, SHAPE4(2, 3, 4, 5), NULL,
      N(0, 4, 9, 0, 5, 12) },
    { "resize, native", resize, SHAPE4(2, 18, 4, 5), NULL, N(0, 4, 9, 0, 5, 12),
      .native = true },
    { "resize, smaller", resize, SHAPE4(2, 3, 9, 12), NULL,
      N(0, 9, 4, 0, 12, 5) },
    { "resize, a window", resize, SHAPE4(2, 3, 6, 7), NULL,
      N(1, 4, 7, 2, 3, 2) },
    { "resize, from one", resize, SHAPE4(2, 3, 1, 1), NULL,
      N(0, 1, 5, 0, 1, 3) },
    { "resize, to one", resize, SHAPE4(2, 3, 5, 4), NULL, N(0, 5, 1, 0, 4, 1) },
    { "resize, as it is", resize, SHAPE4(1, 2, 5, 4), NULL,
      N(0, 5, 5, 0, 4, 4) },
    { "unpool", unpool, SHAPE4(2, 3, 8, 6), POOL(MAX, 2, 2, 0, true),
      .ref_too = true },
    { "unpool, native", unpool, SHAPE4(2, 18, 7, 7), POOL(MAX, 2, 2, 0, true),
      .native = true, .ref_too = true },
    { "unpool, shared maxima", unpool, SHAPE4(2, 3, 7, 7),
      POOL(MAX, 3, 1, 1, true), .ref_too = true },
    { "unpool, windows without elements", unpool, SHAPE4(1, 3, 7, 7),
      POOL(MAX, 2, 4, 0, true), .ref_too = true },
};

const struct parity_table plane_tables[] = { TABLE(planes), NO_TABLE };
