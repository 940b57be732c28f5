import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { CaptureError, type CaptureErrorCode } from '../errors.js'
import type { MetadataBlock } from '../iface/metadata.js'
import { folderHint } from './address.js'
import { type Description, parseDescription } from './description.js'
import { packBlocks, unpackBlocks } from './metadata.js'

/** What a consumer sends, with the `queue` whose files it wants, with `metadata: true` or with `about: true`; a line of JSON. */
export const REQUEST = { sysring: 1 } as const

/** What a refusal and an answer look like: a line of JSON, and with the files an empty object. */
type Refusal = { code: CaptureErrorCode; message: string; hint: string }

const MAX_REQUEST = 1024
/** A consumer that connects and says nothing is hung up on, in ms. */
const PATIENCE_MS = 5000
/** What was there before the first record is known when that comes: once all workers have attached, which a busy machine takes its time for. */
const METADATA_PATIENCE_MS = 30_000

export interface ServerOptions {
  path: string
  /** Owner and group of the socket, and with it of the cluster; −1: as they are. */
  owner: number
  group: number
  /** Who may connect, and so consume: as for a file, 0660. */
  mode: number
  queues: number
  /** Sends the files of a queue through the socket of that number. */
  sendFiles(socket: number, queue: number, reply: string): void
  /** What consumers are told of the machine. */
  metadata(): Promise<readonly MetadataBlock[]>
  /** What is said of the cluster to who asks what there is. */
  about(): About
}

/** What a running cluster says of itself. */
export interface About extends Description {
  /** Of each queue: has it a consumer now? */
  readonly attached: readonly boolean[]
}

/** A cluster's socket that is listened at. */
export interface Serving {
  /** Removes it. Who is just getting an answer still gets it; nobody else is waited for. */
  close(): Promise<void>
}

/**
 * Where the consumers of a cluster get their queues: a socket, whose owner, group and mode are the cluster's. Descriptors go
 * through it, and then it is of no more use to the consumer; who is there, locks on the memory tell.
 *
 * @throws CaptureError ERR_CAPTURE_BUSY, ERR_CAPTURE_PERM, ERR_CAPTURE_IO
 */
export async function serve(options: ServerOptions): Promise<Serving> {
  const { path } = options
  let open = false
  const sockets = new Set<Socket>()
  // Who has asked says that nothing more comes, and still wants its answer.
  const server = createServer({ allowHalfOpen: true }, socket => {
    if (!open) return socket.destroy()
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    answer(socket, options)
  })
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
    await sweep(dirname(path))
    await listen(server, path)
    chownSync(path, options.owner, options.group)
    chmodSync(path, options.mode)
    // Whoever connected before the modes were right has to come again.
    open = true
    return { close: () => hangUp(server, sockets) }
  } catch (error) {
    server.close()
    if (error instanceof CaptureError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    const denied = code === 'EACCES' || code === 'EPERM'
    throw new CaptureError(denied ? 'ERR_CAPTURE_PERM' : 'ERR_CAPTURE_IO', `cannot make the cluster's socket ${path}: ${message}`, denied ? folderHint() : `look with: ls -ld ${dirname(path)}`, error)
  }
}

/** Removes the sockets of balancers that were killed; one that has just been made may not be listened at yet. */
async function sweep(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found?.isSocket() === true && Date.now() - found.mtimeMs > PATIENCE_MS && !(await isAnswered(path))) rmSync(path, { force: true })
  }
}

async function listen(server: Server, path: string): Promise<void> {
  const listening = () => new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => { server.off('error', reject); resolve() })
  })
  try {
    await listening()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    if (await isAnswered(path)) throw new CaptureError('ERR_CAPTURE_BUSY', `a cluster with that name runs: ${path}`, 'end it, or take another name')
    // Of a balancer that was killed.
    rmSync(path)
    await listening()
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection(path)
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => resolve(false))
  })
}

