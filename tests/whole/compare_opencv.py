"""compare_opencv.py MODEL WEIGHTS - the net's output by OpenCV and by crema, on the same random input."""
import subprocess
import sys

import cv2
import numpy

model, weights = sys.argv[1:3]
shape = [int(word) for word in open(model).read().split('shape', 1)[1].replace('{', ' ').replace('}', ' ')
         .replace('dim:', ' ').split()[:4]]
x = numpy.random.RandomState(1).uniform(-1, 1, shape).astype('float32')
numpy.save('x.npy', x)
subprocess.run(['crema', 'forward', '--model', model, '--weights', weights, '--input', 'data=x.npy', '--dump', 'out',
                '--device', 'cpu'], check=True, stderr=subprocess.DEVNULL)
net = cv2.dnn.readNetFromCaffe(model, weights)
net.setInput(x)
theirs = net.forward()
ours = numpy.load('out/data_%s.npy' % net.getLayerNames()[-1])
worst = numpy.abs(theirs - ours).max()
print('%s: %d outputs, largest difference %.2g' % (model, ours.size, worst))
sys.exit(0 if ours.shape == theirs.shape and worst < 1e-4 and theirs.std() > 0 else 1)
