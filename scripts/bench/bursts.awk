# The minutes of a gateway log in which at least ten requests were answered 401, 403 or 429.
/\] (401|403|429) \|/ {
  split($0, cells, "|")
  status = substr(cells[1], length(cells[1]) - 3, 3)
  count[substr($0, 2, 16) " " status]++
}
END {
  for (minute in count) if (count[minute] >= 10) print minute, count[minute]
}
