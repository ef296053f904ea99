import { Construct } from 'constructs'
import { Alarms } from './alarms.ts'
import type { AuthCheckApi } from './auth-check-api.ts'
import type { BrokerLanes } from './broker-lanes.ts'
import { Dashboard } from './dashboard.ts'
import type { Deployment } from './deployment.ts'
import type { FanOut } from './fan-out.ts'
import type { AwsTarget } from './settings.ts'
import type { SocketApi } from './socket-api.ts'

type Props = {
  readonly deployment: Deployment
  readonly target: AwsTarget
  readonly lanes: BrokerLanes
  readonly api: SocketApi
  readonly authCheckApi: AuthCheckApi
  readonly fanOut: FanOut
}

/** What shows how the service fares, and calls somebody when it fares badly. */
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
    // authorize throws for every token that it refuses: that is how API Gateway is told to answer 401.
    new Alarms(this, 'Alarms', { deployment, target, lanes, functions })
  }
}
