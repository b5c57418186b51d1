/* records_mix.c - several sources as one, each with its share of the records.
 *
 * Turns come in rounds of as many as `turn` has.  A round has whole numbers of
 * turns for each source, in an order of its own; the k-th of them in round r
 * takes the source's record number r * its turns + k.  So an ordinal says by
 * itself which record it is.
 */
#include "data/source.h"

#include "data/permutation.h"

#include <stdio.h>
#include <stdlib.h>

enum { TURNS = 4096 };

struct part {
    struct crema_records *records;
    uint64_t first_row;    /* rows of the parts before */
    uint64_t begin, turns; /* of a round, before they are put in order */
};

struct turn {
    uint32_t part, number; /* which of the part's turns in this round */
};

struct mixed_records {
    struct crema_records base;
    struct part *part;
    int nparts;
    uint32_t seed;
    bool known; /* what `turn` is of */
    uint64_t round;
    struct turn turn[TURNS];
    char name[64];
};

static void begin_round(struct mixed_records *self, uint64_t round,
                        uint32_t number[])
{
    struct crema_permutation order;

    crema_permutation_begin(&order, TURNS, self->seed, round);
    for (int i = 0; i < self->nparts; i++) number[i] = 0;
    for (uint64_t i = 0; i < TURNS; i++) {
        uint64_t at = crema_permutation_at(&order, i);
        uint32_t part = 0;

        while (at >= self->part[part].begin + self->part[part].turns) part++;
        self->turn[i] = (struct turn){ part, number[part]++ };
    }
    self->round = round;
    self->known = true;
}

static enum crema_status find(struct crema_ctx *ctx,
                              struct crema_records *records, uint64_t ordinal,
                              struct crema_record *out)
{
    struct mixed_records *self = (struct mixed_records *)records;
    uint64_t round = ordinal / TURNS;
    uint32_t number[CREMA_MIX_PARTS];
    const struct turn *turn;
    const struct part *part;

    if (!self->known || self->round != round) begin_round(self, round, number);
    turn = &self->turn[ordinal % TURNS];
    part = &self->part[turn->part];
    CREMA_TRY(part->records->type->find(
        ctx, part->records, round * part->turns + turn->number, out));
    out->ordinal = ordinal;
    out->row += part->first_row;
    out->of = part->records;
    return CREMA_OK;
}

static enum crema_status load(struct crema_ctx *ctx,
                              const struct crema_records *records,
                              const struct crema_record *record,
                              struct crema_scratch *scratch,
                              struct crema_sample *out)
{
    const struct crema_records *of = record->of;

    (void)records;
    return of->type->load(ctx, of, record, scratch, out);
}

static void mix_free(struct crema_records *records)
{
    struct mixed_records *self = (struct mixed_records *)records;

    for (int i = 0; i < self->nparts; i++)
        crema_records_free(self->part[i].records);
    free(self->part);
    free(self);
}

static const struct crema_records_type type = { find, load, mix_free };

/* Turns in proportion to the weights, at least one for each. */
static void deal_turns(struct mixed_records *self, const double *weights)
{
    double total = 0, sum = 0;
    uint64_t begin = 0;

    for (int i = 0; i < self->nparts; i++) total += weights[i];
    for (int i = 0; i < self->nparts; i++) {
        uint64_t left = (uint64_t)(self->nparts - 1 - i), end;

        sum += weights[i];
        end = (uint64_t)(TURNS * (sum / total) + 0.5);
        if (end <= begin) end = begin + 1;
        if (end + left > TURNS || left == 0) end = TURNS - left;
        self->part[i].begin = begin;
        self->part[i].turns = end - begin;
        begin = end;
    }
}

enum crema_status crema_records_mix(struct crema_ctx *ctx, int n,
                                    struct crema_records *const parts[],
                                    const double *weights, uint32_t seed,
                                    struct crema_records **out)
{
    struct mixed_records *self = calloc(1, sizeof *self);

    if (self) self->part = calloc((size_t)n, sizeof *self->part);
    if (!self || !self->part) {
        free(self);
        return crema_no_memory(ctx, "a mixture of sources");
    }
    self->base.type = &type;
    self->base.name = self->name;
    self->base.labels = parts[0]->labels;
    self->seed = seed;
    snprintf(self->name, sizeof self->name, "a mixture of %d sources", n);
    for (int i = 0; i < n; i++) {
        self->part[i].records = parts[i];
        self->part[i].first_row = self->base.count;
        self->base.count += parts[i]->count;
    }
    self->nparts = n;
    deal_turns(self, weights);
    *out = &self->base;
    return CREMA_OK;
}
