import { DomainName } from 'aws-cdk-lib/aws-apigatewayv2'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import { ARecord, HostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53'
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets'
import { Construct } from 'constructs'
import type { Domain } from '../settings/settings.ts'

type Props = { readonly domain: Domain }

/** Custom domain of the WebSocket API, with a DNS record if a hosted zone is given. */
export class SocketDomain extends Construct {
  readonly domainName: DomainName

  constructor(scope: Construct, id: string, { domain }: Props) {
    super(scope, id)
    this.domainName = new DomainName(this, 'Name', {
      domainName: domain.name,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
    })
    if (domain.hostedZoneId === undefined) return
    const { regionalDomainName, regionalHostedZoneId } = this.domainName
    new ARecord(this, 'Record', {
      zone: HostedZone.fromHostedZoneAttributes(this, 'Zone', {
        hostedZoneId: domain.hostedZoneId,
        zoneName: domain.name,
      }),
      target: RecordTarget.fromAlias(
        new ApiGatewayv2DomainProperties(regionalDomainName, regionalHostedZoneId),
      ),
    })
  }
}
