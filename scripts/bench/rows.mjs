// A row of the table: what was measured, beside what, and whether it is what we aim at.

export const UNITS = {
  ms: (value) => `${value.toFixed(value < 100 ? 1 : 0)} ms`,
  bytes: (value) => `${(value / 2 ** 20).toFixed(0)} MiB`,
  perSecond: (value) => `${Math.round(value).toLocaleString('en')}/s`,
  bytesPerSecond: (value) => `${(value / 1e6).toFixed(0)} MB/s`,
}

/** `aim`: `{ atMost }` or `{ atLeast }`, of the ratio value : against; without one the row is only told. */
export function ratio({ name, value, against, than, unit, aim = {} }) {
  const quotient = value / than
  return {
    name,
    value: unit(value),
    against: `${against} ${unit(than)}`,
    ratio: `${quotient.toFixed(2)} x`,
    ...verdict(quotient, aim, (limit) => `${Number(limit.toFixed(2))} x`),
  }
}

/** A value with a limit of its own. */
export function limit({ name, value, unit, aim = {} }) {
  return { name, value: unit(value), against: '', ratio: '', ...verdict(value, aim, unit) }
}

export function skipped(name, why) {
  return { name, value: 'skipped', against: why, ratio: '', aim: '', met: '' }
}

function verdict(value, { atMost, atLeast }, words) {
  if (atMost !== undefined) return { aim: `<= ${words(atMost)}`, met: value <= atMost ? 'met' : 'NOT MET' }
  if (atLeast !== undefined) return { aim: `>= ${words(atLeast)}`, met: value >= atLeast ? 'met' : 'NOT MET' }
  return { aim: '', met: '' }
}
