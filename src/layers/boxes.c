/* boxes.c - overlap, codes and suppression of boxes. */
#include "layers/boxes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct crema_box crema_box_at(const float *data, int64_t i)
{
    struct crema_box b;

    memcpy(&b, data + 4 * i, sizeof b);
    return b;
}

float crema_box_area(const struct crema_box *b)
{
    float width = b->right - b->left, height = b->bottom - b->top;

    return width > 0 && height > 0 ? width * height : 0;
}

static float later(float a, float b)
{
    return a > b ? a : b;
}

static float sooner(float a, float b)
{
    return a < b ? a : b;
}

float crema_box_overlap(const struct crema_box *a, const struct crema_box *b)
{
    struct crema_box both = { later(a->left, b->left), later(a->top, b->top),
                              sooner(a->right, b->right),
                              sooner(a->bottom, b->bottom) };
    float shared = crema_box_area(&both);
    float either = crema_box_area(a) + crema_box_area(b) - shared;

    return shared > 0 && either > 0 ? shared / either : 0;
}

/* ---- codes ----------------------------------------------------------------
 */

struct centred {
    float x, y, width, height;
};

static struct centred centred(const struct crema_box *b)
{
    return (struct centred){ (b->left + b->right) / 2, (b->top + b->bottom) / 2,
                             b->right - b->left, b->bottom - b->top };
}

struct crema_box crema_box_decode(enum crema_box_code how,
                                  const struct crema_box *prior,
                                  const float variance[4], const float code[4])
{
    struct centred p = centred(prior);
    float c[4], unit_x = 1, unit_y = 1;

    for (int k = 0; k < 4; k++)
        c[k] = variance ? variance[k] * code[k] : code[k];
    if (how == CREMA_BOX_CENTER_SIZE) {
        float x = p.x + c[0] * p.width, y = p.y + c[1] * p.height;
        float w = expf(c[2]) * p.width / 2, h = expf(c[3]) * p.height / 2;

        return (struct crema_box){ x - w, y - h, x + w, y + h };
    }
    if (how == CREMA_BOX_CORNER_SIZE) {
        unit_x = p.width;
        unit_y = p.height;
    }
    return (struct crema_box){ prior->left + c[0] * unit_x,
                               prior->top + c[1] * unit_y,
                               prior->right + c[2] * unit_x,
                               prior->bottom + c[3] * unit_y };
}

void crema_box_encode(enum crema_box_code how, const struct crema_box *prior,
                      const float variance[4], const struct crema_box *b,
                      float code[4])
{
    struct centred p = centred(prior), c = centred(b);
    float unit_x = 1, unit_y = 1;

    if (how == CREMA_BOX_CENTER_SIZE) {
        code[0] = (c.x - p.x) / p.width;
        code[1] = (c.y - p.y) / p.height;
        code[2] = logf(c.width / p.width);
        code[3] = logf(c.height / p.height);
    } else {
        if (how == CREMA_BOX_CORNER_SIZE) {
            unit_x = p.width;
            unit_y = p.height;
        }
        code[0] = (b->left - prior->left) / unit_x;
        code[1] = (b->top - prior->top) / unit_y;
        code[2] = (b->right - prior->right) / unit_x;
        code[3] = (b->bottom - prior->bottom) / unit_y;
    }
    for (int k = 0; k < 4 && variance; k++) code[k] /= variance[k];
}

/* ---- suppression ----------------------------------------------------------
 */

static float worth(const struct crema_scored *s)
{
    return isnan(s->score) ? -INFINITY : s->score;
}

static int by_score(const void *a, const void *b)
{
    const struct crema_scored *x = a, *y = b;
    float u = worth(x), v = worth(y);

    if (u != v) return u > v ? -1 : 1;
    return (x->box > y->box) - (x->box < y->box);
}

void crema_scored_sort(int64_t n, struct crema_scored *s)
{
    if (n > 1) qsort(s, (size_t)n, sizeof *s, by_score);
}

int64_t crema_box_suppress(const struct crema_suppression *s,
                           const struct crema_box *boxes, int64_t n,
                           struct crema_scored *c)
{
    float threshold = s->threshold;
    int64_t kept = 0;

    crema_scored_sort(n, c);
    if (s->top_k >= 0 && s->top_k < n) n = s->top_k;
    for (int64_t i = 0; i < n; i++) {
        const struct crema_box *b = &boxes[c[i].box];
        bool keep = crema_box_area(b) >= s->least;

        for (int64_t k = 0; k < kept && keep; k++)
            keep = crema_box_overlap(b, &boxes[c[k].box]) <= threshold;
        if (!keep) continue;
        c[kept++] = c[i];
        if (s->eta < 1 && threshold > 0.5f) threshold *= s->eta;
    }
    return kept;
}
