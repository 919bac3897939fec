# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what is shared with .ci/services and common.sh
# An OCI registry on loopback, which engines accept over plain HTTP by default. Needs common.sh.

oci_port=${PINION_OCI_PORT:-5075}
oci=127.0.0.1:$oci_port
oci_home=$state/oci-registry
oci_container=pinion-oci-registry-$oci_port

oci_answers() {
    case $(curl -s -o /dev/null -w '%{http_code}' --max-time 5 "http://$oci/v2/" 2>/dev/null) in
    200 | 401) return 0 ;;
    *) return 1 ;;
    esac
}

# The registry's program: the system's, else Debian's unpacked (its package would start a second one on port 5000).
oci_program() {
    if has docker-registry; then
        command -v docker-registry
    elif [ -x "$oci_home/packages/usr/bin/docker-registry" ]; then
        printf '%s' "$oci_home/packages/usr/bin/docker-registry"
    fi
}

oci_prepare() {
    [ -n "$(oci_program)" ] || ! is_debian_like || {
        mkdir -p "$oci_home"
        unpack_packages "$oci_home/packages" bookworm docker-registry
    }
}

oci_start() {
    if oci_answers; then
        say "OCI registry    answers at $oci; it is used as it is"
        return 0
    fi
    oci_prepare
    if [ -z "$(oci_program)" ]; then
        oci_start_container
    else
        mkdir -p "$oci_home/data"
        cat >"$oci_home/config.yml" <<YAML
version: 0.1
log:
  level: warn
  accesslog: {disabled: true}
storage:
  filesystem: {rootdirectory: "$oci_home/data"}
  delete: {enabled: true}
http:
  addr: $oci
YAML
        start_detached "$oci_home/registry.log" "$oci_home/registry.pid" no "$(oci_program)" serve "$oci_home/config.yml"
    fi
    local tries=0
    until oci_answers; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || {
            [ ! -r "$oci_home/registry.log" ] || tail -n 10 "$oci_home/registry.log" >&2
            fail "the OCI registry did not answer at $oci within 20 s"
        }
        sleep 0.1
    done
    say "OCI registry    started at $oci (stop: .ci/services stop)"
}

oci_start_container() {
    if ! has docker || ! engine_answers "$(engine_endpoint)"; then
        fail "no docker-registry program and no Docker engine to run registry:2"
    fi
    if [ -n "$(docker ps -aq --filter "name=^$oci_container\$")" ]; then
        docker start "$oci_container" >/dev/null
    else
        docker run -d --name "$oci_container" --label dev.pinion.service=oci-registry \
            -p "127.0.0.1:$oci_port:5000" -e REGISTRY_STORAGE_DELETE_ENABLED=true registry:2 >/dev/null
    fi
}

oci_stop() {
    if end_process "$oci_home/registry.pid" "$oci_home/config.yml" 10; then
        rm -f "$oci_home/registry.pid"
        say "OCI registry    stopped"
    elif has docker && [ -n "$(docker ps -q --filter "name=^$oci_container\$" 2>/dev/null)" ]; then
        docker stop "$oci_container" >/dev/null
        say "OCI registry    stopped (container $oci_container)"
    fi
}

oci_status() {
    if ! oci_answers; then
        say "OCI registry    none answers at $oci"
    elif is_ours "$oci_home/registry.pid" "$oci_home/config.yml"; then
        say "OCI registry    at $oci (ours)"
    else
        say "OCI registry    at $oci"
    fi
}
