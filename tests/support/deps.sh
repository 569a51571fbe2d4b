#!/bin/sh
# Install the Debian packages named as arguments that are missing: as root or through sudo; otherwise print the one
# command to type. Silent when nothing is missing.
missing=
for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
command -v apt-get >/dev/null 2>&1 || {
    echo "these packages (Debian's names) are needed and missing:$missing" >&2
    exit 2
}
if [ "$(id -u)" = 0 ]; then
    run=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    run=sudo
else
    echo "needed and missing:$missing" >&2
    echo "type:  sudo apt-get install$missing" >&2
    exit 2
fi
echo "installing:$missing" >&2
$run apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends $missing >&2
