import type { ManagementEndpoint } from '../aws/reply.ts'

type Settings = { readonly AWS_REGION: string; readonly AWS_ENDPOINT_URL?: string }

export const managementEndpointOf = ({
  AWS_REGION: region,
  AWS_ENDPOINT_URL: endpointUrl,
}: Settings): ManagementEndpoint => makeManagementEndpoint({ endpointUrl, region })

type Options = {
  /** Where AWS's own services are not: LocalStack's address, or that of anything that sets `AWS_ENDPOINT_URL`. */
  readonly endpointUrl: string | undefined
  readonly region: string
}

/**
 * The @connections endpoint of the API that an event came through. By the API's id and not by the domain it was
 * reached at: on a custom domain the stage is not part of the path, and need not be mapped at all.
 */
export const makeManagementEndpoint =
  ({ endpointUrl, region }: Options): ManagementEndpoint =>
  ({ apiId, stage }) =>
    endpointUrl === undefined
      ? `https://${apiId}.execute-api.${region}.${dnsSuffixOf(region)}/${stage}`
      : `${endpointUrl.replace(/\/$/, '')}/_aws/execute-api/${apiId}/${stage}`

const dnsSuffixOf = (region: string): string =>
  region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
