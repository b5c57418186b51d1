/* memory.c - lifetimes, shared storage, one heap.
 *
 * A tensor lives from the op that writes it to the last that reads it.  An op
 * that may overwrite an input does so when that input dies there: this alone
 * makes Caffe's in-place layers, and backward's dY -> dX, run in place.  What
 * the host reads afterwards lies in memory of the program's own.
 */
#include "device/program/passes.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGN = 256 }; /* of each value, in bytes */

struct crema_tensor *crema_tensor_root(struct crema_tensor *t)
{
    while (t->storage != t) t = t->storage;
    return t;
}

static bool in_heap(const struct crema_tensor *t)
{
    return t->role == CREMA_VALUE && !t->keep;
}

static void write_at(struct crema_tensor *t, int i)
{
    struct crema_tensor *r = crema_tensor_root(t);

    if (r == t && t->born < 0) r->born = i;
    if (r->dies < i) r->dies = i;
    if (t->keep) r->keep = true;
}

static void find_lifetimes(struct crema_program *p)
{
    for (struct crema_tensor *t = p->tensors; t; t = t->next)
        t->born = t->dies = -1;
    for (int i = 0; i < p->nops; i++) {
        struct crema_op *op = p->op[i];

        if (op->type == &crema_op_view)
            op->out[0]->storage = crema_tensor_root(op->in[0]);
        for (int k = 0; k < op->nout; k++)
            if (op->out[k]) write_at(op->out[k], i);
        for (int k = 0; k < op->nin; k++)
            if (op->in[k]) crema_tensor_root(op->in[k])->dies = i;
    }
}

/* out[0] takes over the memory of the input it may overwrite. */
static void share_in_place(struct crema_program *p)
{
    for (int i = 0; i < p->nops; i++) {
        struct crema_op *op = p->op[i];
        int k = op->type->overwrites - 1;
        struct crema_tensor *x, *y;

        if (k < 0 || k >= op->nin || !op->in[k] || !op->out[0]) continue;
        x = crema_tensor_root(op->in[k]);
        y = op->out[0];
        if (x == crema_tensor_root(y) || x->dies != i || !in_heap(x)) continue;
        if (y->storage != y || y->keep || y->role != CREMA_VALUE) continue;
        if (x->layout.bytes != y->layout.bytes) continue;
        y->storage = x;
        x->dies = y->dies;
    }
}

static int larger_first(const void *a, const void *b)
{
    const struct crema_tensor *x = *(struct crema_tensor *const *)a;
    const struct crema_tensor *y = *(struct crema_tensor *const *)b;

    if (x->layout.bytes != y->layout.bytes)
        return x->layout.bytes < y->layout.bytes ? 1 : -1;
    return x->born - y->born;
}

static size_t rounded(const struct crema_tensor *t)
{
    return (t->layout.bytes + ALIGN - 1) / ALIGN * ALIGN;
}

/* A stretch of the heap, taken from op `born` to op `dies`. */
struct stretch {
    size_t from, to;
    int born, dies;
};

/* Lowest offset free of all stretches taken at the same time; they lie in order
 * of where they begin.  *slot: where in that order the new one belongs. */
static struct stretch find_room(const struct crema_tensor *t,
                                const struct stretch *taken, int n, int *slot)
{
    struct stretch new = { 0, rounded(t), t->born, t->dies };
    int i;

    for (i = 0; i < n && taken[i].from < new.to; i++) {
        if (taken[i].born > new.dies || taken[i].dies < new.born) continue;
        if (taken[i].to <= new.from) continue;
        new.to += taken[i].to - new.from;
        new.from = taken[i].to;
    }
    while (i > 0 && taken[i - 1].from > new.from) i--;
    *slot = i;
    return new;
}

/* The tensors' offsets, one after the other; `taken` has room for n.  A net of
 * a thousand layers has ten thousand tensors, so neighbours lie in one array.
 */
