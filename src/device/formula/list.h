/* formula/list.h - every unary formula.
 * X(name, what its derivative reads, f(0) = 0 whatever the numbers are) */
X(leaky_relu, CREMA_READS_X, true)
X(power, CREMA_READS_X, false)
X(relu, CREMA_READS_Y, true)
X(sigmoid, CREMA_READS_Y, false)
X(tanh, CREMA_READS_Y, true)
