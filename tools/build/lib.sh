# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For bash scripts of weir to source; works from any working directory.
#
#   source "$(dirname "${BASH_SOURCE[0]}")/build/lib.sh"     # from tools/
#   weir_bazel test //...
#
# Sets WEIR_ROOT (the checkout) and defines:
#   weir_die MESSAGE...        one sentence on stderr, exit 1
#   weir_print_header FILE     prints the comment at the top of a script: its --help
#   weir_cache_dir             prints the folder of all of weir's caches
#   weir_bazel COMMAND ...     Bazel in the checkout, with caches and sources
#   weir_install_packages ...  see tools/build/install_packages
#   weir_private_apt DIR       apt for other sources than the machine's
#
# Environment:
#   XDG_CACHE_HOME   where caches go (default: ~/.cache)
#   WEIR_SOURCES     "upstream" or "mirror": where the archives of the
#                    dependencies come from; by default found out
#   WEIR_BAZEL       the Bazel to use (a path or a name)
#   CI               set and not "false": options of --config=ci

# In some languages [a-z] leaves out an "i", and words sort in another order.
export LC_ALL=C.UTF-8

WEIR_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

weir_die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# weir_print_header FILE: the comment at the top of a script, which is its --help.
weir_print_header() {
  sed -n '4,${/^#/!q; s/^# \{0,1\}//p}' "$1"
}

weir_cache_dir() {
  if [[ -n "${XDG_CACHE_HOME:-}" ]]; then
    printf '%s/weir\n' "$XDG_CACHE_HOME"
  elif [[ -n "${HOME:-}" ]]; then
    printf '%s/.cache/weir\n' "$HOME"
  else
    weir_die "neither HOME nor XDG_CACHE_HOME is set: there is no place for the build's caches"
  fi
}

# Bazel, always run at the top of the checkout. tools/bazel adds the options.
weir_bazel() {
  (cd "$WEIR_ROOT" && exec tools/bazel "$@")
}

# weir_reaches URL: whether its host answers, through the machine's proxies if any.
weir_reaches() {
  python3 - "$1" <<'PY' 2>/dev/null
import sys, urllib.error, urllib.request
try:
    urllib.request.urlopen(urllib.request.Request(sys.argv[1], method="HEAD"), timeout=5)
except urllib.error.HTTPError as error:
    # An answer of any kind but a proxy's refusal comes from the server.
    sys.exit(error.code in (403, 407, 502, 503, 504))
except Exception:
    sys.exit(1)
PY
}

# Sees to it that the archives of third_party/archives.bzl can be had, and
# prints the distdir if they are in one; prints nothing if Bazel is to download
# them from upstream.
weir_sources() {
  local dir stamp url
  dir="$(weir_cache_dir)/distdir"
  stamp="$(sha256sum <"$WEIR_ROOT/third_party/archives.bzl")"
  stamp="$dir/.complete.${stamp%% *}"
  case "${WEIR_SOURCES:-}" in
    upstream) return 0 ;;
    mirror | "") ;;
    *) weir_die "WEIR_SOURCES is '$WEIR_SOURCES'; it can be 'upstream' or 'mirror'" ;;
  esac
  if [[ ! -e "$stamp" ]]; then
    if [[ -z "${WEIR_SOURCES:-}" ]]; then
      url="$(grep -om1 'https://[^"]*' "$WEIR_ROOT/third_party/archives.bzl")"
      if weir_reaches "$url"; then
        return 0
      fi
    fi
    "$WEIR_ROOT/tools/distdir" "$dir" || return 1
    rm -f "$dir"/.complete.*
    : >"$stamp"
  fi
  printf '%s\n' "$dir"
}

weir_install_packages() {
  "$WEIR_ROOT/tools/build/install_packages" "$@"
}

# Sets weir_apt to the options with which apt-get and apt-cache have their lists and caches
# in DIR and take their sources from DIR/sources.list. The rest of the machine's
# configuration (proxies, say) stays in force. Sandboxing is off because apt's own user may
# not write to DIR.
weir_private_apt() {
  mkdir -p "$1/state/lists/partial" "$1/cache/archives/partial"
  : >"$1/state/status"
  # shellcheck disable=SC2034  # for who calls this
  weir_apt=(
    -o "Dir::Etc::sourcelist=$1/sources.list"
    -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State=$1/state"
    -o "Dir::State::status=$1/state/status"
    -o "Dir::Cache=$1/cache"
    -o Acquire::Check-Valid-Until=false
    -o Acquire::Languages=none
    -o Acquire::Retries=3
    -o "APT::Sandbox::User=$(id -un)"
    -o APT::Get::List-Cleanup=false
  )
}
