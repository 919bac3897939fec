# shellcheck shell=bash
# What the demos share: the built program, and a clone of the sample registry that they work on.
# Wants: here (the folder .ci).

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
    . "${PINION_SERVICES_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/pinion-services}/services.env"
    set +a

    step "2. Pinion is built"
    swift build --package-path "$repository" --product pinion >&2
    pinion=$(swift build --package-path "$repository" --show-bin-path)/pinion

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
    cd "$repository"
}

run() {
    printf '\n$ pinion %s\n' "$*" >&2
    "$pinion" "$@"
}
