# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what is shared with the demos
# A git hosting site on loopback that wants a log-in, and the log-in. Wants: here.

# Serves the repositories below a folder and sets hosting to its address. Git, and so Pinion, gets the log-in from a
# credential helper that knows variables alone; settings of the user at this machine play no part. It ends with this
# script, however that ends: its lead is file descriptor 8.
hosting_start() { # FOLDER
    local port
    mkdir -p "$1"
    HOSTING_USER=ada
    HOSTING_PASSWORD=$(python3 -c 'import secrets; print(secrets.token_urlsafe())')
    export HOSTING_USER HOSTING_PASSWORD
    rm -f "$1/lead" "$1/port"
    mkfifo "$1/lead" "$1/port"
    python3 "$here/lib/hosting.py" "$1" <"$1/lead" >"$1/port" 9>&- &
    hosting_server=$!
    exec 8>"$1/lead"
    IFS= read -r port <"$1/port" || fail "the hosting site did not start"
    rm "$1/lead" "$1/port"
    hosting=http://127.0.0.1:$port

    cat >"$1/gitconfig" <<'CONFIG'
[user]
    name = Ada
    email = ada@example.com
[credential]
    helper = "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$HOSTING_USER\" \"$HOSTING_PASSWORD\"; }; f"
[init]
    defaultBranch = main
[advice]
    detachedHead = false
CONFIG
    export GIT_CONFIG_GLOBAL=$1/gitconfig GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
}

hosting_stop() {
    [ -n "${hosting_server:-}" ] || return 0
    exec 8>&-
    wait "$hosting_server" || true
    hosting_server=
}
