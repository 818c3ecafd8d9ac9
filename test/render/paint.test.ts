import { describe, expect, it } from 'vitest'
import { wrappedToType } from '../../src/render/paint.ts'

describe('what is there to be typed', () => {
  it('is wrapped at blanks alone, so that no path or list comes apart', () => {
    const path = `/srv/${'gateway/'.repeat(5)}key`
    expect(wrappedToType(`give ${path} with --api-key-file`, 24)).toEqual([
      'give',
      path,
      'with --api-key-file',
    ])
  })

  it('is not wrapped where a shell would go on with it', () => {
    const line = 'provops incident rate-limit --api-key-file client.key \\'
    expect(wrappedToType(line, 24)).toEqual([line])
  })
})
