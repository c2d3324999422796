#!/bin/bash
# Runs inside the booted root, once, as a unit: checks the installed service with systemd, the journal and dpkg.
# Prints one line per check, `CHECK NAME ok` or `CHECK NAME FAIL: reason`; the other lines are observations.
# systemd_test.py reads the output.
set -u
url_port=10120
task=MSnT9aaaaaaaaaaaaq010101
other=MSnT9aaaaaaaaaaaaq010102
config=/etc/taskwatchd/taskwatchd.yaml
check_told=$(sed -n 's/^#   sudo \(.*taskwatchd check .*\)/\1/p' "$config")  # without sudo: the script runs as root
failed=()

fail() { failed+=("$*"); }
wants() { # WHAT WANTED SEEN
  [[ $3 == "$2" ]] || fail "$1 is ${3:-nothing}, not $2"
}
has() { # WHAT PATTERN TEXT
  grep -Eq -- "$2" <<<"$3" || fail "$1 has no $2: ${3:0:400}"
}
prop() { systemctl show -P "$1" taskwatchd; }
http() { # PATH: prints the response, headers and body
  exec 3<>"/dev/tcp/127.0.0.1/$url_port" || return 1
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3
  cat <&3
  exec 3>&-
}
until_true() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || return 1
    sleep 0.2
  done
}
journal() { journalctl --no-pager -u taskwatchd "$@"; }
event() { journal -q -o cat "$@" | grep -q .; }
up() { http /metrics | grep -q '^taskwatchd_account_up{account="demo"} 1'; }
restarted_from() { [[ $(prop MainPID) != "$1" && $(prop MainPID) != 0 && $(prop ActiveState) == active ]]; }
check() { # NAME: runs check_NAME
  failed=()
  "check_$1"
  if ((${#failed[@]})); then
    echo "CHECK $1 FAIL: $(printf '%s; ' "${failed[@]}" | tr '\n' ' ')"
  else
    echo "CHECK $1 ok"
  fi
}

# Prints every file of the root, with the attributes that a write changes.
files() {
  find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /dev -o -path /tmp -o -path /results \) -prune -o \
    -printf '%p\t%y\t%s\t%C@\n' | sort
}

# The state after an installation: the service does not run, and nothing has failed.
check_unconfigured() {
  wants "the state" inactive "$(prop ActiveState)"
  wants "is-enabled" disabled "$(systemctl is-enabled taskwatchd)"
  [[ -z $(systemctl --failed --plain --no-legend | grep taskwatchd) ]] || fail "a failed unit"
}

# Started without a configuration: the service logs the reason and does not retry forever.
check_empty_configuration() {
  systemctl start taskwatchd 2>/dev/null && fail "it starts without anything to watch"
  sleep 5
  wants "the state" failed "$(prop ActiveState)"
  wants "the exit code" 78 "$(prop ExecMainStatus)"
  wants "the number of restarts" 0 "$(prop NRestarts)"
  has "the journal" "$config:1:1: the file is empty; add .accounts." "$(journal -o cat)"
  systemctl reset-failed taskwatchd
}

configure() { # TASK...
  cat >"$config" <<END
accounts:
  - name: demo
    credentials:
      access_key_id_file: \$CREDENTIALS_DIRECTORY/access-key-id
      access_key_secret_file: \$CREDENTIALS_DIRECTORY/access-key-secret
    pace: {task: 1s}
    instances:
      - region: cn-shanghai
        id: iot-cn-demo0001
        endpoint: http://127.0.0.1:18080
        tasks: [$(IFS=,; echo "$*")]
END
}

check_start() {
  install -d -m 700 /etc/taskwatchd/keys
  (umask 277 && echo LTAI5tDemoKey >/etc/taskwatchd/keys/access-key-id &&
    echo demo-secret-not-a-real-one >/etc/taskwatchd/keys/access-key-secret)
  install -D -m 644 /usr/share/doc/taskwatchd/examples/credentials.conf \
    /etc/systemd/system/taskwatchd.service.d/credentials.conf
  configure "$task"
  systemctl daemon-reload
  systemctl start iotsim || fail "iotsim does not start"
  # The command that the package recommends before the start, with credentials from the folder.
  local said
  said=$(env $check_told 2>&1) || fail "$check_told: $? $said"
  has "the check" ' responds$' "$said"
  systemctl enable -q taskwatchd
  files >/run/files_before
  systemctl start taskwatchd || fail "systemctl start: $?"
  # Type=notify: the start has finished, so the service is ready now.
  has "/-/ready" '^HTTP/1.1 200' "$(http /-/ready)"
  wants "is-active" active "$(systemctl is-active taskwatchd)"
  wants "the state within" running "$(prop SubState)"
  wants "Type" notify "$(prop Type)"
  [[ -n $(prop StatusText) ]] || fail "no STATUS="
  event EVENT=started || fail "no event started"
  echo "status: $(prop StatusText)"
}

check_keys() {
  until_true 60 up || fail "account_up is not 1: $(http /metrics | grep -E '^taskwatchd_(account_up|api_failures)')"
  local pid uid
  pid=$(prop MainPID)
  uid=$(stat -c %u "/proc/$pid")
  ((uid >= 61184 && uid <= 65519)) || fail "its user is $uid, not a dynamic one"
  wants "the keys' mode" "400 root" "$(stat -c '%a %U' /etc/taskwatchd/keys/access-key-secret)"
  setpriv --reuid="$uid" --clear-groups cat /etc/taskwatchd/keys/access-key-secret >/dev/null 2>&1 &&
    fail "its user can read the key file itself"
  [[ -z $(tr '\0' '\n' <"/proc/$pid/environ" | grep -i secret-not) ]] || fail "the key is in its environment"
  wants "CapEff" 0000000000000000 "$(sed -n 's/^CapEff:\t//p' "/proc/$pid/status")"
  wants "NoNewPrivs" 1 "$(sed -n 's/^NoNewPrivs:\t//p' "/proc/$pid/status")"
  wants "Seccomp" 2 "$(sed -n 's/^Seccomp:\t//p' "/proc/$pid/status")"
}

check_journal_fields() {
  until_true 120 event TASK_ID=$task EVENT=task_transition TO=FAILED ||
    { fail "no transition to FAILED: $(journal -q -o cat TASK_ID=$task)"; return; }
  local entry
  entry=$(journal -q -o json TASK_ID=$task TO=FAILED)
  for field in '"FROM":"[A-Z_]+"' '"ACCOUNT":"demo"' '"JOB_ID":"[^"]+"' '"MESSAGE_ID":"[0-9a-f]{32}"' '"EVENT_ID":"[0-9]+"' \
    '"PRIORITY":"4"' '"SYSLOG_IDENTIFIER":"taskwatchd"' '"_SYSTEMD_UNIT":"taskwatchd.service"' \
    '"STATUS_MESSAGE":"checksum mismatch"'; do
    has "the entry" "$field" "$entry"
  done
}

check_catalog() {
  local reported
  reported=$(journal -q -x TASK_ID=$task TO=FAILED)
  has "journalctl -x" "Subject: Task $task is now FAILED" "$reported"
  has "journalctl -x" "need attention" "$reported"
}

# The runbook links of the packaged alerts, with the base address that they are shipped with.
check_runbooks() {
  local rules urls url
  rules=$(dpkg -L taskwatchd | grep '/taskwatchd.rules.yml$')
  urls=$(sed -n 's|.*runbook_url: *http://localhost:10120\(/.*\)|\1|p' "$rules" | sort -u)
  (($(wc -l <<<"$urls") >= 20)) || fail "the rules have few runbook_urls: $urls"
  for url in $urls; do
    has "$url" '^HTTP/1.1 200' "$(http "$url" | head -1)"
  done
}

check_reload() {
  local pid
  pid=$(prop MainPID)
  configure "$task" "$other"
  systemctl log-level debug
  systemctl reload taskwatchd || fail "systemctl reload: $?"
  until_true 60 event TASK_ID=$other || fail "the task that was added is not watched"
  systemctl log-level info
  event EVENT=config_reloaded || fail "no event config_reloaded"
  has "systemd" "taskwatchd.service: Got notification message.*RELOADING=1" "$(journalctl -q --no-pager -o cat _PID=1)"
  wants "the process" "$pid" "$(prop MainPID)"
  wants "the state within" running "$(prop SubState)"
  echo 'nonsense: true' >>"$config"
  systemctl reload taskwatchd
  until_true 60 event EVENT=config_reload_failed || fail "no event config_reload_failed"
  wants "is-active after a bad reload" active "$(systemctl is-active taskwatchd)"
  wants "the process" "$pid" "$(prop MainPID)"
  configure "$task" "$other"
}

check_watchdog() {
  local pid began=$SECONDS
  pid=$(prop MainPID)
  kill -STOP "$pid"
  until_true 120 restarted_from "$pid" || fail "not restarted after $((SECONDS - began)) s"
  echo "watchdog: a stopped daemon was replaced after $((SECONDS - began)) s"
  wants "the number of restarts" 1 "$(prop NRestarts)"
  has "the journal" "Watchdog timeout" "$(journal -o cat)"
  until_true 60 up || fail "not up after the restart"
  # The state database was kept: the transition has no second event.
  wants "the transitions to FAILED" 1 "$(journal -q -o json TASK_ID=$task TO=FAILED | grep -o '"EVENT_ID":"[0-9]*"' | sort -u | wc -l)"
}

check_writes() {
  local pid wrong
  pid=$(prop MainPID)
  files >/run/files_after
  # Other changed files belong to the journal, to systemd or to this script.
  wrong=$(comm -13 /run/files_before /run/files_after | cut -f1 | grep -Ev \
    -e '^/var/lib/private(/taskwatchd(/.*)?)?$' -e '^/var/lib/taskwatchd$' -e '^/var/lib$' \
    -e '^/etc/taskwatchd(/taskwatchd.yaml)?$' -e '^/var/log/journal' -e '^/var/lib/systemd/' \
    -e '^/var/tmp(/systemd-private-.*)?$' -e '^/var/log/(wtmp|lastlog)$')
  [[ -z $wrong ]] || fail "changed: $wrong"
  wants "what its user owns elsewhere" "" "$(find / -xdev -uid "$(stat -c %u "/proc/$pid")" ! -path '/proc/*' ! -path '/var/lib/private/taskwatchd*')"
  [[ -s /var/lib/private/taskwatchd/state.db ]] || fail "no state.db in the state folder"
  wants "the state folder's mode" 700 "$(stat -c %a /var/lib/private/taskwatchd)"
  local place
  for place in /etc /usr/bin /var/lib /home /root; do
    nsenter --target "$pid" --mount -- sh -c "echo >$place/probe" 2>/dev/null && fail "$place is writable for it"
  done
  nsenter --target "$pid" --mount -- sh -c 'echo >/var/lib/private/taskwatchd/probe && rm /var/lib/private/taskwatchd/probe' ||
    fail "its state folder is not writable for it"
}

check_stop() {
  local began ended
  began=$(date +%s%N)
  systemctl stop taskwatchd
  ended=$(date +%s%N)
  echo "stop: $(((ended - began) / 1000000)) ms"
  ((ended - began < 5000000000)) || fail "stopping took $(((ended - began) / 1000000)) ms"
  wants "Result" success "$(prop Result)"
  wants "the exit code" 0 "$(prop ExecMainStatus)"
  event EVENT=stopping || fail "no event stopping"
}

# An exit code of systemd that docs/how-to/troubleshooting.md explains.
check_lost_credential() {
  local dropin=/etc/systemd/system/taskwatchd.service.d/lost.conf
  printf '[Service]\nLoadCredential=lost:/etc/taskwatchd/no-such-file\n' >"$dropin"
  systemctl daemon-reload
  systemctl start taskwatchd 2>/dev/null && fail "it starts without a credential"
  wants "the exit code" 243 "$(prop ExecMainStatus)"
  systemctl stop taskwatchd
  rm "$dropin"
  systemctl daemon-reload
  systemctl reset-failed taskwatchd
}

# Prints the commands of a page of docs/how-to, by the number of the block among the `sh run` blocks.
documented() { # PAGE BLOCK
  awk -v wanted="$2" '/^```sh run$/{within = ++block == wanted; next} /^```/{within = 0} within' "/$1"
}
sudo() { env "$@"; }
restored() {
  wants "is-active" active "$(systemctl is-active taskwatchd)"
  has "the history" '"from":"IN_PROGRESS"' "$(http "/api/v1/tasks/$task" | tr -d ' ')"
  # Since systemd 257, the files belong to nobody on the disk, and an ID-mapped mount makes them the daemon's.
  local owner
  owner=$(stat -c %u /var/lib/private/taskwatchd)
  [ "$owner" = "$(stat -c %u "/proc/$(prop MainPID)")" ] || [ "$owner" = "$(id -u nobody)" ] || fail "the state folder belongs to $owner"
  wants "what has another owner in the state folder" "" "$(find /var/lib/private/taskwatchd ! -uid "$owner")"
  # A file that the daemon cannot write would show at the next commit.
  until_true 60 up || fail "not up"
}
check_restore() {
  local folder=/var/lib/private/taskwatchd
  wants "the commands of backup and restoring" "1 5" \
    "$(documented backup-restore.md 1 | wc -l) $(documented backup-restore.md 2 | wc -l)"
  eval "$(documented backup-restore.md 1)" || fail "the backup: $?"
  wants "the copy's mode" "600 root" "$(stat -c '%a %U' /var/backups/taskwatchd.db)"
  systemctl stop taskwatchd
  head -c 65536 /dev/urandom >"$folder/state.db"
  systemctl start taskwatchd 2>/dev/null && fail "it starts with a damaged state"
  wants "the exit code" 74 "$(prop ExecMainStatus)"
  eval "$(documented backup-restore.md 2)" || fail "the restoring: $?"
  restored
  # As on a machine where the service never ran.
  systemctl stop taskwatchd
  rm -r "$folder" /var/lib/taskwatchd
  install -d -m 700 "$folder"
  eval "$(documented backup-restore.md 2)" || fail "the restoring on another machine: $?"
  restored
}

check_upgrade() {
  local pid
  systemctl start taskwatchd
  pid=$(prop MainPID)
  dpkg --force-confdef --force-confold -i /newer.deb </dev/null || fail "dpkg -i: $?"
  until_true 60 restarted_from "$pid" || fail "not restarted by the upgrade"
  until_true 60 up || fail "not up after the upgrade"
  wants "is-enabled" enabled "$(systemctl is-enabled taskwatchd)"
  wants "the transitions to FAILED" 1 "$(journal -q -o json TASK_ID=$task TO=FAILED | grep -o '"EVENT_ID":"[0-9]*"' | sort -u | wc -l)"
}

# Opens the port to other hosts, as in docs/how-to/serve-with-tls.md.
check_tls() {
  local page=serve-with-tls.md said
  mkdir /root/tls && cd /root/tls || fail "no folder"
  openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.pem -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null || fail "openssl: $?"
  eval "$(documented "$page" 1)" || fail "the credentials: $?"
  # The block of the page, with a hash of the word PASSWORD.
  awk '/^```yaml$/ && !block++{within = 1; next} /^```/{within = 0} within' "/$page" |
    sed 's|\$2y\$10\$HASH|$2b$10$abcdefghijklmnopqrstuuMvXkD96eZ5gBC0Mh2jE/abh3H.QYAmG|' >/etc/taskwatchd/web.yaml
  grep '^ARGS=' "/$page" >/etc/default/taskwatchd
  eval "$(documented "$page" 2)" || fail "the check and the restart: $?"
  wants "is-active" active "$(systemctl is-active taskwatchd)"
  echo PASSWORD >password
  said=$(taskwatchd explain --url=https://127.0.0.1:10120 --user=prometheus --password-file=password --ca-file=server.pem "$task" 2>&1) ||
    fail "explain: $? $said"
  has "explain" "$task" "$said"
  taskwatchd explain --url=https://127.0.0.1:10120 --ca-file=server.pem "$task" >/dev/null 2>&1 && fail "it answers without a password"
  has "plain http" '^HTTP/1.[01] 400' "$(http /-/ready)"
  cd / && rm -r /root/tls /etc/taskwatchd/web.yaml /etc/systemd/system/taskwatchd.service.d/tls.conf
  echo 'ARGS=""' >/etc/default/taskwatchd
  systemctl daemon-reload && systemctl restart taskwatchd
  has "/-/ready afterwards" '^HTTP/1.1 200' "$(http /-/ready)"
}

# systemd owns the port. The daemon serves it at once; if only the service is stopped, the next request starts it
# again.
check_socket() {
  local socket=/etc/systemd/system/taskwatchd.socket step
  cp /usr/share/doc/taskwatchd/examples/taskwatchd.socket "$socket"
  echo 'ARGS="--web.systemd-socket"' >/etc/default/taskwatchd
  # Step 3, as the file describes it.
  step=$(sed -n '/^# 3\. /,/^# [^ ]/{s/^# *\(3\. \)\?\(systemctl .*\)/\2/p}' "$socket")
  wants "the lines of step 3" 2 "$(wc -l <<<"$step")"
  bash -ec "$step" || fail "$step: $?"
  wants "is-active" active "$(systemctl is-active taskwatchd)"
  has "/-/ready" '^HTTP/1.1 200' "$(http /-/ready)"
  systemctl stop taskwatchd 2>/dev/null
  has "a request to the stopped service" '^HTTP/1.1 200' "$(http /-/healthy)"
  systemctl stop taskwatchd.socket taskwatchd
  http /-/healthy 2>/dev/null && fail "it answers after a stop of socket and service"
  wants "is-active after both are stopped" inactive "$(systemctl is-active taskwatchd)"
  systemctl start taskwatchd.socket taskwatchd || fail "systemctl start of both: $?"
  has "/-/ready" '^HTTP/1.1 200' "$(http /-/ready)"
}

check_remove() {
  dpkg --remove taskwatchd </dev/null || fail "dpkg --remove: $?"
  http /-/healthy 2>/dev/null && fail "it answers after the removal"
  wants "is-active" inactive "$(systemctl is-active taskwatchd)"
  wants "the socket" inactive "$(systemctl is-active taskwatchd.socket)"
  [[ -s /var/lib/private/taskwatchd/state.db ]] || fail "the state went with the package"
  dpkg --purge taskwatchd </dev/null || fail "dpkg --purge: $?"
  [[ ! -e /var/lib/private/taskwatchd && ! -L /var/lib/taskwatchd ]] || fail "a purge leaves the state"
  [[ ! -e $config ]] || fail "a purge leaves the configuration"
  [[ -z $(systemctl --failed --plain --no-legend) ]] || fail "failed: $(systemctl --failed --plain --no-legend)"
}

for name in unconfigured empty_configuration start keys journal_fields catalog runbooks reload watchdog writes stop lost_credential upgrade restore tls socket remove; do
  check "$name"
done
echo "END"
journal -n 60
