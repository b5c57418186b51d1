/* source.h - where records come from.  Floor 2.
 *
 * A source is a list of records that begins anew at its end.  The n-th record
 * taken, from 0 and over all epochs, has ordinal n; what stands there depends
 * on the ordinal alone, so a run can go on where another stopped.  A new kind
 * of source (a list of pictures, HDF5) is one file and one table.
 */
#ifndef CREMA_DATA_SOURCE_H
#define CREMA_DATA_SOURCE_H

#include "crema.pb-c.h"
#include "data/image.h"
#include "data/lmdb.h"
#include "proto/source.h"

struct crema_records;

/* Found, not read yet.  Its bytes are borrowed from the source. */
struct crema_record {
    uint64_t ordinal;
    uint64_t row;             /* which of the source's records it is */
    struct crema_slice key;   /* its name: a database's key, a file's path */
    struct crema_slice value; /* the source's own affair */
    const struct crema_records *of; /* of a mixture: which; else NULL */
};

/* A record's numbers, one of several kinds; borrowed from the source or from the
 * scratch it was loaded with. */
struct crema_sample {
    const uint8_t *planes; /* [channels][height][width] */
    const float *floats;   /* [channels][height][width] */
    const uint8_t *pixels; /* [height][width][channels] */
    struct crema_slice jpeg; /* ... or none of these: still encoded */
    int channels, height, width;
    double label;        /* 0 when it has none; or: */
    const float *labels; /* as many as the source says, or NULL */
};

/* Memory that grows and is used again; all zero is none. */
struct crema_room {
    void *data;
    size_t bytes;
};
/* What it held is lost when it grows. */
enum crema_status crema_room_grow(struct crema_ctx *, struct crema_room *,
                                  size_t bytes) CREMA_MUST_USE;

/* What one thread needs to load and transform records; all zero is empty. */
struct crema_scratch {
    struct crema_image image, resized;
    struct crema_image work[2], inner; /* of augment.h */
    struct crema_room floats, rows, labels, between;
    char *file; /* a picture's, in so many bytes of room; or NULL */
    size_t file_room;
    bool leaves_jpeg; /* plain ones of 3 channels are not */
};
void crema_scratch_free(struct crema_scratch *);
/* For load(): is this picture to be left as it is?  Then *out has it. */
bool crema_sample_encoded(const struct crema_scratch *, enum crema_image_mode,
                          const void *bytes, size_t length,
                          struct crema_sample *out);

struct crema_records_type {
    /* Finds the record of an ordinal; cheap when asked in order.  One thread
     * at a time. */
    enum crema_status (*find)(struct crema_ctx *, struct crema_records *,
                              uint64_t ordinal, struct crema_record *out);
    /* Reads and decodes it.  Any number of threads at the same time. */
    enum crema_status (*load)(struct crema_ctx *, const struct crema_records *,
                              const struct crema_record *,
                              struct crema_scratch *, struct crema_sample *out);
    void (*free)(struct crema_records *);
};

/* First member of each kind's own struct. */
struct crema_records {
    const struct crema_records_type *type;
    const char *name; /* "database examples/mnist_train_lmdb", for messages */
    uint64_t count;   /* in one epoch; at least 1 */
    int labels;       /* of each record; 0 counts as 1 */
};

struct crema_lmdb_options {
    enum crema_image_mode mode; /* how pictures are decoded */
    bool shuffle;               /* anew in each epoch, else in key order */
    uint32_t block, window;     /* of blocks.h, read ahead; 0: no blocks */
    uint32_t seed;
    int labels; /* of each record, beside its numbers or pictures as float_data
                   or as labels that repeat; 0: the one that Datums have */
};
/* The Datums of an LMDB database, which must outlive it. */
enum crema_status crema_records_lmdb(struct crema_ctx *,
                                     struct crema_database *,
                                     const struct crema_lmdb_options *,
                                     struct crema_records **out) CREMA_MUST_USE;

struct crema_images_options {
    const char *list;  /* a file: a name and its labels on each line */
    const char *root;  /* put before each name as it is; NULL: nothing */
    int height, width; /* resized to; 0, 0: not */
    bool gray;
    bool shuffle; /* anew in each epoch */
    uint32_t seed;
    int labels; /* on each line; 0: 1 */
};
/* The pictures of a list; keeps nothing of options. */
enum crema_status
crema_records_images(struct crema_ctx *, const struct crema_images_options *,
                     struct crema_records **out) CREMA_MUST_USE;

struct crema_windows_options {
    const char *file; /* as window_file.h says */
    const char *root; /* put before each picture's path; NULL: nothing */
    const Crema__TransformationParameter
        *param;                        /* mean and scale of it count */
    const struct crema_source *source; /* of param, for messages; may be NULL */
    int batch_size;
    int size, pad; /* see window.h */
    bool square, mirror;
    bool cache; /* pictures' files are kept in memory */
    /* A window that overlaps an object by that much shows it; by less than the
     * second, background, whose label is 0. */
    float fg_threshold, bg_threshold;
    float fg_fraction; /* of a batch's items show objects */
    uint32_t seed;
};
/* Windows of pictures, drawn at random. */
enum crema_status
crema_records_windows(struct crema_ctx *, const struct crema_windows_options *,
                      struct crema_records **out) CREMA_MUST_USE;

enum { CREMA_MIX_PARTS = 256 };
/* n sources, 1 to CREMA_MIX_PARTS, as one: each has its weight's share of the
 * records, to a part in 8192 of all, whatever it holds itself; weights are
 * positive.  An epoch is as long as all of theirs together.  Takes the parts
 * over where it succeeds; their records must have equally many labels. */
enum crema_status crema_records_mix(struct crema_ctx *, int n,
                                    struct crema_records *const parts[],
                                    const double *weights, uint32_t seed,
                                    struct crema_records **out) CREMA_MUST_USE;

/* The record that comes position-th at the rank-th of `ranks` (at least 1) that
 * take batches in turn. */
static inline uint64_t crema_share(uint64_t position, uint64_t batch_size,
                                   uint32_t rank, uint32_t ranks)
{
    return (position / batch_size * ranks + rank) * batch_size +
           position % batch_size;
}

/* Accepts NULL. */
void crema_records_free(struct crema_records *);

enum { CREMA_RECORD_NAME = 600 };
/* "record 00000007_cat.jpg of database train_lmdb" */
void crema_record_name(const struct crema_records *,
                       const struct crema_record *,
                       char out[CREMA_RECORD_NAME]);

#endif
