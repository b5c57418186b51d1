/* job.h - what crema's verbs share: console, context, device, net.
 *
 *     static int work(struct job *job, ...) ... CREMA_TRY ...
 *
 *     if (!job_open(&job, "train")) return 1;
 *     return job_close(&job, work(&job, ...));
 */
#ifndef CREMA_TOOLS_JOB_H
#define CREMA_TOOLS_JOB_H

#include "console.h"
#include "flags.h"
#include "net/net.h"

struct job {
    struct console console;
    struct crema_ctx *ctx;
    struct crema_device *dev;
    /* of job_net */
    struct crema_source *source;
    Crema__NetParameter *param;
    struct crema_world *world;
    struct crema_net *net;
};

/* False when out of memory, which it says. */
bool job_open(struct job *, const char *verb);
/* Says why it failed, if it did; frees everything; the exit status. */
int job_close(struct job *, enum crema_status);

/* Where to compute. */
struct device_flags {
    const char *device, *gpu, *math;
    long threads, workspace;
    int layout; /* as DEVICE_FLAGS lists them */
    int decode; /* as DECODE_FLAG does */
    bool winograd, deterministic;
    struct flag_list plugins;
};
#define PLUGIN_FLAG(list)                                                      \
    {                                                                          \
        "plugin", FLAG_LIST, list, "FILE",                                     \
            "a shared object with layers; may be given several times"          \
    }
#define DEVICE_FLAGS(d)                                                        \
    { "device", FLAG_TEXT, &(d)->device, "D",                                  \
      "where to compute: auto, cpu, cuda, cuda:N or ref" },                    \
        { "gpu", FLAG_TEXT, &(d)->gpu, "N",                                    \
          "the GPU's number; as --device cuda:N" },                            \
        { "math", FLAG_TEXT, &(d)->math, "M",                                  \
          "how precise: fp32, tf32, bf16 or fp16" },                           \
        { "workspace", FLAG_INT, &(d)->workspace, "MIB",                       \
          "most memory for one op of a GPU; 0: 1/16 of it, at most 1024" },    \
        { "threads", FLAG_INT, &(d)->threads, "N",                             \
          "of the CPU; 0: one per core, fewer for small nets" },               \
        { "layout", FLAG_CHOICE, &(d)->layout, "auto|rule|blocked|last|packed", \
          "how images lie on the CPU; auto: as is fastest, by a short "        \
          "trial" },                                                           \
        PLUGIN_FLAG(&(d)->plugins),                                            \
    {                                                                          \
        "winograd", FLAG_BOOL, &(d)->winograd, NULL,                           \
            "let 3x3 convolutions on the CPU use Winograd's method: faster, "  \
            "less exact"                                                       \
    }
/* Of verbs that go through records; they begin with AUTO. */
enum { DECODE_AUTO = 1, DECODE_GPU };
#define DECODE_FLAG(d)                                                         \
    {                                                                          \
        "decode", FLAG_CHOICE, &(d)->decode, "cpu|auto|gpu",                   \
            "who decodes JPEG records: the processor; the GPU's nvJPEG, if "   \
            "it is there, in TRAIN (usual); nvJPEG, whose pixels differ a "    \
            "little"                                                           \
    }
/* -1, or the exit status after saying what is wrong. */
int device_flags_wrong(const struct flags *, const struct device_flags *);
/* Loads all of them and empties the list. */
enum crema_status load_plugins(struct crema_ctx *,
                               struct flag_list *) CREMA_MUST_USE;
/* Loads the plugins, too.  fallback: where neither flag says it. */
enum crema_status job_device(struct job *, struct device_flags *,
                             const char *fallback) CREMA_MUST_USE;

/* Which net, and how it is looked at. */
struct model_flags {
    const char *model, *weights, *stage;
    const char *input; /* "CxHxW": what data layers give; none is opened */
    bool reshape_weights;
    long level;
    int phase; /* 0: TRAIN, 1: TEST */
};
#define RESHAPE_FLAG(reshape)                                                  \
    {                                                                          \
        "reshape_weights", FLAG_BOOL, reshape, NULL,                           \
            "weights may have another shape of the same count: an inner "      \
            "product's for its convolution"                                    \
    }
#define MODEL_FLAGS(m)                                                         \
    { "model", FLAG_TEXT, &(m)->model, "FILE", "the net's prototxt" },         \
        { "weights", FLAG_TEXT, &(m)->weights, "FILE,..",                      \
          ".caffemodel to load, the last one wins" },                          \
        RESHAPE_FLAG(&(m)->reshape_weights),                                   \
        { "level", FLAG_INT, &(m)->level, "N", "of the net, for its rules" },  \
    {                                                                          \
        "stage", FLAG_TEXT, &(m)->stage, "A,B", "of the net, for its rules"    \
    }
#define INPUT_FLAG(m)                                                          \
    {                                                                          \
        "input", FLAG_TEXT, &(m)->input, "CxHxW",                              \
            "what data layers give, instead of opening their data"             \
    }
#define PHASE_FLAG(m)                                                          \
    {                                                                          \
        "phase", FLAG_CHOICE, &(m)->phase, "TRAIN|TEST", "of the net"          \
    }

struct net_wishes {
    bool backward, force_backward, no_fusion;
    bool blind;     /* opens no data; shapes may be unknown */
    bool no_values; /* weights are not filled */
    bool skip_bad;  /* records that cannot be decoded are left out */
    uint32_t seed;
};
/* Reads the definition, builds the net on the job's device, loads weights. */
enum crema_status job_net(struct job *, const struct model_flags *,
                          const struct net_wishes *) CREMA_MUST_USE;
/* Builds the net of job->param in job->world. */
enum crema_status job_build(struct job *, const struct model_flags *,
                            const struct net_wishes *) CREMA_MUST_USE;

/* Likewise for what only looks at a net: data is not opened where the model's
 * `input` says what it gives; where it is not there, shapes are open. */
enum crema_status job_net_or_blind(struct job *, const struct model_flags *,
                                   struct net_wishes *) CREMA_MUST_USE;

void job_forget_net(struct job *);

/* "a,b" into pieces, in place; returns how many. */
int split_list(char *text, char **pieces, int most);

#endif
