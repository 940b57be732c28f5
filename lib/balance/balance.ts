import { clusterId, socketPath } from '../cluster/address.js'
import type { Description, QueueDescription } from '../cluster/description.js'
import { serve, type Serving } from '../cluster/server.js'
import { CaptureError } from '../errors.js'
import type { Capture, LentSource } from '../iface/capture.js'
import { following } from '../iface/following.js'
import { type ClusterHandle, guarded, native } from '../native.js'
import { Beginning } from './beginning.js'
import { Cluster } from './cluster.js'
import { Feed } from './feed.js'
import { type BalanceOptions, type CheckedBalanceOptions, checkBalanceOptions } from './options.js'
import { type Policy, policyOf } from './policy.js'
import { eventTraits } from './traits.js'
import { Workers } from './workers.js'

/**
 * Distributes the records of captures over queues, which worker threads and other processes consume: `open('cluster:7@0')`.
 *
 * Where nobody has to look at the records in JavaScript (live captures without filter or state, queues of other clusters), a native
 * thread does it; otherwise this thread. The cluster takes the captures over. With `worker`, system calls are not captured from here until
 * all workers have attached to their queues (at most 10 s): what comes after this has resolved is.
 *
 * @throws CaptureError ERR_CAPTURE_OPTION, ERR_CAPTURE_FILTER, ERR_CAPTURE_BUSY (a cluster of that name runs), ERR_CAPTURE_PERM, ERR_CAPTURE_IO,
 *   ERR_CAPTURE_CLOSED (a capture has a consumer). Once it has taken the captures over, a failure closes them.
 * @example
 * await using cluster = await balance(await open('sysdig'), { by: 'pid', queues: 4, worker: new URL('./worker.js', import.meta.url) })
 * for await (const { queues } of cluster.watch()) console.table(queues)
 */
export async function balance(captures: Capture | readonly Capture[], options: BalanceOptions = {}): Promise<Cluster> {
  const all = captures instanceof Array ? captures : [captures as Capture]
  if (all.length === 0) throw new CaptureError('ERR_CAPTURE_OPTION', 'there is nothing to balance', "balance(await open('sysdig'))")
  const checked = checkBalanceOptions(options)
  const policy = policyOf(checked.by, checked.queues)
  const queues = queueDescriptions(policy, checked)
  const id = clusterId(options.id)

  const distribution = {
    applications: policy.applications.map(({ key, queues }) => ({ key, queues })),
    queues: queues.map(({ filter }, queue) => ({ snaplen: checked.snaplens[queue] ?? 0, ...(filter !== undefined && { wanted: wantedBy(filter, checked) }) })),
    traits: eventTraits(),
    copiesState: checked.stateEvents,
  }

  const lent = policy.choose === undefined && checked.full !== 'wait' ? lend(all, checked.full === 'drop') : undefined
  // A thread takes longer to start than a ring to overflow: until all workers have attached to their queues, the sources that can
  // make nothing do so.
  const pauses = options.worker === undefined ? [] : lent ?? []
  for (const one of pauses) one.pause?.()
  const source = lent === undefined ? await merged(all) : undefined
  const waits = source !== undefined && (checked.full === undefined ? source.canWait : checked.full === 'wait')
  const description = describe(all, policy, waits, queues)
  source?._take()
  let handle: ClusterHandle | undefined
  let server: Serving | undefined
  try {
    const made = handle = guarded(() => native().makeCluster(
      {
        path: checked.path ?? '', mode: checked.mode, owner: checked.owner, group: checked.group, queueBytes: queues.map(() => checked.queueBytes),
        description: JSON.stringify(description),
      },
      distribution,
    ))
    const beginning = new Beginning(all)
    server = await serve({
      path: socketPath(id), owner: checked.owner, group: checked.group, mode: checked.mode, queues: queues.length,
      sendFiles: (socket, queue, reply) => guarded(() => made.sendFiles(socket, queue, reply)),
      metadata: () => beginning.metadata(),
      about: () => ({ ...description, attached: queues.map((_, queue) => made.attached(queue)) }),
    })
    const feed = source && new Feed(handle, waits, policy.choose)
    const cluster = new Cluster({ id, handle, server, captures: source === undefined ? all : [source], queues, ...(feed && { feed }) })
    const begin = () => {
      beginning.begin()
      if (!policy.applications.some(({ key }) => KEYS_OF_PROCESSES.includes(key))) return
      const { pids, flows } = beginning.known()
      made.setPids(pids)
      made.setFlows(flows)
    }
    let workers: Workers | undefined
    if (feed === undefined) {
      workers = startWorkers(cluster, handle, checked)
      if (workers !== undefined) await whenAttached(workers, handle)
      for (const one of pauses) one.resume?.()
      begin()
      runThread(cluster, handle, lent!, checked)
      if (workers !== undefined) beginning.look(queues.length)
    } else {
      runFeed(cluster, handle, source!, feed, begin)
      // By then a file has said what was there before, or cannot be read.
      if (source!.canWait) await Promise.race([beginning.begun, cluster._settled])
      workers = startWorkers(cluster, handle, checked)
    }
    setImmediate(() => workers?.listen())
    return cluster
  } catch (error) {
    await server?.close()
    handle?.close()
    await Promise.allSettled(all.map(capture => capture.close()))
    throw error
  }
}

