import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with `N passed, N failed`: what could not be loaded and what was thrown outside a test counts as failed. */
class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0
    let failed = unhandledErrors.length
    let skipped = 0
    for (const module of modules) {
      failed += module.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else if (state === 'skipped') skipped++
        else failed++
      }
    }
    const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
    // On exit, so that nothing (a coverage summary, a late log) comes after it.
    process.on('exit', () => process.stdout.write(`${line}\n`))
  }
}

// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its default export.
export default ClosingLine
