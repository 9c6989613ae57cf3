# Sourced by demo.sh and test.sh: makes sure that Debian packages are there.

# need_packages PACKAGE...: installs what is missing where it may; else names it. Returns 1 if something is still missing.
need_packages() {
    if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
        echo "This is no Debian-like system: install by your own means what these Debian packages bring:"
        echo "  $*"
        return 1
    fi
    local missing=() package as_root=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1 || ! sudo -n true 2>/dev/null; then
            echo "Missing packages, and no right to install them. As root:"
            echo "  apt-get install --no-install-recommends ${missing[*]}"
            return 1
        fi
        as_root=(sudo -n)
    fi
    echo "Installing ${missing[*]}"
    local log status=0
    log=$(mktemp)
    "${as_root[@]}" apt-get update -qq >"$log" 2>&1 || echo "apt-get update failed; trying with what is known"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >>"$log" 2>&1 || status=1
    if [ $status -ne 0 ]; then
        echo "Could not install: ${missing[*]}"
        tail -n 5 "$log"
    fi
    rm -f "$log"
    return $status
}
