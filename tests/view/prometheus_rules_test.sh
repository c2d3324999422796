#!/usr/bin/env bash
# Checks the shipped files in config/prometheus and config/alertmanager: their own tools accept them, the alerts
# fire with the texts that their unit tests expect, and each has a runbook and a receiver. alert_situations_test.py
# checks when alerts fire, metric_names_test.py checks the metric names.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root/config/prometheus"

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

promtool check rules --lint=all --lint-fatal taskwatchd.rules.yml
promtool test rules taskwatchd.rules.test.yml
promtool check config --lint=all --lint-fatal prometheus.yml
amtool check-config ../alertmanager/alertmanager.yml

# Each alert has a runbook under the heading in its link, a unit test and a severity.
alerts=$(sed -nE 's/^ *- alert: //p' taskwatchd.rules.yml)
[ -n "$alerts" ] || fail "no alert found"
for alert in $alerts; do
  grep -qx "## $alert" "$root/docs/reference/alerts.md" || fail "$alert has no section in docs/reference/alerts.md"
  grep -qxE " +runbook_url: http://localhost:10120/runbooks/$alert" taskwatchd.rules.yml || fail "$alert links to no runbook"
  grep -qF "alertname: $alert" taskwatchd.rules.test.yml || fail "$alert has no unit test"
done
for key in severity summary description runbook_url; do
  [ "$(grep -cE "^ +$key:" taskwatchd.rules.yml)" -eq "$(wc -w <<<"$alerts")" ] || fail "not every alert has a $key"
done

# Every alert is in the table at the top of docs/reference/alerts.md, with its severity.
while read -r alert severity; do
  grep -qF "| [$alert](#${alert,,}) | $severity |" "$root/docs/reference/alerts.md" || fail "$alert ($severity) is not in the table"
done < <(sed -nE 's/^ *- alert: //p; s/^ *severity: //p' taskwatchd.rules.yml | paste -d' ' - -)

# Routing: alerts of one account are one group, and all except the watchdog reach a person.
for alert in $alerts; do
  receiver=on-call
  [ "$alert" != TaskwatchdWatchdog ] || receiver=dead-man
  [ "$alert" != TaskwatchdDirectWorks ] || receiver=nobody
  [ "$(amtool config routes test --config.file=../alertmanager/alertmanager.yml "alertname=$alert")" = "$receiver" ] ||
    fail "$alert does not reach $receiver"
done
grep -qF 'group_by: [alertname, account]' ../alertmanager/alertmanager.yml || fail "not grouped by alert and account"
