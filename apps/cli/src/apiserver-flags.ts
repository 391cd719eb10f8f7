import { type Command, Option } from 'commander';

/** What `crownlabs apiserver` is told, as it was typed. The names are kube-apiserver's. */
export interface ApiServerFlags {
  readonly securePort: number;
  readonly bindAddress: string;
  readonly tokenAuthFile?: string;
  readonly clientCaFile?: string;
  readonly oidcIssuerUrl?: string;
  readonly oidcClientId?: string;
  readonly oidcUsernameClaim: string;
  readonly oidcUsernamePrefix?: string;
  readonly oidcGroupsClaim?: string;
  readonly oidcGroupsPrefix?: string;
  readonly oidcCaFile?: string;
  readonly oidcSigningAlgs: readonly string[];
  readonly oidcRequiredClaim: readonly string[];
  readonly serviceAccountIssuer: string;
  readonly serviceClusterIpRange: string;
  readonly enableAdmissionPlugins: readonly string[];
  readonly disableAdmissionPlugins: readonly string[];
  readonly controllers: readonly string[];
  readonly authorizationMode: string;
}

const listed = (text: string, before: readonly string[] = []) => [...before, ...text.split(',').filter((one) => one !== '')];

/** Adds the verb's flags to its command; flags that hold lists take commas and may be repeated. */
export function withApiServerFlags(command: Command): Command {
  const list = (flags: string, text: string) =>
    new Option(flags, text).argParser((value: string, before?: string[]) => listed(value, before));
  return command
    .optionsGroup('Where it keeps its things and listens:')
    .option('--data-dir <directory>', 'holds the objects, keys, certificates and admin.kubeconfig; made when it is not there')
    .addOption(new Option('--secure-port <port>', 'port for HTTPS; 0 picks a free one').argParser(Number).default(6443))
    .option('--bind-address <address>', 'address to listen on', '127.0.0.1')
    .optionsGroup('Who people are:')
    .option('--token-auth-file <file>', 'static tokens: lines of token,user,uid,"group1,group2"')
    .option('--client-ca-file <file>', 'PEM; client certificates of these authorities are believed, beside our own')
    .option('--oidc-issuer-url <url>', 'OpenID Connect issuer whose tokens are believed')
    .option('--oidc-client-id <id>', 'audience that those tokens must have')
    .option('--oidc-username-claim <claim>', 'claim with the user name', 'sub')
    .option('--oidc-username-prefix <prefix>', 'put before user names; "-" is none (default: the issuer and #, none for the claim email)')
    .option('--oidc-groups-claim <claim>', 'claim with the groups')
    .option('--oidc-groups-prefix <prefix>', 'put before groups')
    .option('--oidc-ca-file <file>', 'PEM; the authority of the issuer, when the machine does not know it')
    .addOption(list('--oidc-signing-algs <algorithms>', 'accepted signature algorithms').default([], 'RS256'))
    .addOption(list('--oidc-required-claim <claim=value>', 'claims that tokens must have').default([], 'none'))
    .option('--service-account-issuer <url>', 'issuer and default audience of service account tokens', 'https://kubernetes.default.svc')
    .optionsGroup('What it does with requests:')
    .option('--service-cluster-ip-range <cidr>', 'addresses for Services', '10.0.0.0/24')
    .addOption(list('--enable-admission-plugins <names>', 'admission plugins beyond the default ones').default([], 'none'))
    .addOption(
      list('--disable-admission-plugins <names>', 'admission plugins to leave out').default([], 'ServiceAccount, unless it is enabled'),
    )
    .addOption(
      list(
        '--controllers <names>',
        "controllers to run, by kube-controller-manager's names: * is all, -* none, name one more, -name one less",
      ).default([], '*'),
    )
    .option('--authorization-mode <mode>', 'RBAC or AlwaysAllow', 'RBAC');
}
