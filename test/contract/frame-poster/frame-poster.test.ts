import { makeFramePoster } from '../../../adapters/apigateway/frame-poster.ts'
import { framePosterContract } from './frame-poster.contract.ts'

framePosterContract('the AWS SDK', (options) =>
  makeFramePoster({
    ...options,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    region: 'us-east-1',
  }),
)
