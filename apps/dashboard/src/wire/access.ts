/** What the reader may do with an instance, as the gateway was told by the API. */
export interface Access {
  readonly view: boolean;
  readonly control: boolean;
  readonly terminal: boolean;
  readonly power: boolean;
}

/** Asks the gateway. `expired` means that the session has ended; a server that does not answer is no refusal. */
export async function askAccess(namespace: string, instance: string): Promise<Access | 'expired' | 'unknown'> {
  try {
    const response = await fetch(`/api/instances/${encodeURIComponent(namespace)}/${encodeURIComponent(instance)}/access`);
    if (response.status === 401) return 'expired';
    if (response.status === 403 || response.status === 404) return { view: false, control: false, terminal: false, power: false };
    if (!response.ok) return 'unknown';
    const body: unknown = await response.json();
    const may = (what: string) => typeof body === 'object' && body !== null && Reflect.get(body, what) === true;
    return { view: may('view'), control: may('control'), terminal: may('terminal'), power: may('power') };
  } catch {
    return 'unknown';
  }
}
