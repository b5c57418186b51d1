/* members.c - groups: what is in them. */
#include "proto/hdf5/file.h"

#include <stdio.h>
#include <string.h>

/* A '/' alone names the outermost group, "" does not. */
static const char *group_name(const char *name)
{
    return *name ? name : "/";
}

bool h5_has(struct crema_h5 *h5, const char *name)
{
    hid_t id = file_of(h5)->id;
    bool there = true;
    char part[H5_NAME];

    /* H5Lexists wants every group on the way to exist. */
    if (strlen(name) >= sizeof part) return false;
    for (const char *end = name; there && *end;) {
        end += *end == '/';
        end += strcspn(end, "/");
        snprintf(part, sizeof part, "%.*s", (int)(end - name), name);
        there = H5Lexists(id, part, H5P_DEFAULT) > 0;
    }
    if (there && *name) there = H5Oexists_by_name(id, name, H5P_DEFAULT) > 0;
    H5Eclear2(H5E_DEFAULT);
    return there;
}

struct walk {
    crema_h5_visit *visit;
    void *user;
    enum crema_status status;
};

static herr_t one(hid_t group, const char *name, const H5L_info_t *link,
                  void *user)
{
    struct walk *w = user;
    H5O_info_t info;

    if (link->type != H5L_TYPE_HARD && link->type != H5L_TYPE_SOFT) return 0;
    if (H5Oget_info_by_name(group, name, &info, H5P_DEFAULT) < 0) return -1;
    if (info.type == H5O_TYPE_GROUP || info.type == H5O_TYPE_DATASET)
        w->status = w->visit(w->user, name, info.type == H5O_TYPE_GROUP);
    return w->status == CREMA_OK ? 0 : 1;
}

enum crema_status h5_members(struct crema_h5 *h5, const char *group,
                             crema_h5_visit *visit, void *user)
{
    struct walk w = { visit, user, CREMA_OK };
    hid_t id = H5Gopen2(file_of(h5)->id, group_name(group), H5P_DEFAULT);
    herr_t status;

    if (id < 0) return h5_failed(h5, "read group", group_name(group));
    status = H5Literate(id, H5_INDEX_NAME, H5_ITER_INC, NULL, one, &w);
    if (status < 0 && w.status == CREMA_OK)
        w.status = h5_failed(h5, "read group", group_name(group));
    H5Gclose(id);
    return w.status;
}

enum crema_status h5_make_group(struct crema_h5 *h5, const char *name)
{
    hid_t how = H5Pcreate(H5P_LINK_CREATE), id = -1;

    if (h5_has(h5, name)) {
        H5Pclose(how);
        return CREMA_OK;
    }
    if (how >= 0 && H5Pset_create_intermediate_group(how, 1) >= 0)
        id = H5Gcreate2(file_of(h5)->id, name, how, H5P_DEFAULT, H5P_DEFAULT);
    if (how >= 0) H5Pclose(how);
    if (id < 0) return h5_failed(h5, "make group", name);
    H5Gclose(id);
    return CREMA_OK;
}
