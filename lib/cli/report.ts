import { isCaptureError } from '../errors.js'

/** Exit codes, as in tcpdump's family: 0 also after Ctrl-C. */
export const OK = 0
export const FAILED = 1
export const USAGE = 2

/** The command line itself is wrong. */
export class UsageError extends Error {
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** A signal ended the capture; that is no failure. */
export class Interrupted extends Error {}

/** Prints what ended the command and gives its exit code. */
export function fail(error: unknown): number {
  if (error instanceof Interrupted) return OK // before the capture was open
  if (isBrokenPipe(error)) return OK // the reader has seen enough: `| head`
  if (error instanceof UsageError) {
    console.error(`sysring: ${error.message}\nhint: ${error.hint}`)
    return USAGE
  }
  if (isCaptureError(error)) {
    console.error(`sysring: ${error.code}: ${error.message}\nhint: ${error.hint}`)
    return error.code === 'ERR_CAPTURE_OPTION' || error.code === 'ERR_CAPTURE_FILTER' ? USAGE : FAILED
  }
  // A bug of ours: the stack is what a report needs.
  console.error(error)
  return FAILED
}

export function isBrokenPipe(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: string; cause?: unknown }
  return code === 'EPIPE' || (code === 'ERR_CAPTURE_IO' && (cause as { code?: string } | undefined)?.code === 'EPIPE')
}
