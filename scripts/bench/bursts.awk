# The minutes of a gateway log in which at least ten requests and 5 % of them were answered 401, 403 or 429.
BEGIN { FS = "|" }
NF > 3 {
  minute = substr($1, 2, 16)
  status = substr($1, length($1) - 3, 3)
  requests[minute]++
  if (status == 401 || status == 403 || status == 429) refused[minute " " status]++
}
END {
  for (key in refused) {
    of = requests[substr(key, 1, 16)]
    if (refused[key] >= 10 && refused[key] >= 0.05 * of) print key ": " refused[key] " of " of
  }
}
