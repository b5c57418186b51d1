/* array.c - arrays: their shapes, and strips of their numbers. */
#include "proto/hdf5/file.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_TEXT = 1 << 20 };

static hid_t number_type(enum crema_h5_number number)
{
    switch (number) {
    case CREMA_H5_FLOAT:
        return H5T_NATIVE_FLOAT;
    case CREMA_H5_INT:
        return H5T_NATIVE_INT32;
    default:
        return H5T_NATIVE_UINT8;
    }
}

/* ---- shapes ------------------------------------------------------------- */

static bool take_dims(hid_t space, struct crema_h5_shape *out)
{
    hsize_t dims[H5S_MAX_RANK];
    int ndims = H5Sget_simple_extent_dims(space, NULL, NULL);

    if (H5Sget_simple_extent_type(space) == H5S_NULL) return false;
    if (ndims < 0 || ndims > CREMA_H5_DIMS) return false;
    if (ndims > 0 && H5Sget_simple_extent_dims(space, dims, NULL) < 0)
        return false;
    out->ndims = ndims;
    for (int i = 0; i < ndims; i++) {
        if (dims[i] > INT64_MAX) return false;
        out->dims[i] = (int64_t)dims[i];
    }
    return crema_h5_count(out) >= 0;
}

enum crema_status h5_shape(struct crema_h5 *h5, const char *name,
                           struct crema_h5_shape *out)
{
    hid_t array = h5_array(file_of(h5), name);
    hid_t type = array < 0 ? -1 : H5Dget_type(array);
    hid_t space = array < 0 ? -1 : H5Dget_space(array);
    H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    bool known = space >= 0 && take_dims(space, out);

    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    if (class == H5T_NO_CLASS || space < 0) return h5_failed(h5, "read", name);
    if (class != H5T_FLOAT && class != H5T_INTEGER)
        return crema_fail(h5->ctx, CREMA_EINVAL,
                          "%s: %s holds neither floats nor integers", h5->path,
                          name);
    if (known) return CREMA_OK;
    return crema_fail(h5->ctx, CREMA_EIO, "%s: the shape of %s is impossible",
                      h5->path, name);
}

/* ---- strips ------------------------------------------------------------- */

/* The largest block that begins at number `first` of `shape`, is whole in all
 * axes but one, and has `most` numbers at most; returns how many it has. */
static int64_t block(const struct crema_h5_shape *shape, int64_t first,
                     int64_t most, hsize_t *start, hsize_t *size)
{
    int64_t rest = first, inner = 1, n;
    int axis = shape->ndims - 1;

    for (int i = shape->ndims; i-- > 0; rest /= shape->dims[i]) {
        start[i] = (hsize_t)(rest % shape->dims[i]);
        size[i] = 1;
    }
    while (axis > 0 && start[axis] == 0 && inner * shape->dims[axis] <= most) {
        size[axis] = (hsize_t)shape->dims[axis];
        inner *= shape->dims[axis--];
    }
    n = shape->dims[axis] - (int64_t)start[axis];
    if (n > most / inner) n = most / inner;
    size[axis] = (hsize_t)n;
    return n * inner;
}

/* `in` is NULL to read, `out` to write. */
static bool move(hid_t array, hid_t type, hid_t space, int64_t count, void *out,
                 const void *in)
{
    hsize_t n = (hsize_t)count;
    hid_t memory = H5Screate_simple(1, &n, NULL);
    herr_t status = -1;

    if (memory < 0) return false;
    status = in ? H5Dwrite(array, type, memory, space, H5P_DEFAULT, in)
                : H5Dread(array, type, memory, space, H5P_DEFAULT, out);
    H5Sclose(memory);
    return status >= 0;
}

static bool move_all(hid_t array, hid_t type, hid_t space, int64_t first,
                     int64_t count, char *out, const char *in)
{
    hsize_t start[H5S_MAX_RANK], size[H5S_MAX_RANK];
    struct crema_h5_shape shape;
    size_t each = H5Tget_size(type);

    if (!take_dims(space, &shape) || first < 0 || count < 0 ||
        first > crema_h5_count(&shape) - count)
        return false;
    if (shape.ndims == 0 && count)
        return move(array, type, space, count, out, in);
    while (count > 0) {
        int64_t n = block(&shape, first, count, start, size);

        if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, size,
                                NULL) < 0 ||
            !move(array, type, space, n, out, in))
            return false;
        if (in) in += (size_t)n * each;
        if (out) out += (size_t)n * each;
        first += n;
        count -= n;
    }
    return true;
}

static enum crema_status strip(struct crema_h5 *h5, const char *name,
                               enum crema_h5_number number, int64_t first,
                               int64_t count, void *out, const void *in)
{
    hid_t array = h5_array(file_of(h5), name);
    hid_t space = array < 0 ? -1 : H5Dget_space(array);
    bool good = space >= 0 && move_all(array, number_type(number), space, first,
                                       count, out, in);

    if (space >= 0) H5Sclose(space);
    return good ? CREMA_OK : h5_failed(h5, in ? "write" : "read", name);
}

