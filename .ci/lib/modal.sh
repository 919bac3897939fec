# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what is shared with the demos
# A stand-in of Modal's control plane, and Modal's own tools on it. Wants: repository, PINION_PYTHON.

# Starts it, with what it remembers in "$1/state", and sets the variables of a user who is logged in there. It ends with
# this script, however that ends: its lead is file descriptor 9.
standin_start() { # FOLDER
    standin_folder=$1
    mkdir -p "$standin_folder"
    rm -f "$standin_folder/lead" "$standin_folder/facts"
    mkfifo "$standin_folder/lead" "$standin_folder/facts"
    (cd "$repository/Tests/modal" && exec "$PINION_PYTHON" -m standin --state "$standin_folder/state" --docker --until-eof \
        <"$standin_folder/lead" >"$standin_folder/facts" 2>>"$standin_folder/errors" 8>&-) &
    standin=$!
    exec 9>"$standin_folder/lead"
    IFS= read -r standin_facts <"$standin_folder/facts" || fail "the stand-in did not start: $(cat "$standin_folder/errors")"
    MODAL_SERVER_URL=$(standin_fact url) MODAL_TOKEN_ID=$(standin_fact token id)
    MODAL_TOKEN_SECRET=$(standin_fact token secret) MODAL_CONFIG_PATH=/dev/null
    MODAL_PROXY_KEY=$(standin_fact proxy key) MODAL_PROXY_SECRET=$(standin_fact proxy secret)
    export MODAL_SERVER_URL MODAL_TOKEN_ID MODAL_TOKEN_SECRET MODAL_CONFIG_PATH MODAL_PROXY_KEY MODAL_PROXY_SECRET
}

# One of the things that it said of itself at its start: `standin_fact proxy key`.
standin_fact() {
    "$PINION_PYTHON" -c 'import functools,json,sys; print(functools.reduce(dict.get, sys.argv[2:], json.loads(sys.argv[1])))' \
        "$standin_facts" "$@"
}

# Ends it and removes its containers; without one nothing happens.
standin_stop() {
    [ -n "${standin:-}" ] || return 0
    exec 9>&-
    wait "$standin" || true
    standin=
}

modal() {
    printf '\n$ modal %s\n' "$*" >&2
    COLUMNS=120 "$PINION_PYTHON" -m modal "$@"
}

# Runs Python with Modal's SDK imported.
sdk() { # CODE
    printf '\n$ python -c "%s"\n' "$1" >&2
    "$PINION_PYTHON" -c "import modal; $1"
}
