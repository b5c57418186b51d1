/* channels.c - how the numbers of channels are divided into units, and walked
 * over. */
#include "device/cpu/channels.h"

enum { W = CREMA_CPU_UNIT };

int64_t crema_cpu_units(const struct crema_cpu_view *v)
{
    return v->blocks * crema_cpu_units_per_block(v);
}

int64_t crema_cpu_unit_channels(const struct crema_cpu_view *v, int64_t unit,
                                int64_t *count)
{
    int64_t block = unit / crema_cpu_units_per_block(v);
    int64_t lane = unit % crema_cpu_units_per_block(v) * W;
    int64_t first = block * v->lanes + lane;

    *count = v->lanes - lane < W ? v->lanes - lane : W;
    if (*count > v->c - first) *count = v->c - first;
    return first;
}

int crema_cpu_group(const struct crema_cpu_view *v, int64_t unit, int64_t to)
{
    int64_t most =
        crema_cpu_units_per_block(v) - unit % crema_cpu_units_per_block(v);

    if (most > to - unit) most = to - unit;
    return most < CREMA_CPU_GROUP ? (int)most : CREMA_CPU_GROUP;
}

/* Images that follow each other without another block between are one. */
static struct crema_cpu_view merged(const struct crema_cpu_view *v)
{
    struct crema_cpu_view m = *v;

    if (m.blocks == 1 && m.lanes > 1) {
        m.s *= m.n;
        m.n = 1;
    }
    return m;
}

struct crema_cpu_walk crema_cpu_walk(const struct crema_cpu_view *view,
                                     int64_t unit, int n)
{
    struct crema_cpu_walk w = { .v = merged(view), .unit = unit, .run = -1 };

    w.most = CREMA_CPU_STRIP / n;
    return w;
}

/* Run number i of the group: vectors that lie evenly. */
static struct crema_cpu_vectors run_of(const struct crema_cpu_walk *w,
                                       int64_t i)
{
    const struct crema_cpu_view *v = &w->v;
    int64_t block = w->unit / crema_cpu_units_per_block(v);
    int64_t lane = w->unit % crema_cpu_units_per_block(v) * W;
    int64_t left = v->lanes - lane;
    int64_t image = v->blocks * v->s * v->lanes, whole = v->s / W;
    int64_t at = block * v->s * v->lanes;

    if (v->lanes > 1)
        return (struct crema_cpu_vectors){ i * image + at + lane, v->s,
                                           v->lanes, left < W ? (int)left : W };
    at += i / 2 * image;
    if (i % 2 == 0) return (struct crema_cpu_vectors){ at, whole, W, W };
    return (struct crema_cpu_vectors){ at + whole * W, v->s % W ? 1 : 0, W,
                                       (int)(v->s % W) };
}

bool crema_cpu_walk_on(struct crema_cpu_walk *w)
{
    int64_t runs = w->v.lanes == 1 ? 2 * w->v.n : w->v.n;
    struct crema_cpu_vectors run;

    w->from += w->strip.count;
    for (;;) {
        if (w->run >= 0) {
            run = run_of(w, w->run);
            if (w->from < run.count) break;
        }
        if (++w->run >= runs) return false;
        w->from = 0;
    }
    w->strip = run;
    w->strip.at += w->from * run.step;
    w->strip.count =
        run.count - w->from < w->most ? run.count - w->from : w->most;
    return true;
}

CREMA_CPU_CLONES
void crema_cpu_widen_vectors(const struct crema_cpu_vectors *s,
                             const uint16_t *x, float *room)
{
    for (int64_t p = 0; p < s->count; p++, x += s->step, room += W)
        for (int l = 0; l < s->width; l++) room[l] = crema_from_bf16(x[l]);
}

CREMA_CPU_CLONES
void crema_cpu_narrow_vectors(const struct crema_cpu_vectors *s,
                              const float *room, uint16_t *x)
{
    for (int64_t p = 0; p < s->count; p++, x += s->step, room += W)
        for (int l = 0; l < s->width; l++) x[l] = crema_to_bf16(room[l]);
}

void crema_cpu_spread_all(const struct crema_cpu_view *v,
                          struct crema_cpu_affine *f)
{
    crema_cpu_spread(v, f->mean);
    crema_cpu_spread(v, f->a);
    crema_cpu_spread(v, f->b);
    crema_cpu_spread(v, f->k);
    crema_cpu_spread(v, f->d);
    crema_cpu_spread(v, f->e);
}
