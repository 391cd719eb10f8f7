/** The namespace that holds signing keys and password hashes. Nobody but this room may read it. */
export const IDENTITY_NAMESPACE = 'crownlabs-identity';

/** Values of a Secret as text; a missing Secret has none. */
export function textOf(secret: { readonly data?: Readonly<Record<string, string>> } | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
}

/** The Secret `name` with the given text values, ready to be created. */
export function secretOf(name: string, values: Record<string, string>) {
  return {
    apiVersion: 'v1' as const,
    kind: 'Secret' as const,
    metadata: { name, namespace: IDENTITY_NAMESPACE },
    type: 'Opaque',
    data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value, 'utf8').toString('base64')])),
  };
}
