/* rig.h - a database, a transform and a pipeline on them, for tests. */
#ifndef CREMA_TESTS_RIG_H
#define CREMA_TESTS_RIG_H

#include "data_floor/make_db.h"

#include "data/pipeline.h"

static struct crema_databases *databases;

/* Everything a pipeline stands on. */
struct rig {
    struct crema_records *records;
    struct crema_transform *transform;
    struct crema_pipeline *pipeline;
};

static inline void setup(void)
{
    open_scratch();
    OK(crema_databases_new(ctx, &databases));
}

static inline void teardown(void)
{
    crema_databases_free(databases);
    close_scratch();
}

static inline void close_rig(struct rig *rig)
{
    crema_pipeline_free(rig->pipeline);
    crema_transform_free(rig->transform);
    crema_records_free(rig->records);
    *rig = (struct rig){ 0 };
}

/* A status, as opening may fail. */
static inline enum crema_status
open_rig(const char *path, const Crema__TransformationParameter *p,
         const struct crema_pipeline_options *options, struct rig *rig)
{
    struct crema_transform_options o = { p, NULL, p && p->mirror, 9 };
    const struct crema_lmdb_options how = { .mode = crema_transform_mode(p) };
    struct crema_database *database;

    *rig = (struct rig){ 0 };
    OK(crema_database_open(ctx, databases, path, &database));
    OK(crema_records_lmdb(ctx, database, &how, &rig->records));
    OK(crema_transform_new(ctx, &o, &rig->transform));
    return crema_pipeline_open(ctx, rig->records, rig->transform, options,
                               &rig->pipeline);
}

/* Records as they are, in an order of their own, in batches of 4. */
static inline void open_ordered(const char *path,
                                const struct crema_lmdb_options *how,
                                uint32_t rank, uint32_t ranks, int workers,
                                struct rig *rig)
{
    const struct crema_transform_options plain = { 0 };
    const struct crema_pipeline_options options = {
        .batch_size = 4, .workers = workers, .rank = rank, .ranks = ranks
    };
    struct crema_database *database;

    *rig = (struct rig){ 0 };
    OK(crema_database_open(ctx, databases, path, &database));
    OK(crema_records_lmdb(ctx, database, how, &rig->records));
    OK(crema_transform_new(ctx, &plain, &rig->transform));
    OK(crema_pipeline_open(ctx, rig->records, rig->transform, &options,
                           &rig->pipeline));
}

static inline const struct crema_filled_batch *next(struct rig *rig)
{
    const struct crema_filled_batch *batch;

    OK(crema_pipeline_next(ctx, rig->pipeline, &batch));
    return batch;
}

/* The number in the key of item i: "%08d_.." */
static inline int key_of(const struct crema_filled_batch *batch, int i)
{
    return atoi(batch->keys[i].data);
}

static inline void check_item(const struct crema_filled_batch *b, int i,
                              int record)
{
    ck_assert_int_eq(key_of(b, i), record);
    ck_assert_float_eq(b->labels[i], (float)(record % 10));
    for (int k = 0; k < DB_SIZE; k++)
        ck_assert_float_eq(b->data[i * DB_SIZE + k], (float)db_byte(record, k));
}

#endif
