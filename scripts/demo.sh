#!/bin/sh
# Run the demo: in napari where there is a screen, otherwise (or with HEADLESS=1)
# in the terminal.
set -eu
cd "$(dirname "$0")/.."

headless=${HEADLESS:-}
if [ -z "$headless" ] && [ "$(uname -s)" = Linux ] &&
    [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    printf 'No screen found: the demo runs in the terminal.\n'
    headless=1
fi

case $headless in
'' | 0)
    scripts/setup-system.sh desktop
    exec .venv/bin/python -m napari_uda demo
    ;;
*) exec .venv/bin/python -m napari_uda demo --headless ;;
esac
