/* formula/rules.h - every update rule.  X(name, history tensors) */
X(adadelta, 2)
X(adagrad, 1)
X(adam, 2)
X(nesterov, 1)
X(rmsprop, 1)
X(sgd, 1)
