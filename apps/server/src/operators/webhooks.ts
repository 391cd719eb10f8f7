import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyPair } from '@crownlabs/certificates';
import { type KubeClient, mutatingWebhookConfigurations, secrets, validatingWebhookConfigurations } from '@crownlabs/client';
import {
  type AdmissionHandlers,
  installWebhooks,
  type OperatorsConfig,
  type ReviewHandler,
  SYSTEM_NAMESPACE,
  type WebhookReach,
  webhookConfigurationName,
} from '@crownlabs/operators';
import { type Clock, hasCode, type Logger, messageOf } from '@crownlabs/std';
import type { ProgramMetrics } from './metrics.ts';
import { type OwnObject, whenTouched } from './own-objects.ts';
import type { OperatorsSettings } from './settings.ts';
import { webhookCertificates } from './webhook-certificates.ts';
import { serveWebhooks, type WebhookServer } from './webhook-server.ts';

/** What the webhooks of the program are made from. */
export interface WebhooksOptions {
  readonly client: KubeClient;
  readonly settings: OperatorsSettings;
  readonly config: OperatorsConfig;
  readonly handlers: AdmissionHandlers;
  /** The host under which the API reaches this process, where it is registered by address and none is set. */
  readonly host: () => Promise<string>;
  readonly inCluster: boolean;
  readonly metrics: ProgramMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The webhooks: served by every replica, registered by the one that leads. */
export interface Webhooks extends AsyncDisposable {
  /** Registers them and keeps them registered, until `signal` aborts. Resolves when the API has been told for the first time. */
  register(signal: AbortSignal): Promise<void>;
  /** Begins to serve, as soon as there is a certificate, and renews it in time. */
  serve(signal: AbortSignal): Promise<void>;
  readonly serving: boolean;
  /** Where the API is told to ask, once it is known. */
  readonly address: string | undefined;
}

const LOOK_AGAIN_MS = 600_000;
const NOT_YET_MS = 250;

/** What signs for us: ourselves, or whoever fills a folder. */
interface Signer {
  authorities(): Promise<string>;
  serving(names: readonly string[]): Promise<KeyPair>;
}

/** Makes the webhooks of a program; `undefined` where none are to be registered. */
export function programWebhooks(options: WebhooksOptions): Webhooks | undefined {
  const { settings, inCluster } = options;
  const { register } = settings.webhooks;
  if (register === 'none') return undefined;
  const by = register === 'auto' ? (inCluster && settings.webhooks.url === undefined ? 'service' : 'url') : register;
  return new ServedWebhooks(options, by);
}

class ServedWebhooks implements Webhooks {
  readonly #options: WebhooksOptions;
  readonly #by: 'url' | 'service';
  readonly #signer: Signer;
  #server: WebhookServer | undefined;
  #served: KeyPair | undefined;
  #listening: PromiseWithResolvers<WebhookServer> = Promise.withResolvers();
  #address: string | undefined;

  constructor(options: WebhooksOptions, by: 'url' | 'service') {
    this.#options = options;
    this.#by = by;
    const { client, settings, clock } = options;
    const { certificateDir } = settings.webhooks;
    this.#signer =
      certificateDir === undefined
        ? webhookCertificates({ client, namespace: SYSTEM_NAMESPACE, name: certificatesName(settings), clock })
        : folderSigner(certificateDir);
    this.#listening.promise.catch(() => undefined);
  }

  get serving(): boolean {
    return this.#server !== undefined;
  }

  get address(): string | undefined {
    return this.#address;
  }

