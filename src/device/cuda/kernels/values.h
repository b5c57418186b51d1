/* values.h - numbers of any type, read and written as float.
 *
 * A kernel is compiled for each type: there `type` is a constant, and of the
 * choices below one is left.
 */
#ifndef CREMA_DEVICE_CUDA_KERNELS_VALUES_H
#define CREMA_DEVICE_CUDA_KERNELS_VALUES_H

#include "device/cuda/kernels/launch.h"
#include "device/formula/bf16.h"
#include "device/formula/f16.h"
#include "device/tensor.h"

#include <string.h>

CREMA_FORMULA float crema_load(const void *data, int type, int64_t at)
{
    switch (type) {
    case CREMA_F32:
        return ((const float *)data)[at];
    case CREMA_BF16:
        return crema_from_bf16(((const uint16_t *)data)[at]);
    case CREMA_F16:
        return crema_from_f16(((const uint16_t *)data)[at]);
    case CREMA_I32:
        return (float)((const int32_t *)data)[at];
    default:
        return (float)((const uint8_t *)data)[at];
    }
}

CREMA_FORMULA void crema_store(void *data, int type, int64_t at, float f)
{
    switch (type) {
    case CREMA_F32:
        ((float *)data)[at] = f;
        break;
    case CREMA_BF16:
        ((uint16_t *)data)[at] = crema_to_bf16(f);
        break;
    case CREMA_F16:
        ((uint16_t *)data)[at] = crema_to_f16(f);
        break;
    case CREMA_I32:
        ((int32_t *)data)[at] = (int32_t)f;
        break;
    default:
        ((uint8_t *)data)[at] = (uint8_t)f;
    }
}

/* ---- what lies side by side, 16 bytes at a time -------------------------- */

/* Numbers that a thread works on together. */
enum { CREMA_PACK = 8 };
struct crema_pack {
    float v[CREMA_PACK];
};

/* How many of a type have 16 bytes: 4 or 8. */
CREMA_FORMULA int crema_pack_size(int type)
{
    return type == CREMA_F32 ? 4 : 8;
}

/* Packs of `count` numbers, the last perhaps not full. */
CREMA_FORMULA int64_t crema_packs(int64_t count, int type)
{
    int n = crema_pack_size(type);

    return count / n + (count % n != 0);
}

/* Two numbers of 16 bits, and back. */
CREMA_FORMULA void crema_unpair(int type, uint32_t word, float v[2])
{
    uint16_t low = (uint16_t)word, high = (uint16_t)(word >> 16);

    v[0] = type == CREMA_BF16 ? crema_from_bf16(low) : crema_from_f16(low);
    v[1] = type == CREMA_BF16 ? crema_from_bf16(high) : crema_from_f16(high);
}

CREMA_FORMULA uint32_t crema_pair(int type, float low, float high)
{
    return type == CREMA_BF16
               ? crema_to_bf16(low) | (uint32_t)crema_to_bf16(high) << 16
               : crema_to_f16(low) | (uint32_t)crema_to_f16(high) << 16;
}

/* 16 bytes to v[0..4 or 8), and back; `data` is so aligned. */
CREMA_FORMULA void crema_load16(const void *data, int type, float *v)
{
    uint32_t word[4];

    memcpy(word, __builtin_assume_aligned(data, 16), sizeof word);
    for (int k = 0; k < 4; k++) {
        if (type == CREMA_F32)
            memcpy(&v[k], &word[k], sizeof v[k]);
        else
            crema_unpair(type, word[k], v + 2 * k);
    }
}

CREMA_FORMULA void crema_store16(void *data, int type, const float *v)
{
    uint32_t word[4];

    for (int k = 0; k < 4; k++) {
        if (type == CREMA_F32)
            memcpy(&word[k], &v[k], sizeof v[k]);
        else
            word[k] = crema_pair(type, v[2 * k], v[2 * k + 1]);
    }
    memcpy(__builtin_assume_aligned(data, 16), word, sizeof word);
}

/* Pack number `pack` of `count` numbers; 0 beyond them.  data has the alignment
 * of tensors. */
CREMA_FORMULA struct crema_pack crema_load_pack(const void *data, int type,
                                                int64_t count, int64_t pack)
{
    int n = crema_pack_size(type);
    int64_t first = pack * n;
    struct crema_pack p = { { 0 } };

    if (first + n <= count)
        crema_load16((const char *)data + 16 * pack, type, p.v);
    else
        for (int k = 0; k < n; k++)
            if (first + k < count) p.v[k] = crema_load(data, type, first + k);
    return p;
}

CREMA_FORMULA void crema_store_pack(void *data, int type, int64_t count,
                                    int64_t pack, const struct crema_pack *p)
{
    int n = crema_pack_size(type);
    int64_t first = pack * n;

    if (first + n <= count)
        crema_store16((char *)data + 16 * pack, type, p->v);
    else
        for (int k = 0; k < n; k++)
            if (first + k < count) crema_store(data, type, first + k, p->v[k]);
}

/* The 8 numbers from 8 * at on, whatever their type. */
CREMA_FORMULA struct crema_pack crema_load8(const void *data, int type,
                                            int64_t at)
{
    int64_t step = type == CREMA_F32 ? 32 : 16;
    const char *from = (const char *)data + step * at;
    struct crema_pack p;

    crema_load16(from, type, p.v);
    if (type == CREMA_F32) crema_load16(from + 16, type, p.v + 4);
    return p;
}

CREMA_FORMULA void crema_store8(void *data, int type, int64_t at,
                                const struct crema_pack *p)
{
    int64_t step = type == CREMA_F32 ? 32 : 16;
    char *to = (char *)data + step * at;

    crema_store16(to, type, p->v);
    if (type == CREMA_F32) crema_store16(to + 16, type, p->v + 4);
}

/* ---- 4 side by side: 16 bytes of float32, 8 of what has 16 bits ---------- */

struct crema_four {
    float v[4];
};

/* Numbers 4 * at .. 4 * at + 3 of `count`, 0 beyond them; data has the
 * alignment of tensors, NULL is 0 everywhere. */
CREMA_FORMULA struct crema_four crema_load4(const void *data, int type,
                                            int64_t count, int64_t at)
{
    struct crema_four f = { { 0 } };
    uint32_t word[2];

    if (!data) return f;
    if (4 * at + 4 > count) {
        for (int k = 0; 4 * at + k < count; k++)
            f.v[k] = crema_load(data, type, 4 * at + k);
    } else if (type == CREMA_F32) {
        crema_load16((const char *)data + 16 * at, type, f.v);
    } else {
        memcpy(word, __builtin_assume_aligned((const char *)data + 8 * at, 8),
               sizeof word);
        crema_unpair(type, word[0], f.v);
        crema_unpair(type, word[1], f.v + 2);
    }
    return f;
}

/* NULL: not stored. */
CREMA_FORMULA void crema_store4(void *data, int type, int64_t count, int64_t at,
                                const struct crema_four *f)
{
    uint32_t word[2];

    if (!data) return;
    if (4 * at + 4 > count) {
        for (int k = 0; 4 * at + k < count; k++)
            crema_store(data, type, 4 * at + k, f->v[k]);
    } else if (type == CREMA_F32) {
        crema_store16((char *)data + 16 * at, type, f->v);
    } else {
        word[0] = crema_pair(type, f->v[0], f->v[1]);
        word[1] = crema_pair(type, f->v[2], f->v[3]);
        memcpy(__builtin_assume_aligned((char *)data + 8 * at, 8), word,
               sizeof word);
    }
}

#endif
