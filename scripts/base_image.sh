#!/bin/sh
# base_image.sh [NAME [PYTHON]]   a Docker image of Debian with python3 and numpy, without an image registry.
# PYTHON is 3.9, 3.11 or 3.13, each that of one Debian release; without it the release is this machine's.
# Packages come from the machine's own apt mirror. Needs root, debootstrap and a Docker engine; about a minute, 260 MB.
set -eu

name=${1:-cppo-base}
fail() {
    echo "base_image.sh: error: $1" >&2
    exit 1
}

docker info >/dev/null 2>&1 || fail "no Docker engine answers; start one (dockerd) or set DOCKER_HOST"
if docker image inspect "$name" >/dev/null 2>&1; then
    echo "the base image $name is there already; remove it to make it anew: docker image rm $name"
    exit 0
fi
[ "$(id -u)" = 0 ] || fail "debootstrap needs root; run this with sudo"
command -v debootstrap >/dev/null || fail "debootstrap is not installed; run: apt-get install debootstrap"

. /etc/os-release
case ${2:-} in
"") release=$VERSION_CODENAME ;;
3.9) release=bullseye ;;
3.11) release=bookworm ;;
3.13) release=trixie ;;
*) fail "no Debian release has Python $2; give 3.9, 3.11 or 3.13" ;;
esac
mirror=$(apt-get indextargets --format '$(RELEASE) $(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v release="$VERSION_CODENAME" '($1 == release || $2 == release) && $3 == "main" { print $4; exit }')
[ -n "$mirror" ] || fail "apt has no source for $VERSION_CODENAME main; check /etc/apt, then run: apt-get update"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
echo "making the base image $name from $release (about a minute)"
debootstrap --variant=minbase --include=python3,python3-numpy "$release" "$root" "$mirror" >"$root.log" 2>&1 || {
    tail -n 5 "$root.log" >&2
    fail "debootstrap failed; its log: $root.log"
}
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root.log"
tar -C "$root" -c . | docker import - "$name" >/dev/null
