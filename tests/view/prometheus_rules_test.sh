#!/usr/bin/env bash
# Holds what config/prometheus and config/alertmanager ship: their own tools accept it, the alerts fire and
# clear as their unit tests say, and neither rules nor runbooks name what does not exist.
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

# Each metric in the rules is one that the page can have.
metrics=$(grep -oE '\b(aliyun_iot|taskwatchd)_[a-z_]+' taskwatchd.rules.yml | sort -u)
[ -n "$metrics" ] || fail "no metric found in the rules"
for metric in $metrics; do
  grep -qF "\`${metric%_bucket}\`" "$root/docs/metrics.md" || fail "$metric is not in docs/metrics.md"
done

# Each alert has a runbook under the heading that it links to, a unit test and a severity.
alerts=$(sed -nE 's/^ *- alert: //p' taskwatchd.rules.yml)
[ -n "$alerts" ] || fail "no alert found"
for alert in $alerts; do
  grep -qx "## $alert" "$root/docs/alerts.md" || fail "$alert has no section in docs/alerts.md"
  grep -qF "runbook_url: docs/alerts.md#${alert,,}" taskwatchd.rules.yml || fail "$alert links to no runbook"
  grep -qF "alertname: $alert" taskwatchd.rules.test.yml || fail "$alert has no unit test"
done
for key in severity summary description runbook_url; do
  [ "$(grep -cE "^ +$key:" taskwatchd.rules.yml)" -eq "$(wc -w <<<"$alerts")" ] || fail "not every alert has a $key"
done

# Routing: alerts of one account are one group, and a dead taskwatchd never mutes a failed task.
[ "$(amtool config routes test --config.file=../alertmanager/alertmanager.yml alertname=TaskwatchdTaskBad)" = on-call ] ||
  fail "TaskwatchdTaskBad reaches nobody"
grep -qF 'group_by: [alertname, account]' ../alertmanager/alertmanager.yml || fail "not grouped by alert and account"
