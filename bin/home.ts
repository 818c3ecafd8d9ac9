import { homedir } from 'node:os'

// A container may run as a user whom nobody gave a home, and libraries ask for it as soon as they are loaded.
try {
  homedir()
} catch {
  process.env.HOME = '/'
}
