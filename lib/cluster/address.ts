import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { CaptureError } from '../errors.js'

/** Where a queue is: `cluster:ID@QUEUE`, or `cluster:PATH@QUEUE` with the path of a cluster's socket or of its memory. */
export interface QueueAddress {
  /** As it was given: "7", "/dev/shm/sysring-7". */
  readonly cluster: string
  readonly path: string
  readonly queue: number
}

const PREFIX = 'cluster:'
const ADDRESS = /^cluster:(.+)@(\d{1,3})$/s
/** Letters that a file name, a shell and a person can live with; a file name that is none is ".". */
const ID = /^(?!\.{1,2}$)[\w.-]{1,64}$/

export function isQueueAddress(device: string): boolean {
  return device.startsWith(PREFIX)
}

/** @throws CaptureError ERR_CAPTURE_NO_DEVICE */
export function parseAddress(device: string): QueueAddress {
  const [, cluster, queue] = ADDRESS.exec(device) ?? []
  if (cluster === undefined) {
    throw new CaptureError('ERR_CAPTURE_NO_DEVICE', `${device} does not name a queue`, 'cluster:ID@QUEUE, as in cluster:7@0; the balancer prints its queues')
  }
  return { cluster, path: cluster.includes('/') ? cluster : foundSocket(cluster), queue: Number(queue) }
}

/** The device name of a queue. */
export function queueDevice(cluster: string, queue: number): string {
  return `${PREFIX}${cluster}@${queue}`
}

/** The name that was chosen for a cluster, or one that no other has. @throws CaptureError ERR_CAPTURE_OPTION */
export function clusterId(chosen?: string | number): string {
  return chosen === undefined ? `${process.pid}-${randomBytes(3).toString('hex')}` : checkId(String(chosen))
}

/** @throws CaptureError ERR_CAPTURE_OPTION */
export function checkId(id: string): string {
  if (ID.test(id)) return id
  throw new CaptureError('ERR_CAPTURE_OPTION', `a cluster cannot be called ${JSON.stringify(id)}`, 'letters, digits, ".", "_" and "-", at most 64: 7, web-1')
}

/** The socket of the cluster with that name: only root can make one in /run, so nobody else can pose as its balancer. */
export function socketPath(id: string): string {
  return join(socketFolder(), id)
}

const ROOTS = '/run/sysring'

/** /run/sysring of root, whose clusters others may consume; a user's own are in the user's runtime folder. */
export function socketFolder(uid = process.geteuid?.() ?? 0, runtime = process.env.XDG_RUNTIME_DIR): string {
  return uid !== 0 && runtime !== undefined && runtime !== '' ? join(runtime, 'sysring') : ROOTS
}

/** What to do where no socket can be made in socketFolder(). */
export function folderHint(uid = process.geteuid?.() ?? 0, runtime = process.env.XDG_RUNTIME_DIR): string {
  if (uid === 0) return `see: ls -ld ${ROOTS}`
  const why = runtime === undefined || runtime === '' ? `XDG_RUNTIME_DIR is not set, and ${ROOTS} is root's` : `XDG_RUNTIME_DIR, ${runtime}, is not yours`
  return `${why}: export XDG_RUNTIME_DIR=$HOME/.run, for who consumes as well`
}

/** Where the clusters are that this user may consume: the user's own, and root's. */
function socketFolders(): string[] {
  return [...new Set([socketFolder(), ROOTS])]
}

/** The clusters whose sockets are there: those that run, and those whose balancers were killed. */
export function clusters(): { id: string; path: string }[] {
  return socketFolders().flatMap(folder => {
    const names = existsSync(folder) ? readdirSync(folder).sort() : []
    return names.filter(name => ID.test(name)).map(id => ({ id, path: join(folder, id) }))
  })
}

/** The socket of a cluster that runs, the user's own before root's. */
function foundSocket(id: string): string {
  return socketFolders().map(folder => join(folder, id)).find(path => existsSync(path)) ?? socketPath(id)
}
