#!/usr/bin/env bash
# The share of the validation set in segments, played by the certificate alone: share.c says how.  Two minutes.
#
#	bench/living/share.sh [JOBS [FIRST SEGMENT SEGMENTS]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. bench/compile.bash
program=$(mktemp)
trap 'rm -f "$program"' EXIT
compile_driver bench/living/share.c "$program"
"$program" "$@"
