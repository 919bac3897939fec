# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what is shared with .ci/services and common.sh
# A Docker engine: the one that answers, else one of our own. Needs common.sh.
#
# Our own is Debian 13's docker.io 26.1 with buildx, because that is what people have today; Debian 12 alone would give
# 20.10. On Debian 12 it comes through a private apt configuration: the system's sources stay as they are, and runc,
# iptables and the C library stay Debian 12's.

engine_config=$state/docker/daemon.json
engine_log=$state/docker/dockerd.log
engine_pid=$state/docker/dockerd.pid
engine_socket=/var/run/docker.sock

# Where the engine listens that a Docker client would talk to now.
engine_endpoint() {
    local host=
    if [ -n "${DOCKER_HOST:-}" ]; then
        host=$DOCKER_HOST
    elif has docker; then
        host=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || true)
    fi
    printf '%s' "${host:-unix://$engine_socket}"
}

engine_answers() { # ENDPOINT
    case $1 in
    unix://*) [ "$(curl -s --max-time 5 --unix-socket "${1#unix://}" http://engine/_ping 2>/dev/null)" = OK ] ;;
    *) has docker && DOCKER_HOST=$1 docker version --format '{{.Server.Version}}' >/dev/null 2>&1 ;;
    esac
}

engine_version() { # ENDPOINT
    case $1 in
    unix://*)
        curl -s --max-time 5 --unix-socket "${1#unix://}" http://engine/version |
            sed -nE 's/.*"Version":"([^"]+)","ApiVersion":"([^"]+)".*/\1 (API \2)/p'
        ;;
    *) DOCKER_HOST=$1 docker version --format '{{.Server.Version}} (API {{.Server.APIVersion}})' ;;
    esac
}

# The MTU of the default route when it is below Ethernet's: containers would otherwise send packets that get lost.
low_mtu() {
    local device mtu
    device=$(awk '$2 == "00000000" { print $1; exit }' /proc/net/route 2>/dev/null) || return 0
    [ -n "$device" ] && [ -r "/sys/class/net/$device/mtu" ] || return 0
    mtu=$(cat "/sys/class/net/$device/mtu")
    if [ "$mtu" -lt 1500 ]; then printf '%s' "$mtu"; fi
}

engine_packages() {
    local id codename
    is_debian_like || fail "no Docker engine answers. Install and start one: https://docs.docker.com/engine/install/"
    id=$(os_release ID)
    codename=$(os_release VERSION_CODENAME)
    if [ "$id" = debian ] && [ "$codename" = bookworm ]; then
        [ -n "$(missing_packages docker.io docker-cli docker-buildx containerd iptables)" ] || return 0
        mkdir -p "$state/apt/engine"
        cat >"$state/apt/engine/preferences" <<'PIN'
Package: *
Pin: release n=trixie
Pin-Priority: 100

Package: docker.io docker-cli docker-buildx containerd
Pin: release n=trixie
Pin-Priority: 990
PIN
        private_apt "$state/apt/engine" "$(dpkg --print-architecture)" bookworm bookworm-security trixie
        install_packages docker.io docker-cli docker-buildx containerd iptables
        apt_options=()
    elif [ "$id" = debian ]; then
        install_packages docker.io docker-cli docker-buildx iptables
    else
        install_packages docker.io docker-buildx iptables
    fi
}

engine_start() {
    local endpoint mtu
    endpoint=$(engine_endpoint)
    if engine_answers "$endpoint"; then
        if is_ours "$engine_pid" "$engine_config"; then
            say "Docker engine   $(engine_version "$endpoint") runs already (ours; stop: .ci/services stop)"
        else
            say "Docker engine   $(engine_version "$endpoint") answers at $endpoint; it is used as it is"
        fi
        return 0
    fi
    if [ -S "$engine_socket" ] && [ ! -w "$engine_socket" ]; then
        fail "$engine_socket is not open to this user; join its group: sudo usermod -aG docker $(id -un), then log in anew"
    fi
    if [ -n "${DOCKER_HOST:-}" ]; then fail "DOCKER_HOST is $DOCKER_HOST, but no engine answers there."; fi
    engine_packages
    if [ -d /run/systemd/system ]; then
        as_root systemctl start docker
        wait_for_engine "unix://$engine_socket" "" ""
        say "Docker engine   $(engine_version "unix://$engine_socket") started by systemd (stop: systemctl stop docker)"
        return 0
    fi
    mkdir -p "$state/docker"
    mtu=$(low_mtu)
    cat >"$engine_config" <<JSON
{
  "data-root": "$state/docker/data",
  "pidfile": "$state/docker/engine-own.pid",
  "features": {"containerd-snapshotter": true},
  "mtu": ${mtu:-1500}
}
JSON
    as_root rm -f "$state/docker/engine-own.pid"
    start_detached "$engine_log" "$engine_pid" yes dockerd --config-file "$engine_config"
    wait_for_engine "unix://$engine_socket" "$engine_pid" "$engine_log"
    say "Docker engine   $(engine_version "unix://$engine_socket") started, log $engine_log (stop: .ci/services stop)"
}

