/* lmdb_pages.c - walking the pages of a database, each checked before it is
 * used: nothing outside the file is read, and no walk is endless.
 *
 * A page begins with a header, all numbers little-endian:
 *
 *     0  its own number (8 bytes)    10  flags    12  end of the list below
 *    16  a list of offsets in the page, 2 bytes each: its nodes, in key order
 *
 * A node is 8 bytes, a key, and on a leaf a value.  On a leaf the 8 bytes are
 * the value's length (4), flags (2), the key's length (2); a value marked as
 * big is the number of the page behind whose header it stands.  On a branch the
 * first 6 are a page's number, and the first node's key does not count.
 */
#include "data/lmdb_pages.h"

#include <string.h>

enum { HEADER = CREMA_LMDB_PAGE_HEADER, NODE = 8 };
enum { BRANCH = 1, LEAF = 2, KINDS = 0x6f }; /* flags of pages */
enum { BIG = 1 };                            /* flags of nodes */

static const char damaged[] = "a page of it is damaged";
static const char short_of_records[] =
    "its pages hold fewer records than its header tells of";

static uint16_t read16(const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

static uint32_t read32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t read64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

bool crema_lmdb_meta(const uint8_t bytes[CREMA_LMDB_META_BYTES],
                     struct crema_lmdb_meta *out)
{
    enum {
        MAGIC = 0,
        PAGE_SIZE = 24,
        TREE = 72,
        LAST = 120,
        TRANSACTION = 128
    };
    static const uint32_t magic = 0xbeefc0de;

    *out = (struct crema_lmdb_meta){
        .page_size = read32(bytes + PAGE_SIZE),
        .flags = read16(bytes + TREE + 4),
        .depth = read16(bytes + TREE + 6),
        .entries = read64(bytes + TREE + 32),
        .root = read64(bytes + TREE + 40),
        .last_page = read64(bytes + LAST),
        .transaction = read64(bytes + TRANSACTION),
    };
    return read32(bytes + MAGIC) == magic && out->page_size >= 256 &&
           out->page_size <= 65536 &&
           (out->page_size & (out->page_size - 1)) == 0 &&
           out->last_page < UINT64_MAX / 65536 - 1;
}

const char *crema_pages_open(struct crema_pages *pages, const void *map,
                             size_t bytes, uint64_t transaction, bool *current)
{
    struct crema_lmdb_meta meta;
    const uint8_t *at = map;

    *current = false;
    for (int i = 0; i < 2; i++) {
        if (bytes < HEADER + CREMA_LMDB_META_BYTES) return damaged;
        if (!crema_lmdb_meta(at + HEADER, &meta)) return damaged;
        if (meta.transaction == transaction) break;
        if (i == 1) return NULL;
        if (bytes < meta.page_size) return damaged;
        at += meta.page_size;
        bytes -= meta.page_size;
    }
    *current = true;
    bytes += (size_t)(at - (const uint8_t *)map);
    if (meta.last_page >= bytes / meta.page_size) return damaged;
    if (meta.depth > CREMA_PAGES_DEPTH) return damaged;
    if (meta.flags)
        return "its records have several values for a key, or keys "
               "in an order of their own";
    pages->map = map;
    pages->meta = meta;
    return NULL;
}

/* A page of the tree, at that level below the root, or NULL. */
static const uint8_t *page_at(const struct crema_pages *pages, uint64_t number,
                              uint32_t level, uint32_t *nodes)
{
    const struct crema_lmdb_meta *m = &pages->meta;
    uint32_t kind = level + 1 == m->depth ? LEAF : BRANCH;
    uint32_t end;
    const uint8_t *page;

    if (number > m->last_page) return NULL;
    page = pages->map + number * m->page_size;
    if (read64(page) != number || (read16(page + 10) & KINDS) != kind)
        return NULL;
    end = read16(page + 12);
    if (end < HEADER + 2 || end % 2 || end > m->page_size) return NULL;
    *nodes = (end - HEADER) / 2;
    return page;
}

/* The i-th node, if its head and key lie within the page. */
static const uint8_t *node_at(const struct crema_pages *pages,
                              const uint8_t *page, uint32_t i)
{
    uint32_t at = read16(page + HEADER + 2 * i);
    uint32_t size = pages->meta.page_size;

    if (at < HEADER || at > size - NODE) return NULL;
    return read16(page + at + 6) <= size - NODE - at ? page + at : NULL;
}

/* From place's page of that level down to the leaf: by the first nodes. */
static const char *descend(const struct crema_pages *pages, uint32_t level,
                           struct crema_pages_place *place)
{
    uint32_t nodes;

    for (;; level++) {
        const uint8_t *page = page_at(pages, place->page[level], level, &nodes);
        const uint8_t *node;

        if (!page) return damaged;
        if (level + 1 == pages->meta.depth) return NULL;
        if (place->at[level] >= nodes) return damaged;
        node = node_at(pages, page, place->at[level]);
        if (!node) return damaged;
        place->page[level + 1] = read64(node) & 0xffffffffffff;
        place->at[level + 1] = 0;
    }
}

const char *crema_pages_first(const struct crema_pages *pages,
                              struct crema_pages_place *place)
{
    if (pages->meta.depth == 0) return short_of_records;
    place->page[0] = pages->meta.root;
    place->at[0] = 0;
    return descend(pages, 0, place);
}

/* To the first record of the next leaf. */
static const char *next_leaf(const struct crema_pages *pages,
                             struct crema_pages_place *place)
{
    uint32_t level = pages->meta.depth - 1, nodes;

    while (level-- > 0) {
        if (!page_at(pages, place->page[level], level, &nodes)) return damaged;
        if (++place->at[level] < nodes) return descend(pages, level, place);
    }
    return short_of_records;
}

uint64_t crema_pages_rest(const struct crema_pages *pages,
                          const struct crema_pages_place *place)
{
    uint32_t leaf = pages->meta.depth - 1, nodes;

    if (!page_at(pages, place->page[leaf], leaf, &nodes)) return 0;
    return place->at[leaf] < nodes ? nodes - place->at[leaf] : 0;
}

const char *crema_pages_on(const struct crema_pages *pages,
                           struct crema_pages_place *place, uint64_t n)
{
    const char *fault = NULL;

    while (!fault) {
        uint64_t rest = crema_pages_rest(pages, place);

        if (rest == 0) return damaged;
        if (n < rest) {
            place->at[pages->meta.depth - 1] += (uint32_t)n;
            return NULL;
        }
        n -= rest;
        fault = next_leaf(pages, place);
    }
    return fault;
}

const char *crema_pages_record(const struct crema_pages *pages,
                               const struct crema_pages_place *place,
                               struct crema_slice *key,
                               struct crema_slice *value)
{
    const struct crema_lmdb_meta *m = &pages->meta;
    uint32_t leaf = m->depth - 1, nodes, room;
    const uint8_t *page = page_at(pages, place->page[leaf], leaf, &nodes);
    const uint8_t *node = page && place->at[leaf] < nodes
                              ? node_at(pages, page, place->at[leaf])
                              : NULL;
    uint64_t first;

    if (!node || (read16(node + 4) & ~(uint32_t)BIG)) return damaged;
    *key = (struct crema_slice){ node + NODE, read16(node + 6) };
    *value = (struct crema_slice){ node + NODE + key->length, read32(node) };
    room =
        m->page_size - (uint32_t)(node - page) - NODE - (uint32_t)key->length;
    if (!(read16(node + 4) & BIG))
        return value->length <= room ? NULL : damaged;
    if (room < sizeof first) return damaged;
    first = read64(value->data);
    if (first > m->last_page ||
        value->length > (m->last_page + 1 - first) * m->page_size - HEADER)
        return damaged;
    value->data = pages->map + first * m->page_size + HEADER;
    return NULL;
}

/* LMDB's order: as memcmp, and a beginning before the whole. */
static int compare(struct crema_slice a, const uint8_t *node)
{
    size_t length = read16(node + 6);
    size_t n = a.length < length ? a.length : length;
    int order = n ? memcmp(a.data, node + NODE, n) : 0;

    return order ? order : (a.length > length) - (a.length < length);
}

/* How many nodes of a page, from the `begin`-th on, are below the key, or equal
 * to it if those count, too; `begin` included. */
static const char *count_below(const struct crema_pages *pages,
                               const uint8_t *page, uint32_t begin,
                               uint32_t nodes, struct crema_slice key,
                               bool or_equal, uint32_t *count)
{
    while (begin < nodes) {
        uint32_t middle = begin + (nodes - begin) / 2;
        const uint8_t *node = node_at(pages, page, middle);

        if (!node) return damaged;
        if (compare(key, node) >= (or_equal ? 0 : 1))
            begin = middle + 1;
        else
            nodes = middle;
    }
    *count = begin;
    return NULL;
}

const char *crema_pages_find(const struct crema_pages *pages,
                             struct crema_slice wanted,
                             struct crema_pages_place *place, bool *found)
{
    uint32_t level = 0, nodes, count;
    const char *fault = crema_pages_first(pages, place);

    *found = false;
    for (; !fault; level++) {
        bool leaf = level + 1 == pages->meta.depth;
        const uint8_t *page = page_at(pages, place->page[level], level, &nodes);

        if (!page) return damaged;
        fault = count_below(pages, page, !leaf, nodes, wanted, !leaf, &count);
        if (fault) break;
        place->at[level] = leaf ? count : count - 1;
        if (!leaf) {
            fault = descend(pages, level, place);
            continue;
        }
        if (count < nodes) {
            *found = true;
            return NULL;
        }
        fault = next_leaf(pages, place);
        *found = !fault;
        return fault == short_of_records ? NULL : fault;
    }
    return fault;
}
