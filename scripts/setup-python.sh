#!/bin/sh
# Make .venv with napari-uda (editable) and everything its tests need.
#
# PYTHON  interpreter to use; default: the first of python3, python3.11, ... that is
#         new enough
# TORCH   what to install as PyTorch; default: the version pinned in constraints.txt
set -eu
cd "$(dirname "$0")/.."

venv=.venv
oldest=3.11

say() { printf '%s\n' "$*"; }
fail() {
    printf 'napari-uda: %s\n' "$*" >&2
    exit 1
}

new_enough() {
    "$1" -c "import sys; sys.exit(sys.version_info < ($(printf %s "$oldest" | tr . ,)))" \
        >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" >/dev/null 2>&1 ||
            fail "PYTHON=$PYTHON is not a program; name a Python $oldest or newer, for example: make setup PYTHON=python3.11"
        new_enough "$PYTHON" ||
            fail "PYTHON=$PYTHON is $("$PYTHON" --version 2>&1); Python $oldest or newer is needed, for example: make setup PYTHON=python3.11"
        say "$PYTHON"
        return
    fi
    for candidate in python3 python3.11 python3.12 python3.13 python; do
        if new_enough "$candidate"; then
            say "$candidate"
            return
        fi
    done
    fail "no Python $oldest or newer found (python3 is: $(python3 --version 2>&1 || true)); install one and name it, for example: make setup PYTHON=python3.11"
}

# Debian ships Python without the parts that make a virtual environment.
ensure_venv_module() {
    if "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        return
    fi
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    install="apt-get install -y --no-install-recommends python$version-venv"
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing python$version-venv"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        $install >/dev/null || fail "could not install python$version-venv"
        "$1" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
            fail "$1 has no ensurepip even with python$version-venv; name another interpreter: make setup PYTHON=..."
    else
        fail "$1 cannot make virtual environments; install what is missing and try again: sudo $install"
    fi
}

if [ -x $venv/bin/python ] && new_enough $venv/bin/python &&
    $venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "Updating $venv"
else
    python=$(find_python)
    ensure_venv_module "$python"
    say "Making $venv with $("$python" --version 2>&1)"
    "$python" -m venv --clear $venv
fi

torch=${TORCH:-$(grep '^torch==' constraints.txt)}
# torch is chosen by TORCH alone, so that TORCH=torch gets the newest GPU build
grep -v '^torch==' constraints.txt >$venv/constraints.txt

quiet=
[ -t 1 ] || quiet=--quiet
install() {
    $venv/bin/python -m pip install --disable-pip-version-check $quiet "$@"
}

# Alone and first: with napari and the rest in one go, pip may prefer a newer torch
# together with several gigabytes of GPU libraries.
say "Installing $torch (takes minutes the first time)"
install "$torch"
say "Installing napari-uda and its dependencies"
install --constraint $venv/constraints.txt --editable ".[test]"

touch $venv/.ready
