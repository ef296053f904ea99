import type { ManagementEndpoint } from '../aws/reply.ts'
import { makeManagementEndpoint } from './management-endpoint.ts'

type Settings = { readonly AWS_REGION: string; readonly AWS_ENDPOINT_URL?: string }

export const managementEndpointOf = ({
  AWS_REGION: region,
  AWS_ENDPOINT_URL: endpointUrl,
}: Settings): ManagementEndpoint => makeManagementEndpoint({ endpointUrl, region })
