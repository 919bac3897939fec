# shellcheck shell=bash
# What .ci/setup and .ci/services share: messages, the state directory, root rights and Debian packages.
# Written for bash 3.2 and later, so that macOS's own bash can read it.

state=${PINION_SERVICES_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/pinion-services}

say() { printf '%s\n' "$*"; }
note() { printf '  %s\n' "$*"; }
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# Runs a command as root: directly, or through sudo when this user is another.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif has sudo; then
        sudo "$@"
    else
        fail "this needs root rights and there is no sudo: $*"
    fi
}

is_debian_like() { has apt-get && has dpkg-query; }

os_release() { # KEY: a value of /etc/os-release, or nothing
    [ -r /etc/os-release ] || return 0
    # shellcheck disable=SC1091
    (. /etc/os-release && eval "printf '%s' \"\${$1:-}\"")
}

# The packages of the arguments that are not installed, one a line.
missing_packages() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
    done
}

# Installs what is missing of "$@" and remembers it, so that `.ci/services clean` can name it.
# Options for apt-get (a configuration of our own) come in the array apt_options.
apt_options=()
install_packages() {
    local missing
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086
    set -- $missing
    is_debian_like || fail "missing: $*. This is not a Debian or Ubuntu system: install them with its own package manager."
    if [ "$(id -u)" != 0 ] && ! has sudo; then
        fail "missing: $*. Run as root: apt-get install --no-install-recommends $*"
    fi
    say "Installing $* (not on this machine yet)"
    apt_quietly update
    DEBIAN_FRONTEND=noninteractive apt_quietly install -y --no-install-recommends "$@"
    mkdir -p "$state"
    printf '%s\n' "$@" >>"$state/installed-packages"
}

apt_quietly() {
    local log=$state/apt.log
    mkdir -p "$state"
    if ! as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 ${apt_options[@]+"${apt_options[@]}"} "$@" >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        fail "apt-get $1 failed; all of it is in $log"
    fi
}

# Where the system gets Debian from, so that a private apt configuration asks the same mirror.
debian_mirror() {
    local uri
    # shellcheck disable=SC2016
    uri=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null |
        grep -E '/debian/?$' | sort -u | head -n 1) || true
    printf '%s' "${uri:-http://deb.debian.org/debian}"
}

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Makes an apt configuration of our own in directory $1 for architecture $2 and the suites that follow, and leaves its
# options in apt_options. The system's sources and lists stay as they are.
private_apt() {
    local directory=$1 architecture=$2 mirror suite
    shift 2
    [ -r "$debian_keyring" ] || install_packages debian-archive-keyring
    mirror=$(debian_mirror)
    mkdir -p "$directory/lists/partial" "$directory/cache/archives/partial" "$directory/empty"
    for suite in "$@"; do
        case $suite in
        *-security) printf 'deb [signed-by=%s] %s-security %s main\n' "$debian_keyring" "$mirror" "$suite" ;;
        *) printf 'deb [signed-by=%s] %s %s main\n' "$debian_keyring" "$mirror" "$suite" ;;
        esac
    done >"$directory/sources.list"
    [ -e "$directory/preferences" ] || : >"$directory/preferences"
    apt_options=(
        -o "APT::Architecture=$architecture"
        -o "APT::Architectures=$architecture"
        -o "APT::Sandbox::User=root"
        -o "Dir::Etc::SourceList=$directory/sources.list"
        -o "Dir::Etc::SourceParts=$directory/empty"
        -o "Dir::Etc::Preferences=$directory/preferences"
        -o "Dir::Etc::PreferencesParts=$directory/empty"
        -o "Dir::State::Lists=$directory/lists"
        -o "Dir::Cache=$directory/cache"
        -o "Acquire::Languages=none"
    )
}

# Unpacks Debian packages "$3…" of suite $2 below directory $1 without installing them.
unpack_packages() {
    local directory=$1 suite=$2 package
    shift 2
    is_debian_like || fail "missing: $*. They are unpacked from Debian packages, which needs apt-get; install them by hand."
    say "Unpacking $* ($suite) into $directory (not installed)"
    private_apt "$state/apt/$suite" "$(dpkg --print-architecture)" "$suite"
    # As if nothing were installed: else apt would look for the installed version of a package.
    : >"$state/apt/$suite/status"
    apt_options+=(-o "Dir::State::status=$state/apt/$suite/status")
    rm -rf "$directory.part"
    mkdir -p "$directory.part/debs"
    {
        apt-get -q "${apt_options[@]}" update &&
            (cd "$directory.part/debs" && apt-get -q "${apt_options[@]}" download "$@")
    } >"$state/apt.log" 2>&1 || {
        tail -n 15 "$state/apt.log" >&2
        fail "could not download $*; all of it is in $state/apt.log"
    }
    apt_options=()
    for package in "$directory.part"/debs/*.deb; do
        dpkg-deb -x "$package" "$directory.part"
    done
    rm -rf "$directory.part/debs" "$directory"
    mv "$directory.part" "$directory"
}

# True when the process in pid file $1 lives and its command line holds the text $2: never signal a stranger.
is_ours() {
    local pid
    [ -r "$1" ] || return 1
    pid=$(cat "$1" 2>/dev/null) || return 1
    [ -n "$pid" ] || return 1
    as_needed_ps "$pid" | grep -qF -- "$2"
}

as_needed_ps() {
    if [ -r "/proc/$1/cmdline" ]; then
        tr '\0' ' ' <"/proc/$1/cmdline"
    else
        ps -o command= -p "$1" 2>/dev/null || true
    fi
}

# Ends the process in pid file $1 whose command line holds $2, politely for up to $3 seconds, and waits for its end.
end_process() {
    local file=$1 text=$2 seconds=${3:-10} pid tries=0
    if is_ours "$file" "$text"; then
        pid=$(cat "$file")
        as_root_if_needed "$pid" kill -TERM "$pid"
        while is_ours "$file" "$text"; do
            tries=$((tries + 1))
            [ "$tries" -lt $((seconds * 10)) ] || {
                as_root_if_needed "$pid" kill -KILL "$pid"
                break
            }
            sleep 0.1
        done
        return 0
    fi
    rm -f "$file" 2>/dev/null || as_root rm -f "$file"
    return 1
}

as_root_if_needed() { # PID COMMAND…: as root only when the process is another user's
    local pid=$1
    shift
    if kill -0 "$pid" 2>/dev/null; then "$@"; else as_root "$@"; fi
}

# Starts "$4…" in a session of its own with log $1, and its pid in file $2; $3 says whether as root (yes/no).
start_detached() {
    local log=$1 file=$2 root=$3
    shift 3
    : >>"$log"
    if [ "$root" = yes ] && [ "$(id -u)" != 0 ]; then
        # shellcheck disable=SC2016
        sudo setsid sh -c 'echo $$ >"$1"; log=$2; shift 2; exec nohup "$@" >>"$log" 2>&1 </dev/null' sh "$file" "$log" "$@" &
    else
        # shellcheck disable=SC2016
        setsid sh -c 'echo $$ >"$1"; log=$2; shift 2; exec nohup "$@" >>"$log" 2>&1 </dev/null' sh "$file" "$log" "$@" 9>&- &
    fi
}
