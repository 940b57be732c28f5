import { constants, open, readdir } from 'node:fs/promises'
import { request } from 'node:http'

/** Answers and files that are longer are not read: the longest are lists of all containers, some hundred bytes for each. */
const MAX_BYTES = 1024 * 1024
/** Entries of a directory at most. */
const MAX_NAMES = 64

/**
 * Files and local sockets of the machine, read without waiting for them. What is not there is undefined; what is there and cannot
 * be read is an error that says why.
 */
export class Host {
  /** What stands before each path: '' for this machine's own root, "/host" where that is mounted. */
  readonly root: string
  /** Ends requests that are under way. */
  readonly #signal: AbortSignal

  constructor(root: string, signal: AbortSignal) {
    this.root = root
    this.#signal = signal
  }

  /** A file with JSON in it. */
  async json(path: string): Promise<unknown> {
    this.#signal.throwIfAborted()
    // A pipe would never answer.
    const file = await unlessMissing(open(this.root + path, constants.O_RDONLY | constants.O_NONBLOCK))
    if (file === undefined) return undefined
    try {
      const stat = await file.stat()
      if (!stat.isFile() || stat.size > MAX_BYTES) throw new Error(`${path} is no file, or longer than ${MAX_BYTES} bytes`)
      const bytes = Buffer.alloc(stat.size)
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
      return parse(path, bytes.subarray(0, bytesRead))
    } finally {
      await file.close()
    }
  }

  /** The names in a directory, 64 at most. */
  async names(path: string): Promise<string[]> {
    this.#signal.throwIfAborted()
    return (await unlessMissing(readdir(this.root + path)))?.slice(0, MAX_NAMES) ?? []
  }

  /** What a server on a local socket answers; undefined where there is none, or where it does not know such a thing. */
  get(socketPath: string, path: string): Promise<unknown> {
    const asked = new Promise<unknown>((resolve, reject) => {
      const where = { socketPath: this.root + socketPath, path, headers: { host: 'localhost' } }
      const asking = request({ ...where, agent: false, signal: this.#signal })
      // A capture that is over does not wait for an answer.
      asking.on('socket', socket => socket.unref())
      asking.on('error', reject)
      asking.on('response', response => {
        const chunks: Buffer[] = []
        let length = 0
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          length += chunk.length
          if (length > MAX_BYTES) response.destroy(new Error(`${socketPath} answers with more than ${MAX_BYTES} bytes`))
        })
        response.on('error', reject)
        response.on('end', () => {
          const { statusCode = 0 } = response
          if (statusCode === 404) resolve(undefined)
          else if (statusCode !== 200) reject(new Error(`${socketPath} answers ${statusCode}`))
          else settle(() => parse(socketPath, Buffer.concat(chunks)), resolve, reject)
        })
      })
      asking.end()
    })
    return unlessMissing(asked)
  }
}

/** Of what completes a description, and is not worth failing for. */
export function ifReadable<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch(() => undefined)
}

function parse(from: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new Error(`${from}: not JSON`)
  }
}

function settle<T>(make: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): void {
  try {
    resolve(make())
  } catch (error) {
    reject(error)
  }
}

/** A socket that nobody listens at is as good as none. */
const MISSING: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED'])

async function unlessMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (MISSING.has((error as NodeJS.ErrnoException).code)) return undefined
    throw error
  }
}
