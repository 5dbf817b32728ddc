#!/bin/sh
# Runs a command as in a container whose files are read-only, without network and without a home:
#     unshare --mount --net tests/simulate/read_only.sh COMMAND...
# Needs root.  The mounts are those of the new name space alone and end with it.  A folder that is to stay writable, as
# a container's volume, is named by WRITABLE.
set -eu
mount --make-rprivate /
for place in /tmp /dev/shm; do
    mountpoint -q "$place" || mount --bind "$place" "$place"
done
[ -z "${WRITABLE:-}" ] || mount --bind "$WRITABLE" "$WRITABLE"
awk '{print $2}' /proc/mounts | sort -ru | while read -r place; do
    case "$place" in
        /proc*|/sys*|/dev/pts*|/dev/mqueue*|"${WRITABLE:-/proc}") ;;
        *) mount -o remount,ro,bind "$place" 2>/dev/null || true ;;
    esac
done
for place in / /tmp /dev/shm /root "$PWD"; do
    [ "$place" != "${WRITABLE:-}" ] || continue
    if touch "$place/.written" 2>/dev/null; then
        echo "$place can be written" >&2
        exit 99
    fi
done
unset HOME XDG_CACHE_HOME NUMBA_CACHE_DIR WRITABLE || true
exec "$@"
