#!/bin/sh
# The runbook's Daily Checks as written there; step 4, which it leaves to the operator, by grep and awk.
# API_KEY=<key> runbook-daily.sh <gateway url> <main.log>
set -eu
url=$1
log=$2

echo "1. health check"
curl -sS "$url/health"

echo "2. model inventory"
curl -sS "$url/v1/models" -H "Authorization: Bearer $API_KEY" | jq '.data | length'

echo "3. provider metrics"
curl -sS "$url/v1/metrics/providers" | jq

echo "4. log scan"
grep -F ' | ' "$log" | awk -f "$(dirname "$0")/bursts.awk"

echo "5. Spark eligibility"
curl -sS "$url/v1/models" -H "Authorization: Bearer $API_KEY" | jq -r '.data[].id' | rg 'gpt-5.3-codex|gpt-5.3-codex-spark'
