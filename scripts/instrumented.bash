# Sourced by what builds the tree in another way for the time of some tests: goes into a copy of it, $copy, so that no
# object file of $home is touched, and puts the ordinary build back at the end, also after a failure.
# Needs root (or sudo).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset MAKEFLAGS MAKELEVEL MFLAGS
home=$PWD
copy=$(mktemp -d /tmp/gtlabel-instrumented.XXXXXX)
trap 'cd "$home" && scripts/install && rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -xf - -C "$copy"
cd "$copy"
