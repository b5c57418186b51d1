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

# so is a plugin's tree: its headers suffice, and pages, checks and training know its layers
cp -r "$CREMA_SOURCE/examples/plugin" .
for header in layers/plugin.h layers/type.h device/ops.h; do
    echo "#include \"$header\"" | gcc -x c -Wall -Wextra -Werror -fsyntax-only $(pkg-config --cflags crema-plugin) -
done
CFLAGS="-O2 -Wall -Wextra -Werror" PATH=$PWD/moved/bin:$PATH plugin/run.sh "$CREMA_SOURCE/data/digits" >plugin.log 2>&1 ||
    { cat plugin.log && exit 1; }
grep -q "^Mish - a smooth ReLU" plugin.log
awk '/accuracy = / { score = $NF } END { exit !(score > 0.85) }' plugin.log || { cat plugin.log && exit 1; }

tiny_files .
PATH=$PWD/moved/bin:$PATH
tiny_train env
set -- $(head -n 1 list.txt)
classify/classify deploy.prototxt tiny_iter_100.caffemodel mean.binaryproto labels.txt "digits/$1" | tee named
grep -q "class $2  $(sed -n "$(($2 + 1))p" labels.txt)" named
# a failure has its reason and its status
if classify/classify deploy.prototxt missing.caffemodel mean.binaryproto labels.txt "digits/$1" 2>why; then exit 1; fi
grep missing.caffemodel why
