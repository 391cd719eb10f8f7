/** Which public addresses and ports instances may have. */
export interface PublicExposureConfig {
  /** Single addresses, `first-last` ranges and networks (`203.0.113.8/29`). */
  readonly addresses: readonly string[];
  /** The annotation that asks the load balancer for an address. */
  readonly addressAnnotation: string;
  /** On every Service: what lets several share an address. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The lowest port that people may ask for; below are those of the system. */
  readonly lowestPort: number;
  /** Where ports that the system chooses begin. */
  readonly lowestAutomaticPort: number;
  /** Ports that nobody gets, whatever the protocol. */
  readonly reservedPorts: readonly number[];
}

/** What an installation with MetalLB has, but for its addresses. */
export const METALLB: Omit<PublicExposureConfig, 'addresses'> = {
  addressAnnotation: 'metallb.universe.tf/loadBalancerIPs',
  annotations: { 'metallb.universe.tf/allow-shared-ip': 'pe' },
  lowestPort: 1024,
  lowestAutomaticPort: 49_152,
  reservedPorts: [],
};
