import { environmentOrigin } from '@crownlabs/api';

/** Which of our origins a request was sent to. */
type Place =
  | { readonly kind: 'product' }
  | { readonly kind: 'app'; readonly label: string; readonly origin: string }
  | { readonly kind: 'elsewhere' };

/** Every address derives from the one public URL and the domain of the environments. */
export interface Addresses {
  readonly origin: string;
  readonly secure: boolean;
  /** Sets our cookies apart from another installation's on the same host: cookies know no ports. */
  readonly cookieSuffix: string;
  placeOf(host: string | undefined): Place;
  /** The origin of one environment's web app; `undefined` when there is no domain for them. */
  appOrigin(uid: string, environment: string): string | undefined;
}

/** Addresses of an installation that people reach at `publicURL`. */
export function addresses(publicURL: string, appsDomain: string | undefined): Addresses {
  const { origin, host, protocol, port } = new URL(publicURL);
  const atPort = port ? `:${port}` : '';
  const below = appsDomain ? `.${appsDomain}${atPort}` : undefined;
  return {
    origin,
    secure: protocol === 'https:',
    cookieSuffix: port ? `-${port}` : '',
    placeOf: (named) => {
      const at = named?.toLowerCase() ?? '';
      if (at === host) return { kind: 'product' };
      const label = below && at.endsWith(below) ? at.slice(0, -below.length) : undefined;
      return label && /^[a-z0-9-]{1,63}$/.test(label) ? { kind: 'app', label, origin: `${protocol}//${at}` } : { kind: 'elsewhere' };
    },
    appOrigin: (uid, environment) => below && `${protocol}//${environmentOrigin(uid, environment)}${below}`,
  };
}
