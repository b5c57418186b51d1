/* own_warp.h - what a warp's lanes do together in conv_own_block.h, in plain C:
 * the fragments of ldmatrix and mma as PTX defines them for m16n8k16 and, of
 * TF32, m16n8k8.
 *
 * Copies to shared memory are done as soon as they are begun, or no sooner than
 * they are waited for: on a GPU it is anything between.
 */
#ifndef TESTS_SUPPORT_OWN_WARP_H
#define TESTS_SUPPORT_OWN_WARP_H

#include "device/cuda/kernels/conv_own.h"

#define OWN_FUNCTION static inline
#define OWN_LANES    32

struct crema_own_lane {
    float sum[4][8][4];
    uint32_t fragment[32];
    uint32_t at;
};

struct crema_own_warp {
    struct crema_own_lane lane[OWN_LANES];
};

static inline int crema_own_lane(int l)
{
    return l;
}

/* ---- copies ---------------------------------------------------------------
 */

enum { OWN_COPIES = 32 }; /* of a thread and a step at most */

struct own_copy {
    char *to;
    const char *from;
    bool inside;
};

/* What each thread has begun: the last steps, the one at hand first. */
struct own_begun {
    struct own_copy copy[OWN_STAGES + 1][OWN_COPIES];
    int n[OWN_STAGES + 1];
};

struct own_copies {
    bool late;
    int64_t misplaced; /* chunks that are not aligned */
    struct own_begun thread[OWN_ROWS];
};
extern struct own_copies own_copies;

static inline void own_copy_now(const struct own_copy *c)
{
    if (c->inside)
        memcpy(c->to, c->from, OWN_CHUNK);
    else
        memset(c->to, 0, OWN_CHUNK);
}

static inline void crema_own_copy(int thread, char *to, const char *from,
                                  bool inside, bool reused)
{
    struct own_begun *b = &own_copies.thread[thread];
    const struct own_copy c = { to, from, inside };

    (void)reused;
    if ((uintptr_t)to % OWN_CHUNK || (uintptr_t)from % OWN_CHUNK ||
        b->n[0] == OWN_COPIES)
        own_copies.misplaced++;
    else if (own_copies.late)
        b->copy[0][b->n[0]++] = c;
    else
        own_copy_now(&c);
}

static inline void crema_own_copied(int thread)
{
    struct own_begun *b = &own_copies.thread[thread];

    memmove(b->copy[1], b->copy[0], OWN_STAGES * sizeof b->copy[0]);
    memmove(&b->n[1], &b->n[0], OWN_STAGES * sizeof b->n[0]);
    b->n[0] = 0;
}

/* All but the last OWN_STAGES - 2 steps' are done. */
static inline void own_wait(int thread)
{
    struct own_begun *b = &own_copies.thread[thread];

    for (int age = OWN_STAGES; age > OWN_STAGES - 2; age--) {
        for (int i = 0; i < b->n[age]; i++) own_copy_now(&b->copy[age][i]);
        b->n[age] = 0;
    }
}

/* ---- fragments -------------------------------------------------------------
 */

/* Lane l names row l % 8 of part l / 8, 16 bytes; lane l gets word l % 4 of row
 * l / 4 of each part; or, turned, elements l / 4 of rows 2 (l % 4) and the one
 * below. */
static inline void crema_own_fragments(struct crema_own_warp *w, int quad,
                                       const char *panel, bool turned)
{
    for (int l = 0; l < 32; l++)
        for (int r = 0; r < 4; r++) {
            char *to = (char *)&w->lane[l].fragment[4 * quad + r];

            if (turned)
                for (int e = 0; e < 2; e++)
                    memcpy(to + 2 * e,
                           panel + w->lane[8 * r + 2 * (l % 4) + e].at +
                               2 * (l / 4),
                           2);
            else
                memcpy(to, panel + w->lane[8 * r + l / 4].at + 4 * (l % 4), 4);
        }
}

static inline float own_half(int type, uint32_t word, int which)
{
    float v[2];

    crema_unpair(type, word, v);
    return v[which];
}

static inline float own_tf32(uint32_t word)
{
    return crema_float_of(word & 0xffffe000u);
}

/* Element (row, k) of A: 16 x 16, or 16 x 8 of TF32. */
static inline float own_a(int type, const struct crema_own_warp *w, int i,
                          int row, int k)
{
    int half = type == CREMA_F32 ? 4 : 8, in = k % half;
    int lane = row % 8 * 4 + (type == CREMA_F32 ? in : in / 2);
    uint32_t word = w->lane[lane].fragment[4 * i + row / 8 + 2 * (k / half)];

    return type == CREMA_F32 ? own_tf32(word) : own_half(type, word, k % 2);
}

static inline float own_b(int type, const struct crema_own_warp *w, int j,
                          int k, int column)
{
    int half = type == CREMA_F32 ? 4 : 8, in = k % half;
    int lane = column * 4 + (type == CREMA_F32 ? in : in / 2);
    uint32_t word = w->lane[lane].fragment[16 + 2 * j + k / half];

    return type == CREMA_F32 ? own_tf32(word) : own_half(type, word, k % 2);
}

/* Most of the tests' time, and nothing that could be out of bounds. */
__attribute__((no_sanitize("address", "undefined"))) static inline float
own_dot(int n, const float *a, const float *b, float sum)
{
    for (int k = 0; k < n; k++) sum += a[k] * b[k];
    return sum;
}

/* Lane l has (l / 4, 2 (l % 4)), the next column, and both 8 rows below. */
static inline void crema_own_multiply(int type, struct crema_own_warp *w, int i,
                                      int j)
{
    int depth = type == CREMA_F32 ? 8 : 16;
    float a[16][16], b[8][16];

    for (int k = 0; k < depth; k++) {
        for (int m = 0; m < 16; m++) a[m][k] = own_a(type, w, i, m, k);
        for (int n = 0; n < 8; n++) b[n][k] = own_b(type, w, j, k, n);
    }
    for (int l = 0; l < 32; l++)
        for (int r = 0; r < 4; r++) {
            int m = l / 4 + 8 * (r / 2), n = 2 * (l % 4) + r % 2;
            float *sum = &w->lane[l].sum[i][j][r];

            *sum = own_dot(depth, a[m], b[n], *sum);
        }
}

/* To the nearest, ties away from zero; what is not finite stays so. */
static inline uint32_t crema_own_to_tf32(uint32_t word)
{
    bool finite = (word & 0x7f800000u) != 0x7f800000u;

    return (finite ? word + 0x1000u : word) & 0xffffe000u;
}

#endif