/** Those for which one has to know which process a thread belongs to. */
const KEYS_OF_PROCESSES: readonly string[] = ['pid', 'fd', 'flow']

function queueDescriptions({ applications }: Policy, { filters }: CheckedBalanceOptions): QueueDescription[] {
  return applications
    .flatMap(({ name, queues }) => Array.from({ length: queues }, (_, index) => ({ application: name, index })))
    .map((queue, number) => ({ ...queue, ...(filters[number] !== undefined && { filter: filters[number] }) }))
}

function describe(captures: readonly Capture[], { by }: Policy, waits: boolean, queues: readonly QueueDescription[]): Description {
  return { device: captures.map(({ device }) => device).join(','), interfaces: captures.flatMap(({ interfaces }) => interfaces), by, waits, queues }
}

/**
 * By event code, what has to be in a queue so that its consumer can apply the filter, and what changes the state, or those tables of it, for
 * consumers that want names as well; packets stand behind all codes.
 */
function wantedBy(filter: string, { stateEvents, tables }: CheckedBalanceOptions): Uint8Array {
  const wanted = new Uint8Array(EVENT_CODES).fill(1)
  const { needed } = following(tables === undefined ? { filter, stateEvents } : { filter, tables })
  if (needed !== undefined) wanted.set(needed)
  return wanted
}
const EVENT_CODES = 512

async function merged(captures: readonly Capture[]): Promise<Capture> {
  if (captures.length === 1) return captures[0]
  const { merge } = await import('../merge/merge.js')
  return merge(captures)
}

interface Lent extends LentSource {
  readonly capture: Capture
  readonly maxDurationMs: number
  readonly signal: AbortSignal | undefined
}

/** The captures for the balancing thread, which waits for nobody; undefined if one of them has to be read in JavaScript. */
function lend(captures: readonly Capture[], drops: boolean): Lent[] | undefined {
  if (!captures.every(capture => capture._lendable && (drops || !capture.canWait))) return undefined
  let iface = 0
  return captures.map(capture => {
    capture._take()
    const { maxDurationMs, signal } = capture._limits
    const lent = { ...capture._lend(iface), capture, maxDurationMs, signal }
    iface += capture.interfaces.length
    return lent
  })
}

/** The thread ends when all captures have: by their own limits, or by stop(). */
function runThread(cluster: Cluster, handle: ClusterHandle, lent: readonly Lent[], { windowNs, maxWaitMs, cpu }: CheckedBalanceOptions): void {
  handle.start({ sources: lent.map(({ source }) => source), windowNs, maxWaitMs, cpu })
  const running = new Set(lent)
  const stop = (one: Lent) => {
    if (!running.delete(one)) return
    one.stop()
    if (running.size === 0) handle.stop()
  }
  const timers = lent.flatMap(one => (one.maxDurationMs === Infinity ? [] : [setTimeout(stop, one.maxDurationMs, one)]))
  const aborts = lent.flatMap(({ signal }) => (signal === undefined ? [] : [{ signal, abort: () => cluster._fail(signal.reason) }]))
  for (const { signal, abort } of aborts) {
    if (signal.aborted) queueMicrotask(abort)
    else signal.addEventListener('abort', abort)
  }
  const ended = cluster._thread().finally(() => {
    for (const timer of timers) clearTimeout(timer)
    for (const { signal, abort } of aborts) signal.removeEventListener('abort', abort)
  })
  cluster._run(ended, () => lent.forEach(stop))
}

/** This thread reads the source; `begin` is called before the first record is placed. */
function runFeed(cluster: Cluster, handle: ClusterHandle, source: Capture, feed: Feed, begin: () => void): void {
  const beat = setInterval(() => handle.beat(), BEAT_MS)
  const distribute = async () => {
    let begun = false
    try {
      for (;;) {
        const more = await source._advance()
        if (!begun && more !== undefined) begin()
        begun ||= more !== undefined
        if (more === false) break
        if (more === undefined) continue
        await feed.take(source._burst)
        source._release()
      }
      handle.end()
    } catch (error) {
      handle.end(error instanceof Error ? error.message : String(error))
      throw error
    } finally {
      clearInterval(beat)
      await source.close()
    }
  }
  cluster._run(distribute(), () => source.stop())
}
const BEAT_MS = 50

async function whenAttached(workers: Workers, handle: ClusterHandle): Promise<void> {
  // So that nobody takes this producer for dead, which has no thread yet.
  const beat = setInterval(() => handle.beat(), BEAT_MS)
  await workers.attached(queue => handle.attached(queue))
  clearInterval(beat)
}

function startWorkers(cluster: Cluster, handle: ClusterHandle, { worker, workerData, workerCpus = [], restarts, onMessage = () => {} }: CheckedBalanceOptions): Workers | undefined {
  if (worker === undefined) return undefined
  return cluster._workers = new Workers({
    module: worker, cluster: cluster.id, queues: cluster.devices.length, data: workerData, cpus: workerCpus, restarts, onMessage,
    onEnd: queue => handle.abandon(queue),
    onFailure: error => cluster._fail(error),
  })
}
