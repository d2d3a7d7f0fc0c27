#!/usr/bin/env bash
# Builds the two WebAssembly modules from generator.c and notes which source they are from.
# On Debian: apt-get install clang-19 lld-19
set -euo pipefail
cd "$(dirname "$0")"
object=$(mktemp)
trap 'rm -f "$object"' EXIT
build() {
    "${CLANG:-clang-19}" --target=wasm32 -std=c11 -O3 -msimd128 "${@:2}" -Wall -Wextra -Werror -c -o "$object" generator.c
    "${WASM_LD:-wasm-ld-19}" --no-entry --export=__heap_base --strip-all -z stack-size=4096 -o "$1" "$object"
}
build generator.wasm -mrelaxed-simd
build generator-plain.wasm
sha256sum generator.c build.sh generator.wasm generator-plain.wasm > generator.sha256
