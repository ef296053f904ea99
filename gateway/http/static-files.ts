import { readFile, realpath, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, sep } from 'node:path'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

/**
 * Serves a folder: index.html at `/` and files of known types. Hidden files and paths outside the folder are never
 * served.
 *
 * @returns true if a file was served; otherwise nothing was written
 */
export const makeStaticFiles =
  (folder: string) =>
  async (request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> => {
    const file = await find(folder, path === '/' ? '/index.html' : path)
    if (file === undefined) return false
    // File names carry no version, so browsers revalidate each time and mostly get 304.
    const headers = {
      'cache-control': 'no-cache',
      etag: file.etag,
      ...securityHeaders(request.headers.host),
    }
    if (request.headers['if-none-match'] === file.etag) {
      response.writeHead(304, headers).end()
      return true
    }
    const body = await readFile(file.path)
    response.writeHead(200, {
      ...headers,
      'content-type': file.contentType,
      'content-length': body.byteLength,
    })
    response.end(request.method === 'HEAD' ? undefined : body)
    return true
  }

type StaticFile = { readonly path: string; readonly contentType: string; readonly etag: string }

const find = async (folder: string, urlPath: string): Promise<StaticFile | undefined> => {
  const segments = decodeSegments(urlPath)
  const contentType = contentTypes[extname(urlPath)]
  if (segments === undefined || contentType === undefined) return undefined
  try {
    const root = await realpath(folder)
    const path = await realpath(join(root, ...segments))
    const stats = await stat(path)
    if (!path.startsWith(root + sep) || !stats.isFile()) return undefined
    return { path, contentType, etag: `"${stats.size.toString(36)}-${stats.mtimeMs.toString(36)}"` }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Decodes a path; undefined for `..`, hidden files, encoded slashes and broken encoding. */
const decodeSegments = (urlPath: string): readonly string[] | undefined => {
  try {
    const segments = urlPath.slice(1).split('/').map(decodeURIComponent)
    return segments.every((segment) => /^[^./\\\0][^/\\\0]*$/.test(segment)) ? segments : undefined
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(String(error.code))

const securityHeaders = (host: string | undefined): Record<string, string> => {
  // Before CSP 3, 'self' covers the page's own scheme only, so the WebSocket schemes are listed too.
  const self = host && /^[A-Za-z0-9.:[\]-]+$/.test(host) ? ` ws://${host} wss://${host}` : ''
  return {
    'content-security-policy': [
      "default-src 'self'",
      `connect-src 'self'${self}`,
      "img-src 'self' data:",
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    // The address of a page may contain a token.
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  }
}
