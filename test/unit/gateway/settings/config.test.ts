import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../../gateway/settings/config.ts'

const messageOf = (environment: Record<string, string>) => {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof Error) return error.message
  }
  throw new Error('The settings were taken')
}

describe('readConfig', () => {
  it('needs nothing: everything has a default, embedded and open', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      store: { kind: 'embedded' },
      broker: { kind: 'embedded' },
      auth: { mode: 'open' },
      dataFolder: '.data',
      retentionMs: undefined,
      maxAgeMs: 7_200_000,
    })
  })

  it('names every bad variable in one message', () => {
    const message = messageOf({
      PORT: '80800',
      RABBITMQ_URL: 'http://localhost',
      LANES: 'many',
      AUTH_MODE: 'secret',
      AUTH_SECRET: 'short',
      LIMIT_CONTENT_BYTES: '-1',
      FAULTS: 'rain=1',
      GATEWAY_ACCESS_KEY_ID: 'only',
    })
    for (const name of ['PORT', 'RABBITMQ_URL', 'LANES', 'AUTH_SECRET', 'LIMIT_CONTENT_BYTES', 'FAULTS']) {
      expect(message).toContain(name)
    }
    expect(message).not.toContain('\n')
    expect(message).not.toContain('short')
  })

  it('wants both halves of the credentials', () => {
    expect(messageOf({ GATEWAY_ACCESS_KEY_ID: 'only' })).toContain('GATEWAY_SECRET_ACCESS_KEY')
    expect(messageOf({ GATEWAY_SECRET_ACCESS_KEY: 'only' })).toContain('GATEWAY_ACCESS_KEY_ID')
  })

  it('takes an empty variable for an absent one', () => {
    expect(readConfig({ PORT: '', RABBITMQ_URL: '  ' })).toMatchObject({
      port: 8080,
      broker: { kind: 'embedded' },
    })
  })

  it('reads the ways to authenticate', () => {
    const secret = 'a'.repeat(32)
    expect(readConfig({ AUTH_MODE: 'secret', AUTH_SECRET: secret }).auth).toEqual({ mode: 'secret', secret })
    expect(
      readConfig({ AUTH_MODE: 'issuer', AUTH_ISSUER: 'https://id.example.test/', AUTH_AUDIENCE: 'chat' })
        .auth,
    ).toEqual({
      mode: 'issuer',
      issuer: 'https://id.example.test/',
      audience: 'chat',
    })
    expect(messageOf({ AUTH_MODE: 'issuer' })).toMatch(/AUTH_ISSUER is missing.*AUTH_AUDIENCE is missing/)
    expect(messageOf({ AUTH_MODE: 'none' })).toContain('open, secret, issuer')
  })

  it('refuses a limit that there is not: a misspelt one would silently not hold', () => {
    expect(messageOf({ LIMIT_CONTENT_BYTE: '3' })).toContain('LIMIT_CONTENT_BYTE;')
  })

  it('changes a limit by its variable', () => {
    const { limits } = readConfig({ LIMIT_HISTORY_PAGE: '7' })
    expect(limits).toMatchObject({ historyPage: 7, historyPageMax: 500 })
  })

  it('serves rooms of more than 1,000 members in parts, of another number, or none', () => {
    expect(readConfig({}).largeRoomMembers).toBe(1_000)
    expect(readConfig({ LARGE_ROOM_MEMBERS: '20' }).largeRoomMembers).toBe(20)
    expect(readConfig({ LARGE_ROOM_MEMBERS: '0' }).largeRoomMembers).toBeNull()
    expect(messageOf({ LARGE_ROOM_MEMBERS: 'many' })).toContain('LARGE_ROOM_MEMBERS')
  })

  it('refuses limits under which a message that is taken could not be delivered', () => {
    expect(messageOf({ LIMIT_CONTENT_BYTES: '30000' })).toContain('LIMIT_CONTENT_BYTES')
    expect(messageOf({ LIMIT_SERVER_FRAME_BYTES: '8000' })).toContain('LIMIT_SERVER_FRAME_BYTES')
    expect(messageOf({ LIMIT_CLIENT_FRAME_BYTES: '200000' })).toContain('LIMIT_CLIENT_FRAME_BYTES')
    expect(messageOf({ LIMIT_HISTORY_PAGE: '600' })).toContain('LIMIT_HISTORY_PAGE')
  })

  it('is not open to other machines unless it is told to be', () => {
    expect(messageOf({ HOST: '0.0.0.0' })).toContain('AUTH_MODE')
    expect(readConfig({ HOST: '0.0.0.0', AUTH_MODE: 'open' })).toMatchObject({ auth: { mode: 'open' } })
  })

  it('wants what nodes need to post to each other', () => {
    const alone = { HOST: '0.0.0.0', AUTH_MODE: 'open', RABBITMQ_URL: 'amqp://broker' }
    expect(readConfig(alone)).toMatchObject({ managementEndpoint: undefined })
    const shared = { ...alone, DYNAMODB_ENDPOINT: 'http://store:8000' }
    expect(messageOf(shared)).toContain('MANAGEMENT_ENDPOINT')
    const keys = { GATEWAY_ACCESS_KEY_ID: 'a', GATEWAY_SECRET_ACCESS_KEY: 'b' }
    expect(
      readConfig({ ...shared, ...keys, MANAGEMENT_ENDPOINT: 'http://10.0.0.7:8080/local/' }),
    ).toMatchObject({
      managementEndpoint: 'http://10.0.0.7:8080/local',
    })
  })

  it('reads the origins of pages that may connect', () => {
    const origins = 'https://chat.example.org, http://localhost:3000'
    expect(readConfig({ ALLOWED_ORIGINS: origins }).allowedOrigins).toEqual([
      'https://chat.example.org',
      'http://localhost:3000',
    ])
    expect(messageOf({ ALLOWED_ORIGINS: 'chat.example.org' })).toContain('ALLOWED_ORIGINS')
    expect(readConfig({ AUTH_MODE: 'secret', AUTH_SECRET: 'a'.repeat(32) }).allowedOrigins).toBeNull()
    expect(readConfig({}).allowedOrigins).toBe('same-host')
  })
})
