/* forks.c - fields and layer types that only some forks of Caffe have. */
#include "layers/forks.h"

#include <stdio.h>
#include <string.h>

const struct crema_fork_field crema_fork_layer_fields[] = {
    { "forward_math", "NVIDIA", "in which type products are summed" },
    { "backward_math", "NVIDIA", "the same for gradients" },
    { "debug", "NVIDIA", "more lines in the log" },
    { "cudnn_math_override", "NVIDIA", "whether tensor cores are used" },
    { "trt_param", "NVIDIA", "how TensorRT runs the layer" },
    { "engine", "Intel", "which library runs the layer" },
    { "multinode", "Intel", "how several machines share the layer" },
    { "mn_grad_compress_param", "Intel", "gradients sent in 8 bits" },
    { "quantization_param", "Intel, ristretto", "values in 8 bits" },
    { "split_param", "Intel", "which library runs the layer" },
    { "source_class", "CaffeOnSpark", "where Spark's data comes from" },
    { NULL, NULL, NULL },
};

const struct crema_fork_field crema_fork_net_fields[] = {
    { "engine", "Intel", "which library runs the net" },
    { "compile_net_state", "Intel", "which layers are merged" },
    { "multinode", "Intel", "how several machines share the net" },
    { "default_forward_math", "NVIDIA", "in which type products are summed" },
    { "default_backward_math", "NVIDIA", "the same for gradients" },
    { "default_conv_algos_override", "NVIDIA", "cuDNN's algorithms" },
    { "default_cudnn_math_override", "NVIDIA",
      "whether tensor cores are used" },
    { "reduce_buckets", "NVIDIA", "parts in which GPUs add up gradients" },
    { "eltwise_mem_sharing", "NVIDIA", "sums share memory" },
    { "mem_param", "yjxiong", "which blobs share memory" },
    { NULL, NULL, NULL },
};

const struct crema_fork_type crema_fork_types[] = {
    /* in alphabetical order */
    { "AdaptiveBiasChannel", "the forks of DeepLab and PSPNet", NULL },
    { "AnnotatedData", "SSD's fork", NULL },
    { "BatchContrastiveLoss", "happynear's fork", NULL },
    { "BatchReduction", "yjxiong's fork", NULL },
    { "BiasChannel", "the forks of DeepLab and PSPNet", NULL },
    { "BoxAnnotatorOHEM", "R-FCN's fork", NULL },
    { "BoxData", "Intel's fork", NULL },
    { "CenterLoss", "caffe-face", NULL },
    { "ChannelScale", "happynear's fork", NULL },
    { "CoSData", "CaffeOnSpark", NULL },
    { "ConfidencePenaltyLoss", "happynear's fork", NULL },
    { "ContinuationIndicator", "jolibrain's fork", NULL },
    { "ConvolutionRistretto", "ristretto", NULL },
    { "CtcLoss", "jolibrain's fork", NULL },
    { "DeconvolutionRistretto", "ristretto", NULL },
    { "DenseCRF", "the forks of DeepLab and PSPNet", NULL },
    { "DenseImageData", "SegNet's fork", NULL },
    { "DetectNetTransformation", "NVIDIA's fork", NULL },
    { "DetectionEvaluate", "SSD's fork", NULL },
    { "DiceCoefLoss", "jolibrain's fork", NULL },
    { "DomainTransform", "the forks of DeepLab and PSPNet", NULL },
    { "EltwiseAffine", "happynear's fork", NULL },
    { "EvalDetection", "Intel's fork", NULL },
    { "FCNData", "happynear's fork", NULL },
    { "FcRistretto", "ristretto", NULL },
    { "FeatureDecayLoss", "happynear's fork", NULL },
    { "Flip", "happynear's fork", NULL },
    { "FocalLoss", "happynear's fork", NULL },
    { "Gather", "yjxiong's fork", NULL },
    { "GaussianYolov3", "the YOLO forks", NULL },
    { "GeneralContrastiveLoss", "happynear's fork", NULL },
    { "GeneralTripletLoss", "happynear's fork", NULL },
    { "Hotspot", "happynear's fork", NULL },
    { "ImResize", "OpenPose's fork", NULL },
    { "ImageLabelmapData", "HED's fork", NULL },
    { "ImageSegData", "the forks of DeepLab and PSPNet", NULL },
    { "InfimumLoss", "happynear's fork", NULL },
    { "InnerDistance", "happynear's fork", NULL },
    { "Insanity", "happynear's fork", NULL },
    { "LRNRistretto", "ristretto", NULL },
    { "LabelSpecificAdd", "happynear's fork", NULL },
    { "LabelSpecificAffine", "happynear's fork", NULL },
    { "LabelSpecificHardMargin", "happynear's fork", NULL },
    { "LabelSpecificMargin", "happynear's fork", NULL },
    { "LabelSpecificRescale", "happynear's fork", NULL },
    { "LabelsequenceAccuracy", "jolibrain's fork", NULL },
    { "LargeMarginInnerProduct", "happynear's fork", NULL },
    { "Local", "happynear's fork", NULL },
    { "MIL", "Microsoft's fork", NULL },
    { "MILData", "Microsoft's fork", NULL },
    { "MKLBatchNorm", "Intel's fork", "BatchNorm" },
    { "MarginInnerProduct", "happynear's fork", NULL },
    { "MatRead", "the forks of DeepLab and PSPNet", NULL },
    { "MatWrite", "the forks of DeepLab and PSPNet", NULL },
    { "MnActivation", "Intel's fork", NULL },
    { "MultiLabelAccuracy", "jolibrain's fork", NULL },
    { "MultiLabelSigmoidLoss", "jolibrain's fork", NULL },
    { "NCA", "happynear's fork", NULL },
    { "Nms", "OpenPose's fork", NULL },
    { "Noise", "happynear's fork", NULL },
    { "OrdinalRegressionLoss", "happynear's fork", NULL },
    { "Pairwise", "happynear's fork", NULL },
    { "PredictBox", "happynear's fork", NULL },
    { "Proposal", "happynear's fork", NULL },
    { "RegionLoss", "the YOLO forks", NULL },
    { "Resize", "happynear's fork", NULL },
    { "Reverse", "jolibrain's fork", NULL },
    { "Scatter", "yjxiong's fork", NULL },
    { "SeLuDropout", "jolibrain's fork", NULL },
    { "SegAccuracy", "the forks of DeepLab and PSPNet", NULL },
    { "SegData", "yjxiong's fork", NULL },
    { "SegmentationEvaluate", "the YOLO forks", NULL },
    { "SmoothL1LossOHEM", "R-FCN's fork", NULL },
    { "SoftContrastiveLoss", "happynear's fork", NULL },
    { "SoftTruncation", "happynear's fork", NULL },
    { "SoftmaxWithInfogainLoss", "jolibrain's fork", NULL },
    { "SoftmaxWithLossOHEM", "R-FCN's fork", NULL },
    { "SparseData", "jolibrain's fork", NULL },
    { "SparseInnerProduct", "jolibrain's fork", NULL },
    { "SubRegion", "happynear's fork", NULL },
    { "SyncBN", "yjxiong's fork", "BN" },
    { "TRT", "NVIDIA's fork", NULL },
    { "TripletLoss", "happynear's fork", NULL },
    { "Truncation", "happynear's fork", NULL },
    { "UniqueLabel", "the forks of DeepLab and PSPNet", NULL },
    { "VideoData", "SSD's fork", NULL },
    { "YoloDetectionOutput", "the YOLO forks", NULL },
    { "YoloSeg", "the YOLO forks", NULL },
    { "Yolov3", "the YOLO forks", NULL },
    { "Yolov3DetectionOutput", "the YOLO forks", NULL },
    { NULL, NULL, NULL },
};

