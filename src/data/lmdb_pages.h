/* lmdb_pages.h - the pages of an LMDB database, which is a B+ tree, walked with
 * distrust: LMDB itself believes what stands in them, so that reading a damaged
 * file with it may kill the process.  Private to this folder.
 */
#ifndef CREMA_DATA_LMDB_PAGES_H
#define CREMA_DATA_LMDB_PAGES_H

#include "data/lmdb.h"

/* What a meta page says: the file begins with two of them, and the one with the
 * higher transaction number counts. */
struct crema_lmdb_meta {
    uint32_t page_size;
    uint64_t last_page, transaction;
    uint64_t root, entries; /* of the tree of records */
    uint32_t depth, flags;
};
enum { CREMA_LMDB_META_BYTES = 136, CREMA_LMDB_PAGE_HEADER = 16 };
/* Of the bytes behind a meta page's header; false: it is none. */
bool crema_lmdb_meta(const uint8_t bytes[CREMA_LMDB_META_BYTES],
                     struct crema_lmdb_meta *out);

struct crema_pages {
    const uint8_t *map; /* the file in memory, borrowed */
    struct crema_lmdb_meta meta;
};

/* A record's place in the tree: the pages from the root to its leaf, and where
 * it is on each. */
enum { CREMA_PAGES_DEPTH = 32 };
struct crema_pages_place {
    uint64_t page[CREMA_PAGES_DEPTH];
    uint32_t at[CREMA_PAGES_DEPTH];
};

/* The functions below return NULL, or what is wrong with the database. */

/* bytes: how many of the map may be read.  *current is false where the file has
 * been written to since that transaction began to be read. */
const char *crema_pages_open(struct crema_pages *, const void *map,
                             size_t bytes, uint64_t transaction, bool *current);
/* To the first record; there must be one. */
const char *crema_pages_first(const struct crema_pages *,
                              struct crema_pages_place *);
/* n records on, which must be there. */
const char *crema_pages_on(const struct crema_pages *,
                           struct crema_pages_place *, uint64_t n);
/* How many records there are from that one to the end of its leaf; 0: damage.
 */
uint64_t crema_pages_rest(const struct crema_pages *,
                          const struct crema_pages_place *);
/* To the first record whose key is not below the wanted one; none: *found is
 * false. */
const char *crema_pages_find(const struct crema_pages *,
                             struct crema_slice wanted,
                             struct crema_pages_place *, bool *found);
/* The record there.  A large value is not touched. */
const char *crema_pages_record(const struct crema_pages *,
                               const struct crema_pages_place *,
                               struct crema_slice *key,
                               struct crema_slice *value);

#endif
