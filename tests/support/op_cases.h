/* op_cases.h - what every device must give as the definition does: each op in
 * its corners, and small nets over some steps. */
#ifndef TESTS_SUPPORT_OP_CASES_H
#define TESTS_SUPPORT_OP_CASES_H

#include "support/parity.h"

struct parity_table {
    const char *name;
    const struct parity_case *cases;
    int count;
};

/* NULL name ends */
extern const struct parity_table norm_tables[];
extern const struct parity_table loss_tables[];
extern const struct parity_table plane_tables[];
extern const struct parity_table chain_tables[];
extern const struct parity_table net_tables[];

/* All tables as one list: NULL beyond the last. */
const struct parity_case *op_case(int i);

/* 28 x 28 digits in 10 classes. */
parity_record record_lenet;

#define TABLE(cases)                                                           \
    {                                                                          \
#cases, cases, (int)(sizeof cases / sizeof *cases)                     \
    }
#define NO_TABLE                                                               \
    {                                                                          \
        NULL, NULL, 0                                                          \
    }

/* ---- for tables of cases */

#define SHAPE2(...)                                                            \
    {                                                                          \
        2,                                                                     \
        {                                                                      \
            __VA_ARGS__                                                        \
        }                                                                      \
    }
#define SHAPE3(...)                                                            \
    {                                                                          \
        3,                                                                     \
        {                                                                      \
            __VA_ARGS__                                                        \
        }                                                                      \
    }
#define SHAPE4(...)                                                            \
    {                                                                          \
        4,                                                                     \
        {                                                                      \
            __VA_ARGS__                                                        \
        }                                                                      \
    }
#define SHAPE5(...)                                                            \
    {                                                                          \
        5,                                                                     \
        {                                                                      \
            __VA_ARGS__                                                        \
        }                                                                      \
    }
#define N(...)                                                                 \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

/* square windows: kernel, stride, pad, dilation, groups */
#define CONV(k, s, p, d, g)                                                    \
    &(const struct crema_conv)                                                 \
    {                                                                          \
        2, { k, k }, { s, s }, { p, p }, { d, d }, g                           \
    }
#define CONV3(k, s, p, d, g)                                                   \
    &(const struct crema_conv)                                                 \
    {                                                                          \
        3, { k, k, k }, { s, s, s }, { p, p, p }, { d, d, d }, g               \
    }

#define POOL(how, k, s, p, up)                                                 \
    &(const struct crema_pool)                                                 \
    {                                                                          \
        CREMA_POOL_##how, { k, k }, { s, s }, { p, p }, up                     \
    }

#define LRN(size, alpha, beta, k)                                              \
    &(const struct crema_lrn)                                                  \
    {                                                                          \
        size, alpha, beta, k                                                   \
    }

#endif
