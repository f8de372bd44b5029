#!/bin/sh
# install.sh GROUP...: installs the packages of these groups of packages-debian.txt that are missing. On Debian
# and its children that needs root or sudo; on other systems it says what is wanted and goes on, since the
# libraries may be there under other names.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
wanted=
for group in "$@"; do
  wanted="$wanted $(awk -v group="$group" '$1 == group { print $2 }' "$here/packages-debian.txt")"
done

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
  echo "This is no Debian system. Wanted, under the names that Debian 12 gives them:" $wanted >&2
  exit 0
fi

missing=
for package in $wanted; do
  case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
  installed*) ;;
  *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "These packages are missing, and this is neither root nor is sudo there:$missing" >&2
    echo "Install them, then run this again." >&2
    exit 1
  fi
  as_root=sudo
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q >&2
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing >&2
