import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CaptureError } from '../errors.js'
import { CONTENT_TYPES, negotiate, pageText } from './exposition.js'
import type { Metrics } from './metrics.js'

export interface ServeOptions {
  /** 0 … 65535; 0: any that is free, see `url`. */
  port: number
  /** Address or name to listen on. Default 127.0.0.1: only programs of this machine can ask. */
  host?: string
}

/** Connections at a time. Collectors use one each. */
const MAX_CONNECTIONS = 64

/** An HTTP server with one page, /metrics. */
export class MetricsServer implements AsyncDisposable {
  /** Of the page. */
  readonly url: string
  readonly #server: Server

  /** @internal See serveMetrics(). */
  constructor(server: Server) {
    const { address, family, port } = server.address() as AddressInfo
    this.url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`
    this.#server = server
  }

  /** Frees the port. Answers that are under way are cut off. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }
}

/**
 * Serves metrics over HTTP, as OpenMetrics where that is asked for, else in Prometheus' text format.
 *
 * @throws CaptureError ERR_CAPTURE_BUSY for a port in use, ERR_CAPTURE_PERM for one that is not for this user, ERR_CAPTURE_OPTION for a host
 *   that is none of this machine
 */
export async function serveMetrics(metrics: Metrics, { port, host = '127.0.0.1' }: ServeOptions): Promise<MetricsServer> {
  const server = createServer((request, response) => answer(metrics, request, response))
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(failure(error, host, port)))
    try {
      server.listen({ host, port, exclusive: true }, resolve)
    } catch (error) {
      reject(failure(error as NodeJS.ErrnoException, host, port))
    }
  })
  return new MetricsServer(server)
}

function answer(metrics: Metrics, { method, url = '', headers }: IncomingMessage, response: ServerResponse): void {
  const say = (status: number, type: string, text: string, more = {}) => {
    const body = Buffer.from(text)
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': body.length, ...more })
    response.end(method === 'HEAD' ? undefined : body)
  }
  if (!/^\/metrics(\?|$)/.test(url)) return say(404, 'text/plain; charset=utf-8', 'The metrics are at /metrics.\n')
  if (method !== 'GET' && method !== 'HEAD') return say(405, 'text/plain; charset=utf-8', 'This page can be read only.\n', { Allow: 'GET, HEAD' })
  const syntax = negotiate(headers.accept)
  say(200, CONTENT_TYPES[syntax], pageText(metrics.families(), syntax), { Vary: 'Accept', 'Cache-Control': 'no-store' })
}

function failure(cause: NodeJS.ErrnoException, host: string, port: number): CaptureError {
  const { code = 'unknown error', message } = cause
  switch (code) {
    case 'EADDRINUSE':
      return new CaptureError('ERR_CAPTURE_BUSY', `port ${port} of ${host} is in use`, `take another one; who has it: ss -ltnp 'sport = :${port}'`, cause)
    case 'EACCES':
      return new CaptureError('ERR_CAPTURE_PERM', `port ${port} is not for this user`, 'take one from 1024 on', cause)
    case 'ENOTFOUND': case 'EAI_AGAIN': case 'EADDRNOTAVAIL':
      return new CaptureError('ERR_CAPTURE_OPTION', `${host} is no address of this machine`, '127.0.0.1 for this machine alone, 0.0.0.0 for all', cause)
    case 'ERR_SOCKET_BAD_PORT':
      return new CaptureError('ERR_CAPTURE_OPTION', `a port is a number from 0 to 65535, not ${port}`, '{ port: 9100 }', cause)
    default:
      return new CaptureError('ERR_CAPTURE_IO', `cannot listen on ${host}:${port}: ${message}`, '127.0.0.1 for this machine alone, 0.0.0.0 for all', cause)
  }
}
