import * as v from 'valibot'

const measures = ['lines', 'statements', 'branches', 'functions'] as const

const MeasureSchema = v.object({ total: v.number(), covered: v.number(), pct: v.number() })
const SummarySchema = v.object({ total: v.object(v.entriesFromList(measures, MeasureSchema)) })

/** Formats the totals of `coverage-summary.json` as a Markdown table. @throws Error for another file */
export const coverageTable = (json: string): string => {
  const { total } = v.parse(SummarySchema, JSON.parse(json))
  const rows = measures.map(
    (name) => `| ${name} | ${total[name].pct} % | ${total[name].covered} of ${total[name].total} |`,
  )
  return ['| coverage | | |', '|---|---|---|', ...rows, ''].join('\n')
}