async function hangUp(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise(resolve => server.close(resolve))
  for (const socket of sockets) {
    if (socket.writableEnded && !socket.writableFinished) socket.once('finish', () => socket.destroy())
    else socket.destroy()
  }
  // Who asked and does not listen.
  const timer = setTimeout(() => { for (const socket of sockets) socket.destroy() }, PATIENCE_MS)
  await closed
  clearTimeout(timer)
}

function answer(socket: Socket, { queues, sendFiles, metadata, about }: ServerOptions): void {
  let request = ''
  let isAnswering = false
  socket.setEncoding('utf8')
  socket.on('end', () => { if (!isAnswering) socket.end() })
  socket.setTimeout(PATIENCE_MS, () => socket.destroy())
  socket.on('error', () => {}) // a consumer that went away
  socket.on('data', (text: string) => {
    request += text
    if (request.length > MAX_REQUEST) return socket.destroy()
    if (!request.endsWith('\n')) return
    const { sysring, queue, metadata: asksMetadata, about: asksAbout } = parse(request)
    request = ''
    if (sysring !== REQUEST.sysring) return refuse(socket, { code: 'ERR_CAPTURE_VERSION', message: 'its balancer is of another version', hint: 'use the same version of sysring on both sides' })
    if (asksMetadata === true) {
      isAnswering = true
      socket.setTimeout(0) // it may be a while until there is something to tell
      return void metadata().then(blocks => socket.end(packBlocks(blocks)), () => socket.destroy())
    }
    if (asksAbout === true) return void socket.end(JSON.stringify(about()))
    if (!Number.isInteger(queue) || queue! < 0 || queue! >= queues) {
      return refuse(socket, { code: 'ERR_CAPTURE_NO_DEVICE', message: `it has no queue ${queue}`, hint: `its queues are 0 to ${queues - 1}` })
    }
    try {
      sendFiles(numberOf(socket), queue!, '{}')
      socket.end()
    } catch (error) {
      const { code, message, hint } = error as Refusal
      refuse(socket, { code, message, hint })
    }
  })
}

function refuse(socket: Socket, refusal: Refusal): void {
  socket.end(JSON.stringify(refusal))
}

function parse(request: string): { sysring?: number; queue?: number; metadata?: boolean; about?: boolean } {
  try {
    return (JSON.parse(request) ?? {}) as object
  } catch {
    return {}
  }
}

/** Node cannot send descriptors to a process that is not its child; the addon can, through the socket's own. */
function numberOf(socket: Socket): number {
  return (socket as unknown as { _handle: { fd: number } })._handle.fd
}

/** What the balancer knows of the machine at this moment. @throws CaptureError ERR_CAPTURE_NO_DEVICE, ERR_CAPTURE_TRUNCATED */
export async function askMetadata(path: string): Promise<MetadataBlock[]> {
  return unpackBlocks(await ask(path, { metadata: true }, METADATA_PATIENCE_MS))
}

/** What the cluster is. @throws CaptureError ERR_CAPTURE_NO_DEVICE, ERR_CAPTURE_PERM, ERR_CAPTURE_FORMAT */
export async function askAbout(path: string): Promise<About> {
  const text = (await ask(path, { about: true }, 2 * PATIENCE_MS)).toString()
  const description = parseDescription(text)
  const { attached } = JSON.parse(text) as About
  return { ...description, attached: description.queues.map((_, queue) => attached?.[queue] === true) }
}

function ask(path: string, what: { metadata: true } | { about: true }, patienceMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path)
    const parts: Buffer[] = []
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      const denied = cause.code === 'EACCES'
      reject(new CaptureError(
        denied ? 'ERR_CAPTURE_PERM' : 'ERR_CAPTURE_NO_DEVICE', `cannot ask the balancer at ${path}: ${cause.message}`,
        denied ? `its owner and its group may; see: ls -l ${path}` : 'is it still running?', cause,
      ))
    })
    socket.setTimeout(patienceMs, () => socket.destroy(new Error('no answer')))
    socket.on('data', part => parts.push(part))
    socket.on('end', () => resolve(Buffer.concat(parts)))
    socket.end(`${JSON.stringify({ ...REQUEST, ...what })}\n`)
  })
}
