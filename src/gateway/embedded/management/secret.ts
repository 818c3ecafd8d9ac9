import { scryptSync, timingSafeEqual } from 'node:crypto'

const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const HASHED = /^\$2[aby]\$\d\d\$.{53}$/
const OWN = /^\$2a\$10\$(?<salt>[./A-Za-z0-9]{22})(?<digest>[./A-Za-z0-9]{31})$/
/** Cheap on purpose: it guards a simulated gateway on loopback, and is asked for on every management request. */
const SCRYPT_COST = 256

/** True for a value that the gateway takes for a hash and leaves alone (contract, files 2.4). */
export function isHashed(secret: string): boolean {
  return HASHED.test(secret)
}

/**
 * The text that stands in the configuration instead of a plain key. It has the form of a bcrypt hash, which is what
 * readers of the file see, but the digest is scrypt's: bcrypt is not part of node. Only files the embedded gateway
 * made itself are rewritten with it; a real gateway could not check it.
 */
export function hashSecret(plain: string, newHex: (length: number) => string): string {
  const salt = toAlphabet(Buffer.from(newHex(64), 'hex'), 22)
  return `$2a$10$${salt}${digestOf(plain, salt)}`
}

/** Whether `offered` is the key that `secret` stands for; a hash that another gateway made never matches. */
export function matchesSecret(offered: string, secret: string): boolean {
  const own = OWN.exec(secret)?.groups
  if (own) return same(digestOf(offered, own.salt ?? ''), own.digest ?? '')
  return !isHashed(secret) && same(offered, secret)
}

function digestOf(plain: string, salt: string): string {
  return toAlphabet(scryptSync(plain, salt, 32, { N: SCRYPT_COST }), 31)
}

function toAlphabet(bytes: Buffer, length: number): string {
  return [...bytes.subarray(0, length)].map((byte) => ALPHABET[byte & 63]).join('')
}

function same(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
