import { statSync } from 'node:fs'
import { CaptureError } from '../errors.js'
import { following } from '../iface/following.js'
import { parseMetadata } from '../iface/file/lists.js'
import { captureError, native, type QueueHandle } from '../native.js'
import { ProcLookup } from '../state/lookup.js'
import { parseAddress, type QueueAddress } from './address.js'
import { QueueCapture, type QueueOptions } from './capture.js'
import { parseDescription } from './description.js'
import { askMetadata, REQUEST } from './server.js'
import { warm } from './warm.js'

/** How long the balancer may take to answer, in ms. */
const PATIENCE_MS = 10_000

/**
 * Attaches to a queue of a cluster, as its one consumer.
 *
 * @throws CaptureError ERR_CAPTURE_NO_DEVICE (no such cluster or queue), ERR_CAPTURE_BUSY (the queue has a consumer),
 *   ERR_CAPTURE_PERM, ERR_CAPTURE_VERSION, ERR_CAPTURE_FORMAT, ERR_CAPTURE_OPTION
 */
export async function openQueue(device: string, options: QueueOptions = {}): Promise<QueueCapture> {
  check(options)
  const address = parseAddress(device)
  const isSocket = statSync(address.path, { throwIfNoEntry: false })?.isSocket() === true
  warm()
  const handle = await attach(address, isSocket)
  try {
    const description = parseDescription(handle.description())
    const filter = both(description.queues[address.queue]?.filter, options.filter)
    const follows = filter !== undefined || options.state === true || options.tables !== undefined
    const stage = follows ? following({ ...options, ...(filter !== undefined && { filter }), hideStateOnly: options.stateEvents !== true }) : undefined
    const needsLists = options.metadata === true || (stage !== undefined && (stage.tables === undefined || stage.tables.size > 0))
    const machine = isSocket ? () => askMetadata(address.path) : async () => []
    const metadata = needsLists ? await machine() : []
    // What this machine's /proc says is nothing that a file was recorded with, nor what another machine's balancer means.
    const initial = { lists: parseMetadata(metadata), ...(!description.waits && handle.isLocal() && { lookup: new ProcLookup() }) }
    return new QueueCapture(device, handle, description, options, { metadata, machine, ...(stage !== undefined && { following: stage, initial }) })
  } catch (error) {
    handle.close()
    throw error
  }
}

async function attach({ cluster, path, queue }: QueueAddress, isSocket: boolean): Promise<QueueHandle> {
  const request = `${JSON.stringify({ ...REQUEST, queue })}\n`
  const answer = await native().attachQueue({ path, isSocket, queue, request, timeoutMs: PATIENCE_MS }).catch(error => { throw captureError(error) })
  if (typeof answer !== 'string') return answer
  const { code, message, hint } = refusal(answer)
  throw new CaptureError(code, `cluster ${cluster}: ${message}`, hint)
}

function refusal(answer: string): Pick<CaptureError, 'code' | 'message' | 'hint'> {
  try {
    return JSON.parse(answer) as CaptureError
  } catch {
    return { code: 'ERR_CAPTURE_VERSION', message: 'its answer makes no sense', hint: 'use the same version of sysring on both sides' }
  }
}

function both(first: string | undefined, second: string | undefined): string | undefined {
  if (first === undefined || second === undefined) return first ?? second
  return `(${first}) and (${second})`
}

function check({ maxWaitMs = 10, watermark = 1 }: QueueOptions): void {
  const refuse = (name: string, value: number, range: string) => {
    throw new CaptureError('ERR_CAPTURE_OPTION', `${name} must be a whole number from ${range}, not ${value}`, `leave ${name} out`)
  }
  if (!Number.isInteger(maxWaitMs) || maxWaitMs < 1 || maxWaitMs > 1000) refuse('maxWaitMs', maxWaitMs, '1 to 1000')
  if (!Number.isInteger(watermark) || watermark < 1 || watermark > 1 << 30) refuse('watermark', watermark, '1 to 2^30')
}
