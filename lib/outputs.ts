import { CfnOutput, type Stack } from 'aws-cdk-lib'

/** What is told, and what it is for; nothing for what is undefined. */
type Output = readonly [value: string | undefined, description: string]

/** Tells what somebody needs who connects a client, an SDK or a tool to the deployment. README.md lists them. */
export const tellOutputs = (stack: Stack, outputs: Readonly<Record<string, Output>>): void => {
  for (const [name, [value, description]] of Object.entries(outputs)) {
    if (value !== undefined) new CfnOutput(stack, name, { value, description })
  }
}