const struct crema_fork_type *crema_fork_type(const char *name)
{
    for (const struct crema_fork_type *t = crema_fork_types; t->name; t++)
        if (!strcmp(t->name, name)) return t;
    return NULL;
}

/* ---- fields that are set --------------------------------------------------
 */

/* Is `name` one of the words?  words: divided by a space, or NULL. */
static bool listed(const char *words, const char *name)
{
    size_t n = strlen(name);

    for (const char *w = words; w && (w = strstr(w, name)); w += n)
        if ((w == words || w[-1] == ' ') && (w[n] == ' ' || w[n] == '\0'))
            return true;
    return false;
}

static void add(struct crema_ignored *ignored, const char *message,
                const char *field)
{
    size_t used = strlen(ignored->names);
    char name[128];

    snprintf(name, sizeof name, "%s%s%s", message ? message : "",
             message ? "." : "", field);
    if (listed(ignored->names, name)) return;
    if (used + strlen(name) + 2 > sizeof ignored->names) return;
    snprintf(ignored->names + used, sizeof ignored->names - used, "%s%s",
             used ? " " : "", name);
}

static void add_general(const ProtobufCMessage *message,
                        const struct crema_fork_field *fields,
                        struct crema_ignored *ignored)
{
    for (; fields->name; fields++) {
        const ProtobufCFieldDescriptor *f =
            protobuf_c_message_descriptor_get_field_by_name(message->descriptor,
                                                            fields->name);

        if (f && crema_field_differs(f, message)) add(ignored, NULL, f->name);
    }
}

void crema_net_check_fields(const Crema__NetParameter *net,
                            struct crema_ignored *ignored)
{
    add_general(&net->base, crema_fork_net_fields, ignored);
}

/* ---- a layer's own messages -----------------------------------------------
 */

/* The message of that name, NULL where it is not set. */
static const ProtobufCMessage *find(const Crema__LayerParameter *param,
                                    const char *name)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(param->base.descriptor,
                                                        name);

    if (!f || f->type != PROTOBUF_C_TYPE_MESSAGE ||
        f->label == PROTOBUF_C_LABEL_REPEATED)
        return NULL;
    return *(const ProtobufCMessage *const *)((const char *)param + f->offset);
}

static enum crema_status check(const struct crema_layer *l,
                               const struct crema_param_doc *doc,
                               const ProtobufCMessage *message,
                               struct crema_ignored *ignored)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &message->descriptor->fields[i];

        if (!crema_field_differs(f, message)) continue;
        /* which of Caffe's two engines: everybody's nets have it */
        if (listed(doc->ignored, f->name) && strcmp(f->name, "engine") != 0)
            add(ignored, doc->message, f->name);
        if (!listed(doc->refused, f->name)) continue;
        (void)!crema_layer_fail(l, crema_field_place(f, message),
                                "%s, which only some forks of Caffe have, is "
                                "not supported",
                                f->name);
        return l->ctx->status = CREMA_EUNSUPPORTED;
    }
    return CREMA_OK;
}

enum crema_status crema_layer_check_fields(const struct crema_layer *l,
                                           struct crema_ignored *ignored)
{
    const struct crema_layer_doc *doc = l->type->doc;

    add_general(&l->param->base, crema_fork_layer_fields, ignored);
    for (int i = 0; doc && i < CREMA_DOC_PARAMS && doc->params[i]; i++) {
        const ProtobufCMessage *message =
            find(l->param, doc->params[i]->message);

        if (message) CREMA_TRY(check(l, doc->params[i], message, ignored));
    }
    return CREMA_OK;
}
