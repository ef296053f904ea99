import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { dataFolder, spawnGateway } from '../support/processes/gateway-process.ts'
import { freePort } from '../support/servers/rabbitmq-server.ts'
import { connectPlain } from '../support/sockets/plain-client.ts'

const send = (content: string) => ({ action: 'sendMessage', roomId: 'general', content })

describe('the gateway as a process', () => {
  it('keeps what was said between starts, and after a crash', async () => {
    const env = { PORT: '0', DATA_DIR: await dataFolder() }
    const first = spawnGateway(env)
    const ada = await connectPlain(`${await first.url()}/?userId=ada&roomId=general`)
    await ada.request(send('before the crash'))
    first.child.kill('SIGKILL')
    await first.exited
    const second = spawnGateway(env)
    const again = await connectPlain(`${await second.url()}/?userId=ada`)
    expect(await again.request({ action: 'joinRoom', roomId: 'general' })).toMatchObject({
      messages: [{ seq: 1, content: 'before the crash' }],
    })
    expect(await again.request(send('after it'))).toMatchObject({ type: 'ack', seq: 2 })
  })

  it('lets a user in again whose connections a crash has left behind', async () => {
    const env = { PORT: '0', DATA_DIR: await dataFolder(), LIMIT_CONNECTIONS_PER_USER: '1' }
    const first = spawnGateway(env)
    await connectPlain(`${await first.url()}/?userId=ada&roomId=general`)
    first.child.kill('SIGKILL')
    await first.exited
    await connectPlain(`${await spawnGateway(env).url()}/?userId=ada&roomId=general`)
  })

  it('drains on SIGTERM: work in flight finishes, clients are asked to reconnect, and it exits with 0', async () => {
    const gateway = spawnGateway({ PORT: '0', DATA_DIR: await dataFolder() })
    const ada = await connectPlain(`${await gateway.url()}/?userId=ada&roomId=general`)
    await ada.request({ action: 'ping' })
    const sent = Array.from({ length: 20 }, (_, index) => ada.request(send(`${index}`)))
    await sent[0]
    gateway.child.kill('SIGTERM')
    await ada.untilFrame('disconnect')
    expect(ada.frames.at(-1)).toMatchObject({ type: 'disconnect', code: 4503, reconnect: true })
    expect((await ada.closed).code).toBe(1001)
    for (const reply of await Promise.all(sent)) expect(reply.type).toBe('ack')
    expect(await gateway.exited).toBe(0)
  })

  it('answers /health', async () => {
    const gateway = spawnGateway({ PORT: '0', DATA_DIR: await dataFolder() })
    const reply = await fetch(`${await gateway.url()}/health`)
    expect(reply.status).toBe(200)
    expect(await reply.json()).toMatchObject({
      status: 'ok',
      connections: 0,
      checks: { store: 'ok', broker: 'ok' },
    })
  })
})

describe('a gateway that cannot start', () => {
  const refusal = async (env: Readonly<Record<string, string>>) => {
    const gateway = spawnGateway({ PORT: '0', LOG_LEVEL: 'error', DATA_DIR: await dataFolder(), ...env })
    expect(await gateway.exited).toBe(1)
    expect(gateway.errors().trim().split('\n')).toHaveLength(1)
    expect(gateway.output()).toBe('')
    return gateway.errors()
  }

  it('names every bad setting in one line', async () => {
    const line = await refusal({ PORT: 'eighty', LANES: '0', AUTH_MODE: 'magic' })
    for (const name of ['PORT', 'LANES', 'AUTH_MODE']) expect(line).toContain(name)
  })

  it('says that its port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const address = other.address()
    if (address === null || typeof address === 'string') throw new Error('No port was given')
    expect(await refusal({ PORT: String(address.port) })).toContain(`${address.port}: the port is in use`)
  })

  it('says that its store is out of reach', async () => {
    const line = await refusal({ DYNAMODB_ENDPOINT: `http://127.0.0.1:${await freePort()}` })
    expect(line).toMatch(/DynamoDB at http:\S+ cannot be used \(.*ECONNREFUSED.*DYNAMODB_ENDPOINT/)
  })

  it('says that its broker is out of reach, and shows no password', async () => {
    const line = await refusal({ RABBITMQ_URL: `amqp://chat:hunter2@127.0.0.1:${await freePort()}` })
    expect(line).toMatch(/RabbitMQ at 127\.0\.0\.1:\d+ cannot be used \(.*ECONNREFUSED.*RABBITMQ_URL/)
    expect(line).not.toContain('hunter2')
  })

  it('says that another process uses its data folder', async () => {
    const folder = await dataFolder()
    const first = spawnGateway({ PORT: '0', DATA_DIR: folder })
    await first.url()
    expect(await refusal({ DATA_DIR: folder })).toContain(`Another process uses the data folder ${folder}`)
  })
})
