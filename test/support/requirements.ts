declare module 'vitest' {
  interface TaskMeta {
    /** Program that the suite cannot run without: the summary of a run names it where the suite is skipped. */
    needs?: Requirement
  }
}

/** A program that some suites need beside npm packages, named as a reader would search for it. */
export type Requirement = 'RabbitMQ' | 'Chromium'

/** Options of a suite or test that is skipped, with the reason in the summary, where a program is missing. */
export const needs = (requirement: Requirement, isThere: boolean) => ({
  skip: !isThere,
  meta: { needs: requirement },
})
