/* v1_types.c - layer types by their old and new names. */
#include "proto/v1_types.h"

#include <stdbool.h>
#include <string.h>

#define OLD(name) CREMA__V1_LAYER_PARAMETER__LAYER_TYPE__##name

static const struct {
    int number;
    const char *old, *type;
} types[] = {
    { OLD(NONE), "NONE", "" },
    { OLD(ABSVAL), "ABSVAL", "AbsVal" },
    { OLD(ACCURACY), "ACCURACY", "Accuracy" },
    { OLD(ARGMAX), "ARGMAX", "ArgMax" },
    { OLD(BNLL), "BNLL", "BNLL" },
    { OLD(CONCAT), "CONCAT", "Concat" },
    { OLD(CONTRASTIVE_LOSS), "CONTRASTIVE_LOSS", "ContrastiveLoss" },
    { OLD(CONVOLUTION), "CONVOLUTION", "Convolution" },
    { OLD(DECONVOLUTION), "DECONVOLUTION", "Deconvolution" },
    { OLD(DATA), "DATA", "Data" },
    { OLD(DROPOUT), "DROPOUT", "Dropout" },
    { OLD(DUMMY_DATA), "DUMMY_DATA", "DummyData" },
    { OLD(EUCLIDEAN_LOSS), "EUCLIDEAN_LOSS", "EuclideanLoss" },
    { OLD(ELTWISE), "ELTWISE", "Eltwise" },
    { OLD(EXP), "EXP", "Exp" },
    { OLD(FLATTEN), "FLATTEN", "Flatten" },
    { OLD(HDF5_DATA), "HDF5_DATA", "HDF5Data" },
    { OLD(HDF5_OUTPUT), "HDF5_OUTPUT", "HDF5Output" },
    { OLD(HINGE_LOSS), "HINGE_LOSS", "HingeLoss" },
    { OLD(IM2COL), "IM2COL", "Im2col" },
    { OLD(IMAGE_DATA), "IMAGE_DATA", "ImageData" },
    { OLD(INFOGAIN_LOSS), "INFOGAIN_LOSS", "InfogainLoss" },
    { OLD(INNER_PRODUCT), "INNER_PRODUCT", "InnerProduct" },
    { OLD(LRN), "LRN", "LRN" },
    { OLD(MEMORY_DATA), "MEMORY_DATA", "MemoryData" },
    { OLD(MULTINOMIAL_LOGISTIC_LOSS), "MULTINOMIAL_LOGISTIC_LOSS",
      "MultinomialLogisticLoss" },
    { OLD(MVN), "MVN", "MVN" },
    { OLD(POOLING), "POOLING", "Pooling" },
    { OLD(POWER), "POWER", "Power" },
    { OLD(RELU), "RELU", "ReLU" },
    { OLD(SIGMOID), "SIGMOID", "Sigmoid" },
    { OLD(SIGMOID_CROSS_ENTROPY_LOSS), "SIGMOID_CROSS_ENTROPY_LOSS",
      "SigmoidCrossEntropyLoss" },
    { OLD(SILENCE), "SILENCE", "Silence" },
    { OLD(SOFTMAX), "SOFTMAX", "Softmax" },
    { OLD(SOFTMAX_LOSS), "SOFTMAX_LOSS", "SoftmaxWithLoss" },
    { OLD(SPLIT), "SPLIT", "Split" },
    { OLD(SLICE), "SLICE", "Slice" },
    { OLD(TANH), "TANH", "TanH" },
    { OLD(WINDOW_DATA), "WINDOW_DATA", "WindowData" },
    { OLD(THRESHOLD), "THRESHOLD", "Threshold" },
};

enum { TYPES = sizeof types / sizeof *types };

static bool same(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

const char *crema_v1_type(const char *old, size_t length)
{
    for (int i = 0; i < TYPES; i++)
        if (same(types[i].old, old, length)) return types[i].type;
    return NULL;
}

const char *crema_v1_name(const char *type, size_t length)
{
    for (int i = 0; i < TYPES; i++)
        if (same(types[i].type, type, length)) return types[i].old;
    return NULL;
}

const char *crema_v1_type_of(int number)
{
    for (int i = 0; i < TYPES; i++)
        if (types[i].number == number) return types[i].type;
    return NULL;
}
