/* blob_kind.c - what a file is when it is not what was asked for. */
#include "proto/blob_internal.h"

#include <string.h>

static bool is_text(const char *head, size_t n)
{
    if (!memchr(head, ':', n) && !memchr(head, '{', n)) return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)head[i];

        if (c < ' ' && c != '\n' && c != '\r' && c != '\t') return false;
    }
    return true;
}

static const char *by_first_bytes(const char *head, size_t n)
{
    static const struct {
        const char *begins, *is;
    } known[] = {
        { "\x89HDF", "an HDF5 file, where a .binaryproto is wanted" },
        { "version https://git-lfs",
          "a Git LFS pointer: the file itself was not downloaded" },
        { "<!DOCTYPE", "a web page: the download went wrong" },
        { "<html", "a web page: the download went wrong" },
        { "PK\3\4", "a zip archive: unpack it first" },
        { "\x1f\x8b", "compressed with gzip: unpack it first" },
    };

    if (n == 0) return "empty";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (n >= strlen(known[i].begins) &&
            memcmp(head, known[i].begins, strlen(known[i].begins)) == 0)
            return known[i].is;
    return is_text(head, n) ? "a text (a prototxt?), not a binary file" : NULL;
}

/* By the types of the outermost fields. */
static enum crema_blob_kind by_fields(struct crema_wire_input *in)
{
    struct crema_wire w = crema_wire_all(in);
    struct crema_wire_field f;
    bool varint[8] = { false }, bytes[8] = { false }, layers = false;

    for (int n = 0; n < 64 && crema_wire_next(&w, &f); n++) {
        if (f.number == NET_LAYER) layers = true;
        if (f.number >= 8) continue;
        if (f.type == CREMA_WIRE_VARINT) varint[f.number] = true;
        if (f.type == CREMA_WIRE_BYTES) bytes[f.number] = true;
    }
    if (layers || (bytes[NET_NAME] && bytes[NET_V1_LAYERS]))
        return CREMA_KIND_WEIGHTS;
    if (varint[STATE_ITER] &&
        (bytes[STATE_HISTORY] || bytes[STATE_LEARNED_NET]))
        return CREMA_KIND_STATE;
    if (varint[BLOB_NUM] && varint[BLOB_WIDTH]) return CREMA_KIND_BLOB;
    return CREMA_KIND_UNKNOWN;
}

const char *crema_blob__looks_like(struct crema_blob_file *file)
{
    static const char *const is[] = {
        [CREMA_KIND_WEIGHTS] = "a .caffemodel: use it as weights",
        [CREMA_KIND_STATE] = "a .solverstate: resume from it, or use the "
                             ".caffemodel of the same iteration",
        [CREMA_KIND_BLOB] = "a single blob (a mean image?)",
    };
    char head[512];
    size_t n =
        file->input.size < sizeof head ? (size_t)file->input.size : sizeof head;
    enum crema_blob_kind kind;
    const char *text;

    if (!crema_wire_copy(&file->input, 0, head, n)) return NULL;
    text = by_first_bytes(head, n);
    if (text) return text;
    kind = by_fields(&file->input);
    return kind == file->kind ? NULL : is[kind];
}
