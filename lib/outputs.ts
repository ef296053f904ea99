import { CfnOutput, type Stack } from 'aws-cdk-lib'

/** Tells what somebody needs who connects a client, an SDK or a tool to the deployment; nothing for what is undefined. */
export const tellOutputs = (stack: Stack, outputs: Readonly<Record<string, string | undefined>>): void => {
  for (const [name, value] of Object.entries(outputs)) {
    if (value !== undefined) new CfnOutput(stack, name, { value })
  }
}
