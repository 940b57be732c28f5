import { parse } from './args.js'
import { printFields } from './lists.js'
import { Output } from './output.js'
import { OK } from './report.js'

const OPTIONS = {
  verbose: { short: 'v', help: 'also what they are printed as, what has to be known for them, and since when they are there' },
  json: { help: 'print one JSON object per line' },
} as const

/** Lists the fields that filters and formats can use. */
export async function run(args: string[]): Promise<number> {
  const values = parse('fields', '[-v] [--json]', OPTIONS, args)
  if (values === undefined) return OK
  await printFields(new Output(), { verbose: values.verbose === true, json: values.json === true })
  return OK
}
