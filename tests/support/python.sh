# Sourced by the scripts that prepare Python programs for the tests: one environment of its own per program, in the cache
# folder, with exactly the versions of its requirements.txt. Nothing here needs root or touches the host.
#
# Whoever sources this sets `name` (who speaks) and `here` (the folder with requirements.txt).
# shellcheck shell=bash disable=SC2154

say() { echo "$name: $*" >&2; }

# fail WHAT REMEDY
fail() {
    say "$1"
    say "remedy: $2"
    exit 1
}

cache_folder() { echo "${GAVEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gavel}"; }

# environment: makes it if it is not there, and names it on standard output. Other requirements are another environment.
environment() {
    local tree work
    tree=$(cache_folder)/$name-$(sha256sum "$here/requirements.txt" | cut -c 1-12)
    if [[ ! -e $tree/ready ]]; then
        command -v python3 >/dev/null || fail "no python3 here" "install python3 and python3-venv"
        mkdir -p "$(cache_folder)"
        # Its scripts name their own path, so it is made in its place; whoever comes second waits.
        exec 9>"$tree.lock"
        flock 9
        if [[ ! -e $tree/ready ]]; then
            work=$(mktemp)
            say "installing"
            rm -rf "$tree"
            python3 -m venv "$tree" >"$work" 2>&1 ||
                { cat "$work" >&2; fail "could not make an environment" "install python3-venv"; }
            "$tree/bin/python" -m pip install --quiet --requirement "$here/requirements.txt" >"$work" 2>&1 ||
                { tail -n 8 "$work" >&2; fail "could not install the packages" "check the network and pip's settings; Python 3.10 or newer is needed"; }
            rm "$work"
            touch "$tree/ready"
            say "ready"
        fi
        exec 9>&-
    fi
    echo "$tree"
}
