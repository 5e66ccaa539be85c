#!/bin/sh
# Make sure that Linux has the libraries of a Qt window, and a virtual screen for tests.
#
# usage: setup-system.sh desktop | tests
#
# Installs what is missing where it may (root on Debian or Ubuntu); otherwise prints
# the command. Without them tests cannot run (exit 1), a desktop is only warned.
set -eu

purpose=${1:?usage: setup-system.sh desktop|tests}
[ "$(uname -s)" = Linux ] || exit 0

missing=
need() { missing="$missing $1"; }
exists() { [ -e "$1" ]; } # the first match of a pattern

if command -v ldconfig >/dev/null 2>&1; then
    libraries=$(ldconfig -p)
else # not on the PATH of ordinary users on Debian
    libraries=$(/sbin/ldconfig -p)
fi

# soname and the Debian package that has it: what Qt's xcb plugin, napari and OpenGL load
while read -r soname package; do
    case $libraries in
    *"$soname "*) ;;
    *) need "$package" ;;
    esac
done <<LIST
libGL.so.1 libgl1
libEGL.so.1 libegl1
libOpenGL.so.0 libopengl0
libxkbcommon-x11.so.0 libxkbcommon-x11-0
libxcb-cursor.so.0 libxcb-cursor0
libxcb-icccm.so.4 libxcb-icccm4
libxcb-image.so.0 libxcb-image0
libxcb-keysyms.so.1 libxcb-keysyms1
libxcb-randr.so.0 libxcb-randr0
libxcb-render-util.so.0 libxcb-render-util0
libxcb-shape.so.0 libxcb-shape0
libxcb-xkb.so.1 libxcb-xkb1
libdbus-1.so.3 libdbus-1-3
libfontconfig.so.1 libfontconfig1
libglib-2.0.so.0 libglib2.0-0
LIST

if [ "$purpose" = tests ]; then
    command -v Xvfb >/dev/null 2>&1 || need xvfb
    # software OpenGL for the virtual screen, and letters to draw
    exists /usr/lib*/dri/*_dri.so || exists /usr/lib/*/dri/*_dri.so ||
        need libgl1-mesa-dri
    [ -n "$(find /usr/share/fonts -name '*.[ot]tf' 2>/dev/null | head -n 1)" ] ||
        need fonts-dejavu-core
fi

[ -n "$missing" ] || exit 0

command="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    printf 'Installing system packages:%s\n' "$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    $command >/dev/null
    exit 0
fi

{
    printf 'napari-uda: a Qt window needs system libraries that are missing.\n'
    printf 'Debian and Ubuntu: sudo %s\n' "$command"
    printf 'Elsewhere, install the packages that hold the same libraries.\n'
} >&2
[ "$purpose" = desktop ]
