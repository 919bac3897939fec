# shellcheck shell=bash
# shellcheck disable=SC2154 # what is shared with common.sh
# What the demos share: the built program, and a clone of the sample registry that they work on.
# Wants: here (the folder .ci).

# shellcheck source=lib/common.sh
. "$here/lib/common.sh"
repository=$(dirname "$here")
clone=$repository/.build/demo/registry.git

step() { printf '\n\033[1m== %s\033[0m\n' "$*" >&2; }
[ -t 2 ] && [ -z "${NO_COLOR:-}" ] || step() { printf '\n== %s\n' "$*" >&2; }

# Installs, starts, builds; sets pinion.
prepare() {
    step "1. What is missing is installed, what is there is used"
    "$here/setup" build >&2
    "$here/services" start >&2
    set -a
    # shellcheck source=/dev/null
    . "$state/services.env"
    set +a

    step "2. Pinion is built"
    swift build --package-path "$repository" --product pinion >&2
    pinion=$(swift build --package-path "$repository" --show-bin-path)/pinion
    cd "$repository"
}

# The clone that 'make demo' and 'make demo-modal' have in common.
clone_sample() {
    step "3. The sample registry is cloned to .build/demo/registry.git"
    [ -d "$clone" ] || git init --quiet --bare --initial-branch=main "$clone"
    local head
    head=$(git -C "$repository" rev-parse HEAD)
    if git -C "$clone" merge-base --is-ancestor "$head" refs/heads/main 2>/dev/null; then
        echo "It is there, at $(git -C "$clone" rev-parse --short main), with the pins of earlier runs." >&2
    else
        # The pins of an earlier commit are left behind; the build records keep their digests.
        git -C "$repository" push --quiet --force "$clone" "$head:refs/heads/main"
        echo "It is at $(git -C "$clone" rev-parse --short main)." >&2
    fi
}

# The file descriptors 8 and 9 are the leads of servers, which end with this script, not with what it started. The process
# is noted in the file $runs.
run() {
    printf '\n$ pinion %s\n' "$*" >&2
    # shellcheck disable=SC2016
    sh -c 'echo $$ >>"$0"; exec "$@"' "${runs:-/dev/null}" "$pinion" "$@" 8>&- 9>&-
}

# Runs "$2…" and fails unless its exit code is $1.
expecting() {
    local wanted=$1 code=0
    shift
    "$@" || code=$?
    [ "$code" = "$wanted" ] || fail "the exit code of the last command is $code and should be $wanted"
}

# Folders of its own for the state, the caches and the data of Pinion, so that earlier runs play no part.
private_state() { # FOLDER
    export XDG_STATE_HOME=$1/state XDG_CACHE_HOME=$1/cache XDG_DATA_HOME=$1/data
    mkdir -p "$XDG_STATE_HOME" "$XDG_CACHE_HOME" "$XDG_DATA_HOME"
    runs=$1/runs
}

# Fails when containers or networks are left of the runs in the file $runs: these are marked with host/process/start.
no_leftovers() {
    local mark pid
    for mark in $(docker ps --all --filter label=dev.pinion.run --format '{{.Label "dev.pinion.run"}}') \
        $(docker network ls --filter label=dev.pinion.run --format '{{.Label "dev.pinion.run"}}'); do
        pid=${mark#*/}
        if grep -qx "${pid%/*}" "$runs"; then
            printf 'wrong: left by the run %s\n' "$mark" >&2
            return 1
        fi
    done
}