  async register(signal: AbortSignal): Promise<void> {
    let told: string | undefined;
    const tell = async () => {
      const caBundle = await this.#signer.authorities();
      const reach = await this.#reach(caBundle);
      if (JSON.stringify(reach) !== told) await installWebhooks(this.#options.client, this.#options.config, reach);
      told = JSON.stringify(reach);
    };
    await this.#insist('registered', tell, signal);
    // Without its configuration the API asks nobody: what is deleted or edited by hand comes back at once.
    const name = webhookConfigurationName(this.#options.config);
    const again = async () => {
      told = undefined;
      await this.#anew('registered', tell, signal);
    };
    const configurations = [mutatingWebhookConfigurations, validatingWebhookConfigurations].map((resource) => ({ resource, name }));
    whenTouched(this.#options, [...configurations, ...this.#secret()], again, signal);
    void this.#repeat('registered', tell, signal);
  }

  async serve(signal: AbortSignal): Promise<void> {
    const renew = async () => {
      const pair = await this.#signer.serving(await this.#names());
      if (pair.cert === this.#served?.cert) return;
      if (this.#server) this.#server.renew(pair);
      else this.#listening.resolve(await this.#open(pair));
      this.#served = pair;
    };
    await this.#insist('served', renew, signal);
    void this.#repeat('served', renew, signal);
    whenTouched(this.#options, this.#secret(), () => this.#anew('served', renew, signal), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  async #open(certificate: KeyPair): Promise<WebhookServer> {
    const { settings, handlers, log } = this.#options;
    const { bind, port } = settings.webhooks;
    const counted = new Map([...handlers.byPath].map(([path, handler]) => [path, this.#counted(path, handler)]));
    this.#server = await serveWebhooks({ bind, port, handlers: counted, certificate, log });
    log.info('Webhooks are served', { bind, port: this.#server.port });
    return this.#server;
  }

  #counted(path: string, handler: ReviewHandler): ReviewHandler {
    return async (review, signal) => {
      const began = performance.now();
      const answer = await handler(review, signal);
      this.#options.metrics.reviewed(path, answer.includes('"allowed":true'), (performance.now() - began) / 1000);
      return answer;
    };
  }

  /** By address, the port is known only when we listen; the certificate needs only the host. */
  async #reach(caBundle: string): Promise<WebhookReach> {
    const { service, url } = this.#options.settings.webhooks;
    if (this.#by === 'service') {
      this.#address = `${service.name}.${service.namespace}.svc:${service.port}`;
      return { by: 'service', ...service, caBundle };
    }
    const host = await this.#host();
    const name = host.includes(':') ? `[${host}]` : host;
    const base = url ?? `https://${name}:${(await this.#listening.promise).port}`;
    this.#address = base;
    return { by: 'url', base: base.replace(/\/$/, ''), caBundle };
  }

  async #names(): Promise<readonly string[]> {
    const { namespace, name } = this.#options.settings.webhooks.service;
    if (this.#by === 'service') return [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`];
    return [await this.#host()];
  }

  async #host(): Promise<string> {
    const { url } = this.#options.settings.webhooks;
    return url === undefined ? this.#options.host() : new URL(url).hostname.replace(/^\[|\]$/g, '');
  }

  /** The first time it must succeed: without it the API would refuse, or not ask. */
  async #insist(what: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        if (hasCode(error, 'Forbidden', 'Invalid')) throw error;
        if (failures === 20) this.#options.log.warn(`Webhooks could not be ${what} yet`, { error: messageOf(error) });
        await this.#options.clock.sleep(NOT_YET_MS, signal);
      }
    }
  }

  async #anew(what: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    await this.#insist(what, work, signal).catch((error: unknown) => {
      if (!signal.aborted) this.#options.log.warn(`Webhooks could not be ${what} anew`, { error: messageOf(error) });
    });
  }

  /** The Secret of our certificates, where they are our own. */
  #secret(): OwnObject[] {
    const { settings } = this.#options;
    if (settings.webhooks.certificateDir !== undefined) return [];
    return [{ resource: secrets, name: certificatesName(settings), namespace: SYSTEM_NAMESPACE }];
  }

  async #repeat(what: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(LOOK_AGAIN_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      await work().catch((error: unknown) => log.warn(`Webhooks could not be ${what} anew`, { error: messageOf(error) }));
    }
  }
}

function certificatesName({ operatorSelector }: OperatorsSettings): string {
  return operatorSelector === '' ? 'crownlabs-webhook-certificates' : `crownlabs-webhook-certificates-${operatorSelector}`;
}

/** Certificates that somebody else renews, as cert-manager does with a mounted Secret. */
function folderSigner(folder: string): Signer {
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  return {
    authorities: () => read('ca.crt'),
    serving: async () => ({ cert: await read('tls.crt'), key: await read('tls.key') }),
  };
}
