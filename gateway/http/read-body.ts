import type { IncomingMessage } from 'node:http'

/** The whole body of a request; reading stops where it is too large. @throws Error if the client breaks off */
export const readBody = async (request: IncomingMessage, maxBytes: number): Promise<Buffer | 'too-large'> => {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return 'too-large'
  const chunks: Buffer[] = []
  let bytes = 0
  // Not an async iterator: leaving one early destroys the socket, and the answer with it.
  return await new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength
      if (bytes > maxBytes) {
        request.pause()
        resolve('too-large')
      } else {
        chunks.push(chunk)
      }
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', reject)
  })
}
