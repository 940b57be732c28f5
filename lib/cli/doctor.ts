import { parse } from './args.js'
import { captureWorks, examine, features } from './findings.js'
import { FAILED, OK } from './report.js'

const OPTIONS = {
  json: { help: 'print the findings as one JSON object' },
} as const

/** Says what live capture needs, what of it is there, and what to type for the rest. Exit code 0 if it can work. */
export async function run(args: string[]): Promise<number> {
  const values = parse('doctor', '[--json]', OPTIONS, args)
  if (values === undefined) return OK
  const kernel = await features()
  const findings = await examine(kernel)
  const works = captureWorks(findings)
  if (values.json === true) {
    console.log(JSON.stringify({ works, findings, features: kernel }))
  } else {
    const width = Math.max(...findings.map(({ name }) => name.length)) + 2
    for (const { name, level, text, fix } of findings) {
      console.log(`${level.padEnd(6)}${name.padEnd(width)}${text}`)
      if (fix !== undefined) console.log(`${' '.repeat(6 + width)}fix: ${fix}`)
    }
    console.log(works ? '\nlive capture works here' : '\nlive capture cannot work here: see the lines that begin with fail')
  }
  return works ? OK : FAILED
}
