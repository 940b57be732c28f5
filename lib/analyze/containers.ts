import { CaptureError } from '../errors.js'
import type { Analyzer } from './analyzer.js'
import type { Column } from './report.js'

/** What a process runs in: 'host' for both where that is none. */
export interface Container {
  readonly id: string
  readonly name: string
}

export const CONTAINER_FIELDS = ['container.id', 'container.name'] as const
export const CONTAINER_COLUMNS: readonly Column[] = CONTAINER_FIELDS.map(name => ({ name, title: name }))

/** The same question with columns that tell containers apart. @throws CaptureError ERR_CAPTURE_OPTION where it has none */
export function withContainers(analyzer: Analyzer<any, any>): Analyzer<any, any> {
  if (analyzer.withContainers !== undefined) return analyzer.withContainers
  throw new CaptureError('ERR_CAPTURE_OPTION', `${analyzer.name} has no columns for containers`, 'leave containers out')
}
