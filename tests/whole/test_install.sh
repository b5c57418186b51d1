#!/bin/sh
# An installed tree is all that a C program needs: examples/classify is built with pkg-config and names a digit.
set -eu
. "$CREMA_SOURCE/tests/whole/tiny.sh"

cmake --install "$CREMA_BUILD" --prefix "$PWD/first" >install.log
mv first moved # an installation is not tied to its place
grep -q "num_output" moved/share/doc/crema/layers/Convolution.md
grep -q "(Convolution.md)" moved/share/doc/crema/layers/index.md
export PKG_CONFIG_PATH="$PWD/moved/lib/pkgconfig"
cp -r "$CREMA_SOURCE/examples/classify" .
make -C classify CFLAGS="-O2 -Wall -Wextra -Werror"

# crema.h stands alone, under the strictest flags, in C and C++
for language in c c++; do
    command -v g++ >/dev/null || [ $language = c ] || continue
    echo '#include <crema.h>' | gcc -x $language -Wall -Wextra -Wpedantic -Werror -Wconversion -Wshadow -fsyntax-only \
        -Imoved/include -
done

tiny_files .
PATH=$PWD/moved/bin:$PATH
tiny_train env
set -- $(head -n 1 list.txt)
classify/classify deploy.prototxt tiny_iter_100.caffemodel mean.binaryproto labels.txt "digits/$1" | tee named
grep -q "class $2  $(sed -n "$(($2 + 1))p" labels.txt)" named
# a failure has its reason and its status
if classify/classify deploy.prototxt missing.caffemodel mean.binaryproto labels.txt "digits/$1" 2>why; then exit 1; fi
grep missing.caffemodel why
