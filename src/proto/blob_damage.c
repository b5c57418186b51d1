/* blob_damage.c - where a file is cut or damaged, in words. */
#include "proto/blob_internal.h"

#include <stdio.h>

const struct crema_form crema_form_v2 = { LAYER_NAME, LAYER_TYPE, LAYER_BLOBS,
                                          0 };
const struct crema_form crema_form_v1 = { V1_NAME, V1_TYPE, V1_BLOBS,
                                          V1_V0_LAYER };
const struct crema_form crema_form_v0 = { V0_NAME, V0_TYPE, V0_BLOBS, 0 };

enum crema_status crema_blob__damaged(struct crema_blob_file *file,
                                      const struct crema_wire *w,
                                      const char *what)
{
    const char *instead = crema_blob__looks_like(file);

    if (instead)
        return crema_fail(file->ctx, CREMA_EIO, "%s is %s", file->path,
                          instead);
    return crema_fail(file->ctx, CREMA_EIO,
                      "%s is cut short or damaged: at byte %llu of %llu%s%s, "
                      "%s",
                      file->path, (unsigned long long)w->at,
                      (unsigned long long)file->input.size,
                      *what ? ", in " : "", what, w->fault);
}

bool crema_blob__ends_in(const struct crema_wire *w,
                         const struct crema_wire_field *f,
                         struct crema_wire *inside)
{
    if (!w->fault || f->type != CREMA_WIRE_BYTES || f->length <= w->end - w->at)
        return false;
    *inside =
        (struct crema_wire){ .input = w->input, .at = w->at, .end = w->end };
    return true;
}

/* What was seen of a layer up to the place where its walk stops. */
struct seen {
    char name[80];
    int blobs;
    bool in_blob;
};

static void look(struct crema_blob_file *file, struct crema_wire w,
                 const struct crema_form *form, struct seen *seen)
{
    struct crema_wire_field f;
    struct crema_wire inside;

    while (crema_wire_next(&w, &f)) {
        bool bytes = f.type == CREMA_WIRE_BYTES;

        if (bytes && f.number == form->blobs) seen->blobs++;
        if (bytes && form->inner && f.number == form->inner)
            look(file, crema_wire_inside(&w, &f), &crema_form_v0, seen);
        if (bytes && f.number == form->name && f.length < sizeof seen->name) {
            if (!crema_wire_copy(&file->input, f.at, seen->name,
                                 (size_t)f.length))
                return;
            seen->name[f.length] = '\0';
        }
    }
    if (!crema_blob__ends_in(&w, &f, &inside)) return;
    if (f.number == form->blobs) seen->in_blob = true;
    if (form->inner && f.number == form->inner)
        look(file, inside, &crema_form_v0, seen);
}

void crema_blob__where(struct crema_blob_file *file, struct crema_wire layer,
                       const struct crema_form *form,
                       char what[CREMA_BLOB_WHAT])
{
    struct seen seen = { .name = "" };

    look(file, layer, form, &seen);
    snprintf(what, CREMA_BLOB_WHAT, "layer \"%s\"",
             seen.name[0] ? seen.name : "(its name is not there)");
    if (seen.in_blob)
        snprintf(what, CREMA_BLOB_WHAT, "layer \"%s\", blob %d", seen.name,
                 seen.blobs);
}
