# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what is shared with .ci/services and common.sh
# Emulation of arm64 on amd64 Linux, so that both halves of a pair can be run. Needs common.sh.

binfmt=/proc/sys/fs/binfmt_misc
binfmt_rule=/usr/lib/binfmt.d/qemu-aarch64.conf

emulation_needed() { [ "$(uname -s)" = Linux ] && [ "$(uname -m)" = x86_64 ]; }

# True when neither the kernel knows the handler nor a package brings it.
emulation_missing() { emulation_needed && [ ! -e "$binfmt/qemu-aarch64" ] && [ ! -r "$binfmt_rule" ]; }

emulation_start() {
    if ! emulation_needed; then
        say "Emulation       not needed or not ours on $(uname -s) $(uname -m)"
        return 0
    fi
    if [ ! -e "$binfmt/register" ]; then as_root mount -t binfmt_misc binfmt_misc "$binfmt"; fi
    if [ ! -e "$binfmt/qemu-aarch64" ]; then
        [ -r "$binfmt_rule" ] || {
            say "Emulation       arm64 is not there; its containers can't be run, all else works"
            return 0
        }
        as_root sh -c "cat '$binfmt_rule' >'$binfmt/register'"
        say "Emulation       arm64 registered (undo: echo -1 > $binfmt/qemu-aarch64)"
    else
        say "Emulation       arm64 is registered"
    fi
}

emulation_status() {
    if ! emulation_needed; then
        say "Emulation       not needed or not ours on $(uname -s) $(uname -m)"
    elif [ -e "$binfmt/qemu-aarch64" ]; then
        say "Emulation       arm64 is registered"
    else
        say "Emulation       arm64 is not registered"
    fi
}
