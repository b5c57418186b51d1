/* h5.h - HDF5 files: arrays in groups, moved in strips.  Floor 1.
 *
 * Loading libhdf5 takes longer than starting crema, so it is not linked: the
 * part of crema that is, libcrema_hdf5.so, is loaded with the first file.
 * Names within a file are paths without a '/' in front: "data/conv1/0".  A
 * file belongs to one thread at a time.
 */
#ifndef CREMA_PROTO_H5_H
#define CREMA_PROTO_H5_H

#include "base/error.h"

enum { CREMA_H5_DIMS = 32 };

/* What numbers are in memory, and in files that are written; files that are
 * read may hold any floats and integers. */
enum crema_h5_number {
    CREMA_H5_FLOAT, /* float */
    CREMA_H5_INT,   /* int32_t */
    CREMA_H5_BYTE   /* uint8_t */
};

struct crema_h5_shape {
    int ndims; /* 0: one number */
    int64_t dims[CREMA_H5_DIMS];
};

struct crema_h5;

/* Told of a member of a group. */
typedef enum crema_status crema_h5_visit(void *user, const char *name,
                                         bool is_group);

struct crema_h5_type {
    enum crema_status (*open)(struct crema_ctx *, const char *path,
                              struct crema_h5 **out);
    /* Empties what is there. */
    enum crema_status (*create)(struct crema_ctx *, const char *path,
                                struct crema_h5 **out);
    /* To change what is there. */
    enum crema_status (*reopen)(struct crema_ctx *, const char *path,
                                struct crema_h5 **out);
    enum crema_status (*close)(struct crema_h5 *);
    /* What was written so far is a whole file for others. */
    enum crema_status (*flush)(struct crema_h5 *);

    /* Is there such a group or array? */
    bool (*has)(struct crema_h5 *, const char *name);
    /* Groups and arrays in a group, "" for the outermost, by name; links into
     * other files are left out.  Stops at the first failure. */
    enum crema_status (*members)(struct crema_h5 *, const char *group,
                                 crema_h5_visit *, void *user);

    /* Of an array of numbers; anything else is refused in words. */
    enum crema_status (*shape)(struct crema_h5 *, const char *array,
                               struct crema_h5_shape *);
    /* Numbers [first, first + count) in row-major order. */
    enum crema_status (*read)(struct crema_h5 *, const char *array,
                              enum crema_h5_number, int64_t first,
                              int64_t count, void *out);
    /* A single string of at most 1 MiB; to be freed. */
    enum crema_status (*read_text)(struct crema_h5 *, const char *name,
                                   char **out);

    /* Groups in front of a name are made with it. */
    enum crema_status (*make_group)(struct crema_h5 *, const char *name);
    /* growing: as many rows, entries of axis 0, as written in one go. */
    enum crema_status (*make_array)(struct crema_h5 *, const char *name,
                                    enum crema_h5_number,
                                    const struct crema_h5_shape *,
                                    bool growing);
    enum crema_status (*resize)(struct crema_h5 *, const char *array,
                                int64_t rows);
    enum crema_status (*write)(struct crema_h5 *, const char *array,
                               enum crema_h5_number, int64_t first,
                               int64_t count, const void *in);
    enum crema_status (*write_text)(struct crema_h5 *, const char *name,
                                    const char *text);
};

/* The part's own struct begins with it. */
struct crema_h5 {
    const struct crema_h5_type *type;
    struct crema_ctx *ctx;
    const char *path;
};

/* The one symbol that the part exports for the library. */
#define CREMA_H5_SYMBOL "crema_part_hdf5"
typedef const struct crema_h5_type *crema_h5_part_fn(void);

/* CREMA_EUNSUPPORTED where crema was built without HDF5; a file that cannot be
 * read, is cut short or damaged is CREMA_EIO. */
enum crema_status crema_h5_open(struct crema_ctx *, const char *path,
                                struct crema_h5 **out) CREMA_MUST_USE;
enum crema_status crema_h5_create(struct crema_ctx *, const char *path,
                                  struct crema_h5 **out) CREMA_MUST_USE;
/* To write more into a file that exists. */
enum crema_status crema_h5_reopen(struct crema_ctx *, const char *path,
                                  struct crema_h5 **out) CREMA_MUST_USE;
/* Frees it in any case, and fails where the rest cannot be written.  Accepts
 * NULL. */
enum crema_status crema_h5_close(struct crema_h5 *);

/* Do these first bytes of a file belong to HDF5? */
bool crema_h5_begins(const void *bytes, size_t n);
/* The product of dims; -1 when it is beyond int64. */
int64_t crema_h5_count(const struct crema_h5_shape *);

#endif
