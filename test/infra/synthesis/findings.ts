import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import * as v from 'valibot'

/** Synthesizes an app, and tells what cdk-nag's AwsSolutions rules have against it that is not acknowledged. */
export const findingsOf = async (app: App): Promise<readonly string[]> => {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  try {
    app.synth()
  } catch (error) {
    // Thrown for findings, when all is written.
    if (!(error instanceof Error && error.message.includes('validation-report.json'))) throw error
  }
  const text = await readFile(join(app.outdir, 'validation-report.json'), 'utf8')
  return v
    .parse(ReportSchema, JSON.parse(text))
    .pluginReports.flatMap(({ violations }) => violations)
    .flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${ruleName}: ${constructPath}`),
    )
}

const ReportSchema = v.object({
  pluginReports: v.array(
    v.object({
      violations: v.array(
        v.object({
          ruleName: v.string(),
          violatingConstructs: v.array(v.object({ constructPath: v.string() })),
        }),
      ),
    }),
  ),
})
