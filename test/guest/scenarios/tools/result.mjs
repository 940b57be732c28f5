import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { open } from 'sysring'

/** Leaves the scenario's result, as /out/SCENARIO.json. */
export function leave(result) {
  const name = basename(process.argv[1], '.mjs')
  writeFileSync(`/out/${name}.json`, JSON.stringify(result, (_, value) => typeof value === 'bigint' ? String(value) : value))
}

/** What comes of opening `device`: the probe's name, or the error. */
export async function attempt(device, options = {}) {
  try {
    const capture = await open(device, options)
    await capture.close()
    return { opened: capture.probe.device }
  } catch ({ code, message, hint }) {
    return { code, message, hint }
  }
}
