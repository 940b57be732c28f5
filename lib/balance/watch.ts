import { CaptureError } from '../errors.js'

/** How often statistics are wanted. */
export interface WatchOptions {
  /** In ms, at least 10; default 1000. */
  everyMs?: number
}

/**
 * The statistics every so many ms, when it has `ended`, and once more when it is `over`.
 *
 * @throws CaptureError ERR_CAPTURE_OPTION
 */
export async function* watch<Stats>(ended: Promise<void>, stats: () => Stats, { everyMs = 1000 }: WatchOptions, over: () => boolean): AsyncGenerator<Stats, void, void> {
  if (!(everyMs >= 10)) throw new CaptureError('ERR_CAPTURE_OPTION', `everyMs must be at least 10, not ${everyMs}`, '{ everyMs: 1000 }')
  do {
    let timer: NodeJS.Timeout | undefined
    await Promise.race([new Promise(resolve => { timer = setTimeout(resolve, everyMs) }), ended.catch(() => {})])
    clearTimeout(timer)
    yield stats()
  } while (!over())
}
