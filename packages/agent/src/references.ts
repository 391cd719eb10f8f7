import { configMaps, type KubeClient, secrets } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';

/** Content of Secrets and ConfigMaps of one namespace, as bytes by key. */
export interface References {
  secret(name: string): Promise<ReadonlyMap<string, Buffer> | undefined>;
  configMap(name: string): Promise<ReadonlyMap<string, Buffer> | undefined>;
}

/** Reads through the client; each object once. */
export function references(client: KubeClient, namespace: string): References {
  const seen = new Map<string, Promise<ReadonlyMap<string, Buffer> | undefined>>();
  const once = (id: string, read: () => Promise<ReadonlyMap<string, Buffer> | undefined>) => {
    const known = seen.get(id) ?? read();
    seen.set(id, known);
    return known;
  };
  return {
    secret: (name) =>
      once(`secret/${name}`, async () => {
        const found = await client.find(secrets, name, namespace);
        return found && decode(found.data, found.stringData);
      }),
    configMap: (name) =>
      once(`configMap/${name}`, async () => {
        const found = await client.find(configMaps, name, namespace);
        return found && decode(found.binaryData, found.data);
      }),
  };
}

function decode(base64: object | undefined, text: object | undefined): ReadonlyMap<string, Buffer> {
  return new Map([
    ...Object.entries(base64 ?? {}).map(([key, value]) => [key, Buffer.from(String(value), 'base64')] as const),
    ...Object.entries(text ?? {}).map(([key, value]) => [key, Buffer.from(String(value))] as const),
  ]);
}

/** The content, or an error in the words that kubectl's users know; nothing where it may be absent. */
export function required(
  content: ReadonlyMap<string, Buffer> | undefined,
  what: { readonly kind: 'secret' | 'configmap'; readonly name: string; readonly optional: boolean | undefined },
): ReadonlyMap<string, Buffer> {
  if (content) return content;
  if (what.optional) return new Map();
  throw new LabError('NotFound', `${what.kind} "${what.name}" not found`);
}
