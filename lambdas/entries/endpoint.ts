import { makeManagementEndpoint } from '../runtime/management-endpoint.ts'
import type { ManagementEndpoint } from '../runtime/reply.ts'

type Settings = { readonly AWS_REGION: string; readonly AWS_ENDPOINT_URL?: string }

export const managementEndpointOf = ({
  AWS_REGION: region,
  AWS_ENDPOINT_URL: endpointUrl,
}: Settings): ManagementEndpoint => makeManagementEndpoint({ endpointUrl, region })
