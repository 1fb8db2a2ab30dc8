#!/bin/sh
# Dealerline: sets up what is missing, then hands over to Python (dealerline/runtime). ./dealerline help tells the commands.
#
# Everything fetched or built lies in the cache folder, never in the checkout:
#   /var/cache/dealerline for root, ~/.cache/dealerline for anybody else, or DEALERLINE_CACHE.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
command=${1:-help}
began=$(date +%s)

say() { printf '[%4d s] %s\n' $(($(date +%s) - began)) "$1" >&2; }
fail() { printf '\n%s\n' "$1" >&2; exit 1; }

configured() { # the value of one setting in the configuration file, if it stands there
    for file in "${DEALERLINE_CONFIG:-}" "$here/dealerline.toml"; do
        if [ -n "$file" ] && [ -f "$file" ]; then
            sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*\"\(.*\)\".*/\1/p" "$file" | tail -n 1
            return
        fi
    done
}

if [ -n "${DEALERLINE_CACHE:-}" ]; then cache=$DEALERLINE_CACHE
elif [ -n "$(configured cache)" ]; then cache=$(configured cache)
elif [ "$(id -u)" = 0 ]; then cache=/var/cache/dealerline
else cache=${XDG_CACHE_HOME:-$HOME/.cache}/dealerline
fi
case $cache in /*) ;; *) cache=$(pwd)/$cache ;; esac

# Debian's packages ---------------------------------------------------------------------------------------------------
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1; then sudo "$@"
    else return 127
    fi
}

apt_install() { # packages
    say "installing with apt: $*"
    log=$(mktemp)
    if ! { as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -q --no-install-recommends "$@"; } >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        fail "These packages are needed and could not be installed: $*
Install them (apt install $*), or run ./dealerline as root or as a user who may use sudo."
    fi
    rm -f "$log"
}

# Python --------------------------------------------------------------------------------------------------------------
good_python() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
full_python() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

find_python() {
    # The system's own first: when root starts us, the service account must be able to run it, too.
    for candidate in "${DEALERLINE_PYTHON:-}" /usr/bin/python3 /usr/local/bin/python3 \
            "$(command -v python3 || true)" "$(command -v python3.13 || true)" "$(command -v python3.12 || true)" \
            "$(command -v python3.11 || true)"; do
        if [ -n "$candidate" ] && good_python "$candidate"; then
            if [ "${1:-}" = any ] || full_python "$candidate"; then
                printf '%s\n' "$candidate"
                return
            fi
        fi
    done
}

fingerprint() { # files: twelve characters that change with them
    cat "$@" | sha256sum | cut -c 1-12
}

# One virtual environment for each state of the requirements. A folder without its mark was interrupted: made anew.
make_environment() { # kind (base or dev)
    python=$(find_python)
    if [ -z "$python" ]; then
        apt_install python3 python3-venv
        python=$(find_python)
        [ -n "$python" ] || fail "Python 3.11 or later is needed: this system's packages have only $(python3 --version 2>&1)."
    fi
    requirements=$here/requirements/$1.txt
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    environment=$cache/venv-$1-$version-$(fingerprint "$requirements")
    [ ! -f "$environment/.complete" ] || return 0
    mkdir -p "$cache"
    exec 9>"$cache/.venv-lock"
    if command -v flock >/dev/null 2>&1; then flock 9; fi
    if [ ! -f "$environment/.complete" ]; then
        say "Python packages ($1)"
        rm -rf "$environment"
        "$python" -m venv "$environment" || fail "The virtual environment could not be made in $environment."
        install_packages "$environment" "$requirements"
        : >"$environment/.complete"
        say "Python packages ($1): done"
        # Environments of earlier states, no longer needed.
        for old in "$cache"/venv-"$1"-*; do
            [ "$old" = "$environment" ] || rm -rf "$old"
        done
    fi
    exec 9>&-
}

install_packages() { # environment, requirements
    uv=$cache/uv-$(fingerprint "$here/requirements/installer.txt")
    if [ ! -x "$uv/bin/uv" ]; then
        rm -rf "$uv.new"
        if "$1/bin/python" -m pip install -q --disable-pip-version-check --require-hashes --no-deps \
                --target "$uv.new" -r "$here/requirements/installer.txt"; then
            rm -rf "$uv"
            mv "$uv.new" "$uv"
        fi
    fi
    if [ -x "$uv/bin/uv" ]; then
        if (
            eval "$("$1/bin/python" "$here/dealerline/runtime/pip_settings.py")"
            UV_CACHE_DIR=$cache/uv-cache UV_NO_CONFIG=1 "$uv/bin/uv" pip install -q --python "$1/bin/python" \
                --require-hashes -r "$2"
        ); then
            return
        fi
        say "uv could not install the packages: trying with pip"
    fi
    "$1/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$2" ||
        fail "The Python packages could not be installed: see above. Is the package index reachable?"
}

# -----------------------------------------------------------------------------------------------------------------------
umask 022
case $command in
    help | -h | --help | down | status | logs)
        # Standard library only: any Python that is there will do.
        runner=$(find_python any)
        [ -n "$runner" ] || fail "Nothing is set up here yet: ./dealerline up does that."
        ;;
    test | bench | check)
        make_environment dev
        runner=$environment/bin/python
        if [ "${2:-}" != unit ] && [ "$command" != check ]; then
            missing=
            command -v chromium >/dev/null 2>&1 || missing="chromium"
            [ -d /usr/share/fonts/opentype/noto ] || missing="$missing fonts-noto-cjk"
            command -v sipp >/dev/null 2>&1 || missing="$missing sip-tester"
            # shellcheck disable=SC2086 # a list of words
            [ -z "$missing" ] || apt_install $missing
        fi
        ;;
    *)
        make_environment base
        runner=$environment/bin/python
        ;;
esac

export DEALERLINE_CACHE="$cache" DEALERLINE_BEGAN="$began"
export PYTHONPATH="$here" PYTHONSAFEPATH=1 PYTHONPYCACHEPREFIX="$cache/pycache-$(id -un)"
exec "$runner" -m dealerline.runtime "$@"
