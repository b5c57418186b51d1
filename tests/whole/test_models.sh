#!/bin/sh
# What the tree offers is whole: each prototxt passes `crema check`, and the models have the published sizes.
set -eu

cd "$CREMA_SOURCE"
crema check models/*/*.prototxt examples/*/*.prototxt

# size MODEL PARAMETERS
size() {
    crema summary --model "models/$1/deploy.prototxt" | tr -d ', ' | grep -q "$2" || {
        echo "crema summary of $1 does not say $2 parameters"
        exit 1
    }
    # the readme says the same
    tr -d ', ' <"models/$1/README.md" | grep -q "^|all|||$2|$"
}
size alexnet 60965224
size caffenet 60965224
size lenet 431080
size cifar10_quick 145578
