/* module.c - finding the part for NVIDIA GPUs and loading it.
 *
 * The library itself never links CUDA: one build serves machines with and
 * without a GPU.  The module libcrema_cuda.so lies beside libcrema.so and wants
 * cuBLAS and cuDNN, which people have in many places (a CUDA folder, or
 * Python's packages).  They are loaded here by full path, so that no
 * environment has to be set; the module then finds them by name in the process.
 */
#include "device/module.h"

#include "base/part.h"

#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the module, and what cuDNN itself, asks the loader for, in an order in
 * which each finds what it needs. */
static const struct {
    const char *name;
    bool needed;
} libraries[] = {
    { "libnvrtc-builtins.so.13*", false }, { "libnvrtc.so.13", false },
    { "libcublasLt.so.13", true },         { "libcublas.so.13", true },
    { "libcudnn_graph.so.9", false },      { "libcudnn_ops.so.9", false },
    { "libcudnn_cnn.so.9", false },        { "libcudnn.so.9", true },
};
enum { LIBRARIES = sizeof libraries / sizeof *libraries };

/* Folders as glob patterns; %s are filled in below. */
enum { MAX_FOLDERS = 24 };
struct folders {
    int count, first; /* first: come before the loader's */
    char at[MAX_FOLDERS][PATH_MAX];
};

/* ---- is there a GPU?  Asked of the driver, before anything large is loaded */

typedef int driver_init(unsigned);
typedef int driver_count(int *);

static int ask_driver(void *driver, const char **why)
{
    driver_init *init = (driver_init *)dlsym(driver, "cuInit");
    driver_count *count = (driver_count *)dlsym(driver, "cuDeviceGetCount");
    int n = 0, code;

    if (!init || !count) {
        *why = "the NVIDIA driver (libcuda.so.1) is not usable";
        return 0;
    }
    code = init(0);
    if (!code) code = count(&n);
    if (code == 0 && n > 0) return n;
    *why = code == 34    ? "libcuda.so.1 is the toolkit's stub, not a driver"
           : code == 999 ? "the NVIDIA driver does not answer (error 999)"
           : code == 803 ? "the NVIDIA driver's parts do not fit together "
                           "(error 803)"
                         : "the NVIDIA driver shows no GPU";
    return 0;
}

int crema_module_count(const char **why)
{
    void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL);

    if (!driver) {
        *why = "no NVIDIA driver is installed (libcuda.so.1)";
        return 0;
    }
    return ask_driver(driver, why); /* the driver stays loaded */
}

/* ---- where libraries may lie ------------------------------------------ */

static void add_folder(struct folders *f, const char *fmt, const char *base)
{
    int n;

    if (f->count == MAX_FOLDERS || !base || !*base) return;
    n = snprintf(f->at[f->count], PATH_MAX, fmt, base);
    if (n > 0 && n < PATH_MAX) f->count++;
}

/* Where pip puts NVIDIA's libraries, below the folder that holds bin/python3.
 */
static void add_python(struct folders *f, const char *prefix)
{
    add_folder(f, "%s/lib/python3*/site-packages/nvidia/*/lib", prefix);
    add_folder(f, "%s/lib/python3*/dist-packages/nvidia/*/lib", prefix);
}

/* Cuts "/a/bin/python3" to "/a". */
static bool cut_twice(char *path)
{
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(path, '/');

        if (!slash || slash == path) return false;
        *slash = 0;
    }
    return true;
}

/* The python3 in PATH: as named (a virtual environment) and as it really is. */
static void add_python_in_path(struct folders *f)
{
    const char *path = getenv("PATH");

    while (path && *path) {
        int length = (int)strcspn(path, ":");
        char named[PATH_MAX], real[PATH_MAX];
        int n = snprintf(named, sizeof named, "%.*s/python3", length, path);

        path += length + (path[length] == ':');
        if (n <= 0 || n >= PATH_MAX || !realpath(named, real)) continue;
        if (cut_twice(named)) add_python(f, named);
        if (cut_twice(real)) add_python(f, real);
        return;
    }
}

static struct folders *find_folders(void)
{
    struct folders *f = calloc(1, sizeof *f);

