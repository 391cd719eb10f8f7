import { type Command, Option } from 'commander';

/** What `crownlabs operators` is told, as it was typed. */
export interface OperatorsFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly config?: string;
  readonly installCrds: boolean;
  readonly publicUrl?: string;
  readonly operatorSelector?: string;
  readonly webhooks?: string;
  readonly webhookUrl?: string;
  readonly webhookPort?: number;
  readonly webhookCertDir?: string;
  readonly metricsPort?: number;
  readonly leaderElect: boolean;
  readonly leaseSeconds?: number;
  readonly qps?: number;
  readonly burst?: number;
  readonly logLevel?: string;
}

/** Adds the verb's flags to its command. What they leave out is the settings file's, or has a default there. */
export function withOperatorsFlags(command: Command): Command {
  const number = (flags: string, text: string) => new Option(flags, text).argParser(Number);
  return command
    .optionsGroup('Which cluster:')
    .option('--kubeconfig <file>', 'how to reach the cluster (default: $KUBECONFIG, or the service account of the pod that this runs in)')
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--install-crds', 'install the kinds of CrownLabs first', false)
    .optionsGroup('What they do (all of it, and more, in --config):')
    .option('--config <file>', 'settings, as YAML')
    .option('--public-url <url>', 'the one address of the product')
    .option('--operator-selector <value>', 'care only for what carries this value of the label operator-selector')
    .optionsGroup('Admission webhooks:')
    .addOption(
      new Option('--webhooks <how>', 'how the API is told of them: by Service inside a cluster, by address outside').choices([
        'auto',
        'url',
        'service',
        'none',
      ]),
    )
    .option('--webhook-url <url>', 'https address under which the API reaches us (default: our address as the API sees it)')
    .addOption(number('--webhook-port <port>', 'port to listen on; 0 picks a free one (default: 9443)'))
    .option('--webhook-cert-dir <folder>', 'tls.crt, tls.key and ca.crt from cert-manager (default: signed and renewed by ourselves)')
    .optionsGroup('How they run:')
    .addOption(number('--metrics-port <port>', 'port of /metrics, /healthz and /readyz; 0 picks a free one (default: 8080)'))
    .option('--no-leader-elect', 'work at once, without asking whether another replica does')
    .addOption(number('--lease-seconds <seconds>', 'how long a leader that has gone is waited for (default: 15)'))
    .addOption(number('--qps <number>', 'the most requests a second to the API; 0 is no limit (default: 200)'))
    .addOption(number('--burst <number>', 'how many requests may go at once after a pause (default: 400)'))
    .addOption(new Option('--log-level <level>', 'the least that is worth a line').choices(['debug', 'info', 'warn', 'error']));
}
