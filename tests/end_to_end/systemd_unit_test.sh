#!/bin/sh
# Checks the unit with systemd's own tools: it is valid and isolated (exposure of at most 1.5), and has each
# directive that the score does not include. The journal catalog compiles and has an entry for each id.
# Usage: systemd_unit_test.sh PATH_OF_TASKWATCHD
set -eu

binary=$(realpath "${1:?the built taskwatchd}")
source=$(realpath "$(dirname "$0")/../../systemd")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAIL: $*" >&2
  exit 1
}

# systemd requires that the program of ExecStart exists, and that the folder of drop-ins has the name of the unit.
mkdir -p "$work/units/taskwatchd.service.d" "$work/root/usr/lib/systemd/catalog"
sed "s|^ExecStart=/usr/bin/taskwatchd |ExecStart=$binary |" "$source/taskwatchd.service" \
  >"$work/units/taskwatchd.service"
grep -q "^ExecStart=$binary " "$work/units/taskwatchd.service" || fail "ExecStart is not as expected"
cp "$source/taskwatchd.service.d/credentials.conf.example" \
  "$work/units/taskwatchd.service.d/credentials.conf"
cp "$source/taskwatchd.socket.example" "$work/units/taskwatchd.socket"
said=$(systemd-analyze verify --man=no "$work/units/taskwatchd.service" "$work/units/taskwatchd.socket" 2>&1) ||
  fail "systemd-analyze verify: $said"
case $said in *"$work/units"*) fail "systemd-analyze verify: $said" ;; esac

systemd-analyze security --offline=true --threshold=15 --no-pager \
  "$source/taskwatchd.service" >"$work/security" || fail "$(tail -1 "$work/security")"
tail -1 "$work/security"

while read -r directive; do
  grep -qxF "$directive" "$source/taskwatchd.service" || fail "the unit lacks $directive"
done <<'END'
Type=notify
NotifyAccess=main
WatchdogSec=30
Restart=on-failure
RestartSec=2
StartLimitIntervalSec=0
RestartPreventExitStatus=74 78
TimeoutStopSec=15
DynamicUser=yes
StateDirectory=taskwatchd
EnvironmentFile=-/etc/default/taskwatchd
ExecStart=/usr/bin/taskwatchd run --config.file=/etc/taskwatchd/taskwatchd.yaml $ARGS
LogRateLimitIntervalSec=0
UMask=0077
LimitCORE=0
TasksMax=256
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateDevices=yes
PrivateIPC=yes
PrivateTmp=yes
PrivateUsers=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
END
# A credential whose file is missing would prevent the start, so only the drop-in may name one.
if grep -q '^LoadCredential' "$source/taskwatchd.service"; then fail "LoadCredential in the unit"; fi
grep -qx 'ARGS=""' "$source/taskwatchd.default" || fail "taskwatchd.default sets no ARGS"

cp "$source/taskwatchd.catalog" "$work/root/usr/lib/systemd/catalog/"
mkdir -p "$work/root/var/lib/systemd/catalog"
journalctl --root="$work/root" --update-catalog || fail "the catalog does not compile"
entries=$(journalctl --root="$work/root" --list-catalog | grep -c ' taskwatchd: ')
wanted=$(grep -c '^-- [0-9a-f]' "$source/taskwatchd.catalog")
[ "$entries" = "$wanted" ] || fail "catalog: $entries entries of $wanted"
echo "ok: $entries catalog entries"
