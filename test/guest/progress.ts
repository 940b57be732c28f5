/** Does `work` and prints a line with the seconds that it took. */
export async function progress<T>(title: string, work: () => T | Promise<T>): Promise<T> {
  const started = performance.now()
  const result = await work()
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${title}`)
  return result
}
