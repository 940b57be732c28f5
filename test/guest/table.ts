/** Has the runner show a line of this file's output also when all tests pass. */
export function note(line: string): void {
  console.log(`\nNOTE ${line}`) // uvu has left its row of dots open
}

/** Notes a table: the first column to the left, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const texts = [head, ...rows.map(row => row.map(cell => cell.toLocaleString('en')))]
  const widths = head.map((_, column) => Math.max(...texts.map(row => row[column].length)))
  for (const row of texts) {
    note(row.map((cell, column) => column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])).join('   ').trimEnd())
  }
}