wait_for_engine() { # ENDPOINT PIDFILE LOG
    local tries=0
    until engine_answers "$1"; do
        tries=$((tries + 1))
        if [ -n "$2" ] && [ -s "$2" ] && [ "$tries" -gt 5 ] && ! is_ours "$2" dockerd; then
            tail -n 20 "$3" >&2
            fail "the Docker engine ended while starting; its last log lines are above, all of them in $3"
        fi
        [ "$tries" -lt 600 ] || fail "the Docker engine did not answer within 60 s${3:+; its log is $3}"
        sleep 0.1
    done
}

engine_stop() {
    if end_process "$engine_pid" "$engine_config" 30; then
        rm -f "$engine_pid"
        say "Docker engine   stopped"
    fi
}

# Debian 12's engine 20.10 beside the other one, to test against both. The two packages exclude each other, so this one
# is unpacked below the state directory. It keeps out of the other's way: a socket, data, exec root, bridge and address
# pool of its own, and no iptables rules (a second engine would flush the first one's chains, and with --bridge=none it
# would even delete docker0). So its containers reach the host and each other, ports can be published on the host, but
# they have no way out: build what needs a network with `--network host`.
old_root=$state/engine-20.10
old_socket=/run/pinion-engine-20.10.sock
old_bridge=pinion2010

engine_2010() {
    case ${1:-start} in
    start)
        if ! engine_answers "unix://$old_socket"; then
            [ "$(uname -s)" = Linux ] || fail "engine 20.10 is run on Linux alone"
            [ -x "$old_root/packages/usr/sbin/dockerd" ] ||
                unpack_packages "$old_root/packages" bookworm docker.io containerd runc tini >&2
            engine_2010_start
        fi
        note "engine 20.10: $(engine_version "unix://$old_socket"), log $old_root/dockerd.log" >&2
        say "DOCKER_HOST=unix://$old_socket"
        ;;
    stop)
        if end_process "$old_root/dockerd.pid" "$old_root/daemon.json" 30; then
            say "engine 20.10    stopped"
        fi
        rm -f "$old_root/dockerd.pid"
        # Unless another state directory's engine uses it.
        if [ -d "/sys/class/net/$old_bridge" ] && ! engine_answers "unix://$old_socket"; then as_root ip link delete "$old_bridge"; fi
        ;;
    status)
        if engine_answers "unix://$old_socket"; then
            say "engine 20.10    $(engine_version "unix://$old_socket") at unix://$old_socket"
        else
            say "engine 20.10    not running"
        fi
        ;;
    *) fail "unknown action '$1': .ci/services engine-20.10 [start|stop|status]" ;;
    esac
}

engine_2010_start() {
    local mtu before=
    has iptables || install_packages iptables >&2
    mtu=$(low_mtu)
    if [ ! -d "/sys/class/net/$old_bridge" ]; then
        as_root ip link add name "$old_bridge" type bridge
        as_root ip addr add 172.31.255.1/24 dev "$old_bridge"
        as_root ip link set "$old_bridge" up
    fi
    cat >"$old_root/daemon.json" <<JSON
{
  "hosts": ["unix://$old_socket"],
  "data-root": "$old_root/data",
  "exec-root": "/run/pinion-engine-20.10",
  "pidfile": "$old_root/engine-own.pid",
  "storage-driver": "overlay2",
  "bridge": "$old_bridge",
  "iptables": false,
  "ip-masq": false,
  "default-address-pools": [{"base": "172.30.0.0/16", "size": 24}],
  "mtu": ${mtu:-1500}
}
JSON
    # With what it stored of its networks in an earlier life it deletes docker0 on start, bridge of its own or not.
    as_root rm -f "$old_root/engine-own.pid" "$old_root/data/network/files/local-kv.db"
    [ ! -d /sys/class/net/docker0 ] || before=yes
    start_detached "$old_root/dockerd.log" "$old_root/dockerd.pid" yes \
        env "PATH=$old_root/packages/usr/sbin:$old_root/packages/usr/bin:$PATH" \
        dockerd --config-file "$old_root/daemon.json"
    wait_for_engine "unix://$old_socket" "$old_root/dockerd.pid" "$old_root/dockerd.log"
    if [ -n "$before" ] && [ ! -d /sys/class/net/docker0 ]; then
        fail "engine 20.10 has deleted docker0, the bridge of the other engine: restart that one"
    fi
}
