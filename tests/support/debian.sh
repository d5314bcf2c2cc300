# Sourced by the scripts that prepare servers for the tests: packages of any Debian release, downloaded with an apt that
# has its directories for itself, and unpacked, never installed. Nothing here needs root or touches the host.
#
# Whoever sources this sets `name` (who speaks) and `work` (a folder of its own, gone at the end).
# shellcheck shell=bash disable=SC2154

say() { echo "$name: $*" >&2; }

# fail WHAT REMEDY [CODE]
fail() {
    say "$1"
    say "remedy: $2"
    exit "${3:-1}"
}

cache_folder() { echo "${GAVEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gavel}"; }

# logged COMMAND...: its words come out only when it fails
logged() {
    "$@" >"$work/log" 2>&1 && return
    tail -n 8 "$work/log" >&2
    return 1
}

debian_mirror() {
    [[ -z ${GAVEL_DEBIAN_MIRROR:-} ]] || { echo "$GAVEL_DEBIAN_MIRROR"; return; }
    # shellcheck disable=SC2016 # apt expands it, not the shell
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/\?$' ||
        fail "no Debian mirror among this machine's apt sources" "set GAVEL_DEBIAN_MIRROR to the address of one"
}

# apt_of SUITE COMMAND...
apt_of() { APT_CONFIG=$work/apt-$1/apt.conf "${@:2}"; }

# open_archive SUITE [KIND...]: from here on, `apt_of SUITE` knows its packages; with the kind deb-src its sources too.
# The host's proxies and ways to check are kept; its directories, sources and hooks are not.
open_archive() {
    local suite=$1 apt=$work/apt-$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror tool
    for tool in apt-get apt-config dpkg-deb; do
        command -v "$tool" >/dev/null || fail "no $tool here" "run this on Debian or a relative of it, or install apt and dpkg"
    done
    [[ -e $keyring ]] || fail "no $keyring" "install debian-archive-keyring"
    mirror=$(debian_mirror)
    mkdir -p "$apt"/{state/lists/partial,cache/archives/partial,etc/apt.conf.d,etc/preferences.d}
    : >"$apt/status"
    printf "%s [signed-by=$keyring] $mirror $suite main\n" deb "${@:2}" >"$apt/etc/sources.list"
    {
        apt-config dump Acquire | grep -E '^Acquire::(https?|Retries|ForceIPv.|Check-)' || true
        cat <<CONF
Dir::State "$apt/state";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Etc "$apt/etc";
Dir::Log "$apt";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Install-Recommends "false";
APT::Sandbox::User "";
pkgCacheGen::Essential "none";
CONF
    } >"$apt/apt.conf"
    read_archive "$suite" "$mirror"
}

# Without network apt only warns and goes on; with it, the archive's own "no" is told from everything else.
read_archive() {
    say "asking $2 for $1"
    logged apt_of "$1" apt-get update --error-on=any && return
    if grep -qE '404 +Not Found|does not have a Release file' "$work/log"; then
        fail "this archive has no $1" "set GAVEL_DEBIAN_MIRROR to one that has" 3
    fi
    fail "could not read the archive" "check the network and the machine's apt sources"
}

# fetch SUITE PACKAGE...: with what they depend on
fetch() {
    logged apt_of "$1" apt-get -y --download-only install "${@:2}" ||
        fail "could not download the packages" "run this again; it starts over"
}

# fetch_bare SUITE PACKAGE...: without
fetch_bare() {
    (cd "$work/apt-$1/cache/archives" && logged apt_of "$1" apt-get download "${@:2}") ||
        fail "could not download the packages" "run this again; it starts over"
}

# unpack SUITE TREE: all that was fetched
unpack() {
    local top package
    for top in bin sbin lib lib64; do
        mkdir -p "$2/usr/$top"
        ln -sfn "usr/$top" "$2/$top"
    done
    for package in "$work/apt-$1"/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x --no-same-owner --keep-directory-symlink -C "$2"
    done
}
