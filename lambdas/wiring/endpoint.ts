import type { ManagementEndpoint } from '../aws/reply.ts'

type Settings = { readonly AWS_REGION: string; readonly AWS_ENDPOINT_URL?: string }

export const managementEndpointOf = ({
  AWS_REGION: region,
  AWS_ENDPOINT_URL: endpointUrl,
}: Settings): ManagementEndpoint => makeManagementEndpoint({ endpointUrl, region })

type Options = {
  /** URL of LocalStack, or of another replacement of AWS, from `AWS_ENDPOINT_URL`. */
  readonly endpointUrl: string | undefined
  readonly region: string
}

/**
 * Creates the function that returns the @connections endpoint of an event's API. It uses the API's id instead of the event's
 * domain. On a custom domain, the stage is not part of the path and may not be mapped at all.
 */
export const makeManagementEndpoint =
  ({ endpointUrl, region }: Options): ManagementEndpoint =>
  ({ apiId, stage }) =>
    endpointUrl === undefined
      ? `https://${apiId}.execute-api.${region}.${dnsSuffixOf(region)}/${stage}`
      : `${endpointUrl.replace(/\/$/, '')}/_aws/execute-api/${apiId}/${stage}`

const dnsSuffixOf = (region: string): string =>
  region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
