import { closeSync, openSync, writeFileSync } from 'node:fs'
import type { ArgumentValues, Drawing } from '../analyze/analyzer.js'
import type { Report } from '../analyze/report.js'
import { CaptureError } from '../errors.js'

/** Intervals in a picture at most: browsers show no higher ones. */
const MAX_ROWS = 10_000

/** The intervals of a run as a picture in a file, which is written when the run is over. */
export class Picture {
  readonly #file: number
  readonly #drawing: Drawing
  readonly #args: ArgumentValues
  readonly #rows: string[] = []
  /** Intervals that found no room. */
  cut = 0

  /** @throws CaptureError ERR_CAPTURE_IO if there can be no such file: nobody wants to hear that when the run is over */
  constructor(path: string, drawing: Drawing, args: ArgumentValues) {
    this.#drawing = drawing
    this.#args = args
    try {
      this.#file = openSync(path, 'w', 0o600)
    } catch (error) {
      throw new CaptureError('ERR_CAPTURE_IO', `the picture cannot be written: ${(error as Error).message}`, `is ${path} in a folder that you may write to?`, error)
    }
  }

  add(report: Report): void {
    if (this.#rows.length < MAX_ROWS) this.#rows.push(this.#drawing.row(report, this.#args, this.#rows.length))
    else this.cut++
  }

  save(): void {
    writeFileSync(this.#file, this.#drawing.svg(this.#rows, this.#args))
    closeSync(this.#file)
  }
}
