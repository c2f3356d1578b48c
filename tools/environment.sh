#!/bin/sh
# Create the virtual environment $1 (default .venv) from requirements-build.lock and
# requirements.lock with every hash checked, and install this checkout into it, editable.
#
# Then the numerical kernels are compiled, which every job would else wait for.
#
# Does nothing when the lock files are those of the last installation. PYTHON names an
# interpreter; without it the first Python >= 3.11 on PATH is taken. uv is used when it is there,
# else venv and pip; SPINEMETS_NO_UV=1 leaves uv aside.
set -eu

cd "$(dirname "$0")/.."
venv=${1:-.venv}
stamp=$venv/.spinemets-installed

say() { printf '%s\n' "$*" >&2; }

# $1 runs and is Python 3.11 or newer, and older than $2 when that is given.
new_enough() {
    "$1" -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, ${2:-99}))" >/dev/null 2>&1
}

# The path is part of the key: an environment's scripts name the folder they were made in.
key=$({ pwd; cat requirements-build.lock requirements.lock pyproject.toml; } | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$key" ] && new_enough "$venv/bin/python"; then
    exit 0
fi

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" && command -v "$PYTHON" && return
        say "PYTHON=$PYTHON is not a Python 3.11 or newer."
        return 1
    fi
    # Asked by running it: a version manager's stand-in exists on PATH and still fails.
    # First those for which every package of the lock comes built, then newer ones.
    for below in 14 99; do
        for candidate in python3 python python3.13 python3.12 python3.11; do
            new_enough "$candidate" "$below" || continue
            [ "$below" = 14 ] || say "This Python is newer than those tried (3.11 to 3.13):" \
                "some packages may have to be compiled."
            command -v "$candidate"
            return
        done
    done
    say "spinemets needs Python 3.11 or newer, and none was found on PATH."
    say "Install one, or name it:  make PYTHON=/path/to/python3.12"
    return 1
}

if [ -z "${SPINEMETS_NO_UV:-}" ] && uv --version >/dev/null 2>&1; then tool=uv; else tool=pip; fi

if ! new_enough "$venv/bin/python"; then
    python=$(find_python)
    say "Creating $venv with $("$python" --version) and $tool."
    rm -rf "$venv"
    if [ "$tool" = uv ]; then
        uv venv --quiet --python "$python" "$venv"
    elif ! "$python" -m venv "$venv"; then
        rm -rf "$venv"
        say "This Python cannot make virtual environments (on Debian and Ubuntu: install python3-venv)."
        exit 1
    fi
fi

if [ "$tool" = pip ] && ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    "$venv/bin/python" -m ensurepip --default-pip >/dev/null   # an environment that uv once made
fi

install() {
    if [ "$tool" = uv ]; then
        uv pip install --compile-bytecode --python "$venv/bin/python" "$@"
    else
        "$venv/bin/python" -m pip install --disable-pip-version-check --quiet --progress-bar off "$@"
    fi
}

# Build tools first: two packages come as source only, and an isolated build would fetch its
# tools without a hash.
say "Installing the locked packages into $venv (every hash is checked)."
rm -f "$stamp"
install --require-hashes -r requirements-build.lock
install --require-hashes --no-build-isolation -r requirements.lock
install --no-deps --no-build-isolation --editable .
say "Compiling the numerical kernels, so that the first run need not."
"$venv/bin/python" tools/compile_kernels.py 2>/dev/null || say "Left to the first run: they could not be compiled now."
printf '%s\n' "$key" > "$stamp"
