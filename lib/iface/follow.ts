import type { CaptureOptions } from './capture.js'
import type { Following } from './following.js'

/** The stage that a filter or state takes; undefined where neither is asked for. Loaded then only: who only counts starts sooner. */
export async function follow(options: CaptureOptions): Promise<Following | undefined> {
  if (options.filter === undefined && options.state !== true && options.tables === undefined && options.share === undefined) return undefined
  return (await import('./following.js')).following(options)
}