    if (!f) return NULL;
    add_folder(f, "%s", getenv("CREMA_CUDA_PATH"));
    add_folder(f, "%s/lib64", getenv("CREMA_CUDA_PATH"));
    add_folder(f, "%s/lib", getenv("CREMA_CUDA_PATH"));
    f->first = f->count;
    add_folder(f, "%s/lib64", getenv("CUDA_HOME"));
    add_folder(f, "%s", "/usr/local/cuda/lib64");
    add_python_in_path(f);
    add_python(f, getenv("VIRTUAL_ENV"));
    add_folder(f, "%s/.local/lib/python3*/site-packages/nvidia/*/lib",
               getenv("HOME"));
    add_python(f, "/usr/local");
    return f;
}

/* ---- loading ---------------------------------------------------------- */

/* Loads the first file that fits folder/name.  The libraries stay loaded: many
 * cannot be unloaded safely. */
static void *load_from(const char *folder, const char *name)
{
    char pattern[2 * PATH_MAX];
    void *loaded = NULL;
    glob_t found;

    snprintf(pattern, sizeof pattern, "%s/%s", folder, name);
    if (glob(pattern, 0, NULL, &found)) return NULL;
    for (size_t i = 0; i < found.gl_pathc && !loaded; i++)
        loaded = dlopen(found.gl_pathv[i], RTLD_NOW | RTLD_GLOBAL);
    globfree(&found);
    return loaded;
}

/* The loader's own search comes behind $CREMA_CUDA_PATH and before the rest. */
static void *load_library(const struct folders *f, const char *name)
{
    void *loaded = NULL;

    for (int i = 0; i < f->first && !loaded; i++)
        loaded = load_from(f->at[i], name);
    if (!loaded && !strchr(name, '*'))
        loaded = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
    for (int i = f->first; i < f->count && !loaded; i++)
        loaded = load_from(f->at[i], name);
    return loaded;
}

void *crema_module_library(const char *name)
{
    struct folders *f = find_folders();
    void *loaded = f ? load_library(f, name) : NULL;

    free(f);
    return loaded;
}

/* NULL, or the first needed library that is nowhere. */
static const char *load_libraries(const struct folders *f)
{
    const char *missing = NULL;

    for (int i = 0; i < LIBRARIES; i++)
        if (!load_library(f, libraries[i].name) && libraries[i].needed &&
            !missing)
            missing = libraries[i].name;
    return missing;
}

enum crema_status crema_module_load(struct crema_ctx *ctx, void **handle)
{
    const char *missing, *said;
    char path[PATH_MAX];
    struct folders *f;

    if (!crema_part_path("libcrema_cuda.so", path))
        return crema_fail(ctx, CREMA_EUNSUPPORTED,
                          "this crema was built without its part for NVIDIA "
                          "GPUs (libcrema_cuda.so)");
    f = find_folders();
    if (!f) return crema_no_memory(ctx, "the search for CUDA");
    missing = load_libraries(f);
    free(f);
    /* CUDA's runtime inside does not survive being unmapped */
    *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (*handle) return CREMA_OK;
    if (missing)
        return crema_fail(ctx, CREMA_EUNSUPPORTED,
                          "%s was not found: set CREMA_CUDA_PATH to the folder "
                          "with cuBLAS and cuDNN, or pip install "
                          "nvidia-cudnn-cu13",
                          missing);
    said = dlerror();
    return crema_fail(ctx, CREMA_EUNSUPPORTED, "%s", said ? said : path);
}

enum crema_status crema_module_open(struct crema_ctx *ctx, int ordinal,
                                    const struct crema_device_type **type,
                                    void **handle)
{
    const char *why = "";
    int gpus = crema_module_count(&why);
    crema_module_device_fn *device;

    if (gpus == 0) return crema_fail(ctx, CREMA_EUNSUPPORTED, "%s", why);
    if (ordinal < 0 || ordinal >= gpus)
        return crema_fail(ctx, CREMA_EUNSUPPORTED,
                          "there is no GPU %d: the driver shows %d, "
                          "counted from 0",
                          ordinal, gpus);
    CREMA_TRY(crema_module_load(ctx, handle));
    device = (crema_module_device_fn *)dlsym(*handle, CREMA_MODULE_SYMBOL);
    if (device) {
        *type = device();
        return CREMA_OK;
    }
    dlclose(*handle);
    *handle = NULL;
    return crema_fail(ctx, CREMA_EUNSUPPORTED,
                      "libcrema_cuda.so belongs to another version of crema");
}

void crema_module_close(void *handle)
{
    if (handle) dlclose(handle);
}
