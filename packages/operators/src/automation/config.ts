/** When the lab acts by itself, and how often it says so before. */
export interface AutomationConfig {
  /** Mails before an unused instance is stopped or deleted; a Template's annotation overrides it. */
  readonly warnings: number;
  /** Between two warnings that a running instance is not used, and between the last one and its stop. */
  readonly inactivityIntervalMs: number;
  /** The same for a stopped instance that will be deleted. */
  readonly destructionIntervalMs: number;
  /** Between the warning that an instance expires and its deletion. */
  readonly expirationIntervalMs: number;
  /** How often the end of an exam is asked for. */
  readonly statusCheckIntervalMs: number;
  /** How long the answer may take. */
  readonly statusCheckTimeoutMs: number;
  /** Hosts (`moodle.example.org`), their subdomains (`.example.org`) and networks (`10.1.0.0/16`) that may be asked although they are not public. */
  readonly reachable: readonly string[];
  /** A Prometheus that knows more of activity than the doors do. */
  readonly prometheus?: PrometheusConfig;
}

/** A Prometheus to ask for activity. */
export interface PrometheusConfig {
  readonly url: string;
  /** Sent as a bearer. */
  readonly token?: string;
}

const HOUR = 3_600_000;

/** What an installation has where it is not told otherwise. */
export const AUTOMATION: AutomationConfig = {
  warnings: 3,
  inactivityIntervalMs: 24 * HOUR,
  destructionIntervalMs: 24 * HOUR,
  expirationIntervalMs: 24 * HOUR,
  statusCheckIntervalMs: 120_000,
  statusCheckTimeoutMs: 3_000,
  reachable: [],
};
