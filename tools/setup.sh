# Installs what building and testing need, on Debian 12. Sourced by ./dev; defines setup_build, setup_tests, setup_bench, setup_sanitizers,
# setup_format and use_rust. Every one of them looks first, takes a few hundredths of a second when nothing is missing, and then does
# not touch the network.
# shellcheck shell=bash

readonly RUST_MINIMUM=1.88

# What `./dev demo` needs: compilers, and the libraries that the program is built from.
readonly BUILD_PACKAGES=(
  ca-certificates ccache cmake g++ make ninja-build pkg-config
  libcctz-dev libcli11-dev libdeflate-dev libexpected-dev libfmt-dev libgmock-dev libgtest-dev libmimalloc-dev libpg-query-dev libprotobuf-c-dev
  libre2-dev libsimdjson-dev libspdlog-dev libsqlite3-dev libssl-dev libutf8proc-dev libxxhash-dev libzstd-dev nlohmann-json3-dev
  python3 tzdata zlib1g-dev
)
# What `./dev test` needs on top: real servers are Java programs fetched with Maven, and the system tests are Python, and
# valgrind counts what an event costs. Random statements are compared with PostgreSQL. The page is looked at in Chromium.
# Prometheus scrapes runs, and its promtool checks metrics, rules and alerts.
# mandoc reads the manual pages, and the shells complete what the program tells them to.
readonly TEST_PACKAGES=(
  chromium fish mandoc maven openjdk-17-jre-headless openssl patch postgresql prometheus python3-venv
  valgrind zsh
)

# What `./dev bench` needs on top: two of the rivals are Java programs that are compiled. Go, where it is missing, comes from PyPI.
readonly BENCH_PACKAGES=(openjdk-17-jdk-headless)

# What the builds with sanitizers and `./dev fuzz` need on top: clang, which compiles them in half of GCC's time and has libFuzzer,
# its run-time libraries, and what gives call stacks names.
readonly SANITIZER_PACKAGES=(clang libclang-rt-14-dev llvm)

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo --preserve-env=DEBIAN_FRONTEND "$@"
  else
    die "needs root to install packages, and there is no sudo. Run as root, once: ./dev setup --tests"
  fi
}

# install_packages NAME…: installs those that are missing. All at once first; if that fails, the package at fault is named.
install_packages() {
  local -A installed=()
  local package
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    warn "this is not Debian, so nothing is installed. The build needs what these Debian packages hold: $*"
    return 0
  fi
  while read -r package; do installed[$package]=1; done < <(
    dpkg-query --show --showformat '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | sed -n 's/ installed$//p'
  )
  local missing=()
  for package in "$@"; do [[ -n ${installed[$package]:-} ]] || missing+=("$package"); done
  [[ ${#missing[@]} -gt 0 ]] || return 0

  say "installing with apt: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -q </dev/null ||
    warn "apt-get update failed; going on with the package lists that are there"
  # --no-remove: if a package conflicts with one that the machine has, say so rather than take it away.
  local options=(-y -q --no-install-recommends --no-remove)
  if as_root apt-get install "${options[@]}" "${missing[@]}" </dev/null; then return 0; fi
  for package in "${missing[@]}"; do
    as_root apt-get install "${options[@]}" "$package" </dev/null ||
      die "apt could not install $package; its own message is above. Mend that (the network? the entries in /etc/apt? a" \
        "package in conflict?) and run this again."
  done
}

# rust_in DIRECTORY: succeeds if it holds a cargo and a rustc that are new enough.
rust_in() {
  local tool version
  for tool in cargo rustc; do
    [[ -x $1/$tool ]] || return 1
    version=$("$1/$tool" --version 2>/dev/null) || return 1
    version=${version#* }
    printf '%s\n%s\n' "$RUST_MINIMUM" "${version%% *}" | sort --version-sort --check=quiet || return 1
  done
}

# Puts a Rust that is new enough first in PATH; fails if there is none.
use_rust() {
  local directory
  for directory in "$(dirname "$(command -v cargo || echo /nowhere/cargo)")" "$HOME/.cargo/bin" /usr/bin; do
    if rust_in "$directory"; then
      export PATH="$directory:$PATH"
      return 0
    fi
  done
  return 1
}

setup_build() {
  local rust=()
  if ! use_rust; then
    say "no Rust of $RUST_MINIMUM or newer is here; taking Debian's"
    rust=(cargo-web rustc-web)
  fi
  install_packages "${BUILD_PACKAGES[@]}" "${rust[@]}"
  use_rust ||
    die "cargo-web and rustc-web are installed but older than $RUST_MINIMUM. Newer ones come from bookworm-security: add it" \
      "to /etc/apt/sources.list, then run apt-get update and apt-get install cargo-web rustc-web."
}

setup_tests() {
  setup_build
  without_main_cluster
  install_packages "${TEST_PACKAGES[@]}"
}

# Debian's PostgreSQL makes a cluster when it is installed, and starts it with the machine. The tests make and start their own.
without_main_cluster() {
  local settings=/etc/postgresql-common/createcluster.d/turntable.conf
  if ! command -v apt-get >/dev/null || [[ -e $settings ]] || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then return 0; fi
  as_root install -D -m 644 /dev/stdin "$settings" <<<'create_main_cluster = false'
}

setup_sanitizers() {
  install_packages "${SANITIZER_PACKAGES[@]}"
}

setup_bench() {
  setup_tests
  install_packages "${BENCH_PACKAGES[@]}"
}

setup_format() {
  command -v clang-format >/dev/null || command -v clang-format-14 >/dev/null || install_packages clang-format
}

# ensure_venv DIRECTORY REQUIREMENTS: a Python environment with exactly the packages that the file pins.
ensure_venv() {
  local stamp="$1/.complete" want
  want="$(python3 --version) $(sha256sum <"$2")"
  if [[ -x $1/bin/python && -f $stamp && $(<"$stamp") == "$want" ]]; then return 0; fi
  say "filling $1 with the packages of $2"
  rm -rf "$1"
  python3 -m venv "$1" || die "python3 could not make a virtual environment in $1; its own message is above."
  "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -r "$2" ||
    die "pip could not install the packages of $2; its own message is above."
  printf '%s\n' "$want" >"$stamp"
}