static size_t place(struct crema_tensor **t, int n, struct stretch *taken)
{
    size_t end = 0;

    for (int i = 0; i < n; i++) {
        int slot;
        struct stretch new = find_room(t[i], taken, i, &slot);

        memmove(&taken[slot + 1], &taken[slot],
                sizeof *taken * (size_t)(i - slot));
        taken[slot] = new;
        t[i]->offset = new.from;
        if (end < new.to) end = new.to;
    }
    return end;
}

/* Offsets in the heap for what lives within a step, in the program's own block
 * for inputs and kept values. */
static enum crema_status place_all(struct crema_program *p)
{
    struct crema_tensor **list;
    struct stretch *taken;
    int n = 0;

    for (struct crema_tensor *t = p->tensors; t; t = t->next) n++;
    list = malloc((sizeof *list + sizeof *taken) * (size_t)(n + 1));
    if (!list) return crema_no_memory(p->ctx, "planning memory");
    taken = (struct stretch *)(list + n + 1);
    n = 0;
    for (struct crema_tensor *t = p->tensors; t; t = t->next) {
        if (t->role == CREMA_PARAM || !t->settled || t->storage != t) continue;
        if (t->role == CREMA_VALUE && t->born < 0) continue;
        p->naive_bytes += t->layout.bytes;
        if (in_heap(t)) {
            list[n++] = t;
            continue;
        }
        t->offset = p->kept_bytes;
        p->kept_bytes += rounded(t);
    }
    qsort(list, (size_t)n, sizeof *list, larger_first);
    p->heap_bytes = place(list, n, taken);
    free(list);
    return CREMA_OK;
}

static enum crema_status reserve(struct crema_heap *heap, size_t bytes)
{
    if (heap->bytes >= bytes && heap->data) return CREMA_OK;
    crema_device_release(heap->dev, heap->data);
    heap->data = NULL;
    heap->bytes = 0;
    heap->generation++;
    CREMA_TRY(crema_device_alloc(heap->dev, bytes, &heap->data));
    heap->bytes = bytes;
    return CREMA_OK;
}

void crema_heap_release(struct crema_heap *heap)
{
    if (heap->dev) crema_device_release(heap->dev, heap->data);
    heap->data = NULL;
    heap->bytes = 0;
}

enum crema_status crema_pass_memory(struct crema_program *p)
{
    find_lifetimes(p);
    share_in_place(p);
    CREMA_TRY(place_all(p));
    CREMA_TRY(crema_pass_account(p));
    for (int i = 0; i < p->nops; i++)
        if (p->op[i]->call && p->op[i]->call->scratch_bytes > p->scratch_bytes)
            p->scratch_bytes = p->op[i]->call->scratch_bytes;
    CREMA_TRY(crema_pass_fit(p));
    p->heap->dev = p->dev;
    CREMA_TRY(reserve(p->heap, p->heap_bytes + p->scratch_bytes));
    return crema_device_alloc(p->dev, p->kept_bytes, &p->kept);
}

static void *address(const struct crema_program *p, struct crema_tensor *t)
{
    struct crema_tensor *r = crema_tensor_root(t);

    if (r->role == CREMA_PARAM) return r->param->data;
    if (in_heap(r)) return (char *)p->heap->data + r->offset;
    return (char *)p->kept + r->offset;
}

enum crema_status crema_pass_bind(struct crema_program *p)
{
    /* The scratch buffer lies behind the values. */
    void *scratch = (char *)p->heap->data + p->heap_bytes;

    crema_program_erase(p);
    for (struct crema_tensor *t = p->tensors; t; t = t->next)
        if (t->settled) t->data = address(p, t);
    for (int i = 0; i < p->nops; i++) {
        struct crema_call *call = p->op[i]->call;

        if (call && call->bind) CREMA_TRY(call->bind(call, p->op[i], scratch));
    }
    p->generation = p->heap->generation;
    return CREMA_OK;
}
