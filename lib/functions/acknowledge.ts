import { Stack, Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

/** Acknowledges findings of cdk-nag's AwsSolutions rules on a construct and all below it, with a reason per rule. */
export const acknowledge = (construct: IConstruct, reasons: Readonly<Record<string, string>>): void => {
  for (const [rule, reason] of Object.entries(reasons)) {
    Validations.of(construct).acknowledge({ id: `AwsSolutions-${rule}`, reason })
  }
}

/** Acknowledges resources with a `*` in policies below a construct. */
export const acknowledgeWildcards = (
  construct: IConstruct,
  resources: readonly string[],
  reason: string,
): void => {
  const stack = Stack.of(construct)
  for (const resource of resources) {
    acknowledge(construct, { [`IAM5[Resource::${inWords(stack.resolve(resource))}]`]: reason })
  }
}

/** Acknowledges that functions below a construct use AWS's managed policy for logs. */
export const acknowledgeBasicExecution = (construct: IConstruct, reason: string): void =>
  acknowledge(construct, {
    'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]': reason,
  })

type Resolved =
  | string
  | { readonly Ref: string }
  | { readonly 'Fn::GetAtt': readonly string[] }
  | { readonly 'Fn::Join': readonly [string, readonly Resolved[]] }

/** Writes a value with references to other resources in the notation of cdk-nag. */
const inWords = (value: Resolved): string => {
  if (typeof value === 'string') return value
  if ('Ref' in value) return `<${value.Ref}>`
  if ('Fn::GetAtt' in value) return `<${value['Fn::GetAtt'].join('.')}>`
  const [separator, parts] = value['Fn::Join']
  return parts.map(inWords).join(separator)
}
