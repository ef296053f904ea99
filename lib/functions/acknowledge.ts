import { Stack, Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

/** Says why findings of cdk-nag's AwsSolutions rules stand on a construct and all below it: the reasons by their rules. */
export const acknowledge = (construct: IConstruct, reasons: Readonly<Record<string, string>>): void => {
  for (const [rule, reason] of Object.entries(reasons)) {
    Validations.of(construct).acknowledge({ id: `AwsSolutions-${rule}`, reason })
  }
}

/** Says why what is below a construct is allowed more than one thing: the resources, with the `*` in them. */
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

/** Says why what is below a construct has the policy that AWS manages for functions, rather than one of its own. */
export const acknowledgeBasicExecution = (construct: IConstruct, reason: string): void =>
  acknowledge(construct, {
    'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]': reason,
  })

type Resolved =
  | string
  | { readonly Ref: string }
  | { readonly 'Fn::GetAtt': readonly string[] }
  | { readonly 'Fn::Join': readonly [string, readonly Resolved[]] }

/** As cdk-nag writes what CloudFormation will put in. */
const inWords = (value: Resolved): string => {
  if (typeof value === 'string') return value
  if ('Ref' in value) return `<${value.Ref}>`
  if ('Fn::GetAtt' in value) return `<${value['Fn::GetAtt'].join('.')}>`
  const [separator, parts] = value['Fn::Join']
  return parts.map(inWords).join(separator)
}
