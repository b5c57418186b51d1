/* formula/rules.h - every update rule.  X(name, history tensors) */
X(sgd, 1)
