import type { FunctionName } from '../../../lambdas/routes.ts'

/** What CloudFormation gets, as far as tests look at it. */
export type Template = {
  readonly Resources: Readonly<Record<string, Resource>>
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>
}

export type Resource = {
  readonly Type: string
  readonly Properties: Readonly<Record<string, unknown>>
  readonly DependsOn?: readonly string[]
  readonly DeletionPolicy?: string
  readonly Metadata?: { readonly 'aws:cdk:path'?: string }
}

export type Found = Resource & { readonly id: string; readonly path: string }

/** Resources of a type, by the path of the constructs that they come from, without the stack's. */
export const resourcesOf = ({ Resources }: Template, type: string): readonly Found[] =>
  Object.entries(Resources)
    .filter(([, { Type }]) => Type === type)
    .map(([id, resource]) => ({ ...resource, id, path: pathOf(resource) }))

const pathOf = ({ Metadata }: Resource): string => (Metadata?.['aws:cdk:path'] ?? '').replace(/^[^/]+\//, '')

/** The only resource of a type, or the only one at a path. */
export const theResource = (template: Template, type: string, path?: string): Found => {
  const found = resourcesOf(template, type).filter((each) => path === undefined || each.path === path)
  const [first] = found
  if (first === undefined || found.length > 1) {
    throw new Error(`There are ${found.length} of ${type} ${path ?? ''}, not one`)
  }
  return first
}

const paths: Readonly<Record<FunctionName, string>> = {
  authorize: 'Sockets/Authorize',
  'auth-check': 'AuthCheck/AuthCheck',
  connect: 'Sockets/Routes/Connect',
  disconnect: 'Sockets/Routes/Disconnect',
  'send-message': 'Sockets/Routes/SendMessage',
  'room-actions': 'Sockets/Routes/RoomActions',
  default: 'Sockets/Routes/Default',
  deliver: 'FanOut/Deliver',
  publish: 'FanOut/Publish',
  'declare-topology': 'Lanes/DeclareTopology',
  'dead-letters': 'Lanes/DeadLetters',
  'delete-reader': 'Readers/Teardown/DeleteReader',
}

export const functionOf = (template: Template, name: FunctionName): Found =>
  theResource(template, 'AWS::Lambda::Function', `${paths[name]}/Function/Resource`)

/** The functions that are ours, and not of a framework. */
export const functionsOf = (template: Template): readonly (Found & { readonly name: FunctionName })[] =>
  (Object.keys(paths) as FunctionName[]).flatMap((name) =>
    resourcesOf(template, 'AWS::Lambda::Function')
      .filter(({ path }) => path === `${paths[name]}/Function/Resource`)
      .map((found) => ({ ...found, name })),
  )

/**
 * What the template says as text, with names for what CloudFormation puts in: `<Path.Arn>`, where the path is that of
 * the resource's construct.
 */
export const textOf = (template: Template, value: unknown): string => {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) throw new Error(`No text: ${JSON.stringify(value)}`)
  if ('Ref' in value) return `<${nameOf(template, String(value.Ref))}>`
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt'])) {
    const [id, attribute] = value['Fn::GetAtt']
    return `<${nameOf(template, String(id))}.${attribute}>`
  }
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) {
    const [separator, parts] = value['Fn::Join']
    return parts.map((part: unknown) => textOf(template, part)).join(separator)
  }
  if ('Fn::Select' in value && Array.isArray(value['Fn::Select'])) {
    const [index, list] = value['Fn::Select']
    return `${textOf(template, list)}[${index}]`
  }
  throw new Error(`Not understood: ${JSON.stringify(value)}`)
}

const nameOf = ({ Resources }: Template, id: string): string => {
  const resource = Resources[id]
  return resource === undefined ? id : pathOf(resource).replace(/\/Resource$/, '')
}

export type Statement = {
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  readonly condition: unknown
}

/** What the role of a function may do, from all of its policies. */
export const statementsOf = (template: Template, { Properties }: Found): readonly Statement[] => {
  const roleId = textOf(template, Properties.Role)
  return policiesOf(template)
    .filter(({ roles }) => roles.some((role) => `<${role}.Arn>` === roleId))
    .flatMap(({ statements }) => statements)
}

/** Every policy of the template, with the names of the roles that have it. */
export const policiesOf = (template: Template) =>
  resourcesOf(template, 'AWS::IAM::Policy').map(({ Properties, path }) => {
    const { Statement } = Properties.PolicyDocument as { Statement: readonly Record<string, unknown>[] }
    const roles = Properties.Roles as readonly { readonly Ref: string }[]
    return {
      path,
      roles: roles.map(({ Ref }) => nameOf(template, Ref)),
      statements: Statement.map(({ Action, Resource: resource, Condition }) => ({
        actions: listOf(Action).map(String),
        resources: listOf(resource).map((each) => textOf(template, each)),
        condition: Condition,
      })),
    }
  })

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])

/** A function's environment, with names for what CloudFormation puts in. */
export const environmentOf = (
  template: Template,
  { Properties }: Found,
): Readonly<Record<string, string>> => {
  const { Variables } = Properties.Environment as { Variables: Readonly<Record<string, unknown>> }
  return Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, textOf(template, value)]))
}
