"""The least time that a training step of AlexNet takes with direct convolutions in 32-bit floats: products at the rate
of sgemm, and what is bound by memory at the rate of a triad.

Products with padding are left out: a direct convolution skips them.  What products read and write is not counted.
Winograd's convolutions and 16-bit floats may well be quicker.
"""

# channels, channels out, side, kernel, stride, pad, groups
CONVOLUTIONS = [(3, 96, 227, 11, 4, 0, 1), (96, 256, 27, 5, 1, 2, 2), (256, 384, 13, 3, 1, 1, 1),
                (384, 384, 13, 3, 1, 1, 2), (384, 256, 13, 3, 1, 1, 2)]
PRODUCTS = [(9216, 4096), (4096, 4096), (4096, 1000)]
PARAMETERS = 60965224
# floats of one picture: outputs of conv1 to conv5, fc6, fc7; inputs and outputs of LRN and pooling
RELU = [96 * 55 * 55, 256 * 27 * 27, 384 * 13 * 13, 384 * 13 * 13, 256 * 13 * 13, 4096, 4096]
LRN = [96 * 55 * 55, 256 * 27 * 27]
POOL = [(96 * 55 * 55, 96 * 27 * 27), (256 * 27 * 27, 256 * 13 * 13), (256 * 13 * 13, 256 * 6 * 6)]


def convolution(channels, out, side, kernel, stride, pad, groups):
    """FLOPs of one forward."""
    positions = (side + 2 * pad - kernel) // stride + 1
    inside = sum(0 <= o * stride - pad + k < side for o in range(positions) for k in range(kernel))
    return 2 * channels // groups * out * inside ** 2


def flops():
    """Of one picture: forward, the filter's gradient, and but for conv1 the data's."""
    conv = [convolution(*c) for c in CONVOLUTIONS]
    return 3 * sum(conv) - conv[0] + 3 * sum(2 * a * b for a, b in PRODUCTS)


def bytes_moved(batch):
    """ReLU's gradient reads two and writes one, its forward is free; LRN reads and writes one, its gradient reads three
    and writes one; pooling passes once in each direction; the update reads three of each parameter and writes two."""
    floats = 3 * sum(RELU) + 6 * sum(LRN) + 2 * sum(a + b for a, b in POOL)
    return 4 * (batch * floats + 5 * PARAMETERS)


def seconds(batch, gflops, gigabytes):
    return batch * flops() / (gflops * 1e9) + bytes_moved(batch) / (gigabytes * 1e9)