enum crema_status h5_read(struct crema_h5 *h5, const char *name,
                          enum crema_h5_number number, int64_t first,
                          int64_t count, void *out)
{
    return strip(h5, name, number, first, count, out, NULL);
}

enum crema_status h5_write(struct crema_h5 *h5, const char *name,
                           enum crema_h5_number number, int64_t first,
                           int64_t count, const void *in)
{
    return strip(h5, name, number, first, count, NULL, in);
}

/* ---- making ------------------------------------------------------------- */

/* A growing array lies in chunks as large as it is now.  No times are kept:
 * the same numbers make the same file. */
static hid_t make(hid_t file, const char *name, hid_t type,
                  const struct crema_h5_shape *shape, bool growing)
{
    hid_t link = H5Pcreate(H5P_LINK_CREATE),
          how = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t dims[CREMA_H5_DIMS], most[CREMA_H5_DIMS];
    hid_t space = -1, array = -1;

    for (int i = 0; i < shape->ndims; i++)
        dims[i] = most[i] = (hsize_t)shape->dims[i];
    if (growing) most[0] = H5S_UNLIMITED;
    if (link < 0 || how < 0 || H5Pset_create_intermediate_group(link, 1) < 0 ||
        H5Pset_obj_track_times(how, false) < 0)
        goto out;
    if (growing && H5Pset_chunk(how, shape->ndims, dims) < 0) goto out;
    space = H5Screate_simple(shape->ndims, dims, most);
    if (space >= 0)
        array = H5Dcreate2(file, name, type, space, link, how, H5P_DEFAULT);
out:
    if (space >= 0) H5Sclose(space);
    if (how >= 0) H5Pclose(how);
    if (link >= 0) H5Pclose(link);
    return array;
}

enum crema_status h5_make_array(struct crema_h5 *h5, const char *name,
                                enum crema_h5_number number,
                                const struct crema_h5_shape *shape,
                                bool growing)
{
    hid_t array =
        make(file_of(h5)->id, name, number_type(number), shape, growing);

    if (array < 0) return h5_failed(h5, "make", name);
    H5Dclose(array);
    return CREMA_OK;
}

enum crema_status h5_resize(struct crema_h5 *h5, const char *name, int64_t rows)
{
    hid_t array = h5_array(file_of(h5), name);
    hid_t space = array < 0 ? -1 : H5Dget_space(array);
    hsize_t dims[H5S_MAX_RANK];
    bool good = space >= 0 && H5Sget_simple_extent_dims(space, dims, NULL) > 0;

    if (space >= 0) H5Sclose(space);
    dims[0] = (hsize_t)rows;
    good = good && H5Dset_extent(array, dims) >= 0;
    return good ? CREMA_OK : h5_failed(h5, "enlarge", name);
}

/* ---- text --------------------------------------------------------------- */

/* Of a string that lies elsewhere in the file. */
static char *read_variable(hid_t array, hid_t type, hid_t space)
{
    char *text = NULL, *copy = NULL;

    if (H5Dread(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &text) < 0)
        return NULL;
    if (text && strlen(text) <= LONGEST_TEXT) copy = strdup(text);
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, &text);
    return copy;
}

/* In memory it has one byte more, for the '\0'. */
static char *read_fixed(hid_t array, hid_t type)
{
    size_t size = H5Tget_size(type);
    hid_t longer = size && size <= LONGEST_TEXT ? H5Tcopy(type) : -1;
    char *text = longer < 0 ? NULL : calloc(1, size + 1);

    if (text &&
        (H5Tset_size(longer, size + 1) < 0 ||
         H5Tset_strpad(longer, H5T_STR_NULLTERM) < 0 ||
         H5Dread(array, longer, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) < 0)) {
        free(text);
        text = NULL;
    }
    if (longer >= 0) H5Tclose(longer);
    return text;
}

enum crema_status h5_read_text(struct crema_h5 *h5, const char *name,
                               char **out)
{
    hid_t array = h5_array(file_of(h5), name);
    hid_t type = array < 0 ? -1 : H5Dget_type(array);
    hid_t space = array < 0 ? -1 : H5Dget_space(array);

    *out = NULL;
    if (type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING &&
        H5Sget_simple_extent_npoints(space) == 1)
        *out = H5Tis_variable_str(type) > 0 ? read_variable(array, type, space)
                                            : read_fixed(array, type);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return *out ? CREMA_OK : h5_failed(h5, "read text", name);
}

enum crema_status h5_write_text(struct crema_h5 *h5, const char *name,
                                const char *text)
{
    const struct crema_h5_shape one = { 0 };
    hid_t type = H5Tcopy(H5T_C_S1), array = -1;
    bool good = type >= 0 && H5Tset_size(type, strlen(text) + 1) >= 0;

    if (good) array = make(file_of(h5)->id, name, type, &one, false);
    good = array >= 0 &&
           H5Dwrite(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) >= 0;
    if (array >= 0) H5Dclose(array);
    if (type >= 0) H5Tclose(type);
    return good ? CREMA_OK : h5_failed(h5, "write", name);
}
