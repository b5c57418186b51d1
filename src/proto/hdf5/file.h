/* file.h - what the files of the HDF5 part share. */
#ifndef CREMA_PROTO_HDF5_FILE_H
#define CREMA_PROTO_HDF5_FILE_H

#include "proto/h5.h"

#include <hdf5.h>

enum { H5_NAME = 1024 }; /* bytes of a name within a file, at most */

struct file {
    struct crema_h5 base;
    hid_t id;
    hid_t array;        /* open, with its chunks at hand; or -1 */
    char name[H5_NAME]; /* of that array */
    char path[];        /* behind base.path */
};

static inline struct file *file_of(struct crema_h5 *h5)
{
    return (struct file *)h5;
}

/* CREMA_EIO: "FILE: cannot VERB NAME: what libhdf5 said first". */
enum crema_status h5_failed(struct crema_h5 *, const char *verb,
                            const char *name) CREMA_MUST_USE;
/* The array `name`, kept open until another is asked for; -1 on failure. */
hid_t h5_array(struct file *, const char *name);

bool h5_has(struct crema_h5 *, const char *name);
enum crema_status h5_members(struct crema_h5 *, const char *group,
                             crema_h5_visit *, void *user);
enum crema_status h5_shape(struct crema_h5 *, const char *array,
                           struct crema_h5_shape *);
enum crema_status h5_read(struct crema_h5 *, const char *array,
                          enum crema_h5_number, int64_t first, int64_t count,
                          void *out);
enum crema_status h5_read_text(struct crema_h5 *, const char *name, char **out);
enum crema_status h5_make_group(struct crema_h5 *, const char *name);
enum crema_status h5_make_array(struct crema_h5 *, const char *name,
                                enum crema_h5_number,
                                const struct crema_h5_shape *, bool growing);
enum crema_status h5_resize(struct crema_h5 *, const char *array, int64_t rows);
enum crema_status h5_write(struct crema_h5 *, const char *array,
                           enum crema_h5_number, int64_t first, int64_t count,
                           const void *in);
enum crema_status h5_write_text(struct crema_h5 *, const char *name,
                                const char *text);

#endif
