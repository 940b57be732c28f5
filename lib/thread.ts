import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * Starts a thread for a module. Threads do not inherit the loader for TypeScript: a module of that kind gets tsx, where it is
 * installed beside it.
 */
export function startThread(module: string | URL, options: WorkerOptions): Worker {
  const url = moduleUrl(module)
  const tsx = isTypeScript(url) ? findTsx(url) : undefined
  if (tsx === undefined) return new Worker(new URL(url), options)
  const entry = `import(${JSON.stringify(tsx)}).then(({ register }) => { register(); return import(${JSON.stringify(url)}) })`
  return new Worker(entry, { ...options, eval: true })
}

/** Imports a module, also of TypeScript where tsx is installed beside it. */
export async function importModule(module: string | URL): Promise<object> {
  const url = moduleUrl(module)
  const tsx = isTypeScript(url) && !canLoad() ? findTsx(url) : undefined
  if (tsx !== undefined) (await import(tsx) as { register(): void }).register()
  return import(url) as Promise<object>
}

function isTypeScript(url: string): boolean {
  return /\.[cm]?tsx?$/.test(url)
}

/** Is this a process that knows TypeScript already? Then this module is some. */
function canLoad(): boolean {
  return isTypeScript(import.meta.url)
}

/** What a path or a URL means to import(). */
export function moduleUrl(module: string | URL): string {
  return module instanceof URL || /^[a-z]+:\/\//.test(module) ? String(module) : pathToFileURL(resolve(module)).href
}

function findTsx(url: string): string | undefined {
  try {
    // require() finds the half of it that is for CommonJS.
    return pathToFileURL(createRequire(url).resolve('tsx/esm/api')).href.replace(/\.cjs$/, '.mjs')
  } catch {
    return undefined // then Node says what it cannot do
  }
}
