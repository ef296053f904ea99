import { Construct } from 'constructs'
import type { AuthCheckApi } from '../api/auth-check-api.ts'
import type { SocketApi } from '../api/socket-api.ts'
import type { FanOut } from '../delivery/fan-out.ts'
import type { Deployment } from '../functions/deployment.ts'
import type { BrokerLanes } from '../lanes/broker-lanes.ts'
import type { AwsTarget } from '../settings/settings.ts'
import { Alarms } from './alarms.ts'
import { Dashboard } from './dashboard.ts'

type Props = {
  readonly deployment: Deployment
  readonly target: AwsTarget
  readonly lanes: BrokerLanes
  readonly api: SocketApi
  readonly authCheckApi: AuthCheckApi
  readonly fanOut: FanOut
}

/** Dashboard and alarms of a deployment. */
export class Monitoring extends Construct {
  readonly dashboardUrl: string

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id)
    const { deployment, target, lanes, api, authCheckApi, fanOut } = props
    const functions = [
      ...Object.values(api.functions.byName),
      authCheckApi.authCheck,
      fanOut.deliver,
      fanOut.publish,
      lanes.declareTopology,
    ]
    this.dashboardUrl = new Dashboard(this, 'Dashboard', {
      deployment,
      lanes,
      functions: [api.authorize, ...functions, lanes.deadLetters],
    }).url
    // authorize throws for every token that it refuses, which makes API Gateway answer 401.
    new Alarms(this, 'Alarms', { deployment, target, lanes, functions })
  }
}
